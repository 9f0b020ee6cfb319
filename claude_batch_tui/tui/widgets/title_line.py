"""The two lines at the top: where we are and how the link is; the tabs."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.message import Message

from claude_batch_tui.tui.widgets.columns import Run
from claude_batch_tui.tui.widgets.fitting import cells, cut, cut_mark
from claude_batch_tui.tui.widgets.one_line import OneLine

TABS = ("1 Batches", "2 Build", "3 Results")


class TitleLine(OneLine):
    """` cbtui  BATCHES   3 running · 1 new result        ● live · polled 12s ago`: the right part stays longest."""

    def __init__(self, title: str = "", *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._title = title
        self._left = ""
        self._right = ""
        self._right_style: str | None = None

    def show(
        self,
        *,
        title: str | None = None,
        left: str | None = None,
        right: str | None = None,
        right_style: str | None = None,
    ) -> None:
        """Change parts. Styles: strong, dim, good, bad, warn, accent."""
        self._title = self._title if title is None else title
        self._left = self._left if left is None else left
        if right is not None:
            self._right, self._right_style = right, right_style
        self.repaint()

    def runs(self, width: int) -> Sequence[Run]:
        """Name, title and left part, and the right part at the end."""
        right = cut(self._right, width - 2, cut_mark(self))
        room = width - 1 - (cells(right) + 3 if right else 1)
        head = cut(f"cbtui  {self._title}", room, cut_mark(self))
        rest = cut(f"   {self._left}" if self._left else "", room - cells(head), cut_mark(self))
        if not rest.strip():
            rest = ""
        gap = max(width - 2 - cells(head) - cells(rest) - cells(right), 0)
        return [
            Run(" ", None),
            Run(head, "strong"),
            Run(rest + " " * gap, None),
            Run(right, self._right_style),
        ]


class TabsLine(OneLine):
    """` 1 Batches  2 Build  3 Results        filter: (none)`: the tab we are on is bold and in brackets."""

    class Chosen(Message):
        """A tab was clicked; `number` is 1 to 3."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(
        self,
        active: int = 1,
        tabs: Sequence[str] = TABS,
        *,
        id: str | None = None,  # noqa: A002  the name is Textual's
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._active = active
        self._tabs = tabs
        self._right = ""

    def show(self, *, active: int | None = None, right: str | None = None) -> None:
        """Change the active tab, from 1, or the text at the right."""
        self._active = self._active if active is None else active
        self._right = self._right if right is None else right
        self.repaint()

    def runs(self, width: int) -> Sequence[Run]:
        """The tabs, and the right part as far as there is room."""
        line = [
            Run(f"[{tab}]", "strong") if number == self._active else Run(f" {tab} ", None)
            for number, tab in enumerate(self._tabs, 1)
        ]
        used = sum(cells(run.text) for run in line)
        right = cut(self._right, width - used - 3, cut_mark(self)) if width - used > 6 else ""
        return [*line, Run(" " * max(width - used - cells(right) - 1, 0), None), Run(right, None)]

    def on_click(self, event: events.Click) -> None:
        """Say which tab was clicked."""
        end = 0
        for number, tab in enumerate(self._tabs, 1):
            end += cells(tab) + 2
            if event.x < end:
                self.post_message(self.Chosen(number))
                return
