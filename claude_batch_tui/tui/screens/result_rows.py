"""Entries as rows of a list."""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Sequence

from claude_batch_tui.domain.entry import OUTCOMES
from claude_batch_tui.domain.result import Outcome
from claude_batch_tui.services.browse import first_words
from claude_batch_tui.store.results_file import ResultsFile
from claude_batch_tui.tui.widgets.columns import Cell, Column
from claude_batch_tui.wording import size

COLUMNS = (
    Column("#", width=7, align="right", drop=2),
    Column("CUSTOM_ID", min_width=14, max_width=28, weight=1),
    Column("S", width=1),
    Column("STOP", width=5, drop=4),
    Column("IN", width=7, align="right", drop=3),
    Column("OUT", width=6, align="right", drop=3),
    Column("TEXT", min_width=20, weight=4),
)
_GLYPHS = {
    Outcome.SUCCEEDED: ("✓", "=", "good"),
    Outcome.ERRORED: ("e", "e", "bad"),
    Outcome.CANCELED: ("c", "c", "dim"),
    Outcome.EXPIRED: ("x", "x", "warn"),
    Outcome.UNPARSED: ("?", "?", "bad"),
}
_STOPS = {
    "end_turn": "end",
    "max_tokens": "max",
    "stop_sequence": "stop",
    "tool_use": "tool",
    "pause_turn": "pause",
    "refusal": "refus",
    "model_context_window_exceeded": "ctx",
    "other": "other",
}
_UNKNOWN = "…"
"""A column that the index does not have yet."""
_KEPT_SNIPPETS = 1024
_LARGEST_SNIPPET_LINE = 1 << 20


class EntryRows:
    """Rows of a selection of entries. Keys are positions in the file, so the cursor stays on its entry."""

    def __init__(self, results: ResultsFile, *, ascii_only: bool) -> None:
        self.results = results
        self.positions: Sequence[int] = range(results.index.count)
        self._ascii = ascii_only
        self._snippets: OrderedDict[int, str] = OrderedDict()

    def row_count(self) -> int:
        """How many entries are selected."""
        return len(self.positions)

    def key(self, index: int) -> str:
        """The entry's position in the file."""
        return str(self.positions[index])

    def find(self, key: str) -> int | None:
        """The row of an entry, by bisection: positions are in file order."""
        position = int(key)
        index = bisect_left(self.positions, position)
        return index if index < len(self.positions) and self.positions[index] == position else None

    def cells(self, index: int) -> tuple[Cell | str, ...]:
        """What a row shows."""
        position = self.positions[index]
        entry = self.results.index.entry(position)
        glyph, plain, style = _GLYPHS[entry.outcome]
        answered = entry.outcome is Outcome.SUCCEEDED
        stop = _STOPS.get(entry.stop_reason, "" if answered else "-")
        tokens = [f"{count:,}" if answered else "-" for count in (entry.input_tokens, entry.output_tokens)]
        if not entry.is_described:
            stop, tokens = _UNKNOWN, [_UNKNOWN, _UNKNOWN]
        return (
            f"{position + 1:,}",
            entry.custom_id or "(none)",
            Cell(plain if self._ascii else glyph, style),
            stop,
            *tokens,
            Cell(self._snippet(position), None if answered else style),
        )

    def _snippet(self, position: int) -> str:
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
