"""Entries as rows of a list, and one result as text, as JSON and as the request that caused it."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Sequence

import msgspec

from claude_batch_tui.domain.entry import OUTCOMES
from claude_batch_tui.domain.request import SourceRow
from claude_batch_tui.domain.result import Outcome, Result
from claude_batch_tui.services.browse import first_words
from claude_batch_tui.services.costing import EntryCosts
from claude_batch_tui.services.finding import Finder
from claude_batch_tui.services.sorting import Sort
from claude_batch_tui.store.results_file import ResultsFile, decode
from claude_batch_tui.tui.screens.result_columns import cell
from claude_batch_tui.tui.widgets.columns import Cell
from claude_batch_tui.tui.widgets.text_rows import Line
from claude_batch_tui.wording import size

_ADVICE = {
    "invalid_request_error": "The request has to be changed before it is sent again.",
    "not_found_error": "Something the request names does not exist, often the model.",
    "rate_limit_error": "It can be sent again as it is.",
    "api_error": "It can be sent again as it is.",
    "overloaded_error": "It can be sent again as it is.",
    "timeout_error": "It can be sent again as it is.",
    "billing_error": "The account has to be put right; then it can be sent again.",
}
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
        self.positions: Sequence[int] = range(results.index.count)
        self.sort = Sort()
        self._columns = columns
        self._ascii = ascii_only
        self._read: OrderedDict[int, tuple[str, float | None]] = OrderedDict()

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
        entry = self.results.index.entry(position)
        words, cost = self._line(position)
        number = self.results.index.classes[position]
        return tuple(cell(name, entry, number, cost, words, plain=self._ascii) for name in self._columns)

    def _line(self, position: int) -> tuple[str, float | None]:
        """First words and cost, of which the newest rows' are kept."""
        kept = self._read.get(position)
        if kept is not None:
            self._read.move_to_end(position)
            return kept
        length = self.results.index.lengths[position]
        if length > _LARGEST_SNIPPET_LINE:
            kept = f"({size(length)}: open it to read)", None
        else:
            line = self.results.line(position)
            kept = first_words(decode(line)), self.costs.of(position, line)
        self._read[position] = kept
        if len(self._read) > _KEPT_SNIPPETS:
            self._read.popitem(last=False)
        return kept


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


def text_lines(result: Result, row: SourceRow | None) -> str | list[Line]:
    """The answer as people read it, with what is unusual about it said first."""
    match result.outcome:
        case Outcome.SUCCEEDED:
            return _answer_lines(result)
        case Outcome.ERRORED:
            kind, message = result.error
            lines: list[Line] = [(f"error    {kind}", "bad"), (f"         {message}", None)]
            lines.append((f"advice   {_ADVICE.get(kind, 'See the JSON for all the API said.')}", None))
            lines.append(("billed   no", "dim"))
        case Outcome.EXPIRED:
            lines = [("expired before it was tried: the batch ran out of its 24 hours. Not billed.", "warn")]
        case Outcome.CANCELED:
            lines = [("canceled before it was tried. Not billed.", "warn")]
        case Outcome.UNPARSED:
            lines = [
                ("This line cannot be read as a result; it is shown as it is.", "bad"),
                (str(result.body.get("raw", "")), None),
            ]
        case other:
            lines = [
                (f"An outcome this version does not know: {other}", "warn"),
                (_pretty(result.body), None),
            ]
    if row is not None:
        lines.append((f"row      line {row.line:,} of {row.source}", "dim"))
    return lines


def _answer_lines(result: Result) -> list[Line]:
    message = result.message
    lines: list[Line] = []
    reason = message.get("stop_reason")
    if reason == "max_tokens":
        lines.append(("cut off at max_tokens: the answer may be incomplete", "warn"))
    elif reason == "refusal":
        details = message.get("stop_details")
        why = details.get("explanation") if isinstance(details, dict) else None
        lines.append((f"refused{f': {why}' if why else ''}", "warn"))
    elif reason not in ("end_turn", "stop_sequence", "tool_use"):
        lines.append((f"stopped: {reason}", "warn"))
    content = message.get("content")
    for block in content if isinstance(content, list) else ():
        if not isinstance(block, dict):
            continue
        match block.get("type"):
            case "text":
                lines += [(line, None) for line in str(block.get("text", "")).split("\n")]
            case "thinking":
                lines.append(("── thinking ──", "dim"))
                lines += [(line, "dim") for line in str(block.get("thinking", "")).split("\n")]
            case "tool_use" | "server_tool_use":
                lines.append((f"── tool call: {block.get('name')} ──", "accent"))
                lines += [(line, None) for line in _pretty(block.get("input")).split("\n")]
            case kind:
                lines.append((f"── {kind} ──", "accent"))
                lines += [(line, "dim") for line in _pretty(block).split("\n")]
    if not lines:
        lines.append(("(an empty answer)", "warn"))
    return [*lines, ("", None), (_usage_words(result), "dim")]


def _usage_words(result: Result) -> str:
    message = result.message
    usage = message.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    parts = [
        f"{label} {usage[name]:,}"
        for label, name in (
            ("in", "input_tokens"),
            ("cache read", "cache_read_input_tokens"),
            ("cache write", "cache_creation_input_tokens"),
            ("out", "output_tokens"),
        )
        if isinstance(usage.get(name), int) and (usage[name] or label in ("in", "out"))
    ]
    parts += [str(message[name]) for name in ("stop_reason", "model", "id") if message.get(name)]
    return " · ".join(parts)


def json_text(line: bytes) -> str:
    """A line as indented JSON; what cannot be read is shown as it is."""
    try:
        return _pretty(msgspec.json.decode(line))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return line.decode("utf-8", "replace")


def request_text(request: bytes | None, row: SourceRow | None) -> str | list[Line]:
    """The request as it was sent and the row it came from, as far as this machine knows them."""
    lines: list[Line] = []
    if request is None:
        lines.append(("What was sent is not known here: the batch was made elsewhere.", "dim"))
    else:
        lines += [(line, None) for line in json_text(request).split("\n")]
    if row is not None:
        lines += [("", None), (f"── line {row.line:,} of {row.source}, id {row.id} ──", "accent")]
        lines += [(f"{name}: {value}", None) for name, value in row.row.items()]
    return lines


def _pretty(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
