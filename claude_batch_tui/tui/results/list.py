"""The list of results: its columns, and the entries of a file that a filter lets through, in an order."""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Sequence

from textual import work
from textual.message import Message
from textual.worker import Worker, get_current_worker

from claude_batch_tui.domain.filters.language import FilterError, parse
from claude_batch_tui.domain.results.result import CLASSES, OUTCOMES, Entry, Outcome, Sort
from claude_batch_tui.errors import SourceError
from claude_batch_tui.services.filters.finding import Matches, worth_showing
from claude_batch_tui.services.filters.sorting import in_order
from claude_batch_tui.services.results.browse import first_words
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
    "stop": Column("STOP", width=5),
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
SORT_QUESTION = "Sort: " + "  ".join(f"{letter} {word}" for letter, (_, word) in SORT_LETTERS.items())
_STOPS = {
    "end_turn": "end",
    "max_tokens": "max",
    "stop_sequence": "stop",
    "tool_use": "tool",
    "pause_turn": "pause",
    "refusal": "refus",
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
        """`columns` are names of `COLUMNS`, in the order in which they are drawn."""
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

    def sort_by_title(self, number: int, text: str) -> None:
        """Sort by the column of that number, if it is one to sort by."""
        if self._names[number] in {column for column, _ in SORT_LETTERS.values()}:
            self.sort_by(self._names[number], text)

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
