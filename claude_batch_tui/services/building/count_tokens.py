"""The input of a draft as the API counts it: a few requests of every length, and from them all."""

from __future__ import annotations

import asyncio
import json
from array import array
from collections.abc import Callable, Iterable
from statistics import fmean, stdev

from claude_batch_tui.api.protocol import BatchesApi
from claude_batch_tui.domain.money.pricing import InputCount
from claude_batch_tui.errors import ApiError
from claude_batch_tui.services.threads import in_thread

SAMPLE = 20
_AT_ONCE = 5
_ENVELOPE_BYTES = len('{"custom_id":"","params":}')


async def count_input(
    lines: Callable[[], Iterable[bytes]], *, api: BatchesApi, sample: int = SAMPLE
) -> InputCount | None:
    """Count the input tokens of all requests in `lines` by `sample` of them; None where the API counts none of them.

    The requests are parted by length into as many groups, and the middle one of each group is counted.
    """
    chosen, total = await in_thread(lambda: _strata(lines, sample))
    limit = asyncio.Semaphore(_AT_ONCE)

    async def count(line: bytes) -> int | None:
        async with limit:
            try:
                return await api.count_tokens(json.loads(line)["params"])
            except ApiError:
                return None  # server tools and files by URL cannot be counted

    counts = await asyncio.gather(*(count(line) for line, _ in chosen))
    known = [
        (tokens, len(line) - _ENVELOPE_BYTES, group)
        for tokens, (line, group) in zip(counts, chosen, strict=True)
        if tokens is not None
    ]
    if not known:
        return None
    ratios = [tokens / size for tokens, size, _ in known]
    weighed = sum(ratio * group for ratio, (_, _, group) in zip(ratios, known, strict=True))
    tokens = int(weighed * total / sum(group for _, _, group in known))
    spread = 2 * stdev(ratios) / fmean(ratios) / len(ratios) ** 0.5 if len(ratios) > 1 else 0.25
    exact = len(chosen) == len(known) and all(group == size for _, size, group in known)
    return InputCount(tokens, len(known), 0.0 if exact else max(spread, 0.01), total)


def _strata(lines: Callable[[], Iterable[bytes]], sample: int) -> tuple[list[tuple[bytes, int]], int]:
    """The middle request of each group and the bytes of its group's params, and the bytes of all."""
    sizes = array("Q", (max(len(line) - _ENVELOPE_BYTES, 1) for line in lines()))
    order = sorted(range(len(sizes)), key=sizes.__getitem__)
    count = min(sample, len(order))
    groups = [order[len(order) * at // count : len(order) * (at + 1) // count] for at in range(count)]
    middles = {group[len(group) // 2]: sum(sizes[at] for at in group) for group in groups}
    chosen = [(line, middles[at]) for at, line in enumerate(lines()) if at in middles]
    return chosen, sum(sizes)
