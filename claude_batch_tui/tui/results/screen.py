"""The results of a batch, a run or a file: a filtered list, and the entry under the cursor in full.

cbtui  RESULTS   classify-tickets                 ● live · polled 17:01:20 · …a1b2
 1 Batches  2 Build [3 Results]                    213 of 10,000 · by cost ▼
all 10,000   ok 9,702   errored 213                                     $3.88
 filter  outcome=errored                                         ▸ 213 of 10,000
list
── entry ──
a message
enter open  / filter  ...
"""

from __future__ import annotations

import gc
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import events, getters, on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.worker import Worker, get_current_worker

from claude_batch_tui.domain.batches.tracked import Download, Snapshot
from claude_batch_tui.domain.money.pricing import PriceTable
from claude_batch_tui.domain.plain_text import clean
from claude_batch_tui.domain.results.result import Sort
from claude_batch_tui.engine.engine import Engine
from claude_batch_tui.errors import CbtuiError, ConfigError
from claude_batch_tui.services.filters.history import read_filters, remember_filter
from claude_batch_tui.services.prices import built_in_prices, read_prices
from claude_batch_tui.services.results.error_groups import ErrorGroup, error_groups
from claude_batch_tui.services.results.ledger import accounts
from claude_batch_tui.services.results.rows_file import RowsFile
from claude_batch_tui.services.submitting.retry import Wanted
from claude_batch_tui.store.results.file import ResultsFile
from claude_batch_tui.tui.dialogs.input import InputDialog
from claude_batch_tui.tui.results.columns import SORT_LETTERS, SORT_QUESTION, chosen_columns, shown_words
from claude_batch_tui.tui.results.compare import CompareScreen, ask_other_results
from claude_batch_tui.tui.results.counts import CountsLine
from claude_batch_tui.tui.results.error_groups_dialog import ErrorGroupsDialog
from claude_batch_tui.tui.results.inspector import Inspector
from claude_batch_tui.tui.results.keys import KEYS, QUICK_FILTERS, QUICK_QUESTION
from claude_batch_tui.tui.results.ledger import LedgerDialog, ledger_lines
from claude_batch_tui.tui.results.list import EntryList
from claude_batch_tui.tui.results.open_results import (
    DOWNLOAD_FAILED,
    Next,
    OpenFile,
    OpenResults,
    ReadingStep,
    read_opened,
)
from claude_batch_tui.tui.results.save import Saving
from claude_batch_tui.tui.results.statistics import StatisticsScreen
from claude_batch_tui.tui.screen import DashboardScreen
from claude_batch_tui.tui.submitting.retrying import owner_of, start_retry
from claude_batch_tui.tui.terminal.lending import paged
from claude_batch_tui.tui.widgets.filter_bar import FilterBar
from claude_batch_tui.tui.widgets.key_line import KeyLine
from claude_batch_tui.tui.widgets.letter_menu import LetterMenu
from claude_batch_tui.tui.widgets.line_input import LineInput
from claude_batch_tui.tui.widgets.status_line import StatusLine
from claude_batch_tui.tui.widgets.title_line import TabsLine, TitleLine
from claude_batch_tui.tui.widgets.virtual_list import VirtualList


class ResultsScreen(DashboardScreen):
    """Counts, filter, list and inspector over what is open; rows can be read while they still arrive."""

    help_title: ClassVar[str] = "Results"
    BINDINGS: ClassVar[list[BindingType]] = KEYS

    counts = getters.query_one("#counts", CountsLine)
    filter_bar = getters.query_one(FilterBar)
    table = getters.query_one("#list", EntryList)
    inspector = getters.query_one("#detail", Inspector)

    def __init__(self) -> None:
        super().__init__()
        self.opened = OpenResults()
        self._saving = Saving(self)
        self._letters = LetterMenu(self)
        self._is_frozen = False

    def compose(self) -> ComposeResult:
        """Counts by outcome, filter, list and inspector."""
        config = self.dashboard.config
        yield TitleLine("RESULTS")
        yield TabsLine(3)
        yield CountsLine(id="counts")
        yield FilterBar(
            completer=lambda text, cursor: self.opened.complete(text, cursor),  # noqa: PLW0108  of what is open then
            history=read_filters(config.state_dir),
            placeholder="id, or text:refund, outcome=errored, out>500, json:$.label=bug, and or not",
        )
        columns = chosen_columns(config.results_columns)
        yield Vertical(EntryList(columns, id="list"), Inspector(id="detail"), id="main")
        yield StatusLine()
        yield KeyLine()

    # Opening.

    def open_batch(self, batch_id: str) -> None:
        """Show a batch's results, downloading them where they are not on this machine."""
        if self.opened.is_showing([batch_id]):
            return
        tracked, engine = self.snapshot.find(batch_id), self.dashboard.engines.of(batch_id)
        opened = OpenResults(tracked.title if tracked else batch_id, [batch_id])
        self._replace(opened)
        if opened.find_file(engine, whole=True):
            self._read(opened)
        else:
            engine.download(batch_id)
            self.table.show_empty(f"Asking for the results of {opened.title} …")
        self.show_snapshot(self.snapshot)

    def open_run(self, run_id: str, batch_ids: Sequence[str], title: str) -> None:
        """Show the results of these batches of a run as one, downloading those that are not on this machine."""
        if self.opened.is_showing(batch_ids, run_id):
            return
        self._replace(OpenResults(title, batch_ids, run_id=run_id))
        for batch_id in self.opened.missing(self._engine):
            self.dashboard.engines.of(batch_id).download(batch_id)
        self.show_snapshot(self.snapshot)

    def open_file(self, path: Path) -> None:
        """Show a results file of this machine."""
        self._replace(OpenResults(path.name))
        self.opened.path = path
        self._read(self.opened)
        self.show_snapshot(self.snapshot)

    def title_left(self) -> str:
        """What is open."""
        return self.opened.title

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Follow the download of what is open."""
        super().show_snapshot(snapshot)
        download = snapshot.downloads.get(self.opened.batch_id or "")
        if download is not None:
            self._follow(download)
        if self.opened.run_id is not None and not self.opened.is_gathered:
            self._follow_run(snapshot)
        self._show_counts()

    def reason_disabled(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Most keys need an open file."""
        if action == "stop" and not self.opened.is_growing and not self._saving.is_running:
            return "nothing is being downloaded or saved"
        if action == "save" and self._saving.is_running:
            return "results are being saved: x stops that"
        return self.opened.why_not(action) or super().reason_disabled(action, parameters)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A slash typed into a line is a slash, and in the inspector it finds."""
        focused = self.focused
        is_elsewhere = focused is not None and (
            isinstance(focused, LineInput) or self.inspector in focused.ancestors
        )
        if action == "filter" and is_elsewhere:
            return False
        return super().check_action(action, parameters)

    def cancel_running(self) -> bool:
        """What ctrl+c stops first."""
        if not self.opened.is_growing and not self._saving.is_running:
            return False
        self.action_stop()
        return True

    def palette_actions(self) -> dict[str, str]:
        """Actions without a key of their own."""
        return {} if self.opened.file is None else {"list errors by message": "screen.errors"}

    # What the widgets tell.

    def on_key(self, event: events.Key) -> None:
        """A letter that is waited for."""
        self._letters.take(event)

    @on(FilterBar.Changed)
    def _filter_changed(self, message: FilterBar.Changed) -> None:
        self.table.select(message.value)

    @on(FilterBar.Left)
    def _filter_left(self) -> None:
        self.table.focus()

    @on(FilterBar.Kept)
    def _filter_kept(self, message: FilterBar.Kept) -> None:
        remember_filter(self.dashboard.config.state_dir, message.value)

    @on(EntryList.Selected)
    def _selected(self, message: EntryList.Selected) -> None:
        rows, found = message.rows, message.found
        if rows is not self.table.rows:
            return
        shown, index = len(found.positions), rows.file.results.index
        # Without a filter all are shown, though more may have been found meanwhile.
        total = index.count if self.filter_bar.value else shown
        more = "" if index.complete else "counting …"
        self.filter_bar.show_count(shown, total, more, exact=found.is_exact and found.is_final)
        words = shown_words(shown, total, rows.sort, exact=found.is_exact, plain=self.dashboard.ascii_only)
        self.query_one(TabsLine).show(right=words)
        self.inspector.show(self.table.position)

    @on(EntryList.Refused)
    def _refused(self, message: EntryList.Refused) -> None:
        self.filter_bar.show_error(message.sentence)

    @on(VirtualList.Highlighted)
    def _highlighted(self) -> None:
        self.inspector.show(self.table.position)

    @on(VirtualList.Opened)
    def _opened(self) -> None:
        if not self.has_class("-zoomed"):
            self.action_zoom()

    # The keys, in the order of `keys.KEYS`.

    def action_filter(self) -> None:
        """Type a filter."""
        self.filter_bar.open()

    def action_quick(self) -> None:
        """Wait for the letter of an outcome."""
        letters = {letter: partial(self._filter_by, text) for letter, text in QUICK_FILTERS.items()}
        self._letters.ask(QUICK_QUESTION, {**letters, "m": self.action_errors})

    def action_sort(self) -> None:
        """Wait for the letter of a column."""
        letters = {letter: partial(self._sort_by, column) for letter, column in SORT_LETTERS.items()}
        self._letters.ask(SORT_QUESTION, letters)

    def action_complete_or_next(self) -> None:
        """Complete the filter that is being typed, or go to the next pane."""
        if not self.filter_bar.complete():
            self.focus_next()

    def action_error(self, step: int) -> None:
        """Go to the next entry that did not succeed."""
        if self.table.rows is None:
            return
        index = self.table.rows.next_error(self.table.cursor_index, step)
        if index is None:
            self.say("No further entry that did not succeed.", seconds=3.0)
        else:
            self.table.go_to(index)

    def action_errors(self) -> None:
        """List the errors by message; one that is chosen becomes the filter."""
        if self.opened.file is not None:
            self._list_errors(self.opened.file, self.opened.file.results.duplicate())

    def action_save(self) -> None:
        """Save the marked entries, or all that the filter shows."""
        rows, marked = self.table.rows, bool(self.table.marks)
        is_sorted = rows is not None and rows.sort != Sort()
        wanted = self.opened.to_save(self.table.chosen, marked=marked, keeps_order=is_sorted and not marked)
        if wanted is not None and not self._saving.is_running:
            self._saving.ask(wanted)

    def action_retry(self) -> None:
        """Send again what failed among the marked entries, or all that the filter shows."""
        opened = self.opened
        if opened.batch_id is None or opened.file is None:
            return
        engine = owner_of(self, [opened.batch_id])
        if engine is None:
            return
        wanted = Wanted(opened.batch_id, opened.file.results.index, self.table.chosen)
        which = "the marked" if self.table.marks else "all shown"
        title = f"Retry {which}: {len(wanted.positions):,} of {opened.title}"
        start_retry(self, title, engine, lambda rules: engine.plan_retry([wanted], rules))

    def action_stop(self) -> None:
        """Stop what is being saved, else the download; what has arrived is kept until the next one."""
        if self._saving.is_running:
            self._saving.stop()
        elif self.opened.batch_id is not None:
            self.dashboard.engines.of(self.opened.batch_id).stop_download(self.opened.batch_id)

    @work(thread=True, exclusive=True, group="ledger")
    def action_ledger(self) -> None:
        """What was sent against what came back, entry by entry."""
        file = self.opened.file
        if file is not None:
            lines = list(ledger_lines(accounts(file.results.index, self.opened.sent(self._engine.store))))
            self.app.call_from_thread(self.app.push_screen, LedgerDialog(lines))

    def action_open(self) -> None:
        """Open a results file by its path."""
        dialog = InputDialog(
            "Open a results file",
            ["JSON lines, as the API gives them; gzipped ones too."],
            placeholder="~/results.jsonl",
        )
        self.app.push_screen(dialog, lambda path: self.open_file(Path(path).expanduser()) if path else None)

    def action_tab(self, step: int) -> None:
        """Another view of the entry."""
        self.inspector.step_tab(step)

    def action_entry(self, step: int) -> None:
        """The next or previous entry."""
        self.table.go_to(self.table.cursor_index + step)

    def action_zoom(self) -> None:
        """Inspector on the whole screen, and back."""
        self.toggle_class("-zoomed")
        (self.inspector.body if self.has_class("-zoomed") else self.table).focus()

    def action_wrap(self) -> None:
        """Wrap long lines, or not."""
        self.inspector.toggle_wrap()

    def action_pager(self) -> None:
        """What the inspector shows in $PAGER, with the dashboard out of the way."""
        try:
            paged(self.app, clean(self.inspector.text()))
        except ConfigError as error:
            self.say(str(error), kind="error")

    def action_copy(self) -> None:
        """Copy what the inspector shows."""
        text = self.inspector.copied()
        if text is not None:
            self.dashboard.copy(text)

    def action_copy_id(self) -> None:
        """Copy the custom_id."""
        if self.inspector.custom_id:
            self.dashboard.copy(self.inspector.custom_id)

    def action_statistics(self) -> None:
        """What the filter shows, or the marks, in numbers."""
        file = self.opened.file
        if file is not None:
            screen = StatisticsScreen(self.opened.title, file.results.index, self.table.chosen, file.prices)
            self.app.push_screen(screen)

    def action_compare(self) -> None:
        """Compare the two marked entries; else all of them with other results, asked for."""
        file, marked = self.opened.file, self.table.marked
        if file is not None and len(marked) == 2:
            self.app.push_screen(CompareScreen.of_entries(file.results, marked[0], marked[1], file.prices))
        elif file is not None:
            ask_other_results(self, file.results, self.opened.title, file.prices)

    def action_back(self) -> None:
        """Out of the search, the zoom, the filter, and back to the batches."""
        if self.inspector.clear_find():
            return
        if self.has_class("-zoomed"):
            self.action_zoom()
        elif self.filter_bar.value:
            self._filter_by("")
        else:
            super().action_back()

    # What keys and snapshots lead to.

    def _replace(self, opened: OpenResults) -> None:
        """Forget what was open and what is being done with it; `opened` is from now on."""
        for group in ("open", "errors"):
            self.workers.cancel_group(self, group)
        self.inspector.close()
        self.table.close()
        self.opened.close()
        self.opened = opened
        self.filter_bar.value = ""
        self.query_one(TabsLine).show(right="")

    def _follow(self, download: Download) -> None:
        """Show rows of a running download as they arrive, the whole file when it is there."""
        match self.opened.follow(download, self._engine):
            case Next.TAKE_ARRIVED:
                arrived = self.opened.open_arrived(self._engine)
                if arrived is not None:
                    self._show_file(arrived, growing=True)
            case Next.SHOW_MORE:
                self.table.select(self.filter_bar.value)
            case Next.READ_WHOLE:
                self._read(self.opened)
            case Next.SAY_FAILED:
                self._show_failure(download.error or DOWNLOAD_FAILED)
            case Next.SAY_STOPPED:
                self.say(f"The download stopped: {download.lines:,} results have arrived.", kind="error")

    def _follow_run(self, snapshot: Snapshot) -> None:
        """Wait for the results of every batch of the run, then put them together."""
        waits_for = self.opened.waits_for(self._engine, snapshot.downloads)
        if waits_for is not None:
            self.table.show_empty(waits_for)
            return
        self.opened.is_gathered = True
        count = len(self.opened.batch_ids)
        self.table.show_empty(f"Putting the results of {count} batches together …")
        self._read(self.opened)

    def _show_file(
        self, results: ResultsFile, rows: RowsFile | None = None, *, growing: bool = False
    ) -> None:
        """Show a file in place of the one before."""
        store = self._engine.store
        file = self.opened.take(results, self._prices(), store, rows=rows, growing=growing)
        self.inspector.open(file.reader)
        self.table.open(file)
        self._show_more()
        self.refresh_bindings()

    def _show_more(self) -> None:
        """Show what is known of the file by now."""
        self._show_counts()
        self.table.select(self.filter_bar.value)

    def _show_counts(self) -> None:
        download = self.snapshot.downloads.get(self.opened.batch_id or "")
        self.counts.show_results(self.opened.file, download, growing=self.opened.is_growing)

    def _show_failure(self, sentence: str, worker: Worker[None] | None = None) -> None:
        """Say why there is nothing to show, unless that was found by a worker whose results are no longer open."""
        if worker is not None and worker.is_cancelled:
            return
        self.table.show_empty(sentence)
        self.say(sentence, kind="error")

    def _show_errors(self, file: OpenFile, groups: Sequence[ErrorGroup]) -> None:
        def chosen(wanted: str | None) -> None:
            if wanted and file is self.opened.file:
                self._filter_by(wanted)

        if not groups:
            self.say("There are no errors in these results.", seconds=3.0)
        elif file is self.opened.file:
            self.app.push_screen(ErrorGroupsDialog(groups), chosen)

    def _filter_by(self, text: str) -> None:
        self.filter_bar.value = text

    def _sort_by(self, column: str) -> None:
        self.table.sort_by(column, self.filter_bar.value)

    @property
    def _engine(self) -> Engine:
        """The engine of the batches whose results are open; of a file, the one on the screen."""
        return self.dashboard.engines.of(self.opened.batch_ids[0] if self.opened.batch_ids else "")

    def _prices(self) -> PriceTable:
        """The prices; what a faulty `prices.toml` of the user's says is told, and the built-in ones serve."""
        try:
            return read_prices(self.dashboard.config)
        except ConfigError as error:
            self.say(str(error), kind="error")
            return built_in_prices()

    # What takes long, in threads.

    @work(thread=True, exclusive=True, group="open")
    def _read(self, opened: OpenResults) -> None:
        """Read what is open to its end, and show how far it is."""
        worker, show = get_current_worker(), self.app.call_from_thread
        try:
            for step in read_opened(opened, self._engine, lambda: worker.is_cancelled):
                show(self._show_step, worker, step)
        except CbtuiError as error:
            show(self._show_failure, str(error), worker)

    def _show_step(self, worker: Worker[None], step: ReadingStep) -> None:
        """Show a file that is being read, or more of it, unless something else is to be shown by now."""
        if self.opened.reads(step.results):
            self._show_more()
        elif worker.is_cancelled:
            step.results.close()
        else:
            self._show_file(step.results, step.rows)
        if step.is_checked and not worker.is_cancelled:
            self._end_reading(step.results)

    def _end_reading(self, results: ResultsFile) -> None:
        """The entry in the inspector may have turned out not to fit its schema."""
        position = self.inspector.position
        if position is not None and results.index.class_of(position) == "schema_invalid":
            self.inspector.show_again()
        if not self._is_frozen:
            # Modules stay: a full collection that looks at all of them, numpy's too, stops every key for 0.1 s.
            self._is_frozen = True
            gc.freeze()

    @work(thread=True, exclusive=True, group="errors")
    def _list_errors(self, file: OpenFile, own: ResultsFile) -> None:
        """Group the errors, and let one group be chosen as the filter."""
        worker = get_current_worker()
        with own:
            groups = error_groups(own, lambda: worker.is_cancelled)
        if not worker.is_cancelled:
            self.app.call_from_thread(self._show_errors, file, groups)
