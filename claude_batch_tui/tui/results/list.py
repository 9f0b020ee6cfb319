"""The list of results: the entries of a file that a filter lets through, in an order."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from time import monotonic
from typing import NamedTuple

from textual import work
from textual.message import Message
from textual.strip import Strip
from textual.worker import Worker, get_current_worker

from claude_batch_tui.domain.filters.language import FilterError, parse
from claude_batch_tui.domain.results.fields import field_path
from claude_batch_tui.domain.results.result import Sort
from claude_batch_tui.errors import SourceError
from claude_batch_tui.services.filters.finding import Matches, worth_showing
from claude_batch_tui.services.filters.sorting import in_order
from claude_batch_tui.services.results.fields import look_at_fields
from claude_batch_tui.store.results.file import ResultsFile
from claude_batch_tui.tui.results.open_results import OpenFile
from claude_batch_tui.tui.results.rows import (
    BEFORE_FIELDS,
    COLUMNS,
    SORT_LETTERS,
    EntryRows,
    drawn,
    field_columns,
)
from claude_batch_tui.tui.widgets.columns import ascii_only
from claude_batch_tui.tui.widgets.list_canvas import EmptySource
from claude_batch_tui.tui.widgets.virtual_list import VirtualList

NOTHING_OPEN = """
   No results are open.

   1     go to the batches and press enter on one that has ended
   O     open a results file of this machine
"""
_NO_ENTRIES = "\n   There is no result in this file."
_NOTHING_MATCHES = "\n   Nothing matches: esc clears the filter, f a shows all."
_SEARCHING = "\n   Searching …"
_TELL_EVERY = 0.3
"""Seconds."""


def shown_words(shown: int, total: int, sort: Sort, *, exact: bool, plain: bool) -> str:
    """`213 of 10,000 · by cost ▼`: how many entries are shown, `…` where that still grows, and in which order."""
    count = f"{shown:,}{'' if exact else '…'}"
    words = f"{count} of {total:,}" if count != f"{total:,}" else f"{count} entries"
    if sort == Sort():
        return words
    arrows = ("^", "v") if plain else ("▲", "▼")
    return f"{words}{' - ' if plain else ' · '}by {sort.column} {arrows[sort.descending]}"


class Kept(NamedTuple):
    """Entries that a list keeps to, whatever its filter says, and what they are."""

    positions: frozenset[int]
    words: str


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

    class Sorting(Message):
        """How much of what an order needs is read, from 0 to 1."""

        def __init__(self, sort: Sort, share: float) -> None:
            super().__init__()
            self.sort = sort
            self.share = share

        def can_replace(self, message: Message) -> bool:
            """Only the newest counts."""
            return isinstance(message, EntryList.Sorting)

    class FieldsKnown(Message):
        """These names stand in the JSON answers of a sample; `is_asked` where a key asked for them, and not another file."""

        def __init__(self, names: Sequence[str], *, is_asked: bool) -> None:
            super().__init__()
            self.names = names
            self.is_asked = is_asked

    class Refused(Message):
        """The filter cannot be applied; `sentence` says why. What was shown before stays."""

        def __init__(self, sentence: str) -> None:
            super().__init__()
            self.sentence = sentence

    def __init__(self, columns: Sequence[str], *, id: str | None = None) -> None:  # noqa: A002  Textual's name
        """`columns` are names of `COLUMNS`, in the order in which they are drawn."""
        super().__init__(drawn(columns), id=id, empty=NOTHING_OPEN)
        self._names = columns
        self._goes_to_top = False
        self._goes_to: int | None = None
        self._shown_sort = Sort()
        self._first_field = 0
        self.is_spread = False
        """Whether the names in JSON answers are columns."""
        self.kept: Kept | None = None
        """What the list keeps to beside its filter; the next `select` follows it."""
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

    @property
    def has_chosen(self) -> bool:
        """Whether there is any of those; asked at every key, so none of a million marks is looked at."""
        return bool(self.marks) or (self.rows is not None and self.rows.row_count() > 0)

    def open(self, file: OpenFile, position: int | None = None) -> None:
        """Show another file, in the order of the one before, with the cursor on that entry; `select` says which."""
        rows = EntryRows(file, self._names, ascii_only=ascii_only(self))
        if self.rows is not None:
            rows.sort = self.rows.sort
        self.rows, self.kept = rows, None
        self._goes_to = position
        self.set_marks(())
        self.show_fields()
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
            self._find(self.rows, self.rows.file.results.duplicate(), text, self.rows.sort, self.kept)

    def sort_by(self, column: str, text: str) -> None:
        """Sort by a column, the other way round where that is done already, and go to the top. `text` is the filter."""
        if self.rows is not None:
            self.rows.sort = self.rows.sort.turned(column)
            self._goes_to_top = True
            self.select(text)

    def sort_by_title(self, number: int, text: str) -> None:
        """Sort by the column of that number, if it is one to sort by."""
        rows = self.rows
        if rows is None:
            return
        if number >= len(rows.columns):
            self.sort_by(field_path(rows.fields[number - len(rows.columns)]), text)
        elif rows.columns[number] in {column for column, _ in SORT_LETTERS.values()}:
            self.sort_by(rows.columns[number], text)

    def spread(self) -> None:
        """Make columns of the names in JSON answers, or take them away."""
        self.is_spread, self._first_field = not self.is_spread, 0
        self.show_fields()

    def shift(self, step: int) -> None:
        """Begin with the next of those columns, or the one before."""
        if self.rows is not None and self.is_spread:
            last = len(self.rows.file.fields.names) - 1
            self._first_field = min(max(self._first_field + step, 0), max(last, 0))
            self.show_fields()

    def show_fields(self) -> None:
        """Have a column for every name that is known by now."""
        rows = self.rows
        if rows is None:
            return
        fields = rows.file.fields
        rows.fields = fields.names[self._first_field :] if self.is_spread else ()
        rows.columns = [name for name in BEFORE_FIELDS if name in self._names] if rows.fields else self._names
        fixed = [COLUMNS[name] for name in rows.columns] if rows.fields else drawn(rows.columns)
        self.set_columns([*fixed, *field_columns(rows.fields, fields)])

    @work(thread=True, exclusive=True, group="fields")
    def look_at_fields(self, rows: EntryRows, *, is_asked: bool = False) -> None:
        """Find the names in the JSON answers of a sample."""
        with rows.file.results.duplicate() as own:
            look_at_fields(own, rows.file.fields)
        self.app.call_from_thread(self._fields_known, rows, is_asked)

    def _fields_known(self, rows: EntryRows, is_asked: bool) -> None:
        if rows is self.rows:
            self.show_fields()
            self.post_message(self.FieldsKnown(rows.file.fields.names, is_asked=is_asked))

    def render_line(self, y: int) -> Strip:
        """One line; where it had a name in it that has no column yet, there is one with the next."""
        strip = super().render_line(y)
        rows = self.rows
        if (
            rows is not None
            and rows.fields
            and len(rows.fields) + self._first_field < len(rows.file.fields.names)
        ):
            self.call_later(self.show_fields)
        return strip

    @property
    def is_looking(self) -> bool:
        """Whether entries are being searched or sorted."""
        return any(worker.group == "select" and not worker.is_finished for worker in self.workers)

    def stop_looking(self) -> None:
        """Search and sort no more; what was found so far stays, in the order it has."""
        self.workers.cancel_group(self, "select")
        if self.rows is not None:
            self.rows.sort = self._shown_sort

    @work(thread=True, exclusive=True, group="select")
    def _find(self, rows: EntryRows, own: ResultsFile, text: str, sort: Sort, kept: Kept | None) -> None:
        worker, file = get_current_worker(), rows.file
        told = monotonic()

        def tell(done: int, of: int) -> None:
            nonlocal told
            if monotonic() - told >= _TELL_EVERY:
                told = monotonic()
                self.post_message(self.Sorting(sort, done / max(of, 1)))

        try:
            with own:
                for found in worth_showing(file.finder.find(parse(text), own), lambda: worker.is_cancelled):
                    shown = found.positions
                    if kept is not None:
                        shown = array("I", (at for at in shown if at in kept.positions))
                    positions = in_order(shown, sort, own, file.costs, lambda: worker.is_cancelled, tell)
                    self.app.call_from_thread(
                        self._show, worker, rows, found._replace(positions=positions), sort
                    )
        except (FilterError, SourceError) as error:
            if not worker.is_cancelled:
                self.post_message(self.Refused(str(error)))

    def _show(self, worker: Worker[None], rows: EntryRows, found: Matches, sort: Sort) -> None:
        if rows is not self.rows or worker.is_cancelled:
            return
        rows.positions = found.positions
        self._shown_sort = sort
        key = self.cursor_key
        stays = key is not None and rows.find(key) is not None
        if not rows.file.results.index.count:
            self.empty = _NO_ENTRIES
        else:
            self.empty = _NOTHING_MATCHES if found.is_exact else _SEARCHING
        self.rows_changed()
        if self._goes_to is not None and self.go_to_key(str(self._goes_to)):
            self._goes_to = None
        elif not stays or (self._goes_to_top and found.is_exact):
            self._goes_to_top = False
            self.go_to(0)
        self.post_message(self.Selected(rows, found))
