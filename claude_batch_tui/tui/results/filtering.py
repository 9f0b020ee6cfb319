"""The filter, the order and the errors of a results list: what is shown is found in a thread, the newest wish wins."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from textual import on, work
from textual.worker import Worker, get_current_worker

from claude_batch_tui.domain.filters.completion import Completion, complete
from claude_batch_tui.domain.filters.language import FilterError, parse
from claude_batch_tui.domain.results.sort import Sort
from claude_batch_tui.errors import SourceError
from claude_batch_tui.services.filters.finding import Matches, worth_showing
from claude_batch_tui.services.filters.history import read_filters, remember_filter
from claude_batch_tui.services.filters.sorting import in_order
from claude_batch_tui.services.results.error_groups import ErrorGroup, error_groups
from claude_batch_tui.store.results.file import ResultsFile
from claude_batch_tui.tui.results.columns import (
    SORT_LETTERS,
    SORT_QUESTION,
    sort_words,
)
from claude_batch_tui.tui.results.error_groups_dialog import ErrorGroupsDialog
from claude_batch_tui.tui.results.inspecting import InspectingFrame
from claude_batch_tui.tui.results.rows import (
    NO_ENTRIES,
    NOTHING_MATCHES,
    SEARCHING,
    EntryRows,
    next_error,
)
from claude_batch_tui.tui.widgets.filter_bar import FilterBar
from claude_batch_tui.tui.widgets.letter_menu import LetterMenu
from claude_batch_tui.tui.widgets.line_input import LineInput
from claude_batch_tui.tui.widgets.title_line import TabsLine
from claude_batch_tui.tui.widgets.virtual_list import VirtualList

_QUICK_FILTERS = {
    "a": "",
    "o": "outcome=succeeded",
    "e": "outcome=errored",
    "x": "outcome=expired",
    "c": "outcome=canceled",
}


class FilteredFrame(LetterMenu, InspectingFrame):
    """A screen whose list shows what a filter lets through of the entries of a results file."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: EntryRows | None = None
        self._goes_to_top = False

    def filter_bar(self) -> FilterBar:
        """The line for the filter."""
        return FilterBar(
            completer=self._completions,
            history=read_filters(self.dashboard.config.state_dir),
            placeholder="id, or text:refund, outcome=errored, out>500, json:$.label=bug, and or not",
        )

    @on(VirtualList.Highlighted)
    def _highlighted(self) -> None:
        self._inspect()

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

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A slash typed into a line is a slash, and in the inspector it finds."""
        focused = self.focused
        is_elsewhere = focused is not None and (
            isinstance(focused, LineInput) or self.inspector in focused.ancestors
        )
        if action == "filter" and is_elsewhere:
            return False
        return super().check_action(action, parameters)

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
        if self._rows is not None:
            self._list_errors(self._rows, self._rows.results.duplicate())

    def palette_actions(self) -> dict[str, str]:
        """Actions without a key of their own."""
        return {} if self._rows is None else {"list errors by message": "screen.errors"}

    def action_error(self, step: int) -> None:
        """Go to the next entry that did not succeed."""
        if self._rows is None:
            return
        index = next_error(self._rows, self.table.cursor_index, step)
        if index is None:
            self.say("No further entry that did not succeed.", seconds=3.0)
        else:
            self.table.go_to(index)

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

    def _select(self) -> None:
        """Filter in a thread, which has the file for itself: it may be closed here meanwhile."""
        rows = self._rows
        if rows is not None:
            self._find(rows, rows.results.duplicate(), self.query_one(FilterBar).value, rows.sort)

    @work(thread=True, exclusive=True, group="select")
    def _find(self, rows: EntryRows, own: ResultsFile, text: str, sort: Sort) -> None:
        """Filter and sort; the newest keystroke wins."""
        worker = get_current_worker()
        try:
            with own:
                for found in worth_showing(rows.finder.find(parse(text), own), lambda: worker.is_cancelled):
                    ordered = in_order(found.positions, sort, own, rows.costs, lambda: worker.is_cancelled)
                    self.app.call_from_thread(
                        self._show_selection, worker, rows, found._replace(positions=ordered)
                    )
        except (FilterError, SourceError) as error:
            if not worker.is_cancelled:
                self.app.call_from_thread(self.query_one(FilterBar).show_error, str(error))

    @work(thread=True, exclusive=True, group="errors")
    def _list_errors(self, rows: EntryRows, own: ResultsFile) -> None:
        """Group the errors in a thread, and let one group be chosen as the filter."""
        worker = get_current_worker()
        with own:
            groups = error_groups(own, lambda: worker.is_cancelled)
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

    def _show_selection(self, worker: Worker[None], rows: EntryRows, found: Matches) -> None:
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
        is_exact = found.is_exact and found.is_final
        more = "" if rows.results.index.complete else "counting …"
        self.query_one(FilterBar).show_count(len(positions), total, more, exact=is_exact)
        count = f"{len(positions):,}{'' if found.is_exact else '…'}"
        shown = f"{count} of {total:,}" if count != f"{total:,}" else f"{count} entries"
        if words := sort_words(rows.sort, plain=self.dashboard.ascii_only):
            shown += f"{' - ' if self.dashboard.ascii_only else ' · '}{words}"
        self.query_one(TabsLine).show(right=shown)
        self._inspect()

    def _inspect(self) -> None:
        """Show the entry under the cursor."""
        key = self.table.cursor_key
        self.inspector.show(None if self._rows is None or key is None else int(key))
