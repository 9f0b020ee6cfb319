"""The list of results: its columns, and the entries of a file that a filter lets through, in an order."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Sequence
from time import monotonic
from typing import NamedTuple

from textual import work
from textual.message import Message
from textual.strip import Strip
from textual.worker import Worker, get_current_worker

from claude_batch_tui.domain.filters.language import FilterError, parse
from claude_batch_tui.domain.plain_text import clean_line
from claude_batch_tui.domain.results.fields import AnswerFields, field_path, value_words
from claude_batch_tui.domain.results.line import read_result
from claude_batch_tui.domain.results.result import CLASSES, OUTCOMES, Entry, Outcome, Sort
from claude_batch_tui.errors import SourceError
from claude_batch_tui.services.filters.finding import Matches, worth_showing
from claude_batch_tui.services.filters.sorting import in_order
from claude_batch_tui.services.results.answers import answer_document
from claude_batch_tui.services.results.browse import first_words
from claude_batch_tui.services.results.fields import look_at_fields
from claude_batch_tui.store.results.file import ResultsFile
from claude_batch_tui.tui.results.classes import CLASS_MARKS, row_mark
from claude_batch_tui.tui.results.open_results import OpenFile
from claude_batch_tui.tui.widgets.columns import Cell, Column, ascii_only
from claude_batch_tui.tui.widgets.list_canvas import EmptySource
from claude_batch_tui.tui.widgets.virtual_list import VirtualList
from claude_batch_tui.wording import size

COLUMNS = {
    "#": Column("#", width=7, align="right", drop=2),
    "custom_id": Column("CUSTOM_ID", min_width=14, max_width=28, weight=1),
    "outcome": Column("S", width=1),
    "class": Column("CLASS", width=10, drop=4),
    "stop": Column("STOP", min_width=5, max_width=7),
    "in": Column("IN", width=7, align="right", drop=3),
    "out": Column("OUT", width=6, align="right", drop=3),
    "cost": Column("COST", width=9, align="right", drop=5),
    "text": Column("TEXT", min_width=20, weight=4),
}
SORT_LETTERS = {
    "f": ("#", "file"),
    "i": ("custom_id", "id"),
    "s": ("outcome", "status"),
    "c": ("class", "class"),
    "r": ("stop", "reason"),
    "n": ("in", "in"),
    "o": ("out", "out"),
    "d": ("cost", "cost"),
    "t": ("text", "text"),
}
"""Which letter sorts by which column, and what that column is called in the question."""
_LABEL = 12
"""Cells that a field has at least where its values are as long."""
_WIDEST_FIELD = 40
_FIELD_DROP = 10
"""Fields leave before all other columns where the list is narrow, the last of them first."""
_BEFORE_FIELDS = ("#", "custom_id", "outcome", "stop")
"""The columns that stay where the fields of answers take the room of the others."""
MOST_FIELD_KEYS = 9
SORT_QUESTION = "Sort: " + "  ".join(f"{letter} {word}" for letter, (_, word) in SORT_LETTERS.items())
_STOPS = {
    "end_turn": "end",
    "max_tokens": "max",
    "stop_sequence": "stop",
    "tool_use": "tool",
    "pause_turn": "pause",
    "refusal": "refused",
    "model_context_window_exceeded": "ctx",
    "compaction": "compact",
}
_CENT = 0.01
_UNKNOWN = "…"
"""A column that the index does not have yet."""


def chosen_columns(setting: str) -> tuple[str, ...]:
    """The names of the columns in the order of the setting `results_columns`."""
    return tuple(dict.fromkeys(name.strip() for name in setting.split(",")))


def drawn(names: Sequence[str]) -> list[Column]:
    """The columns of those names; the last one takes what room is left."""
    columns = [COLUMNS[name] for name in names]
    if all(column.width is not None for column in columns):
        columns[-1] = columns[-1]._replace(width=None, min_width=columns[-1].width or 1, drop=0)
    return columns


def field_columns(names: Sequence[str], fields: AnswerFields) -> list[Column]:
    """A column for each of these names in JSON answers: numbers stand at the right."""
    columns = []
    for number, name in enumerate(names):
        title = clean_line(name)[:_WIDEST_FIELD]
        width = min(max(fields.width(name), len(title)), _WIDEST_FIELD)
        is_number = fields.is_number(name)
        columns.append(
            Column(
                title,
                min_width=width if is_number else min(width, max(_LABEL, len(title))),
                max_width=width,
                align="right" if is_number else "left",
                drop=_FIELD_DROP + number,
            )
        )
    return columns


def cell(
    name: str, entry: Entry, class_number: int, cost: float | None, words: str, *, plain: bool
) -> Cell | str:
    """What the column of that name says of an entry. `words` are the first of its answer; `plain` is ASCII alone."""
    mark, style = row_mark(entry, class_number, plain=plain)
    answered = entry.outcome is Outcome.SUCCEEDED
    if not entry.is_described and name in ("class", "stop", "in", "out", "cost"):
        return _UNKNOWN
    match name:
        case "#":
            return f"{entry.position + 1:,}"
        case "custom_id":
            return entry.custom_id or "(none)"
        case "outcome":
            return Cell(mark, style)
        case "class":
            return Cell(CLASS_MARKS[CLASSES[class_number]].word, style)
        case "stop":
            return _STOPS.get(entry.stop_reason, entry.stop_reason) if answered else "-"
        case "in" | "out" | "cost":
            return _amount(name, entry, cost) if answered else "-"
        case _:
            return Cell(words, None if answered else style)


def shown_words(shown: int, total: int, sort: Sort, *, exact: bool, plain: bool) -> str:
    """`213 of 10,000 · by cost ▼`: how many entries are shown, `…` where that still grows, and in which order."""
    count = f"{shown:,}{'' if exact else '…'}"
    words = f"{count} of {total:,}" if count != f"{total:,}" else f"{count} entries"
    if sort == Sort():
        return words
    arrows = ("^", "v") if plain else ("▲", "▼")
    return f"{words}{' - ' if plain else ' · '}by {sort.column} {arrows[sort.descending]}"


def _amount(name: str, entry: Entry, cost: float | None) -> str:
    """The tokens or dollars that an answer took, in the column of that name."""
    if name == "cost":
        return _cost(cost)
    return f"{entry.input_tokens if name == 'in' else entry.output_tokens:,}"


def _cost(usd: float | None) -> str:
    """Dollars; small sums to six places, since one entry often costs less than a hundredth of a cent."""
    if usd is None:
        return "?"
    return f"{usd:.6f}" if usd < _CENT else f"{usd:,.4f}"


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
_KEPT_ROWS = 1024
_LARGEST_SNIPPET_LINE = 1 << 20
_LARGEST_SPREAD_LINE = 1 << 16
"""A screen of such lines is decoded in a few milliseconds."""


class EntryRows:
    """Rows of a selection of entries. Keys are positions in the file, so the cursor stays on its entry."""

    def __init__(self, file: OpenFile, columns: Sequence[str], *, ascii_only: bool) -> None:
        self.file = file
        self.positions: Sequence[int] = range(file.results.index.count)
        self.sort = Sort()
        self.fields: tuple[str, ...] = ()
        """The names in JSON answers that have columns, after the other columns."""
        self.columns = columns
        self._ascii = ascii_only
        self._kept: OrderedDict[tuple[int, bool], _Read] = OrderedDict()

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
        read = self._read(position)
        others = tuple(
            cell(name, entry, number, cost, read.words, plain=self._ascii) for name in self.columns
        )
        if not self.fields:
            return others
        if read.values is None:
            return (*others, Cell(read.words, "dim", span=len(self.fields)))
        return (*others, *(read.values.get(name, "") for name in self.fields))

    def next_not_good(self, start: int, step: int) -> int | None:
        """The row of the next entry after `start` (or before it) that has no whole answer, or None."""
        columns, good, complete = (
            self.file.results.index,
            OUTCOMES.index(Outcome.SUCCEEDED),
            CLASSES.index("complete"),
        )
        index = start + step
        while 0 <= index < len(self.positions):
            position = self.positions[index]
            if columns.outcomes[position] != good or (
                position < columns.described and columns.classes[position] != complete
            ):
                return index
            index += step
        return None

    def _read(self, position: int) -> _Read:
        """What is read of a line for its row, of which the newest rows' is kept."""
        key = position, bool(self.fields)
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
            return kept
        results = self.file.results
        length = results.index.lengths[position]
        if length > (_LARGEST_SPREAD_LINE if self.fields else _LARGEST_SNIPPET_LINE):
            kept = _Read(f"({size(length)}: open it to read)", None)
        else:
            line = results.line(position)
            document = answer_document(line) if self.fields else None
            self.file.fields.add(document)
            if isinstance(document, dict):
                kept = _Read("", {name: value_words(value) for name, value in document.items()})
            else:
                kept = _Read(first_words(read_result(line)), None)
        self._kept[key] = kept
        if len(self._kept) > _KEPT_ROWS:
            self._kept.popitem(last=False)
        return kept


class _Read(NamedTuple):
    """The first words of an answer, or, of a JSON object with columns for its names, the words for each of them."""

    words: str
    values: dict[str, str] | None


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
        """These names stand in the JSON answers of a sample."""

        def __init__(self, names: Sequence[str]) -> None:
            super().__init__()
            self.names = names

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
        rows.columns = (
            [name for name in _BEFORE_FIELDS if name in self._names] if rows.fields else self._names
        )
        fixed = [COLUMNS[name] for name in rows.columns] if rows.fields else drawn(rows.columns)
        self.set_columns([*fixed, *field_columns(rows.fields, fields)])

    @work(thread=True, exclusive=True, group="fields")
    def look_at_fields(self, rows: EntryRows) -> None:
        """Find the names in the JSON answers of a sample."""
        with rows.file.results.duplicate() as own:
            look_at_fields(own, rows.file.fields)
        self.app.call_from_thread(self._fields_known, rows)

    def _fields_known(self, rows: EntryRows) -> None:
        if rows is self.rows:
            self.show_fields()
            self.post_message(self.FieldsKnown(rows.file.fields.names))

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
