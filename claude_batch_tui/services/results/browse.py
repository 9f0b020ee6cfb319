"""Reading results: the entries of an open file in full, the first words of an answer, what an entry cost."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

import msgspec

from claude_batch_tui.domain.money.pricing import PriceTable, Usage, entry_cost
from claude_batch_tui.domain.requests.draft import SourceRow
from claude_batch_tui.domain.results.line import read_result
from claude_batch_tui.domain.results.result import Outcome, Result
from claude_batch_tui.domain.results.structured import Misfit
from claude_batch_tui.services.results.rows_file import RowsFile
from claude_batch_tui.services.results.schemas import misfit_of
from claude_batch_tui.store.results.file import Origin, ResultsFile


def first_words(result: Result, limit: int = 200) -> str:
    """What a result says in its first `limit` characters: the answer, the error, or what its outcome means."""
    match result.outcome:
        case Outcome.SUCCEEDED:
            text = result.spoken.lstrip()[:limit]
            return text or _without_text(result)
        case Outcome.ERRORED:
            kind, message = result.error
            return "; ".join([f"{kind}: {message}", *result.error_details])[:limit]
        case Outcome.EXPIRED:
            return "expired before it was tried"
        case Outcome.CANCELED:
            return "canceled before it was tried"
        case Outcome.UNPARSED:
            return f"not readable: {str(result.body.get('raw', ''))[:limit]}"
        case other:
            return f"unknown outcome {other!r}"


def _without_text(result: Result) -> str:
    content = result.message.get("content")
    if not isinstance(content, list) or not content:
        reason = result.message.get("stop_reason")
        return f"(no text, stop reason {reason})"
    kinds = sorted({str(block.get("type")) for block in content if isinstance(block, dict)})
    return f"(no text, only {', '.join(kinds)})"


class Reading(msgspec.Struct, frozen=True):
    """One entry in full. `cost` is in US dollars: None where it has none, or nobody knows it; `row` is its source row."""

    position: int
    custom_id: str
    line: bytes
    result: Result
    cost: float | None = None
    row: SourceRow | None = None
    misfit: Misfit | None = None
    """What of its answer does not fit the schema it was asked for."""
    request: bytes | None = None
    """The request as it was sent, where that is known."""
    origin: Origin | None = None
    """The batch and the attempt, of an entry of a run."""


class EntryReader:
    """Reads the entries of an open file for those who show them, in any thread.

    `request` gives the request with a custom_id as it was sent, that of the batch an entry of a run came from. After
    `close` every reading is None, so that the file can be closed while a thread still wants to read.
    """

    def __init__(
        self,
        results: ResultsFile,
        *,
        rows: RowsFile | None = None,
        request: Callable[[str, Origin | None], bytes | None] = lambda *_: None,
        prices: PriceTable | None = None,
    ) -> None:
        self.request = request
        self.prices = prices
        self._results = results
        self._rows = rows
        self._lock = Lock()
        self._is_closed = False

    def close(self) -> None:
        """Read no more."""
        with self._lock:
            self._is_closed = True

    def duplicate(self) -> EntryReader:
        """Another one of the same file, which reads on after this one is closed."""
        with self._lock:
            results = self._results.duplicate()
        return EntryReader(results, rows=self._rows, request=self.request, prices=self.prices)

    def read(self, position: int) -> Reading | None:
        """The entry at a position, or None where there is no such entry any more."""
        with self._lock:
            if self._is_closed or not 0 <= position < self._results.index.count:
                return None
            line = self._results.line(position)
            custom_id = self._results.index.custom_id(position)
            is_misfit = self._results.index.class_of(position) == "schema_invalid"
            origin = self._results.origin(position)
        result = read_result(line)
        request = self.request(custom_id, origin)
        return Reading(
            position,
            custom_id,
            line,
            result,
            cost_of(result, self.prices),
            self._rows.find(custom_id) if self._rows is not None else None,
            misfit_of(request, line) if is_misfit else None,
            request,
            origin,
        )


def cost_of(result: Result, prices: PriceTable | None) -> float | None:
    """What an entry cost in US dollars, or None: it did not succeed, its model has no price, its usage is odd."""
    usage = usage_of(result)
    if prices is None or usage is None:
        return None
    return entry_cost(usage, str(result.message.get("model", "")), prices)


def usage_of(result: Result) -> Usage | None:
    """What an answer used, or None where that is not said in a known way."""
    usage = result.message.get("usage")
    try:
        known = msgspec.convert(usage, Usage) if isinstance(usage, dict) else None
    except msgspec.ValidationError:
        return None
    if known is None or result.is_billed:
        return known
    return msgspec.structs.replace(known, is_billed=False)


def tokens_of(result: Result) -> tuple[int, int]:
    """Input tokens, cached ones too, and output tokens of an answer."""
    usage = usage_of(result) or Usage()
    cached = (usage.cache_creation_input_tokens or 0) + (usage.cache_read_input_tokens or 0)
    return (usage.input_tokens or 0) + cached, usage.output_tokens or 0
