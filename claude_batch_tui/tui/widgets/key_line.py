"""The last line: the keys that work now, as many whole hints as fit."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events

from claude_batch_tui.tui.widgets.columns import Run
from claude_batch_tui.tui.widgets.fitting import ascii_only, cells
from claude_batch_tui.tui.widgets.key_names import Hint, active_hints
from claude_batch_tui.tui.widgets.one_line import OneLine

BETWEEN = "  "


class KeyLine(OneLine):
    """Shows active bindings with `show=True`: the focused widget's, the screen's, then the app's.

    Hints leave from the end; the app's stay longest, shortened to their key before they leave. Greyed ones are dim.
    """

    def on_mount(self) -> None:
        """Follow focus and state."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.repaint())

    def on_resize(self, _event: events.Resize) -> None:
        """Fit the hints to the new width."""
        self.refresh()

    def runs(self, width: int) -> Sequence[Run]:
        """The hints that fit."""
        return compose_hints(
            active_hints(self.screen.active_bindings.values(), ascii_only=ascii_only(self)), width
        )


def compose_hints(hints: Sequence[Hint], width: int) -> list[Run]:
    """The hints as one line of at most `width` cells; no hint is cut."""
    shown = [hint for hint in hints if hint.show]
    own = [_text(hint) for hint in shown if not hint.is_global]
    last = [_text(hint) for hint in shown if hint.is_global]
    keys_only = [hint.keys[0] for hint in shown if hint.is_global]
    for ending in (last, [*last[:-1], *keys_only[-1:]], keys_only):
        fitting = _prefix(own, width - 1 - _size(ending) - (len(BETWEEN) if ending else 0))
        if len(fitting) == len(own) or ending is keys_only or not keys_only:
            break
    texts = [*fitting, *ending] if _size([*fitting, *ending]) < width else _prefix(ending, width - 1)
    disabled = {_text(hint) for hint in shown if not hint.enabled}
    line = [Run(" ", None)]
    for number, text in enumerate(texts):
        line.append(Run(BETWEEN if number else "", None))
        line.append(Run(text, "dim" if text in disabled else None))
    return line


def _text(hint: Hint) -> str:
    return f"{hint.keys[0]} {hint.label}".rstrip()


def _size(texts: Sequence[str]) -> int:
    return sum(cells(text) for text in texts) + len(BETWEEN) * max(len(texts) - 1, 0)


def _prefix(texts: Sequence[str], width: int) -> list[str]:
    """As many texts from the start as fit."""
    count = len(texts)
    while count and _size(texts[:count]) > width:
        count -= 1
    return list(texts[:count])
