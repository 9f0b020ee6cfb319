"""The results of one batch or file: a filtered list, and the entry under the cursor in full.

Rows can be read while they still arrive: the list stands on the index of the running download.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.binding import BindingType
from textual.widget import Widget
from textual.worker import Worker, get_current_worker

from claude_batch_tui.domain.completion import Completion, complete
from claude_batch_tui.domain.filtering import FilterError, parse
from claude_batch_tui.domain.pricing import PriceTable
from claude_batch_tui.domain.sort import Sort
from claude_batch_tui.domain.tracked import Download, DownloadState, ResultsState, Snapshot
from claude_batch_tui.engine.retrier import Wanted
from claude_batch_tui.errors import CbtuiError, ConfigError, SourceError
from claude_batch_tui.runtime import built_in_prices, read_prices
from claude_batch_tui.services.accounting import accounts
from claude_batch_tui.services.browse import EntryReader, RowsFile
from claude_batch_tui.services.costing import EntryCosts
from claude_batch_tui.services.error_groups import ErrorGroup, error_groups
from claude_batch_tui.services.export import Part
from claude_batch_tui.services.filter_history import read_filters, remember_filter
from claude_batch_tui.services.finding import Finder, Found, worth_showing
from claude_batch_tui.services.sorting import in_order
from claude_batch_tui.store.opening import opening
from claude_batch_tui.store.results_file import ResultsFile
from claude_batch_tui.store.results_index import ResultsIndex
from claude_batch_tui.tui.dialogs.error_groups import ErrorGroupsDialog
from claude_batch_tui.tui.dialogs.input import InputDialog
from claude_batch_tui.tui.dialogs.ledger import LedgerDialog
from claude_batch_tui.tui.screens.comparing import of_entries, of_files, results_called
from claude_batch_tui.tui.screens.inspecting import INSPECTOR_NEEDS_ENTRY, InspectingFrame
from claude_batch_tui.tui.screens.inspector import Inspector
from claude_batch_tui.tui.screens.ledger_words import ledger_lines
from claude_batch_tui.tui.screens.result_columns import (
    SORT_LETTERS,
    SORT_QUESTION,
    chosen_columns,
    drawn,
    sort_words,
)
from claude_batch_tui.tui.screens.result_keys import KEYS
from claude_batch_tui.tui.screens.result_rows import (
    NO_ENTRIES,
    NOTHING_MATCHES,
    SEARCHING,
    EntryRows,
    counts_line,
    next_error,
)
from claude_batch_tui.tui.screens.retrying import RetryingFrame
from claude_batch_tui.tui.screens.saving import SavingFrame, ToSave
from claude_batch_tui.tui.screens.statistics import StatisticsScreen
from claude_batch_tui.tui.widgets.filter_bar import FilterBar
from claude_batch_tui.tui.widgets.letter_menu import LetterMenu
from claude_batch_tui.tui.widgets.row_source import EmptySource
from claude_batch_tui.tui.widgets.title_line import TabsLine
from claude_batch_tui.tui.widgets.two_sided_line import TwoSidedLine
from claude_batch_tui.tui.widgets.virtual_list import VirtualList
from claude_batch_tui.wording import (
    QUEUED,
    duration_words,
    indexing_words,
    reading_words,
    size,
    spent_words,
)

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


class ResultsScreen(LetterMenu, SavingFrame, RetryingFrame, InspectingFrame):
    """Filter, list and inspector over one results file."""

    help_title: ClassVar[str] = "Results"
    number: ClassVar[int] = 3
    BINDINGS: ClassVar[list[BindingType]] = KEYS

    def __init__(self) -> None:
        super().__init__()
        self._batch_id: str | None = None
        self._run_id: str | None = None
        self._parts: tuple[str, ...] = ()
        """The batches that what is open belongs to."""
        self._rows_path: Path | None = None
        self._title = ""
        self._rows: EntryRows | None = None
        self._rows_file: RowsFile | None = None
        self._growing = False
        self._is_gathering = False
        self._shown_counts = (-1, -1)
        self._goes_to_top = False

    def above(self) -> Iterable[Widget]:
        """Counts by outcome, and the filter."""
        yield TwoSidedLine(id="counts")
        yield FilterBar(
            completer=self._completions,
            history=read_filters(self.dashboard.config.state_dir),
            placeholder="id, or text:refund, outcome=errored, out>500, json:$.label=bug, and or not",
        )

    def parts(self) -> Iterable[Widget]:
        """List and inspector."""
        columns = drawn(chosen_columns(self.dashboard.config.results_columns))
        yield VirtualList(columns, id="list", empty=_NOTHING)
        yield Inspector(id="detail")

    def open_batch(self, batch_id: str) -> None:
        """Show a batch's results, downloading them where they are not on this machine."""
        tracked = self.snapshot.find(batch_id)
        if self._batch_id == batch_id and self._rows is not None:
            return
        self._close()
        self._batch_id, self._parts = batch_id, (batch_id,)
        self._title = tracked.title if tracked else batch_id
        engine = self.dashboard.engine
        path = engine.results_file(batch_id)
        is_read = tracked is None or tracked.results is not ResultsState.NONE
        if path is not None and path.suffix != ".incomplete" and is_read:
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

    def title_left(self) -> str:
        """What is open."""
        return self._title

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Follow the download of the open batch."""
        super().show_snapshot(snapshot)
        download = snapshot.downloads.get(self._batch_id) if self._batch_id else None
        if self._batch_id is not None and download is not None:
            self._follow(self._batch_id, download)
        if self._run_id is not None and not self._is_gathering:
            self._follow_run(self._run_id)
        self._show_counts(download)

    def reason_disabled(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Most keys need an open file."""
        if action in ("ledger", "statistics") and (
            self._rows is None or not self._rows.results.index.complete
        ):
            return "no results are open" if self._rows is None else "the file is still being read"
        if (
            action in ("filter", "quick", "sort", "error", "save", *INSPECTOR_NEEDS_ENTRY)
            and self._rows is None
        ):
            return "no results are open"
        if action == "compare" and (self._rows is None or not self._rows.results.index.complete):
            return "no results are open" if self._rows is None else "the results are not whole yet"
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

    @on(FilterBar.Kept)
    def _filter_kept(self, message: FilterBar.Kept) -> None:
        remember_filter(self.dashboard.config.state_dir, message.value)

    def action_filter(self) -> None:
        """Type a filter."""
        self.query_one(FilterBar).open()

    def action_quick(self) -> None:
        """Wait for the letter of an outcome."""
        letters = {letter: partial(self._filter_by, text) for letter, text in _QUICK_FILTERS.items()}
        self.ask_letter(
            "Show: a all, o ok, e errored, x expired, c canceled, m errors by message",
            {**letters, "m": self.action_errors},
        )

    def action_sort(self) -> None:
        """Wait for the letter of a column."""
        letters = {letter: partial(self._sort_by, column) for letter, column in SORT_LETTERS.items()}
        self.ask_letter(SORT_QUESTION, letters)

    def action_complete_or_next(self) -> None:
        """Complete the filter that is being typed, or go to the next pane."""
        if not self.query_one(FilterBar).complete():
            self.focus_next()

    def action_errors(self) -> None:
        """List the errors by message."""
        self._list_errors()

    def palette_actions(self) -> dict[str, str]:
        """Actions without a key of their own."""
        return {} if self._rows is None else {"list errors by message": "screen.errors"}

    def _filter_by(self, text: str) -> None:
        self.query_one(FilterBar).value = text
        self._select()

    def _sort_by(self, column: str) -> None:
        if self._rows is not None:
            self._rows.sort = self._rows.sort.turned(column)
            self._goes_to_top = True
            self._select()

    def _completions(self, text: str, cursor: int) -> Completion:
        def values(field: str) -> Sequence[str]:
            known = self._rows.results.index.error_types if field == "error" and self._rows else ()
            return [value for value in known if value]

        return complete(text, cursor, values)

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

    @work(thread=True, exclusive=True, group="ledger")
    def action_ledger(self) -> None:
        """What was sent against what came back, entry by entry."""
        rows = self._rows
        if rows is None:
            return
        lines = list(ledger_lines(accounts(rows.results.index, self._sent())))
        self.app.call_from_thread(self.app.push_screen, LedgerDialog(lines))

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

    def why_no_retry(self) -> str | None:
        """It takes a batch, and all of its results."""
        if self._run_id is not None:
            return "a run is retried from the list of batches: R on its row"
        if self._batch_id is None:
            return "only results of a batch can be retried: a file does not say what was sent"
        if self._rows is None or self._growing or not self._rows.results.index.complete:
            return "its results are not all here yet"
        return None

    def action_retry(self) -> None:
        """Send again what failed among the marked entries, or all the filter shows."""
        if self._batch_id is None or self._rows is None:
            return
        wanted, engine = (
            Wanted(self._batch_id, self._rows.results.index, self._chosen()),
            self.dashboard.engine,
        )
        which = "the marked" if self.table.marks else "all shown"
        self.ask_retry(
            f"Retry {which}: {len(wanted.positions):,} of {self._title}",
            lambda rules: engine.plan_retry([wanted], rules),
        )

    def to_save(self) -> ToSave | None:
        """The marked entries, or all the filter shows."""
        if self._rows is None:
            return None
        results, chosen = self._rows.results, self._chosen()
        stem = results.path.name.removesuffix(".part").removesuffix(".jsonl")
        keeps_order = self._rows.sort != Sort() and not self.table.marks
        part = Part(results.path, results.index, chosen, self._batch_id or stem, self._rows_path, keeps_order)
        which = "marked" if self.table.marks else "shown"
        words = (
            f"{len(chosen):,} results"
            if len(chosen) == results.index.count
            else f"{len(chosen):,} {which} results"
        )
        return ToSave(part, words, self._title.removesuffix(".jsonl"))

    def action_statistics(self) -> None:
        """What the filter shows, or the marks, in numbers."""
        if self._rows is not None:
            index = self._rows.results.index
            self.app.push_screen(StatisticsScreen(self._title, index, self._chosen(), self._prices()))

    def action_compare(self) -> None:
        """Compare the two marked entries; else all of them with another file, asked for."""
        if self._rows is None:
            return
        results, prices = self._rows.results, self._prices()
        marks = sorted(int(key) for key in self.table.marks)
        if len(marks) == 2:
            self.app.push_screen(of_entries(results, marks[0], marks[1], prices))
            return

        def problem(word: str) -> str | None:
            found = results_called(word, self.snapshot, self.dashboard.engine)
            return found if isinstance(found, str) else None

        def compare(word: str | None) -> None:
            found = results_called(word, self.snapshot, self.dashboard.engine) if word else None
            if isinstance(found, Path):
                self.app.push_screen(
                    of_files(results, self._title, found, self.dashboard.engine.cache, prices)
                )

        dialog = InputDialog(
            "Compare with which results?",
            [
                "The name or id of a batch, or the path of a results file. Entries are joined by custom_id.",
                "To compare two entries, mark both with space first.",
            ],
            problem=problem,
        )
        self.app.push_screen(dialog, compare)

    def _chosen(self) -> Sequence[int]:
        """The marked entries, or all the filter shows."""
        if self.table.marks:
            return sorted(int(key) for key in self.table.marks)
        return self._rows.positions if self._rows is not None else ()

    def _missing(self) -> list[str]:
        """The batches of the open run whose results are not on this machine."""
        paths = {batch_id: self.dashboard.engine.results_file(batch_id) for batch_id in self._parts}
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
        try:
            whole = self.dashboard.engine.run_results(run_id, batch_ids)
        except CbtuiError as error:
            self.app.call_from_thread(self._show_failure, str(error))
            return
        if not get_current_worker().is_cancelled:
            self.app.call_from_thread(self._open, whole.results, whole.rows)

    def _sent(self) -> Collection[str] | None:
        """The custom_ids that were sent for what is open, None where that is not known of all of it."""
        sent = [self.dashboard.engine.sent(batch_id) for batch_id in self._parts]
        if not sent or any(ids is None for ids in sent):
            return None
        return sent[0] if len(sent) == 1 else dict.fromkeys(one for ids in sent for one in ids or ())

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
                    if results is not None:
                        self.app.call_from_thread(self._drop_file)
                    results = step
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

    @work(thread=True, exclusive=True, group="select")
    def _select(self) -> None:
        """Filter in a thread; the newest keystroke wins."""
        rows = self._rows
        if rows is None:
            return
        worker = get_current_worker()
        text, sort = self.query_one(FilterBar).value, rows.sort
        try:
            for found in worth_showing(rows.finder.find(parse(text)), lambda: worker.is_cancelled):
                ordered = in_order(
                    found.positions, sort, rows.results, rows.costs, lambda: worker.is_cancelled
                )
                self.app.call_from_thread(
                    self._show_selection, worker, rows, found._replace(positions=ordered)
                )
        except (FilterError, SourceError) as error:
            if not worker.is_cancelled:
                self.app.call_from_thread(self.query_one(FilterBar).show_error, str(error))

    @work(thread=True, exclusive=True, group="errors")
    def _list_errors(self) -> None:
        """Group the errors in a thread, and let one group be chosen as the filter."""
        rows, worker = self._rows, get_current_worker()
        if rows is None:
            return
        groups = error_groups(rows.results, lambda: worker.is_cancelled)
        if not worker.is_cancelled:
            self.app.call_from_thread(self._show_errors, rows, groups)

    def _show_errors(self, rows: EntryRows, groups: Sequence[ErrorGroup]) -> None:
        def chosen(wanted: str | None) -> None:
            if wanted and rows is self._rows:
                self._filter_by(wanted)

        if not groups:
            self.say("There are no errors in these results.", seconds=3.0)
        elif rows is self._rows:
            self.app.push_screen(ErrorGroupsDialog(groups), chosen)

    def _show_selection(self, worker: Worker[None], rows: EntryRows, found: Found) -> None:
        if rows is not self._rows or worker.is_cancelled:
            return
        positions = rows.positions = found.positions
        key = self.table.cursor_key
        stays = key is not None and rows.find(key) is not None
        if not rows.results.index.count:
            self.table.empty = NO_ENTRIES
        else:
            self.table.empty = NOTHING_MATCHES if found.is_exact else SEARCHING
        self.table.rows_changed()
        if not stays or (self._goes_to_top and found.is_exact):
            self._goes_to_top = False
            self.table.go_to(0)
        # Without a filter all are shown, though more may have been found meanwhile.
        total = rows.results.index.count if self.query_one(FilterBar).value else len(positions)
        is_exact = found.is_exact and rows.results.index.complete
        more = "" if rows.results.index.complete else "counting …"
        self.query_one(FilterBar).show_count(len(positions), total, more, exact=is_exact)
        count = f"{len(positions):,}{'' if found.is_exact else '…'}"
        shown = f"{count} of {total:,}" if count != f"{total:,}" else f"{count} entries"
        if words := sort_words(rows.sort, plain=self.dashboard.ascii_only):
            shown += f"{' - ' if self.dashboard.ascii_only else ' · '}{words}"
        self.query_one(TabsLine).show(right=shown)
        self._inspect()

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

    def _prices(self) -> PriceTable:
        """The prices; what a faulty `prices.toml` of the user's says is told once, and the built-in ones serve."""
        try:
            return read_prices(self.dashboard.config)
        except ConfigError as error:
            self.say(str(error), kind="error")
            return built_in_prices()

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
        path = self.dashboard.engine.results_file(batch_id)
        if download.state in (DownloadState.COMPLETE, DownloadState.PROBLEMS) and path is not None:
            self._growing = False
            self._open(path, self.dashboard.engine.rows_path(batch_id))
        elif self._growing:
            self._growing = False
            self.say(f"The download stopped: {download.lines:,} results have arrived.", kind="error")

    def _spent_words(self, room: int) -> str:
        """What the entries cost together, as much of it as there is room for; summed in a thread the first time."""
        if self._rows is None:
            return ""
        if self._rows.spent is None:
            self._sum_costs(self._rows)
            return ""
        words = spent_words(self._rows.spent)
        while len(words) > room and " · " in words:
            words = words.rpartition(" · ")[0]
        if len(words) > room:
            return ""
        return words.replace(" · ", ", ") if self.dashboard.ascii_only else words

    @work(thread=True, exclusive=True, group="costs")
    def _sum_costs(self, rows: EntryRows) -> None:
        """Add up what the entries cost."""
        rows.spent = rows.costs.total()
        self.app.call_from_thread(self._show_counts, None)

    def _show_counts(self, download: Download | None) -> None:
        line = self.query_one("#counts", TwoSidedLine)
        right = ""
        if download is not None and download.state is DownloadState.READING:
            right = reading_words(download)
        elif download is not None and download.is_going:
            mark = "v" if self.dashboard.ascii_only else "▼"
            of = f" of {size(download.total_bytes)}" if download.total_bytes else ""
            right = f"{mark} {size(download.bytes_done)}{of} · {size(int(download.bytes_per_second))}/s"
            if download.lines and download.lines_expected and download.bytes_per_second:
                left = download.bytes_done / download.lines * (download.lines_expected - download.lines)
                right += f" · {duration_words(left / download.bytes_per_second)} left"
        elif download is not None and download.state is DownloadState.WAITING:
            right = QUEUED
        if self._rows is None:
            line.show("", right)
        else:
            results = self._rows.results
            index = results.index
            if not index.complete and not self._growing and not right:
                right = indexing_words(results.progress, is_unpacked=results.is_unpacked)
            counts = counts_line(index.outcome_counts(), growing=not index.complete)
            if index.complete and not right:
                right = self._spent_words(self.size.width - len(counts) - 4)
            line.show(counts, right)

    def _reader(self, results: ResultsFile, rows_file: RowsFile | None, prices: PriceTable) -> EntryReader:
        parts, engine = self._parts, self.dashboard.engine

        def request(custom_id: str) -> bytes | None:
            found = (engine.request_as_sent(batch_id, custom_id) for batch_id in parts)
            return next((each for each in found if each is not None), None)

        return EntryReader(results, rows=rows_file, request=request, prices=prices)

    def _inspect(self) -> None:
        """Show the entry under the cursor."""
        key = self.table.cursor_key
        self.inspector.show(None if self._rows is None or key is None else int(key))

    def _close(self) -> None:
        """Forget what is open."""
        self._drop_file()
        self._batch_id = self._run_id = self._rows_path = None
        self._parts = ()
        self._growing = self._is_gathering = False
        self.query_one(FilterBar).value = ""
        self.table.empty = _NOTHING
        self.table.set_source(EmptySource())

    def _drop_file(self) -> None:
        self.inspector.close()
        if self._rows is not None:
            self._rows.results.close()
        self._rows = None
        self._rows_file = None
