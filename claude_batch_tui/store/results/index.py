"""The index of a results file: where each line is, and its columns for tables and filters, as arrays.

It is made in two passes. The first gives every line its place, its custom_id and its outcome by a look at its first
bytes (`count` entries so far). The second reads every line exactly and gives stop reason, ledger class, error type,
model and tokens (`described` entries so far); it corrects the first where a line is broken behind its beginning.
Everything is exact once `complete` is true.

The first pass may be a scan of whole blocks (`line_scan`, three times as fast); `feed` and `add_exactly` read every line
at once, and say the same.

One thread feeds it while others read: columns only grow, and the counts are raised last. Take slices of columns, never
views of them, as long as they grow. An entry costs about 49 bytes and its id.
"""

from __future__ import annotations

import importlib
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate, islice
from typing import TYPE_CHECKING, Final

from claude_batch_tui.domain.money.pricing import (
    ADDITIONAL,
    Iteration,
    PriceTable,
    ServerToolUse,
    Usage,
    entry_cost,
)
from claude_batch_tui.domain.results.line import RawLine, read_block, read_line, read_lines
from claude_batch_tui.domain.results.result import CLASSES, OUTCOMES, Entry, Outcome
from claude_batch_tui.store.results.columns import (
    Additions,
    AnsweredBy,
    Numbered,
    described,
    id_bytes,
    joined_ids,
    numbered_stops,
    outcome_numbers,
    token_fields,
)

if TYPE_CHECKING:
    from claude_batch_tui.store.results.line_scan import Scanner

MARGIN: Final = 256
"""Bytes that a buffer for `add` must have beyond its lines."""
FEW_BYTES: Final = 1 << 16
"""Up to here a block is read line by line: exact at once, and numpy is not imported for it."""
_SUCCEEDED = OUTCOMES.index(Outcome.SUCCEEDED)


def load_scanner() -> None:
    """Import what the first pass over large blocks needs, 60 to 90 ms; for a thread beside other work."""
    importlib.import_module("claude_batch_tui.store.results.line_scan")


class ResultsIndex:
    """Columns of all entries so far, in file order. `outcomes` and `classes` are numbers into the domain's tuples,
    `stops`, `errors` and `models` into the lists here. Those of an index that was loaded can only be read.
    """

    def __init__(self) -> None:
        self.count = 0
        """Entries with place, custom_id and outcome."""
        self.described = 0
        """Entries, from the first on, whose every column is there."""
        self.complete = False
        """True when there are no more entries and all of them are described."""
        self.is_validated = True
        """False while answers are held against the schemas they were asked for: that may still change `classes`."""
        self.offsets = array("Q")
        self.lengths = array("I")
        self.id_starts = array("Q")
        self.outcomes = bytearray()
        self.stops = bytearray()
        self.classes = bytearray()
        self.errors = array("H")
        self.models = array("H")
        self.searches = array("H")
        self.input_tokens = array("I")
        """Fresh, read from the cache and written to it, together."""
        self.cache_read_tokens = array("I")
        self.cache_write_5m_tokens = array("I")
        self.cache_write_1h_tokens = array("I")
        self.output_tokens = array("I")
        self.additions = Additions()
        self.stop_reasons = numbered_stops()
        self.error_types: Numbered[str] = Numbered([""])
        self.answered_by: Numbered[AnsweredBy] = Numbered([AnsweredBy("", in_us=False)])
        self._ids = bytearray(b"\n")
        self._tail = b""
        self.position = 0
        """Where in the file the next line begins."""
        self._odd = array("I")
        self.other_ids: dict[int, bytes] = {}
        """Ids that the first pass took wrongly, by their entry, until all are described."""
        self._scanner: Scanner | None = None

    @property
    def ids(self) -> bytes | bytearray:
        """All ids, each between newlines."""
        return self._ids

    def add_ids(self, ids: bytes) -> None:
        """Add ids, each ended by a newline; where each begins is added to `id_starts`."""
        self._ids += ids

    def feed(self, chunk: bytes) -> None:
        """Both passes over the next bytes of the file, in any pieces; half a megabyte at a time is fastest."""
        end = chunk.rfind(b"\n") + 1
        if not end:
            self._tail += chunk
            return
        data = self._tail + chunk[:end] if self._tail else chunk[:end]
        self._tail = chunk[end:]
        self._read(data)

    def finish(self) -> None:
        """There is no more: take in a last line that has no newline. Complete, once all is described."""
        if self._tail:
            tail, self._tail = self._tail, b""
            self._read(tail)
        if self.described == self.count:
            self._settle_ids()
            self._odd, self._scanner = array("I"), None
            self.complete = True

    def add(self, buffer: bytearray, size: int) -> None:
        """First pass over the next whole lines: the first `size` bytes of a buffer that is longer by MARGIN.

        The last line of a file, where it has no newline, comes alone.
        """
        if size <= FEW_BYTES or not buffer.endswith(b"\n", 0, size):
            self.add_exactly(buffer, size)
            return
        if self._scanner is None:
            from claude_batch_tui.store.results.line_scan import Scanner  # it imports numpy

            self._scanner = Scanner()
        found = self._scanner.scan(buffer, size)
        self._odd.extend(self.count + at for at in found.odd)
        self.offsets.frombytes(found.offsets(self.position))
        self.lengths.frombytes(found.lengths())
        self.id_starts.frombytes(found.id_starts(len(self._ids)))
        self._ids += found.ids
        self.outcomes += found.outcomes
        self.position += size
        self.count = len(self.outcomes)

    def add_exactly(self, buffer: bytearray, size: int) -> None:
        """The same, line by line: the second pass too, where it has not fallen behind."""
        self._read(bytes(memoryview(buffer)[:size]))

    def describe(self, block: bytes | memoryview, start: int) -> None:
        """Second pass over whole lines that stand at `start`; the first of them is the next to be described."""
        first, last = self.described, bisect_left(self.offsets, start + len(block), hi=self.count)
        if first >= last:
            return
        lines: Sequence[RawLine] | None = None
        odd = bisect_left(self._odd, first)
        if odd == len(self._odd) or self._odd[odd] >= last:
            lines = read_block(block, last - first)
        if lines is None:
            places = [(self.offsets[at] - start, self.lengths[at]) for at in range(first, last)]
            lines = [read_line(bytes(block[at : at + length])) for at, length in places]
        self._describe(lines)

    def undescribed(self, limit: int, count: int) -> tuple[int, int]:
        """Offset and size of the lines to describe next: one at least, no more than about `limit` bytes, and none behind the
        first `count` entries.
        """
        first, start = self.described, self.offsets[self.described]
        last = max(bisect_left(self.offsets, start + limit, hi=min(self.count, count)), first + 1) - 1
        return start, self.offsets[last] + self.lengths[last] - start

    def is_intact(self) -> bool:
        """Whether an index that was loaded is what was saved, to the last byte."""
        return True

    @property
    def is_final(self) -> bool:
        """True where nothing of it changes any more."""
        return self.complete and self.is_validated

    def classify(self, positions: Iterable[int], number: int) -> None:
        """Give entries that are described another ledger class. What is saved of the index afterwards has it too."""
        for position in positions:
            self.classes[position] = number

    def entry(self, position: int) -> Entry:
        """The entry with that number, from 0."""
        is_described = position < self.described
        return Entry(
            position=position,
            custom_id=self.custom_id(position),
            outcome=OUTCOMES[self.outcomes[position]],
            stop_reason=self.stop_reasons[self.stops[position]] if is_described else "",
            error_type=self.error_types[self.errors[position]] if is_described else "",
            input_tokens=self.input_tokens[position] if is_described else 0,
            output_tokens=self.output_tokens[position] if is_described else 0,
            offset=self.offsets[position],
            length=self.lengths[position],
            is_described=is_described,
        )

    def custom_id(self, position: int) -> str:
        """The id of an entry; empty where its line has none."""
        start = self.id_starts[position]
        return self._ids[start : self._ids.index(b"\n", start)].decode()

    def find(self, custom_id: str) -> int | None:
        """The last entry with that id, or None. A few milliseconds a million entries."""
        at = self.ids.rfind(b"\n" + custom_id.encode() + b"\n") if custom_id else -1
        position = bisect_left(self.id_starts, at + 1)
        return position if at >= 0 and position < self.count else None

    def ids_between(self, first: int, last: int) -> list[bytes]:
        """The custom_ids of the entries from `first` up to `last`, in UTF-8."""
        if first >= last:
            return []
        end = self._id_end(last - 1)
        return self._id_bytes(self.id_starts[first], end).split(b"\n")

    def _id_end(self, position: int) -> int:
        return self._ids.index(b"\n", self.id_starts[position])

    def _id_bytes(self, start: int, end: int) -> bytes:
        return bytes(self._ids[start:end])

    def all_ids(self) -> list[str]:
        """Every custom_id in file order."""
        return self.ids[1:-1].decode().split("\n") if self.count else []

    def outcome_counts(self) -> dict[Outcome, int]:
        """How many entries there are of each outcome."""
        return {outcome: self.outcomes.count(number) for number, outcome in enumerate(OUTCOMES)}

    def class_counts(self) -> dict[str, int]:
        """How many entries there are of each ledger class that occurs."""
        counts = {name: self.classes.count(number) for number, name in enumerate(CLASSES)}
        return {name: count for name, count in counts.items() if count}

    def class_of(self, position: int) -> str:
        """The ledger class of an entry; empty as long as it is not described."""
        return CLASSES[self.classes[position]] if position < self.described else ""

    def model(self, position: int) -> str:
        """The model that answered; empty where none did. The entry has to be described."""
        return self.answered_by[self.models[position]].model

    def usage(self, position: int) -> Usage:
        """What an entry used, as far as it costs. The entry has to be described."""
        answered_by = self.answered_by[self.models[position]]
        return Usage(
            **token_fields(self, position),
            server_tool_use=ServerToolUse(self.searches[position]),
            inference_geo="us" if answered_by.in_us else None,
            is_billed=answered_by.is_billed,
            iterations=self._iterations(position) if self.additions.entries else None,
        )

    def _iterations(self, position: int) -> list[Iteration]:
        """What an entry's totals leave out; who made it is what tells a compaction of its own model and others alike."""
        added = self.additions
        return [
            Iteration(
                **token_fields(added, row),
                type=ADDITIONAL[-1],
                model=self.answered_by[added.models[row]].model,
            )
            for row in added.rows(position)
        ]

    def cost(self, position: int, prices: PriceTable) -> float | None:
        """What an entry cost in US dollars, or None where its model has no price. The entry has to be described."""
        if self.outcomes[position] != _SUCCEEDED:
            return 0.0
        return entry_cost(self.usage(position), self.model(position), prices)

    def _read(self, data: bytes) -> None:
        """Both passes over whole lines, where those before are described; else the first."""
        starts, lengths, lines = read_lines(data)
        ids, id_lengths = joined_ids(lines)
        self.offsets.extend([self.position + start for start in starts])
        self.lengths.extend(lengths)
        self.id_starts.extend(islice(accumulate(id_lengths, initial=len(self._ids)), len(lines)))
        self._ids += ids
        self.outcomes += outcome_numbers(lines)
        self.position += len(data)
        first, self.count = self.count, len(self.outcomes)
        if self.described == first:
            self._describe(lines, is_checked=False)
        else:
            self._odd.extend(range(first, self.count))

    def _describe(self, lines: Sequence[RawLine], *, is_checked: bool = True) -> None:
        first, last = self.described, self.described + len(lines)
        names = self.stop_reasons, self.error_types, self.answered_by
        found = described(lines, *names, self.additions, first)
        if is_checked:
            self._correct(lines, first, found.outcomes)
        for name in found._fields[1:]:
            column = getattr(self, name)
            column += getattr(found, name)
        self.described = last

    def _correct(self, lines: Sequence[RawLine], first: int, outcomes: bytes) -> None:
        """Put right what the first pass took wrongly."""
        last = first + len(lines)
        if self.outcomes[first:last] != outcomes:
            self.outcomes[first:last] = outcomes
        ids = "\n".join([line.custom_id for line in lines]).encode("utf-8", "replace")
        start = self.id_starts[first]
        if self._ids[start : start + len(ids) + 1] != ids + b"\n":
            for position, line in enumerate(lines, first):
                if id_bytes(line).decode() != self.custom_id(position):
                    self.other_ids[position] = id_bytes(line)

    def _settle_ids(self) -> None:
        """Write all ids anew where some turned out to be others."""
        if not self.other_ids:
            return
        ids = bytes(self._ids[1:-1]).split(b"\n")
        for position, custom_id in self.other_ids.items():
            ids[position] = custom_id
        starts, at = array("Q"), 1
        for custom_id in ids:
            starts.append(at)
            at += len(custom_id) + 1
        self.other_ids = {}
        self._ids, self.id_starts = bytearray(b"\n" + b"\n".join(ids) + b"\n"), starts
