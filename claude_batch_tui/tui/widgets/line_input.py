"""A field of one line without frame and without a blinking cursor, which repaints for hours."""

from __future__ import annotations

from textual.binding import Binding
from textual.widgets import Input

from claude_batch_tui.domain.plain_text import clean_line


class LineInput(Input):
    """Textual's input in one line; `enter` says in the key line what enter does."""

    DEFAULT_CSS = """
    LineInput {
        height: 1;
        border: none;
        padding: 0;
        color: $foreground;
        background: $background;
        &:focus { border: none; background-tint: transparent; }
    }
    """

    def __init__(self, value: str = "", placeholder: str = "", *, enter: str = "take it") -> None:
        super().__init__(clean_line(value), clean_line(placeholder), select_on_focus=False)
        self.cursor_blink = False
        bindings = self._bindings.key_to_bindings
        bindings["enter"] = [Binding("enter", "submit", enter, id="input.enter", tooltip=enter)]
        # Textual's field is a scroll view, and would take these from whatever is around it.
        for key in ("up", "down", "pageup", "pagedown"):
            bindings.pop(key, None)
