"""What is exported: columns, and for every entry a row of values in their order. Writers of all formats take these."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import msgspec

Kind = Literal["text", "int", "float", "bool", "any"]
Values = list[Any]
"""Text, numbers, True, False and None; objects and lists in columns of the user's own. No lone surrogates."""


class Column(msgspec.Struct, frozen=True):
    """One column. `any` holds values of several kinds."""

    name: str
    kind: Kind = "any"


OURS = (
    Column("id", "text"),
    Column("custom_id", "text"),
    Column("status", "text"),
    Column("response", "text"),
    Column("error", "text"),
    Column("stop_reason", "text"),
    Column("model", "text"),
    Column("input_tokens", "int"),
    Column("output_tokens", "int"),
    Column("cost", "float"),
    Column("batch_id", "text"),
)
"""The first columns of every export. `input_tokens` includes cached ones; `cost` is in US dollars."""

ID, CUSTOM_ID, STATUS, RESPONSE, ERROR, STOP_REASON, MODEL, INPUT_TOKENS, OUTPUT_TOKENS, COST, BATCH_ID = (
    range(len(OURS))
)


class Packed(msgspec.Struct, frozen=True, array_like=True):
    """Rows on their way from one process to another, as far along as they can be made: bytes of the file, or values."""

    data: bytes
    guarded: int = 0
    """How many cells were changed, because a spreadsheet would have run them."""


_unpacked = msgspec.msgpack.Decoder(list[tuple[Any, ...]]).decode


def packed_values(rows: Sequence[Values]) -> Packed:
    """Rows for a format whose writer has to see their values. Raises OverflowError for an integer of more than 64 bits."""
    return Packed(msgspec.msgpack.encode(rows))


class Writer:
    """Writes rows as they come; nothing is complete before `finish`, and `close` comes last in any case."""

    guarded = 0
    """How many cells were changed, because a spreadsheet would have run them."""

    def write(self, rows: Sequence[Any]) -> None:
        """Write the next rows."""
        raise NotImplementedError

    def write_packed(self, packed: Packed) -> None:
        """Write the next rows, which another process has packed for this format."""
        self.write(_unpacked(packed.data))

    def finish(self) -> None:
        """Write what comes last."""

    def close(self) -> None:
        """Let go of what is held, finished or not."""


def all_columns(source: Iterable[Column], answer: Iterable[Column]) -> tuple[Column, ...]:
    """Our columns, those of the source, and those of the answers; every name once, whatever its case.

    A column called like one before it gets `source.` or `answer.` before its name, and a number where that is
    taken too: databases do not tell `ID` from `id`.
    """
    columns = list(OURS)
    taken = {column.name.casefold() for column in OURS}
    for prefix, group in (("source", source), ("answer", answer)):
        for column in group:
            name, number = column.name, 1
            while name.casefold() in taken:
                name = f"{prefix}.{column.name}" + (f".{number}" if number > 1 else "")
                number += 1
            taken.add(name.casefold())
            columns.append(Column(name, column.kind))
    return tuple(columns)
