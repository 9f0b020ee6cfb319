"""A whole screen of one text that is made of what the store knows: read in a thread, drawn for the width there is."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from textual import work
from textual.binding import Binding

from claude_batch_tui.domain.plain_text import clean_line
from claude_batch_tui.errors import CbtuiError
from claude_batch_tui.tui.text_screen import TextScreen
from claude_batch_tui.tui.widgets.key_line import hidden_key, shown_key
from claude_batch_tui.tui.widgets.lines import TitleLine
from claude_batch_tui.tui.widgets.text_rows import AnyLine
from claude_batch_tui.tui.widgets.text_view import TextView

Drawing = Callable[[int], Iterable[AnyLine]]
"""What was read, drawn for a width in cells."""


def common_keys(name: str, close: str) -> list[Binding]:
    """The keys that every such screen has; `close` are those that leave it."""
    return [
        hidden_key(f"{name}.read", "r", "read", "read again", "read the store again"),
        hidden_key(f"{name}.batches", "1", "app.show('batches')", "batches", "the batches"),
        hidden_key(f"{name}.build", "2", "app.show('build')", "build", "build requests from a file"),
        hidden_key(f"{name}.results", "3", "app.show('results')", "results", "the results"),
        shown_key(f"{name}.close", close, "close", "back", "back to the batches"),
    ]


class StoreTextScreen(TextScreen):
    """Reads the store when it comes and when it is asked to."""

    def __init__(self) -> None:
        super().__init__()
        self._drawing: Drawing | None = None

    @property
    def shown_words(self) -> str:
        """What is shown, for the title."""
        raise NotImplementedError

    def reading(self) -> Callable[[], Drawing]:
        """Reads what is shown now, in a thread. Raises CbtuiError there."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Read what is known."""
        self.action_read()

    def action_read(self) -> None:
        """Read the store."""
        self._read(self.reading())

    @work(thread=True, exclusive=True, group="store", exit_on_error=False)
    def _read(self, reading: Callable[[], Drawing]) -> None:
        try:
            drawing = reading()
        except CbtuiError as error:
            self.app.call_from_thread(self.say, str(error), "error")
            return
        self.app.call_from_thread(self._take, drawing)

    def _take(self, drawing: Drawing) -> None:
        self._drawing = drawing
        self.redraw()

    def draw(self, title: TitleLine, view: TextView) -> None:
        """The text for this width, and whose it is."""
        engines = self.dashboard.engines
        where = ""
        if len(engines.watched) > 1:
            where = f", {clean_line(engines.shown) if engines.shown else 'all workspaces'}"
        title.show(left=f"{self.shown_words}{where}", right="from the local copy")
        if self._drawing is not None:
            view.show(list(self._drawing(self.size.width)), keep_place=True)
