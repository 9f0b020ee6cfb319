"""Reading results: an open file, a filter's selection, the first words of an answer, the row a request came from."""

from __future__ import annotations

import mmap
from pathlib import Path

import msgspec

from claude_batch_tui.domain.request import SourceRow
from claude_batch_tui.domain.result import Outcome, Result


def first_words(result: Result, limit: int = 200) -> str:
    """What a result says in its first `limit` characters: the answer, the error, or what its outcome means."""
    match result.outcome:
        case Outcome.SUCCEEDED:
            text = result.text.lstrip()[:limit]
            return text or _without_text(result)
        case Outcome.ERRORED:
            kind, message = result.error
            return f"{kind}: {message}"[:limit]
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


class RowsFile:
    """The rows file of a batch, found by custom_id. The places of all lines are read once, about 1 µs a line."""

    def __init__(self, path: Path) -> None:
        self._places: dict[str, tuple[int, int]] = {}
        self.order: list[str] = []
        decode = msgspec.json.Decoder(_Id).decode
        self._data: bytes | mmap.mmap = b""
        with path.open("rb") as file:
            if path.stat().st_size:
                self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        start = 0
        while start < len(self._data):
            end = self._data.find(b"\n", start)
            end = len(self._data) if end < 0 else end
            line = self._data[start:end]
            if line.strip():
                custom_id = decode(line).custom_id
                self._places[custom_id] = (start, end)
                self.order.append(custom_id)
            start = end + 1

    def columns(self) -> tuple[str, ...]:
        """The columns of the source, as its first row has them."""
        first = self.find(self.order[0]) if self.order else None
        return tuple(first.row) if first else ()

    def find(self, custom_id: str) -> SourceRow | None:
        """The row a request was made from, or None."""
        place = self._places.get(custom_id)
        if place is None:
            return None
        return msgspec.json.decode(self._data[place[0] : place[1]], type=SourceRow)


class _Id(msgspec.Struct):
    custom_id: str
