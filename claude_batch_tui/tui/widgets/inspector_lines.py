"""The lines above and below an entry: whose it is and which view is shown; how it ended and what it cost."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.message import Message

from claude_batch_tui.tui.widgets.columns import Run
from claude_batch_tui.tui.widgets.fitting import cells, cut, cut_mark
from claude_batch_tui.tui.widgets.one_line import OneLine

_LEAST_ID = 10


class InspectorHead(OneLine):
    """`T-90004  [text] markdown  json  request  row      412 lines · not wrapped`: the tabs stay longest."""

    class Chosen(Message):
        """A tab was clicked; `number` counts from 0."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, tabs: Sequence[str], *, id: str | None = None) -> None:  # noqa: A002  Textual's name
        super().__init__(id=id)
        self._tabs = tabs
        self._active = 0
        self._title = ""
        self._right = ""

    def show(self, title: str, active: int, right: str) -> None:
        """Change all parts."""
        self._title, self._active, self._right = title, active, right
        self.repaint()

    def runs(self, width: int) -> Sequence[Run]:
        """Title, tabs, and the right part where there is room."""
        if not self._title:
            return []
        tabs = self._tab_words()
        used = sum(cells(tab) for tab in tabs)
        title = cut(self._title, max(width - used - 2, _LEAST_ID), cut_mark(self)) + "  "
        line = [Run(title, "strong")]
        line += [Run(tab, "strong" if number == self._active else None) for number, tab in enumerate(tabs)]
        room = width - used - cells(title)
        right = self._right if cells(self._right) + 2 <= room else ""
        return [*line, Run(" " * max(room - cells(right) - 1, 0) + right, "dim")]

    def on_click(self, event: events.Click) -> None:
        """Say which tab was clicked."""
        tabs = self._tab_words()
        end = cells(cut(self._title, max(self.size.width - sum(map(cells, tabs)) - 2, _LEAST_ID))) + 2
        for number, tab in enumerate(tabs):
            end += cells(tab)
            if event.x < end:
                self.post_message(self.Chosen(number))
                return

    def _tab_words(self) -> list[str]:
        return [
            f"[{name}]" if number == self._active else f" {name} " for number, name in enumerate(self._tabs)
        ]


class InspectorFoot(OneLine):
    """How the entry ended, its tokens and cost; or the path of a JSON value."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  Textual's name
        super().__init__(id=id)
        self._text = ""

    def show(self, text: str) -> None:
        """Change the text."""
        if text != self._text:
            self._text = text
            self.repaint()

    def runs(self, width: int) -> Sequence[Run]:
        """The text, cut to the width."""
        return [Run(cut(self._text, width, cut_mark(self)), "dim")]
