"""Limits of the Message Batches API (batch guide and API reference, copies of 2026-09-26)."""

from __future__ import annotations

import re

MAX_REQUESTS = 100_000
"""Requests in one batch."""

MAX_BODY_BYTES = 256_000_000
"""Bytes of one create body. The guide says 256 MB and not which MB: the smaller reading is safe."""

CUSTOM_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
"""What a custom_id must fully match (guide; the API's own 400 quotes the same pattern)."""

LIST_LIMIT = 1000
"""Batches on one page of a list."""

BODY_HEAD = b'{"requests":['
BODY_TAIL = b"]}"


def body_bytes(requests: int, request_bytes: int) -> int:
    """Bytes of a create body of `requests` lines that hold `request_bytes` bytes together, newlines not counted."""
    return len(BODY_HEAD) + request_bytes + max(requests - 1, 0) + len(BODY_TAIL)
