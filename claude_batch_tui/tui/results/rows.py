"""The rows of the list of results: what the columns are, and what they say of an entry."""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

from claude_batch_tui.domain.plain_text import clean_line
from claude_batch_tui.domain.results.fields import AnswerFields, value_words
from claude_batch_tui.domain.results.line import read_result
from claude_batch_tui.domain.results.result import CLASSES, OUTCOMES, Entry, Outcome, Sort
from claude_batch_tui.services.results.answers import answer_document
from claude_batch_tui.services.results.browse import first_words
from claude_batch_tui.tui.results.classes import CLASS_MARKS, row_mark
from claude_batch_tui.tui.results.open_results import OpenFile
from claude_batch_tui.tui.widgets.columns import Cell, Column
from claude_batch_tui.wording.values import size

COLUMNS = {
    "#": Column("#", width=7, align="right", drop=2),
    "custom_id": Column("CUSTOM_ID", min_width=16, max_width=28, weight=1),
    "outcome": Column("S", width=1),
    "class": Column("CLASS", width=10, drop=4),
    "stop": Column("STOP", width=7),
    "in": Column("IN", width=7, align="right", drop=3),
    "out": Column("OUT", width=6, align="right", drop=3),
    "cost": Column("COST", width=9, align="right", drop=5),
    "text": Column("TEXT", min_width=16, weight=4),
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
_WIDEST_FIELD = 100
_FIELD_DROP = 10
"""Fields leave before all other columns where the list is narrow, the last of them first."""
BEFORE_FIELDS = ("#", "custom_id", "outcome", "stop")
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
_KEPT_ROWS = 1024
_LARGEST_SNIPPET_LINE = 1 << 20
_LARGEST_SPREAD_LINE = 1 << 16
"""A screen of such lines is decoded in a few milliseconds."""


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
                weight=4,
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
