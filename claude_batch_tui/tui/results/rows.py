"""Entries as rows of a list."""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Sequence

from claude_batch_tui.domain.money.spend import Bill
from claude_batch_tui.domain.results.entry import OUTCOMES
from claude_batch_tui.domain.results.result import Outcome
from claude_batch_tui.domain.results.sort import Sort
from claude_batch_tui.services.filters.finding import Finder
from claude_batch_tui.services.results.browse import first_words
from claude_batch_tui.services.results.costs import EntryCosts
from claude_batch_tui.store.results.file import ResultsFile
from claude_batch_tui.tui.results.columns import cell
from claude_batch_tui.tui.widgets.columns import Cell
from claude_batch_tui.wording import size

NO_ENTRIES = "\n   There is no result in this file."
NOTHING_MATCHES = "\n   Nothing matches: esc clears the filter, f a shows all."
SEARCHING = "\n   Searching …"
_KEPT_SNIPPETS = 1024
_LARGEST_SNIPPET_LINE = 1 << 20


class EntryRows:
    """Rows of a selection of entries. Keys are positions in the file, so the cursor stays on its entry."""

    def __init__(
        self,
        results: ResultsFile,
        finder: Finder,
        costs: EntryCosts,
        columns: Sequence[str],
        *,
        ascii_only: bool,
    ) -> None:
        self.results = results
        self.finder = finder
        self.costs = costs
        self.spent: Bill | None = None
        self.positions: Sequence[int] = range(results.index.count)
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
        columns = self.results.index
        entry = columns.entry(position)
        number = columns.classes[position] if entry.is_described else 0
        cost = self.costs.of(position)
        words = self._words(position)
        return tuple(cell(name, entry, number, cost, words, plain=self._ascii) for name in self._columns)

    def _words(self, position: int) -> str:
        """The first words of an answer, of which the newest rows' are kept."""
        kept = self._snippets.get(position)
        if kept is not None:
            self._snippets.move_to_end(position)
            return kept
        length = self.results.index.lengths[position]
        if length > _LARGEST_SNIPPET_LINE:
            words = f"({size(length)}: open it to read)"
        else:
            words = first_words(self.results.read(position))
        self._snippets[position] = words
        if len(self._snippets) > _KEPT_SNIPPETS:
            self._snippets.popitem(last=False)
        return words


def next_error(rows: EntryRows, start: int, step: int) -> int | None:
    """The row of the next entry after `start` (or before it) that did not succeed, or None."""
    outcomes, good = rows.results.index.outcomes, OUTCOMES.index(Outcome.SUCCEEDED)
    index = start + step
    while 0 <= index < len(rows.positions):
        if outcomes[rows.positions[index]] != good:
            return index
        index += step
    return None


def counts_line(counts: dict[Outcome, int], *, growing: bool) -> str:
    """`all 10,000   ok 9,702   errored 213`: every outcome that occurs, `…` while the numbers still grow."""
    more = "…" if growing else ""
    names = (
        ("ok", Outcome.SUCCEEDED),
        ("errored", Outcome.ERRORED),
        ("expired", Outcome.EXPIRED),
        ("canceled", Outcome.CANCELED),
        ("unreadable", Outcome.UNPARSED),
    )
    parts = [f"all {sum(counts.values()):,}{more}"]
    parts += [
        f"{name} {counts[outcome]:,}{more}"
        for name, outcome in names
        if counts[outcome] or outcome is Outcome.SUCCEEDED
    ]
    return "   ".join(parts)
