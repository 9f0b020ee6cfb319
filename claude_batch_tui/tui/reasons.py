"""Actions that cannot be done now, and why: a greyed key answers with its reason when it is pressed."""

from __future__ import annotations

from textual.dom import DOMNode


class ReasonedActions(DOMNode):
    """For screens and widgets. What has styles of its own comes first: they follow the first base alone."""

    def reason_disabled(self, action: str, parameters: tuple[object, ...]) -> str | None:  # noqa: ARG002
        """Why an action cannot be done now, as the end of a sentence, or None where it can."""
        return None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """None greys an action out."""
        allowed = super().check_action(action, parameters)
        if allowed and self.reason_disabled(action, parameters) is not None:
            return None
        return allowed
