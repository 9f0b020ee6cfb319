"""What stands beside the form of Build: one request as it would be sent, or what a check or a trial gave."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from textual import work
from textual.message import Message
from textual.worker import get_current_worker

from claude_batch_tui.errors import CbtuiError
from claude_batch_tui.services.building.preview import Preview, PreviewedRequest, preview
from claude_batch_tui.sources.patience import Patience
from claude_batch_tui.sources.python_script import script_text
from claude_batch_tui.sources.recipe import BuildSpec
from claude_batch_tui.sources.rows import Reading
from claude_batch_tui.tui.build.fields import in_fields
from claude_batch_tui.tui.build.words import preview_lines, reading_words, script_lines
from claude_batch_tui.tui.widgets.text_rows import Line
from claude_batch_tui.tui.widgets.text_view import TextView

_PREVIEW_SECONDS = 10.0
"""How long a query may look for its first row while a form is filled in."""


class BuildPreview(TextView):
    """Reads one request of the source in a thread, and shows that or what it is told to.

    `spec` says what is built. It is called in that thread, and may raise a CbtuiError.
    """

    class Previewed(Message):
        """A request was read; it is for the screen to say whether it is shown now."""

        def __init__(self, *, of_problem: bool) -> None:
            super().__init__()
            self.of_problem = of_problem

    class Filled(Message):
        """Something else is shown: `place` is the step of the way that it belongs to, or nothing."""

        def __init__(self, place: str) -> None:
            super().__init__()
            self.place = place

    def __init__(self, spec: Callable[[], BuildSpec]) -> None:
        super().__init__(WELCOME, id="detail")
        self._spec = spec
        self.as_json = False
        """Whether a request is shown as JSON."""
        self._row = 0
        self._preview: Preview | None = None

    @property
    def request(self) -> PreviewedRequest | None:
        """The request of the preview, or None where there is none."""
        return self._preview.requests[0] if self._preview and self._preview.requests else None

    @property
    def row(self) -> int:
        """The number of its row, from 0."""
        return self._row

    @property
    def reading_words(self) -> str:
        """How its source was understood, in a line."""
        return reading_words(self._preview) if self._preview else ""

    @property
    def reading(self) -> Reading:
        """How the source of the preview was understood."""
        return self._preview.reading if self._preview else Reading()

    def read_row(self, step: int = 0) -> None:
        """Read the request so many rows from the one of the preview."""
        self._row = max(self._row + step, 0)
        self._read()

    def read_line(self, line: int | None) -> None:
        """Read the request of the row that begins on a line, for a problem there."""
        self._read(line)

    def begin_anew(self) -> None:
        """Another source: its first row."""
        self._row = 0

    def welcome(self) -> None:
        """Say what can be built."""
        self._preview = None
        self.show(WELCOME)
        self.post_message(self.Filled(""))

    def show_preview(self, left_out: frozenset[int]) -> None:
        """Show the request that was read, if any; `left_out` are the lines of rows left out by hand."""
        if self._preview is None:
            return
        is_out = self.request is not None and self.request.line in left_out
        self.fill(preview_lines(self._preview, self._row, as_json=self.as_json, is_out=is_out), "preview")

    def show_trouble(self, sentence: str) -> None:
        """Show what went wrong; all below its first line explains it."""
        first, *rest = in_fields(sentence).split("\n")
        self.fill([("", None), (f" {first}", "bad"), *((f" {line}", None) for line in rest)], "")

    def fill(self, lines: list[Line], place: str) -> None:
        """Show lines, and tell to which step they belong."""
        self.show(lines)
        self.post_message(self.Filled(place))

    @work(thread=True, exclusive=True, group="preview")
    def _read(self, line: int | None = None) -> None:
        worker = get_current_worker()
        try:
            spec = self._spec()
            if spec.kind == "custom":
                is_there = Path(spec.path).is_file()
                text = script_text(spec.path) if is_there else f"{spec.path}: there is no such file."
                if not worker.is_cancelled:
                    self.app.call_from_thread(self.fill, script_lines(text), "preview")
                return
            read = preview(spec, self._row, 1, line=line, patience=_patience())
        except CbtuiError as error:
            if not worker.is_cancelled:
                self.app.call_from_thread(self.show_trouble, str(error))
            return
        if worker.is_cancelled:
            return
        if not read.requests and self._row:
            self._row -= 1
            return
        self._preview, self._row = read, read.first
        self.post_message(self.Previewed(of_problem=line is not None))


def _patience() -> Patience:
    """For as long as nothing else is typed."""
    worker = get_current_worker()
    return Patience(_PREVIEW_SECONDS, lambda: worker.is_cancelled)


WELCOME = """
 Name a file, and see the first request here while you
 type. enter in the empty field, or ^o, lists files;
 esc, then R, fills the form from a saved recipe.

   .csv .xlsx .json .parquet  a row is a request
   .txt .md                   a line or a paragraph
   a folder, *.pdf            a file: text, PDF, image …
   .db .sqlite                a row of a query
   .py                        what build_requests() gives
   .jsonl                     ready requests, also of
                              OpenAI, Bedrock and Vertex

 ^o in a field lists what can stand there: columns,
 models, files. ^r checks all rows and says the cost.
 Nothing is sent before you agree.
"""
