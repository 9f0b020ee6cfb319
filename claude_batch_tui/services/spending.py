"""What a results file cost: one pass over its lines, decoding nothing but model and usage. For a thread."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from claude_batch_tui.domain.pricing import PriceTable, Usage
from claude_batch_tui.domain.spend import Spend, spent


class _Message(msgspec.Struct):
    model: str = ""
    usage: Usage | None = None


class _Result(msgspec.Struct):
    type: str = ""
    message: _Message | None = None


class _Line(msgspec.Struct):
    result: _Result


def spend_of(results: Path, prices: PriceTable) -> Spend:
    """The bill of a results file. Lines that cannot be read cost nothing. Raises OSError where it cannot be read."""
    return spent(_answers(results), prices)


def _answers(results: Path) -> Iterator[tuple[Usage, str]]:
    decode = msgspec.json.Decoder(_Line).decode
    with results.open("rb", buffering=1 << 20) as file:
        for line in file:
            try:
                result = decode(line).result
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                continue
            message = result.message
            if result.type == "succeeded" and message is not None and message.usage is not None:
                yield message.usage, message.model
