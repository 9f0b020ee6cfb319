"""The plain way to filter: every condition is asked of every entry, and every answer decoded for it.

What the fast ways let through is defined here, and tests compare them with it: masks of numpy over the columns of an
index (`selecting`), and raw bytes that rule lines out before they are decoded (`search_nodes`, `raw_lines`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from claude_batch_tui.domain.filters.json_path import compared, find_values, parse_path
from claude_batch_tui.domain.filters.text_match import id_test, name_test, text_test
from claude_batch_tui.domain.filters.tree import ORDERING, Both, Condition, Either, Filter, Not
from claude_batch_tui.services.results.answers import NO_DOCUMENT, answer_document, answer_text

if TYPE_CHECKING:
    from claude_batch_tui.services.results.costs import EntryCosts
    from claude_batch_tui.store.results.file import ResultsFile


def plain_positions(wanted: Filter, results: ResultsFile, costs: EntryCosts) -> list[int]:
    """The positions of all entries that a filter lets through. The index has to be complete."""
    return [at for at in range(results.index.count) if _holds(wanted, at, results, costs)]


def _holds(wanted: Filter, position: int, results: ResultsFile, costs: EntryCosts) -> bool:
    match wanted:
        case Both(left, right):
            return _holds(left, position, results, costs) and _holds(right, position, results, costs)
        case Either(left, right):
            return _holds(left, position, results, costs) or _holds(right, position, results, costs)
        case Not(inner):
            return not _holds(inner, position, results, costs)
        case Condition():
            return _asked(wanted, position, results, costs)
        case _:
            assert_never(wanted)


def _asked(wanted: Condition, position: int, results: ResultsFile, costs: EntryCosts) -> bool:
    op, value, entry = wanted.op, wanted.value, results.index.entry(position)
    match wanted.field:
        case "id":
            return id_test(op, value)(entry.custom_id)
        case "text":
            return text_test(wanted)(answer_text(results.line(position)))
        case "json":
            document = answer_document(results.line(position))
            found = () if document is NO_DOCUMENT else find_values(document, parse_path(wanted.path))
            return any(map(compared(op, value), found))
        case "in" | "out":
            tokens = entry.input_tokens if wanted.field == "in" else entry.output_tokens
            return bool(ORDERING[op](tokens, int(value)))
        case "cost":
            cost = costs.of(position)
            return cost is not None and bool(ORDERING[op](cost, float(value)))
        case name:
            names = {
                "outcome": str(entry.outcome),
                "class": results.index.class_of(position),
                "stop": entry.stop_reason,
                "error": entry.error_type,
            }
            return name_test(op, value)(names[name])
