"""A line with a text at each end."""

from __future__ import annotations

from collections.abc import Sequence

from claude_batch_tui.tui.widgets.columns import Run
from claude_batch_tui.tui.widgets.fitting import cells, cut, cut_mark
from claude_batch_tui.tui.widgets.one_line import OneLine


class TwoSidedLine(OneLine):
    """`all 10,000   ok 9,702                    ▼ 148 MB of 241 MB`: the right part stays whole."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002  Textual's name
        super().__init__(id=id, classes=classes)
        self._left = self._right = ""

    def show(self, left: str, right: str = "") -> None:
        """Change both texts."""
        if (left, right) != (self._left, self._right):
            self._left, self._right = left, right
            self.repaint()

    def runs(self, width: int) -> Sequence[Run]:
        """Both texts, the left one cut where there is no room."""
        left = cut(f" {self._left}", width - cells(self._right) - 2, cut_mark(self))
        gap = max(width - 1 - cells(left) - cells(self._right), 0)
        return [Run(left, None), Run(" " * gap + self._right, None)]
