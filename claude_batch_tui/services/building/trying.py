"""Trying one request at once, outside of any batch: the answer in seconds, at the standard price."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec

from claude_batch_tui.api.protocol import BatchesApi
from claude_batch_tui.domain.money.pricing import CostForecast, PriceTable, Usage, cost_forecast, entry_cost
from claude_batch_tui.domain.requests.draft import Request
from claude_batch_tui.domain.requests.validation import RequestsCheck
from claude_batch_tui.domain.results.result import Result
from claude_batch_tui.errors import DraftError, UnknownOutcomeError
from claude_batch_tui.media import look_at
from claude_batch_tui.nesting import UNREADABLE
from claude_batch_tui.services.building.requests_files import iter_request_lines
from claude_batch_tui.store.store import Store


class Trial(msgspec.Struct, frozen=True):
    """One request made ready to be tried. `forecast` is at the standard price."""

    request: bytes
    custom_id: str
    params: bytes
    forecast: CostForecast


class Tried(msgspec.Struct, frozen=True):
    """What came back: the message as the API sent it, and what it cost in US dollars, where the model has a price."""

    message: bytes
    result: Result
    cost: float | None


class _Message(msgspec.Struct):
    model: str
    usage: Usage


def request_at(path: Path, number: int) -> bytes:
    """The request on the `number`th line that is not blank, from 1. Raises DraftError where there are fewer."""
    count = 0
    for count, line in enumerate(iter_request_lines(path), 1):
        if count == number:
            return line
    raise DraftError(f"{path} has {count:,} requests: there is no request {number:,}.")


def trial(request: bytes, prices: PriceTable, name: str) -> Trial:
    """The request checked and priced. Raises DraftError with its first problem."""
    check = RequestsCheck(name, look=look_at)
    check.add(1, request)
    draft = check.draft()
    for problem in draft.problems:
        if problem.is_error:
            raise DraftError(f"{name}: {problem.message}. Nothing was sent.")
    decoded = msgspec.json.decode(request, type=Request)
    return Trial(
        request, decoded.custom_id, bytes(decoded.params), cost_forecast(draft.models, _standard(prices))
    )


async def tried(
    chosen: Trial,
    *,
    api: BatchesApi,
    store: Store,
    prices: PriceTable,
    betas: tuple[str, ...] = (),
    now: Callable[[], datetime],
) -> Tried:
    """Send it once; that it is sent is written down before. Raises ApiError; nothing is ever sent again by itself."""
    digest = hashlib.sha256(chosen.params).hexdigest()
    store.journal.append("try", now(), custom_id=chosen.custom_id, sha256=digest, state="sending")
    try:
        message = await api.message(chosen.params, betas=betas)
    except UnknownOutcomeError as error:
        store.journal.append("try", now(), custom_id=chosen.custom_id, sha256=digest, state="unknown")
        raise UnknownOutcomeError(
            f"{error} The answer is lost; it may have been paid. Nothing was sent again.",
            status=error.status,
            error_type=error.error_type,
            request_id=error.request_id,
        ) from error
    try:
        decoded = msgspec.json.decode(message, type=_Message)
        result = Result(chosen.custom_id, {"type": "succeeded", "message": msgspec.json.decode(message)})
        usage = msgspec.structs.replace(decoded.usage, is_billed=result.is_billed)
        cost = entry_cost(usage, decoded.model, _standard(prices))
    except UNREADABLE as error:
        raise UnknownOutcomeError(f"The answer could not be read: {error}.") from error
    store.journal.append("try", now(), custom_id=chosen.custom_id, sha256=digest, state="answered", usd=cost)
    return Tried(message, result, cost)


def _standard(prices: PriceTable) -> PriceTable:
    """The table for calls outside of a batch."""
    return msgspec.structs.replace(prices, batch_factor=1.0)
