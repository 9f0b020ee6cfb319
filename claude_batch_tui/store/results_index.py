"""The index of a results file: where each line is, and its columns for tables and filters, as arrays.

One thread feeds it while others read: arrays only grow, and `count` is raised last. Persisted beside the file as
`<name>.index`, a cache that is rebuilt where it does not fit the file. An entry costs about 37 bytes and its id.
"""

from __future__ import annotations

import sys
from array import array
from pathlib import Path
from typing import Any

import msgspec

from claude_batch_tui.domain.entry import OUTCOMES, STOP_REASONS, Entry, class_number
from claude_batch_tui.domain.result import Outcome
from claude_batch_tui.store.files import written_whole

_VERSION = 2
_UNPARSED = OUTCOMES.index(Outcome.UNPARSED)
_OUTCOME_NUMBERS = {str(outcome): number for number, outcome in enumerate(OUTCOMES[:_UNPARSED])}
_STOP_NUMBERS = {reason: number for number, reason in enumerate(STOP_REASONS)}
_OTHER_STOP = len(STOP_REASONS) - 1
_CLASS_NUMBERS = {
    (outcome, stop, empty): class_number(OUTCOMES[outcome], STOP_REASONS[stop], empty=empty)
    for outcome in range(len(OUTCOMES))
    for stop in range(len(STOP_REASONS))
    for empty in (False, True)
}
_MOST_TOKENS = 2**32 - 1
_MOST_ERROR_TYPES = 2**16 - 1


class _Usage(msgspec.Struct):
    input_tokens: int | None = 0
    cache_creation_input_tokens: int | None = 0
    cache_read_input_tokens: int | None = 0
    output_tokens: int | None = 0


class _Message(msgspec.Struct):
    stop_reason: str | None = None
    content: msgspec.Raw = msgspec.Raw()
    usage: _Usage | None = None


class _Block(msgspec.Struct):
    type: str = ""
    text: str | None = None


class _InnerError(msgspec.Struct):
    type: str = ""


class _Error(msgspec.Struct):
    error: _InnerError | None = None


class _Result(msgspec.Struct):
    type: str
    message: _Message | None = None
    error: _Error | None = None


class _Line(msgspec.Struct):
    custom_id: str
    result: _Result


class _OnlyId(msgspec.Struct):
    custom_id: str = ""


class _Head(msgspec.Struct):
    """The first line of an index file."""

    version: int
    size: int
    modified_ns: int
    count: int
    id_bytes: int
    error_types: list[str]
    byteorder: str


class ResultsIndex:
    """Columns of all entries so far, in file order. `outcomes` and `stops` are numbers into the domain's tuples."""

    def __init__(self) -> None:
        self.count = 0
        self.outcomes = bytearray()
        self.stops = bytearray()
        self.classes = bytearray()
        self.errors = array("H")
        self.input_tokens = array("I")
        self.output_tokens = array("I")
        self.offsets = array("Q")
        self.lengths = array("I")
        self.ids = bytearray(b"\n")
        """All ids, each between newlines: `\\nid\\nid\\n`."""
        self.id_starts = array("Q")
        self.error_types = [""]
        self._error_numbers = {"": 0}
        self._tail = b""
        self._position = 0
        self._decode = msgspec.json.Decoder(_Line).decode

    def feed(self, chunk: bytes) -> None:
        """Take in the next bytes of the file, in any pieces."""
        data = self._tail + chunk if self._tail else chunk
        end = data.rfind(b"\n")
        if end < 0:
            self._tail = data
            return
        self._tail = data[end + 1 :]
        for line in data[:end].split(b"\n"):
            self._add(line)
            self._position += len(line) + 1

    def finish(self) -> None:
        """Take in a last line that has no newline."""
        if self._tail:
            self._add(self._tail)
            self._position += len(self._tail)
            self._tail = b""

    def entry(self, position: int) -> Entry:
        """The entry with that number, from 0."""
        return Entry(
            position=position,
            custom_id=self.custom_id(position),
            outcome=OUTCOMES[self.outcomes[position]],
            stop_reason=STOP_REASONS[self.stops[position]],
            error_type=self.error_types[self.errors[position]],
            input_tokens=self.input_tokens[position],
            output_tokens=self.output_tokens[position],
            offset=self.offsets[position],
            length=self.lengths[position],
        )

    def custom_id(self, position: int) -> str:
        """The id of an entry; empty where its line has none."""
        start = self.id_starts[position]
        return self.ids[start : self.ids.index(b"\n", start)].decode()

    def all_ids(self) -> list[str]:
        """Every custom_id in file order."""
        return self.ids[1:-1].decode().split("\n") if self.count else []

    def outcome_counts(self) -> dict[Outcome, int]:
        """How many entries there are of each outcome."""
        return {outcome: self.outcomes.count(number) for number, outcome in enumerate(OUTCOMES)}

    def save(self, results: Path) -> None:
        """Write the index beside its results file."""
        stat = results.stat()
        head = _Head(
            _VERSION,
            stat.st_size,
            stat.st_mtime_ns,
            self.count,
            len(self.ids),
            self.error_types,
            sys.byteorder,
        )
        with written_whole(index_path(results)) as file:
            file.write(msgspec.json.encode(head) + b"\n")
            for column in self._columns():
                file.write(column)

    def _columns(self) -> tuple[Any, ...]:
        return (
            self.offsets,
            self.id_starts,
            self.lengths,
            self.input_tokens,
            self.output_tokens,
            self.errors,
            self.outcomes,
            self.stops,
            self.classes,
            self.ids,
        )

    def _add(self, line: bytes) -> None:
        stripped = line.strip()
        if not stripped:
            return
        outcome, stop, error, tokens_in, tokens_out, empty = _UNPARSED, 0, 0, 0, 0, True
        try:
            parsed = self._decode(stripped)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            custom_id = _id_of(stripped)
        else:
            custom_id = parsed.custom_id
            result = parsed.result
            outcome = _OUTCOME_NUMBERS.get(result.type, _UNPARSED)
            if result.message is not None:
                stop = _STOP_NUMBERS.get(result.message.stop_reason or "", _OTHER_STOP)
                empty = _is_empty(result.message.content)
                if (usage := result.message.usage) is not None:
                    tokens_in = (
                        (usage.input_tokens or 0)
                        + (usage.cache_creation_input_tokens or 0)
                        + (usage.cache_read_input_tokens or 0)
                    )
                    tokens_out = usage.output_tokens or 0
            if result.error is not None and result.error.error is not None:
                error = self._error_number(result.error.error.type)
        self.offsets.append(self._position)
        self.lengths.append(len(line))
        self.stops.append(stop)
        self.classes.append(_CLASS_NUMBERS[outcome, stop, empty])
        self.errors.append(error)
        self.input_tokens.append(min(max(tokens_in, 0), _MOST_TOKENS))
        self.output_tokens.append(min(max(tokens_out, 0), _MOST_TOKENS))
        self.id_starts.append(len(self.ids))
        self.ids += custom_id.encode("utf-8", "replace").replace(b"\n", b" ") + b"\n"
        self.outcomes.append(outcome)
        self.count += 1

    def _error_number(self, error_type: str) -> int:
        number = self._error_numbers.get(error_type)
        if number is None:
            if len(self.error_types) >= _MOST_ERROR_TYPES:
                return 0
            number = self._error_numbers[error_type] = len(self.error_types)
            self.error_types.append(error_type)
        return number


def load_index(results: Path) -> ResultsIndex | None:
    """The index beside a results file, or None where there is none that fits."""
    try:
        stat = results.stat()
        with index_path(results).open("rb") as file:
            head = msgspec.json.decode(file.readline(), type=_Head)
            if (head.version, head.size, head.modified_ns, head.byteorder) != (
                _VERSION,
                stat.st_size,
                stat.st_mtime_ns,
                sys.byteorder,
            ):
                return None
            index = ResultsIndex()
            for column in (
                index.offsets,
                index.id_starts,
                index.lengths,
                index.input_tokens,
                index.output_tokens,
                index.errors,
            ):
                column.fromfile(file, head.count)
            index.outcomes = bytearray(file.read(head.count))
            index.stops = bytearray(file.read(head.count))
            index.classes = bytearray(file.read(head.count))
            index.ids = bytearray(file.read(head.id_bytes))
    except (OSError, EOFError, ValueError):  # msgspec errors are ValueErrors too
        return None
    if len(index.classes) != head.count or len(index.ids) != head.id_bytes:
        return None
    index.error_types = head.error_types
    index.count = head.count
    return index


def index_path(results: Path) -> Path:
    """Where the index of a results file is."""
    return results.with_name(results.name + ".index")


_decode_blocks = msgspec.json.Decoder(list[_Block] | None).decode


def _is_empty(content: msgspec.Raw) -> bool:
    """True where an answer holds nothing but blank text and thinking; content of an unknown shape is not empty."""
    if not bytes(content):
        return True
    try:
        blocks = _decode_blocks(content) or ()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return all(
        block.type in ("thinking", "redacted_thinking")
        or (block.type == "text" and not (block.text or "").strip())
        for block in blocks
    )


def _id_of(line: bytes) -> str:
    """The custom_id of a line whose rest cannot be read, or nothing."""
    try:
        return msgspec.json.decode(line, type=_OnlyId).custom_id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
