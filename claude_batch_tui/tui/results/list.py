"""The list of results: the entries of a file that a filter lets through, in an order."""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Sequence

from textual import work
from textual.message import Message
from textual.worker import Worker, get_current_worker

from claude_batch_tui.domain.filters.language import FilterError, parse
from claude_batch_tui.domain.results.result import OUTCOMES, Outcome, Sort
from claude_batch_tui.errors import SourceError
from claude_batch_tui.services.filters.finding import Matches, worth_showing
from claude_batch_tui.services.filters.sorting import in_order
from claude_batch_tui.services.results.browse import first_words
from claude_batch_tui.store.results.file import ResultsFile
from claude_batch_tui.tui.results.columns import cell, drawn
from claude_batch_tui.tui.results.open_results import OpenFile
from claude_batch_tui.tui.widgets.columns import Cell
from claude_batch_tui.tui.widgets.fitting import ascii_only
from claude_batch_tui.tui.widgets.row_source import EmptySource
from claude_batch_tui.tui.widgets.virtual_list import VirtualList
from claude_batch_tui.wording import size

NOTHING_OPEN = """
   No results are open.

   1     go to the batches and press enter on one that has ended
   O     open a results file of this machine
"""
_NO_ENTRIES = "\n   There is no result in this file."
_NOTHING_MATCHES = "\n   Nothing matches: esc clears the filter, f a shows all."
_SEARCHING = "\n   Searching …"
_KEPT_SNIPPETS = 1024
_LARGEST_SNIPPET_LINE = 1 << 20


class EntryRows:
    """Rows of a selection of entries. Keys are positions in the file, so the cursor stays on its entry."""

    def __init__(self, file: OpenFile, columns: Sequence[str], *, ascii_only: bool) -> None:
        self.file = file
        self.positions: Sequence[int] = range(file.results.index.count)
        self.sort = Sort()
        self._columns = columns
        self._ascii = ascii_only
        self._snippets: OrderedDict[int, str] = OrderedDict()

    def row_count(self) -> int:
        """How many entries are selected."""
        return len(self.positions)

    def key(self, index: int) -> str:
        """The entry's position in the file."""
        return str(self.positions[index])

    def find(self, key: str) -> int | None:
        """The row of an entry: by bisection, or where they are sorted by looking at all of them."""
        position = int(key)
        if self.sort != Sort():
            try:
                return self.positions.index(position)
            except ValueError:
                return None
        index = bisect_left(self.positions, position)
        return index if index < len(self.positions) and self.positions[index] == position else None

    def cells(self, index: int) -> tuple[Cell | str, ...]:
        """What a row shows."""
        position = self.positions[index]
        columns = self.file.results.index
        entry = columns.entry(position)
        number = columns.classes[position] if entry.is_described else 0
        cost = self.file.costs.of(position)
        words = self._words(position)
        return tuple(cell(name, entry, number, cost, words, plain=self._ascii) for name in self._columns)

    def next_error(self, start: int, step: int) -> int | None:
        """The row of the next entry after `start` (or before it) that did not succeed, or None."""
        outcomes, good = self.file.results.index.outcomes, OUTCOMES.index(Outcome.SUCCEEDED)
        index = start + step
        while 0 <= index < len(self.positions):
            if outcomes[self.positions[index]] != good:
                return index
            index += step
        return None

    def _words(self, position: int) -> str:
        """The first words of an answer, of which the newest rows' are kept."""
        kept = self._snippets.get(position)
        if kept is not None:
            self._snippets.move_to_end(position)
            return kept
        results = self.file.results
        length = results.index.lengths[position]
        if length > _LARGEST_SNIPPET_LINE:
            words = f"({size(length)}: open it to read)"
        else:
            words = first_words(results.read(position))
        self._snippets[position] = words
        if len(self._snippets) > _KEPT_SNIPPETS:
            self._snippets.popitem(last=False)
        return words


class EntryList(VirtualList):
    """Filters and sorts in a thread; of several filters asked for, the newest is shown."""

    class Selected(Message):
        """These entries of `rows` are shown now; `found` says whether they are all."""

        def __init__(self, rows: EntryRows, found: Matches) -> None:
            super().__init__()
            self.rows = rows
            self.found = found

        def can_replace(self, message: Message) -> bool:
            """Only the newest counts."""
            return isinstance(message, EntryList.Selected)

    class Refused(Message):
        """The filter cannot be applied; `sentence` says why. What was shown before stays."""

        def __init__(self, sentence: str) -> None:
            super().__init__()
            self.sentence = sentence

    def __init__(self, columns: Sequence[str], *, id: str | None = None) -> None:  # noqa: A002  Textual's name
        """`columns` are names of `results.columns.COLUMNS`, in the order in which they are drawn."""
        super().__init__(drawn(columns), id=id, empty=NOTHING_OPEN)
        self._names = columns
        self._goes_to_top = False
        self.rows: EntryRows | None = None
        """The rows of the file that is open, if one is."""

    @property
    def position(self) -> int | None:
        """The position in the file of the entry under the cursor; None while there is none."""
        return None if self.rows is None or self.cursor_key is None else int(self.cursor_key)

    @property
    def marked(self) -> list[int]:
        """The positions of the marked entries, in the order of the file."""
        return sorted(int(key) for key in self.marks)

    @property
    def chosen(self) -> Sequence[int]:
        """The positions of what a key works on: of the marked entries, or of all that are shown."""
        return self.marked or (self.rows.positions if self.rows is not None else ())

    def open(self, file: OpenFile) -> None:
        """Show another file, in the order of the one before; `select` says which of its entries."""
        rows = EntryRows(file, self._names, ascii_only=ascii_only(self))
        if self.rows is not None:
            rows.sort = self.rows.sort
        self.rows = rows
        self.set_marks(())
        self.set_source(rows)

    def close(self) -> None:
        """Show no file."""
        self.workers.cancel_group(self, "select")
        self.rows = None
        self.empty = NOTHING_OPEN
        self.set_source(EmptySource())

    def show_empty(self, words: str) -> None:
        """Say something where there are no rows."""
        self.empty = f"\n   {words}"
        self.rows_changed()

    def select(self, text: str) -> None:
        """Show what a filter lets through of the entries there are now, all where it is empty."""
        if self.rows is not None:  # with a handle of its own: the file may be closed here meanwhile
            self._find(self.rows, self.rows.file.results.duplicate(), text, self.rows.sort)

    def sort_by(self, column: str, text: str) -> None:
        """Sort by a column, the other way round where that is done already, and go to the top. `text` is the filter."""
        if self.rows is not None:
            self.rows.sort = self.rows.sort.turned(column)
            self._goes_to_top = True
            self.select(text)

    def action_mark_all(self) -> None:
        """Mark all entries that are shown."""
        if self.rows is not None:
            self.set_marks(str(position) for position in self.rows.positions)

    @work(thread=True, exclusive=True, group="select")
    def _find(self, rows: EntryRows, own: ResultsFile, text: str, sort: Sort) -> None:
        worker, file = get_current_worker(), rows.file
        try:
            with own:
                for found in worth_showing(file.finder.find(parse(text), own), lambda: worker.is_cancelled):
                    ordered = in_order(found.positions, sort, own, file.costs, lambda: worker.is_cancelled)
                    self.app.call_from_thread(self._show, worker, rows, found._replace(positions=ordered))
        except (FilterError, SourceError) as error:
            if not worker.is_cancelled:
                self.post_message(self.Refused(str(error)))

    def _show(self, worker: Worker[None], rows: EntryRows, found: Matches) -> None:
        if rows is not self.rows or worker.is_cancelled:
            return
        rows.positions = found.positions
        key = self.cursor_key
        stays = key is not None and rows.find(key) is not None
        if not rows.file.results.index.count:
            self.empty = _NO_ENTRIES
        else:
            self.empty = _NOTHING_MATCHES if found.is_exact else _SEARCHING
        self.rows_changed()
        if not stays or (self._goes_to_top and found.is_exact):
            self._goes_to_top = False
            self.go_to(0)
        self.post_message(self.Selected(rows, found))
