"""What is open on the Results screen: found or downloaded, read in a thread, and followed while it arrives."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual.worker import Worker, get_current_worker

from claude_batch_tui.domain.batches.tracked import Download, Snapshot
from claude_batch_tui.domain.money.pricing import PriceTable
from claude_batch_tui.engine.engine import Engine
from claude_batch_tui.errors import CbtuiError, ConfigError
from claude_batch_tui.services.building.models import built_in_prices, read_prices
from claude_batch_tui.services.results.rows_file import RowsFile
from claude_batch_tui.store.results.file import ResultsFile
from claude_batch_tui.tui.results.open_results import (
    DOWNLOAD_FAILED,
    Next,
    OpenResults,
    ReadingStep,
    read_opened,
)
from claude_batch_tui.tui.widgets.lines import TabsLine

if TYPE_CHECKING:
    from claude_batch_tui.tui.results.screen import ResultsScreen


class Opening:
    """Opens results in place of those before. The screen holds it and hands it every snapshot; it fills the widgets."""

    def __init__(self, screen: ResultsScreen) -> None:
        self._screen = screen
        self._is_frozen = False
        self._goes_to = ""
        """The custom_id of the entry to go to once there is a file."""
        self.results = OpenResults()
        """What is open."""

    @property
    def engine(self) -> Engine:
        """The engine of the batches whose results are open; of a file, the one on the screen."""
        batch_ids = self.results.batch_ids
        return self._screen.dashboard.engines.of(batch_ids[0] if batch_ids else "")

    def open_batch(self, batch_id: str) -> None:
        """Show a batch's results, downloading them where they are not on this machine."""
        screen = self._screen
        if self.results.is_showing([batch_id]):
            return
        tracked, engine = screen.snapshot.find(batch_id), screen.dashboard.engines.of(batch_id)
        opened = OpenResults(tracked.title if tracked else batch_id, [batch_id])
        self._replace(opened)
        if opened.find_file(engine, whole=True):
            self._begin_reading()
        else:
            engine.download(batch_id)
            screen.table.show_empty(f"Asking for the results of {opened.title} …")
        screen.show_snapshot(screen.snapshot)

    def open_run(self, run_id: str, batch_ids: Sequence[str], title: str) -> None:
        """Show the results of these batches of a run as one, downloading those that are not on this machine."""
        screen = self._screen
        if self.results.is_showing(batch_ids, run_id):
            return
        self._replace(OpenResults(title, batch_ids, run_id=run_id))
        for batch_id in self.results.missing(self.engine):
            screen.dashboard.engines.of(batch_id).download(batch_id)
        screen.show_snapshot(screen.snapshot)

    def show_attempts(self) -> None:
        """Show all attempts of the run that is open, or again the answers that are kept; filter and entry stay."""
        before, screen = self.results, self._screen
        text, custom_id = screen.filter_bar.value, screen.inspector.custom_id
        opened = OpenResults(before.title, before.batch_ids, run_id=before.run_id)
        opened.shows_all = not before.shows_all
        self._replace(opened)
        screen.filter_bar.value, self._goes_to = text, custom_id
        screen.show_snapshot(screen.snapshot)

    def open_file(self, path: Path) -> None:
        """Show a results file of this machine."""
        self._replace(OpenResults(path.name))
        self.results.path = path
        self._screen.table.show_empty(f"Reading {path.name} …")
        self._begin_reading()
        self._screen.show_snapshot(self._screen.snapshot)

    def follow(self, snapshot: Snapshot) -> None:
        """Show what has arrived of what is open."""
        download = snapshot.downloads.get(self.results.batch_id or "")
        if download is not None:
            self._follow_download(download)
        if self.results.run_id is not None and not self.results.is_gathered:
            self._follow_run(snapshot)
        self._show_counts()

    def _replace(self, opened: OpenResults) -> None:
        """Forget what was open and what is being done with it; `opened` is from now on."""
        screen = self._screen
        for group in ("open", "errors"):
            screen.workers.cancel_group(screen, group)
        screen.inspector.close()
        screen.table.close()
        self.results.close()
        self.results = opened
        self._goes_to = ""
        screen.filter_bar.value = ""
        screen.query_one(TabsLine).show(right="")

    def _follow_download(self, download: Download) -> None:
        """Show rows of a running download as they arrive, the whole file when it is there."""
        match self.results.follow(download, self.engine):
            case Next.TAKE_ARRIVED:
                arrived = self.results.open_arrived(self.engine)
                if arrived is not None:
                    self._show_file(arrived, growing=True)
            case Next.SHOW_MORE:
                self._show_entries()
            case Next.READ_WHOLE:
                self._begin_reading()
            case Next.SAY_FAILED:
                self._show_failure(download.error or DOWNLOAD_FAILED)
            case Next.SAY_STOPPED:
                words = f"The download stopped: {download.lines:,} results have arrived."
                self._screen.say(words, kind="error")

    def _follow_run(self, snapshot: Snapshot) -> None:
        """Wait for the results of every batch of the run, then put them together."""
        waits_for = self.results.waits_for(self.engine, snapshot.downloads)
        if waits_for is not None:
            self._screen.table.show_empty(waits_for)
            return
        self.results.is_gathered = True
        count = len(self.results.batch_ids)
        self._screen.table.show_empty(f"Putting the results of {count} batches together …")
        self._begin_reading()

    def _begin_reading(self) -> None:
        work = partial(self._read, self.results)
        self._screen.run_worker(work, thread=True, exclusive=True, group="open")

    def _read(self, opened: OpenResults) -> None:
        """Read what is open to its end, in a thread, and show how far it is."""
        worker, show = get_current_worker(), self._screen.app.call_from_thread
        try:
            for step in read_opened(opened, self.engine, lambda: worker.is_cancelled):
                show(self._show_step, worker, step)
        except CbtuiError as error:
            show(self._show_failure, str(error), worker)

    def _show_step(self, worker: Worker[None], step: ReadingStep) -> None:
        """Show a file that is being read, or more of it, unless something else is to be shown by now."""
        if self.results.reads(step.results):
            self._show_counts()
            self._show_entries()
        elif worker.is_cancelled:
            step.results.close()
        else:
            self._show_file(step.results, step.rows)
            if self.results.note:
                self._screen.say(self.results.note)
        if step.is_checked and not worker.is_cancelled:
            self._end_reading(step.results)

    def _end_reading(self, results: ResultsFile) -> None:
        """The entry in the inspector may have turned out not to fit its schema."""
        inspector, table = self._screen.inspector, self._screen.table
        if table.rows is not None:
            table.look_at_fields(table.rows)
        if inspector.position is not None and results.index.class_of(inspector.position) == "schema_invalid":
            inspector.show_again()
        if not self._is_frozen:
            # Modules stay: a full collection that looks at all of them, numpy's too, stops every key for 0.1 s.
            self._is_frozen = True
            gc.freeze()

    def _show_file(
        self, results: ResultsFile, rows: RowsFile | None = None, *, growing: bool = False
    ) -> None:
        """Show a file in place of the one before."""
        file = self.results.take(results, self._prices(), self.engine.store, rows=rows, growing=growing)
        self._screen.inspector.open(file.reader)
        self._screen.table.open(file, file.results.index.find(self._goes_to))
        self._show_counts()
        self._show_entries()
        self._screen.refresh_bindings()

    def _show_entries(self) -> None:
        self._screen.table.select(self._screen.filter_bar.value)

    def _show_counts(self) -> None:
        download = self._screen.snapshot.downloads.get(self.results.batch_id or "")
        self._screen.counts.show_results(self.results.file, download, growing=self.results.is_growing)

    def _show_failure(self, sentence: str, worker: Worker[None] | None = None) -> None:
        """Say why there is nothing to show, unless that was found by a worker whose results are no longer open."""
        if worker is not None and worker.is_cancelled:
            return
        self._screen.table.show_empty(sentence)
        self._screen.say(sentence, kind="error")

    def _prices(self) -> PriceTable:
        """The prices; what a faulty `prices.toml` of the user's says is told, and the built-in ones serve."""
        try:
            return read_prices(self._screen.dashboard.config)
        except ConfigError as error:
            self._screen.say(str(error), kind="error")
            return built_in_prices()
