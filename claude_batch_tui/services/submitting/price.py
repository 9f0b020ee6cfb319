"""What a submission will cost, as well as that can be known before it is sent: its input as the API counts it, by a few
requests of every length, and its answers as long as those of earlier batches.
"""

from __future__ import annotations

import asyncio
import json
from array import array
from collections.abc import Awaitable, Callable, Iterable
from statistics import fmean, stdev

import msgspec

from claude_batch_tui.api.protocol import BatchesApi
from claude_batch_tui.domain.money.pricing import InputCount, PriceTable, cost_forecast, output_history
from claude_batch_tui.domain.requests.draft import BYTES_PER_TOKEN_ABOUT
from claude_batch_tui.domain.requests.media import find_media, media_tokens
from claude_batch_tui.errors import ApiError, RejectedError
from claude_batch_tui.media import look_at
from claude_batch_tui.services.building.check import CheckReport
from claude_batch_tui.services.threads import in_thread
from claude_batch_tui.store import batches, downloads
from claude_batch_tui.store.store import Store
from claude_batch_tui.store.workspaces import Workspace

_SAMPLE = 20
"""Requests that the API counts."""
_AT_ONCE = 5
_ENVELOPE_BYTES = len('{"custom_id":"","params":}')


async def count_and_price(
    report: CheckReport,
    lines: Callable[[], Iterable[bytes]],
    *,
    connect: Callable[[], Awaitable[BatchesApi]],
    store: Store,
    workspace: Workspace | None,
    prices: PriceTable,
    source: str | None,
) -> CheckReport:
    """The report with its input counted by the API and its answers as long as in earlier batches like it.

    `lines` gives the requests that the report is of; where nothing could be counted, the forecast says why. Raises
    ConfigError where there are no credentials.
    """
    counted, why = await _count_input(lines, await connect())
    model, history = report.draft.model, None
    if workspace is not None and model is not None:
        earlier = downloads.usage_like(store.database, workspace.scope_id, model=model, source=source)
        history = output_history(earlier)
    draft, models_as_of = report.draft, report.forecast.models_as_of
    forecast = cost_forecast(
        draft.models, prices, counted=counted, history=history, shared=draft.shared, models_as_of=models_as_of
    )
    return not_counted(CheckReport(draft, forecast), why)


def not_counted(report: CheckReport, why: str) -> CheckReport:
    """The same report, which says why the API did not count its input."""
    return msgspec.structs.replace(report, forecast=msgspec.structs.replace(report.forecast, not_counted=why))


def cost_in_flight(store: Store, workspace: Workspace | None) -> float:
    """What the batches of a workspace that have not ended may cost at most, in US dollars."""
    return 0.0 if workspace is None else batches.at_most_in_flight(store.database, workspace.scope_id)


async def _count_input(
    lines: Callable[[], Iterable[bytes]], api: BatchesApi
) -> tuple[InputCount | None, str]:
    """Count the input tokens of all requests in `lines` by a sample; None, and why, where the API counts none.

    The requests are parted by length into as many groups, and the middle one of each group is counted.
    """
    chosen, total = await in_thread(lambda: _strata(lines))
    limit = asyncio.Semaphore(_AT_ONCE)
    why = "" if chosen else "there are no requests."
    is_useless = False

    async def count(line: bytes) -> int | None:
        nonlocal why, is_useless
        async with limit:
            if is_useless:
                return None
            try:
                return await api.count_tokens(json.loads(line)["params"])
            except ApiError as error:
                why = str(error)
                # A request that is refused may be one of few: server tools and files by URL cannot be counted.
                is_useless = not isinstance(error, RejectedError)
                return None

    counts = await asyncio.gather(*(count(line) for line, _ in chosen))
    known = [
        (tokens, _weight(line), group)
        for tokens, (line, group) in zip(counts, chosen, strict=True)
        if tokens is not None
    ]
    if not known:
        return None, why
    ratios = [tokens / size for tokens, size, _ in known]
    weighed = sum(ratio * group for ratio, (_, _, group) in zip(ratios, known, strict=True))
    tokens = int(weighed * total / sum(group for _, _, group in known))
    spread = 2 * stdev(ratios) / fmean(ratios) / len(ratios) ** 0.5 if len(ratios) > 1 else 0.25
    exact = len(chosen) == len(known) and all(group == size for _, size, group in known)
    return InputCount(tokens, len(known), 0.0 if exact else max(spread, 0.01)), ""


def _strata(lines: Callable[[], Iterable[bytes]]) -> tuple[list[tuple[bytes, int]], int]:
    """The middle request of each group and what its group weighs, and what all weigh."""
    sizes = array("Q", (_weight(line) for line in lines()))
    order = sorted(range(len(sizes)), key=sizes.__getitem__)
    count = min(_SAMPLE, len(order))
    groups = [order[len(order) * at // count : len(order) * (at + 1) // count] for at in range(count)]
    middles = {group[len(group) // 2]: sum(sizes[at] for at in group) for group in groups}
    chosen = [(line, middles[at]) for at, line in enumerate(lines()) if at in middles]
    return chosen, sum(sizes)


def _weight(line: bytes) -> int:
    """About how much of the input a request is: the bytes of its text, and media as so many bytes of text."""
    size = len(line) - _ENVELOPE_BYTES
    if b'"source"' in line:
        media = media_tokens(find_media(json.loads(line)["params"], look_at), None)
        size += int(media.about * BYTES_PER_TOKEN_ABOUT) - media.base64_bytes
    return max(size, 1)
