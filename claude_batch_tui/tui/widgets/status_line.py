"""The line above the keys: what just happened, instead of notices that pop up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from textual.timer import Timer

from claude_batch_tui.tui.widgets.columns import Run
from claude_batch_tui.tui.widgets.fitting import ascii_only, cells, cut, cut_mark
from claude_batch_tui.tui.widgets.one_line import OneLine

Kind = Literal["note", "error"]

SECONDS: dict[Kind, float] = {"note": 8.0, "error": 60.0}
"""How long a message stays; then the resting text is back."""


class StatusLine(OneLine):
    """A message for a while, else the screen's resting text, with a text of its own at the right."""

    def __init__(self, resting: str = "", *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._resting = resting
        self._right = ""
        self._message: tuple[str, Kind] | None = None
        self._expiry: Timer | None = None

    @property
    def text(self) -> str:
        """What the line says now."""
        return self._message[0] if self._message else self._resting

    def say(self, text: str, kind: Kind = "note", seconds: float | None = None) -> None:
        """Show a message; it leaves after a while. `seconds` 0 keeps it until the next."""
        if self._expiry is not None:
            self._expiry.stop()
            self._expiry = None
        self._message = (text, kind)
        stay = SECONDS[kind] if seconds is None else seconds
        if stay:
            self._expiry = self.set_timer(stay, self.clear)
        self.repaint()

    def rest(self, text: str, right: str = "") -> None:
        """What to show while there is no message, and at the right end."""
        self._resting, self._right = text, right
        self.repaint()

    def clear(self) -> None:
        """Take the message away."""
        self._message = None
        self.repaint()

    def runs(self, width: int) -> Sequence[Run]:
        """The message or the resting text."""
        room = width - 2 - (cells(self._right) + 2 if self._right else 0)
        if self._message is None:
            left = Run(" " + cut(self._resting, room, cut_mark(self)), None)
        else:
            text, kind = self._message
            sign = ("! " if ascii_only(self) else "▲ ") if kind == "error" else ""
            left = Run(" " + cut(sign + text, room, cut_mark(self)), "bad" if kind == "error" else "strong")
        if not self._right or room < 1:
            return [left]
        gap = width - 1 - cells(left.text) - cells(self._right)
        return [left, Run(" " * gap + self._right, None)]
