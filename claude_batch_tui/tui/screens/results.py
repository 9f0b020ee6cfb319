"""The results of one batch or file: a filtered list, and the entry under the cursor in full.

Rows can be read while they still arrive: the list stands on the index of the running download.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.worker import get_current_worker

from claude_batch_tui.domain.filtering import FilterError, parse
from claude_batch_tui.domain.tracked import Download, DownloadState, Snapshot
from claude_batch_tui.errors import CbtuiError, ConfigError
from claude_batch_tui.runtime import read_prices
from claude_batch_tui.services.browse import EntryReader, RowsFile
from claude_batch_tui.services.export import Part
from claude_batch_tui.services.selecting import select
from claude_batch_tui.store.opening import opening
from claude_batch_tui.store.results_file import ResultsFile
from claude_batch_tui.store.results_index import ResultsIndex
from claude_batch_tui.tui.dialogs.input import InputDialog
from claude_batch_tui.tui.screens.inspecting import INSPECTOR_BINDINGS, INSPECTOR_NEEDS_ENTRY, InspectingFrame
from claude_batch_tui.tui.screens.inspector import Inspector
from claude_batch_tui.tui.screens.result_rows import (
    COLUMNS,
    EntryRows,
    counts_line,
    next_error,
)
from claude_batch_tui.tui.screens.saving import SavingFrame, ToSave
from claude_batch_tui.tui.widgets.filter_bar import FilterBar
from claude_batch_tui.tui.widgets.row_source import EmptySource
from claude_batch_tui.tui.widgets.title_line import TabsLine
from claude_batch_tui.tui.widgets.two_sided_line import TwoSidedLine
from claude_batch_tui.tui.widgets.virtual_list import VirtualList
from claude_batch_tui.wording import duration_words, indexing_words, size

_QUICK_FILTERS = {
    "a": "",
    "o": "outcome=succeeded",
    "e": "outcome=errored",
    "x": "outcome=expired",
    "c": "outcome=canceled",
}
_GROWTH_EVERY = 0.15
"""Seconds between two looks at a file that is being indexed."""
_NOTHING = """
   No results are open.

   1     go to the batches and press enter on one that has ended
   O     open a results file of this machine
"""


class ResultsScreen(SavingFrame, InspectingFrame):
    """Filter, list and inspector over one results file."""

    help_title: ClassVar[str] = "Results"
    number: ClassVar[int] = 3
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "slash",
            "filter",
            "filter",
            id="results.filter",
            tooltip="filter: a word of the id, or e.g. outcome=errored",
        ),
        Binding(
            "f", "quick", "status", id="results.quick", tooltip="filter by outcome: then a, o, e, x or c"
        ),
        Binding(
            "e", "error(1)", "next error", id="results.next-error", tooltip="next entry that did not succeed"
        ),
        Binding(
            "E",
            "error(-1)",
            "previous error",
            id="results.previous-error",
            show=False,
            tooltip="the one before",
        ),
        Binding("s", "save", "save", id="results.save", tooltip="save what the filter shows to a file"),
        Binding("x", "stop", "stop", id="results.stop", show=False, tooltip="stop saving, or the download"),
        Binding("O", "open", "open file", id="results.open", show=False, tooltip="open a results file"),
        *INSPECTOR_BINDINGS,
        Binding("q,escape", "back", "back", id="results.back", tooltip="one step back"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._batch_id: str | None = None
        self._title = ""
        self._rows: EntryRows | None = None
        self._rows_file: RowsFile | None = None
        self._growing = False
        self._shown_count = -1
        self._waits_for_quick = False

    def above(self) -> Iterable[Widget]:
        """Counts by outcome, and the filter."""
        yield TwoSidedLine(id="counts")
        yield FilterBar(placeholder="id, or outcome=errored, stop=max_tokens, out>500, and or not")

    def parts(self) -> Iterable[Widget]:
        """List and inspector."""
        yield VirtualList(COLUMNS, id="list", empty=_NOTHING)
        yield Inspector(id="detail")

    def open_batch(self, batch_id: str) -> None:
        """Show a batch's results, downloading them where they are not on this machine."""
        tracked = self.snapshot.find(batch_id)
        if self._batch_id == batch_id and self._rows is not None:
            return
        self._close()
        self._batch_id = batch_id
        self._title = tracked.title if tracked else batch_id
        engine = self.dashboard.engine
        path = engine.results_file(batch_id)
        if path is not None and path.suffix != ".incomplete":
            self._open(path, engine.rows_path(batch_id))
        else:
            engine.download(batch_id)
            self.table.empty = f"\n   Asking for the results of {self._title} …"
            self.table.rows_changed()
        self.show_snapshot(self.snapshot)

    def open_file(self, path: Path) -> None:
        """Show a results file of this machine."""
        self._close()
        self._title = path.name
        self._open(path, None)

    def title_left(self) -> str:
        """What is open."""
        return self._title

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Follow the download of the open batch."""
        super().show_snapshot(snapshot)
        download = snapshot.downloads.get(self._batch_id) if self._batch_id else None
        if self._batch_id is not None and download is not None:
            self._follow(self._batch_id, download)
        self._show_counts(download)

    def reason_disabled(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Most keys need an open file."""
        if action in ("filter", "quick", "error", "save", *INSPECTOR_NEEDS_ENTRY) and self._rows is None:
            return "no results are open"
        if action == "stop" and not self._growing and not self.is_saving:
            return "nothing is being downloaded or saved"
        if action == "save" and self.is_saving:
            return "results are being saved: x stops that"
        return super().reason_disabled(action, parameters)

    @on(VirtualList.Highlighted)
    def _highlighted(self) -> None:
        self._inspect()

    @on(VirtualList.Opened)
    def _opened(self) -> None:
        if not self.has_class("-zoomed"):
            self.action_zoom()

    @on(VirtualList.MarkAllRequested)
    def _mark_all(self) -> None:
        if self._rows is not None:
            self.table.set_marks(str(position) for position in self._rows.positions)

    @on(FilterBar.Changed)
    def _filter_changed(self) -> None:
        self._select()

    @on(FilterBar.Left)
    def _filter_left(self) -> None:
        self.table.focus()

    def on_key(self, event: object) -> None:
        """The letter after `f`."""
        if not self._waits_for_quick:
            return
        self._waits_for_quick = False
        character = getattr(event, "character", None)
        if character in _QUICK_FILTERS:
            getattr(event, "prevent_default")()  # noqa: B009 — events of several kinds come here
            getattr(event, "stop")()  # noqa: B009
            bar = self.query_one(FilterBar)
            bar.value = _QUICK_FILTERS[character]
            self._select()

    def action_filter(self) -> None:
        """Type a filter."""
        self.query_one(FilterBar).open()

    def action_quick(self) -> None:
        """Wait for the letter of an outcome."""
        self._waits_for_quick = True
        self.say("Show: a all, o ok, e errored, x expired, c canceled", seconds=10.0)

    def action_error(self, step: int) -> None:
        """Go to the next entry that did not succeed."""
        if self._rows is None:
            return
        index = next_error(self._rows, self.table.cursor_index, step)
        if index is None:
            self.say("No further entry that did not succeed.", seconds=3.0)
        else:
            self.table.go_to(index)

    def action_back(self) -> None:
        """Out of the zoom, out of the filter, back to the batches."""
        if self.inspector.clear_find():
            return
        if self.has_class("-zoomed"):
            self.action_zoom()
        elif self.query_one(FilterBar).value:
            self.query_one(FilterBar).value = ""
            self._select()
        else:
            super().action_back()

    def action_stop(self) -> None:
        """Stop what is being saved, else the download; what has arrived is kept until the next one."""
        if self.is_saving:
            self.stop_saving()
        elif self._batch_id is not None:
            self.dashboard.engine.stop_download(self._batch_id)

    def cancel_running(self) -> bool:
        """What ctrl+c stops first."""
        if not self._growing and not self.is_saving:
            return False
        self.action_stop()
        return True

    def action_open(self) -> None:
        """Open a results file by its path."""

        def open_it(path: str | None) -> None:
            if path:
                self.open_file(Path(path).expanduser())

        dialog = InputDialog(
            "Open a results file",
            ["JSON lines, as the API gives them; gzipped ones too."],
            placeholder="~/results.jsonl",
        )
        self.app.push_screen(dialog, open_it)

    def to_save(self) -> ToSave | None:
        """The marked entries, or all the filter shows."""
        if self._rows is None:
            return None
        results, chosen = self._rows.results, self._chosen()
        stem = results.path.name.removesuffix(".part").removesuffix(".jsonl")
        rows_path = self.dashboard.engine.rows_path(self._batch_id) if self._batch_id else None
        part = Part(results.path, results.index, chosen, self._batch_id or stem, rows_path)
        which = "marked" if self.table.marks else "shown"
        words = (
            f"{len(chosen):,} results"
            if len(chosen) == results.index.count
            else f"{len(chosen):,} {which} results"
        )
        return ToSave(part, words, self._title.removesuffix(".jsonl"))

    def _chosen(self) -> Sequence[int]:
        """The marked entries, or all the filter shows."""
        if self.table.marks:
            return sorted(int(key) for key in self.table.marks)
        return self._rows.positions if self._rows is not None else ()

    @work(thread=True, exclusive=True, group="open")
    def _open(self, path: Path, rows_path: Path | None) -> None:
        """Show the file's first rows, and index it in a thread."""
        worker = get_current_worker()
        results: ResultsFile | None = None
        shown = 0.0
        try:
            rows = RowsFile(rows_path) if rows_path is not None else None
            for results in opening(path, self.dashboard.engine.cache):
                if worker.is_cancelled:
                    break
                if not shown:
                    self.app.call_from_thread(self._show_file, results, rows, growing=False)
                    shown = time.monotonic()
                elif time.monotonic() - shown > _GROWTH_EVERY:
                    self.app.call_from_thread(self._show_growth, results)
                    shown = time.monotonic()
                time.sleep(0)  # keys come first
        except CbtuiError as error:
            self.app.call_from_thread(self._show_failure, str(error))
            return
        if results is None:
            return
        if not worker.is_cancelled:
            self.app.call_from_thread(self._show_growth, results)
        elif not shown:
            results.close()

    @work(thread=True, exclusive=True, group="select")
    def _select(self) -> None:
        """Filter in a thread; the newest keystroke wins."""
        rows = self._rows
        if rows is None:
            return
        worker = get_current_worker()
        text = self.query_one(FilterBar).value
        try:
            positions = select(parse(text), rows.results.index)
        except FilterError as error:
            self.app.call_from_thread(self.query_one(FilterBar).show_error, str(error))
            return
        if not worker.is_cancelled:
            self.app.call_from_thread(self._show_selection, rows, positions)

    def _show_selection(self, rows: EntryRows, positions: Sequence[int]) -> None:
        if rows is not self._rows:
            return
        rows.positions = positions
        key = self.table.cursor_key
        stays = key is not None and rows.find(key) is not None
        self.table.empty = "\n   Nothing matches: esc clears the filter, f a shows all."
        self.table.rows_changed()
        if not stays:
            self.table.go_to(0)
        total = rows.results.index.count
        self.query_one(FilterBar).show_count(
            len(positions), total, "" if rows.results.index.complete else "counting …"
        )
        shown = f"{len(positions):,} of {total:,}" if len(positions) != total else f"{total:,} entries"
        self.query_one(TabsLine).show(right=shown)
        self._inspect()

    def _show_file(self, results: ResultsFile, rows_file: RowsFile | None, *, growing: bool) -> None:
        self._rows = EntryRows(results, ascii_only=self.dashboard.ascii_only)
        self._rows_file = rows_file
        self.inspector.open(self._reader(results, rows_file))
        self._growing = growing
        self._shown_count = results.index.count
        self.table.set_marks(())
        self.table.set_source(self._rows)
        self.show_snapshot(self.snapshot)
        self.refresh_bindings()
        self._select()

    def _show_growth(self, results: ResultsFile) -> None:
        """More of the open file is known."""
        if self._rows is not None and self._rows.results is results:
            self._show_counts(None)
            self._select()

    def _show_failure(self, sentence: str) -> None:
        self.table.empty = f"\n   {sentence}"
        self.table.rows_changed()
        self.say(sentence, kind="error")

    def _show_growing(self, index: ResultsIndex, part: Path) -> None:
        """The rows of a download that have arrived."""
        if not index.count:
            return
        try:
            results = ResultsFile(part, index)
        except FileNotFoundError:
            return  # it has just got its own name; the next snapshot says so
        self._drop_file()
        self._show_file(results, None, growing=True)

    def _follow(self, batch_id: str, download: Download) -> None:
        """Rows of a running download as they arrive; the whole file when it is there."""
        if download.state in (DownloadState.RUNNING, DownloadState.VERIFYING):
            found = self.dashboard.engine.growing(batch_id)
            if found is None:
                return
            index, part = found
            if self._rows is None or self._rows.results.index is not index:
                self._show_growing(index, part)
            elif index.count != self._shown_count:
                self._shown_count = index.count
                self._select()
            return
        if download.state is DownloadState.FAILED and self._rows is None:
            self._show_failure(download.error or "The download failed.")
        if self._rows is not None and not self._growing:
            return
        path = self.dashboard.engine.results_file(batch_id)
        if download.state in (DownloadState.COMPLETE, DownloadState.PROBLEMS) and path is not None:
            self._growing = False
            self._open(path, self.dashboard.engine.rows_path(batch_id))
        elif self._growing:
            self._growing = False
            self.say(f"The download stopped: {download.lines:,} results have arrived.", kind="error")

    def _show_counts(self, download: Download | None) -> None:
        line = self.query_one("#counts", TwoSidedLine)
        right = ""
        if download is not None and download.state in (DownloadState.RUNNING, DownloadState.VERIFYING):
            mark = "v" if self.dashboard.ascii_only else "▼"
            of = f" of {size(download.total_bytes)}" if download.total_bytes else ""
            right = f"{mark} {size(download.bytes_done)}{of} · {size(int(download.bytes_per_second))}/s"
            if download.lines and download.lines_expected and download.bytes_per_second:
                left = download.bytes_done / download.lines * (download.lines_expected - download.lines)
                right += f" · {duration_words(left / download.bytes_per_second)} left"
        if self._rows is None:
            line.show("", right)
        else:
            results = self._rows.results
            index = results.index
            if not index.complete and not self._growing and not right:
                right = indexing_words(results.progress, is_unpacked=results.is_unpacked)
            line.show(counts_line(index.outcome_counts(), growing=not index.complete), right)

    def _reader(self, results: ResultsFile, rows_file: RowsFile | None) -> EntryReader:
        batch_id, engine = self._batch_id, self.dashboard.engine

        def request(custom_id: str) -> bytes | None:
            return engine.request_as_sent(batch_id, custom_id) if batch_id else None

        try:
            prices = read_prices(self.dashboard.config)
        except ConfigError as error:
            self.say(str(error), kind="error")
            prices = None
        return EntryReader(results, rows=rows_file, request=request, prices=prices)

    def _inspect(self) -> None:
        """Show the entry under the cursor."""
        key = self.table.cursor_key
        self.inspector.show(None if self._rows is None or key is None else int(key))

    def _close(self) -> None:
        """Forget what is open."""
        self._drop_file()
        self._batch_id = None
        self._growing = False
        self.query_one(FilterBar).value = ""
        self.table.empty = _NOTHING
        self.table.set_source(EmptySource())

    def _drop_file(self) -> None:
        self.inspector.close()
        if self._rows is not None:
            self._rows.results.close()
        self._rows = None
        self._rows_file = None
