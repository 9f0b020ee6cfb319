"""Opening results: of a batch, of a run, of a file. Rows can be read while they still arrive."""

from __future__ import annotations

import gc
import time
from collections.abc import Sequence
from pathlib import Path

from textual import work
from textual.worker import Worker, get_current_worker

from claude_batch_tui.domain.batches.tracked import Download, DownloadState, Snapshot
from claude_batch_tui.domain.money.pricing import PriceTable
from claude_batch_tui.domain.results.sort import Sort
from claude_batch_tui.errors import CbtuiError, ConfigError
from claude_batch_tui.runtime import built_in_prices, read_prices
from claude_batch_tui.services.filters.finding import Finder
from claude_batch_tui.services.results.browse import EntryReader
from claude_batch_tui.services.results.costs import EntryCosts
from claude_batch_tui.services.results.rows_file import RowsFile
from claude_batch_tui.services.results.run_results import RunResults
from claude_batch_tui.services.results.schema_validation import validating_schemas
from claude_batch_tui.store.results.file import ResultsFile
from claude_batch_tui.store.results.index import ResultsIndex
from claude_batch_tui.store.results.opening import opening
from claude_batch_tui.tui.results.columns import (
    chosen_columns,
)
from claude_batch_tui.tui.results.counting import CountedFrame
from claude_batch_tui.tui.results.rows import (
    EntryRows,
)
from claude_batch_tui.tui.widgets.filter_bar import FilterBar
from claude_batch_tui.tui.widgets.row_source import EmptySource
from claude_batch_tui.tui.widgets.title_line import TabsLine

_GROWTH_EVERY = 0.15
"""Seconds between two looks at a file that is being indexed."""
NOTHING = """
   No results are open.

   1     go to the batches and press enter on one that has ended
   O     open a results file of this machine
"""


class OpenedFrame(CountedFrame):
    """A screen that opens results, and follows a download until they are whole."""

    def __init__(self) -> None:
        super().__init__()
        self._batch_id: str | None = None
        self._run_id: str | None = None
        self._parts: tuple[str, ...] = ()
        """The batches that what is open belongs to."""
        self._rows_path: Path | None = None
        self._title = ""
        self._rows_file: RowsFile | None = None
        self._is_gathering = self._has_settled = False
        self._shown_counts = (-1, -1)

    def open_batch(self, batch_id: str) -> None:
        """Show a batch's results, downloading them where they are not on this machine."""
        tracked = self.snapshot.find(batch_id)
        if self._batch_id == batch_id and self._rows is not None:
            return
        self._close()
        self._batch_id, self._parts = batch_id, (batch_id,)
        self._title = tracked.title if tracked else batch_id
        engine = self.dashboard.engine
        path = engine.read_results(batch_id)
        if path is not None and path.suffix != ".incomplete":
            self._open(path, engine.rows_path(batch_id))
        else:
            engine.download(batch_id)
            self.table.empty = f"\n   Asking for the results of {self._title} …"
            self.table.rows_changed()
        self.show_snapshot(self.snapshot)

    def open_run(self, run_id: str, batch_ids: Sequence[str], title: str) -> None:
        """Show the results of these batches of a run as one, downloading those that are not on this machine."""
        if (self._run_id, self._parts) == (run_id, tuple(batch_ids)) and self._rows is not None:
            return
        self._close()
        self._run_id, self._parts, self._title = run_id, tuple(batch_ids), title
        for batch_id in self._missing():
            self.dashboard.engine.download(batch_id)
        self.show_snapshot(self.snapshot)

    def open_file(self, path: Path) -> None:
        """Show a results file of this machine."""
        self._close()
        self._title = path.name
        self._open(path, None)
        self.show_snapshot(self.snapshot)

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Follow the download of the open batch."""
        super().show_snapshot(snapshot)
        download = snapshot.downloads.get(self._batch_id) if self._batch_id else None
        if self._batch_id is not None and download is not None:
            self._follow(self._batch_id, download)
        if self._run_id is not None and not self._is_gathering:
            self._follow_run(self._run_id)
        self._show_counts(download)

    def _missing(self) -> list[str]:
        """The batches of the open run whose results are not on this machine, or not read to their end."""
        paths = {batch_id: self.dashboard.engine.read_results(batch_id) for batch_id in self._parts}
        return [batch_id for batch_id, path in paths.items() if path is None or path.suffix == ".incomplete"]

    def _follow_run(self, run_id: str) -> None:
        """Wait for the results of every batch of the run, then put them together."""
        missing, downloads = self._missing(), self.snapshot.downloads
        if not missing:
            self._is_gathering = True
            self.table.empty = f"\n   Putting the results of {len(self._parts)} batches together …"
            self._gather(run_id, self._parts)
        elif failed := [
            download.error
            for batch_id in missing
            if (download := downloads.get(batch_id)) and download.state is DownloadState.FAILED
        ]:
            self.table.empty = f"\n   {failed[0] or 'The download failed.'}"
        else:
            here = len(self._parts) - len(missing)
            self.table.empty = (
                f"\n   The results of {here} of {len(self._parts)} batches of {self._title} are here …"
            )
        self.table.rows_changed()

    @work(thread=True, exclusive=True, group="open")
    def _gather(self, run_id: str, batch_ids: Sequence[str]) -> None:
        """Put the results of a run together in a thread, and show them."""
        worker = get_current_worker()
        try:
            whole = self.dashboard.engine.run_results(run_id, batch_ids)
        except CbtuiError as error:
            self.app.call_from_thread(self._show_failure, str(error), worker)
            return
        self.app.call_from_thread(self._open_gathered, worker, whole)

    def _open_gathered(self, worker: Worker[None], whole: RunResults) -> None:
        if not worker.is_cancelled:
            self._open(whole.results, whole.rows)

    @work(thread=True, exclusive=True, group="open")
    def _open(self, path: Path, rows_path: Path | None) -> None:
        """Show the file's first rows, and index it in a thread."""
        worker = get_current_worker()
        self._rows_path = rows_path
        results: ResultsFile | None = None
        shown = 0.0
        try:
            rows = RowsFile(rows_path) if rows_path is not None else None
            for step in opening(path, self.dashboard.engine.cache):
                if worker.is_cancelled:
                    if step is not results:
                        step.close()
                    break
                if step is not results:
                    results = step
                    self.app.call_from_thread(self._show_opened, worker, results, rows)
                    shown = time.monotonic()
                elif time.monotonic() - shown > _GROWTH_EVERY:
                    self.app.call_from_thread(self._show_growth, results)
                    shown = time.monotonic()
                time.sleep(0)  # keys come first
        except CbtuiError as error:
            self.app.call_from_thread(self._show_failure, str(error), worker)
            return
        if results is None:
            return
        to_judge = self.app.call_from_thread(self._to_judge, worker, results)
        if to_judge is not None:
            self._judge(results, *to_judge)

    def _show_opened(self, worker: Worker[None], results: ResultsFile, rows: RowsFile | None) -> None:
        """Show a file in place of what was shown, unless something else is to be opened meanwhile."""
        if worker.is_cancelled:
            results.close()
            return
        before = self._rows
        self._show_file(results, rows, growing=False)
        if before is not None:
            before.results.close()

    def _to_judge(
        self, worker: Worker[None], results: ResultsFile
    ) -> tuple[ResultsFile, tuple[str, ...]] | None:
        """A duplicate of the file for the thread, and the batches it belongs to; None where it is no longer shown."""
        if worker.is_cancelled or self._rows is None or self._rows.results is not results:
            return None
        return results.duplicate(), self._parts

    def _judge(self, results: ResultsFile, own: ResultsFile, parts: tuple[str, ...]) -> None:
        """Hold the answers against the schemas they were asked for, in the thread that opened the file; `…` till then."""
        worker, engine, shown = get_current_worker(), self.dashboard.engine, time.monotonic()
        with own:
            for _ in validating_schemas(own, engine.asked(parts), engine.cache):
                if worker.is_cancelled:
                    return
                if time.monotonic() - shown > _GROWTH_EVERY:
                    self.app.call_from_thread(self._show_growth, results)
                    shown = time.monotonic()
                time.sleep(0)  # keys come first
        self.app.call_from_thread(self._show_growth, results)
        self.app.call_from_thread(self._show_judged, results)
        if not self._has_settled:
            # Modules stay: a full collection that looks at all of them, numpy's too, stops every key for 0.1 s.
            self._has_settled = True
            gc.freeze()

    def _show_judged(self, results: ResultsFile) -> None:
        """The entry in the inspector may turn out not to fit its schema."""
        position = self.inspector.position
        if self._rows is None or self._rows.results is not results or position is None:
            return
        if results.index.class_of(position) == "schema_invalid":
            self.inspector.show_again()

    def _show_file(self, results: ResultsFile, rows_file: RowsFile | None, *, growing: bool) -> None:
        sort = self._rows.sort if self._rows is not None else Sort()
        prices = self._prices()
        costs = EntryCosts(results.index, prices)
        columns = chosen_columns(self.dashboard.config.results_columns)
        self._rows = EntryRows(
            results, Finder(results, costs), costs, columns, ascii_only=self.dashboard.ascii_only
        )
        self._rows.sort = sort
        self._rows_file = rows_file
        self.inspector.open(self._reader(results, rows_file, prices))
        self._growing = growing
        self._shown_counts = (results.index.count, results.index.described)
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

    def _show_failure(self, sentence: str, worker: Worker[None] | None = None) -> None:
        if worker is not None and worker.is_cancelled:
            return  # something else is open by now
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
        if download.is_going:
            found = self.dashboard.engine.growing(batch_id)
            if found is None:
                return
            index, part = found
            if self._rows is None or self._rows.results.index is not index:
                self._show_growing(index, part)
            elif (index.count, index.described) != self._shown_counts:
                self._shown_counts = (index.count, index.described)
                self._select()
            return
        if download.state is DownloadState.FAILED and self._rows is None:
            self._show_failure(download.error or "The download failed.")
        if self._rows is not None and not self._growing:
            return
        path = self.dashboard.engine.read_results(batch_id)
        if download.state in (DownloadState.COMPLETE, DownloadState.PROBLEMS) and path is not None:
            self._growing = False
            self._open(path, self.dashboard.engine.rows_path(batch_id))
        elif self._growing:
            self._growing = False
            self.say(f"The download stopped: {download.lines:,} results have arrived.", kind="error")

    def _prices(self) -> PriceTable:
        """The prices; what a faulty `prices.toml` of the user's says is told once, and the built-in ones serve."""
        try:
            return read_prices(self.dashboard.config)
        except ConfigError as error:
            self.say(str(error), kind="error")
            return built_in_prices()

    def _reader(self, results: ResultsFile, rows_file: RowsFile | None, prices: PriceTable) -> EntryReader:
        parts, engine = self._parts, self.dashboard.engine

        def request(custom_id: str) -> bytes | None:
            found = (engine.request_as_sent(batch_id, custom_id) for batch_id in parts)
            return next((each for each in found if each is not None), None)

        return EntryReader(results, rows=rows_file, request=request, prices=prices)

    def _close(self) -> None:
        """Forget what is open, and what is being done with it."""
        for group in ("open", "select", "errors"):
            self.workers.cancel_group(self, group)
        self._drop_file()
        self._batch_id = self._run_id = self._rows_path = None
        self._parts = ()
        self._growing = self._is_gathering = False
        self.query_one(FilterBar).value = ""
        self.query_one(TabsLine).show(right="")
        self.table.empty = NOTHING
        self.table.set_source(EmptySource())

    def _drop_file(self) -> None:
        self.inspector.close()
        if self._rows is not None:
            self._rows.results.close()
        self._rows = None
        self._rows_file = None
