"""Actions that cannot be done now: their key is greyed, and pressing it says why.

A screen, dialog or widget gives the reasons in a method `reason_disabled(action, parameters) -> str | None`.
"""

from __future__ import annotations


def reason_disabled(node: object, action: str, parameters: tuple[object, ...]) -> str | None:
    """Why an action of `node` cannot be done now, as the end of a sentence; None where it can, or where no reason is known."""
    ask = getattr(node, "reason_disabled", None)
    return None if ask is None else ask(action, parameters)


def check_action(
    node: object, allowed: bool | None, action: str, parameters: tuple[object, ...]
) -> bool | None:
    """What Textual's `check_action` of `node` gives: None, which greys the key, where the node has a reason; else `allowed`."""
    return None if allowed and reason_disabled(node, action, parameters) is not None else allowed
