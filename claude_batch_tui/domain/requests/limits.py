"""Limits of the Message Batches API (batch guide and API reference, copies of 2026-09-26), and batches that keep them."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

MAX_REQUESTS = 100_000
"""Requests in one batch."""

MAX_BODY_BYTES = 256_000_000
"""Bytes of one create body. The guide says 256 MB and not which MB: the smaller reading is safe."""

CUSTOM_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
"""What a custom_id must fully match (guide; the API's own 400 quotes the same pattern)."""

CREATE_SECONDS = 600.0
"""How long the answer to a create is waited for after its last byte, and so how much later its batch may still appear."""

LIST_LIMIT = 1000
"""Batches on one page of a list."""

BODY_HEAD = b'{"requests":['
BODY_TAIL = b"]}"
_FRAME = len(BODY_HEAD) + len(BODY_TAIL)


def body_bytes(requests: int, request_bytes: int) -> int:
    """Bytes of a create body of `requests` lines that hold `request_bytes` bytes together, newlines not counted."""
    return len(BODY_HEAD) + request_bytes + max(requests - 1, 0) + len(BODY_TAIL)


def partition(
    sizes: Sequence[int], *, max_requests: int = MAX_REQUESTS, max_bytes: int = MAX_BODY_BYTES
) -> list[range]:
    """The positions of each batch's requests; `sizes` are the bytes of every request, without separators.

    Every body keeps both limits, commas and frame counted. Raises ValueError where one request alone is too large.
    """
    if not sizes:
        return []
    # ends[i]: bytes of the first i requests, each with the comma after it.
    ends = array("Q", accumulate((size + 1 for size in sizes), initial=0))
    largest = max(sizes) + _FRAME
    if largest > max_bytes:
        raise ValueError(
            f"one request makes a body of {largest:,} bytes; a batch takes at most {max_bytes:,}"
        )
    fewest = len(_cut(ends, max_requests, max_bytes))
    # The smallest body that still needs no further batch makes all of them about equal.
    low, high = largest, max_bytes
    while low < high:
        middle = (low + high) // 2
        if len(_cut(ends, max_requests, middle)) <= fewest:
            high = middle
        else:
            low = middle + 1
    return _cut(ends, max_requests, high)


def _cut(ends: Sequence[int], max_requests: int, max_bytes: int) -> list[range]:
    """Fill one batch after the other."""
    total = len(ends) - 1
    start, found = 0, []
    while start < total:
        # The last request of a body has no comma after it.
        stop = bisect_right(ends, ends[start] + max_bytes - _FRAME + 1, start + 1, total + 1) - 1
        stop = min(stop, start + max_requests)
        found.append(range(start, stop))
        start = stop
    return found
