"""A request of a batch, and the row it was made from."""

from __future__ import annotations

from typing import Any

import msgspec


class Request(msgspec.Struct, frozen=True):
    """One line of a requests file: `params` are kept as the bytes that will be sent."""

    custom_id: str
    params: msgspec.Raw


class SourceRow(msgspec.Struct, frozen=True):
    """One line of a rows file (`X.rows.jsonl`): where a request came from.

    `custom_id` is what the API sees, `id` the user's own; they differ only where cleaning was needed.
    `line` is the 1-based line of `source` on which the row starts; `row` the columns and values as read.
    """

    custom_id: str
    id: str
    source: str
    line: int
    row: dict[str, Any]
