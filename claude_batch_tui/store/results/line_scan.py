"""Where the lines of a block are, with their ids and outcomes, found in the raw bytes of all lines at once.

A line that begins as the API writes it, `{"custom_id":"…","result":{"type":"…"`, or as `json.dumps` does, with a blank
after each colon and comma, and that ends with a brace is understood by its first bytes. Every other line is marked
odd, to be read exactly.
Whether the rest of a line is whole JSON is not known here.

The need: ids and outcomes of a large file within four times of `wc -l`. Of 100,000 lines of 2.4 kB they take 0.11 s of
the processor here, and 0.38 s where every line is decoded. That is the plain way (`ResultsIndex.add_exactly`, on
`domain.results.line`), which small files and odd lines take, and which the tests compare this with.

Importing this module imports numpy (60 to 90 ms): do it late.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from claude_batch_tui.domain.results.line import read_line
from claude_batch_tui.store.results.columns import OUTCOME_NUMBERS, UNPARSED, id_bytes, outcome_numbers

MARGIN: Final = 256
"""Bytes a buffer must have beyond the block, because words are read behind the last line."""
_NEWLINE, _RETURN, _QUOTE, _BACKSLASH, _BRACE = 10, 13, 34, 92, 125
_LOWEST_OF_ID: Final = 45
"""The first of `-`, digits, letters and `_`: a byte below it ends the id, or makes the line odd."""
_NARROW, _WIDE = 32, 80
_MANY_LINES: Final = 4_000
"""Lines in a megabyte from which one pass over the bytes finds newlines faster than one search a line."""

_Bytes = NDArray[np.uint8]
_Places = NDArray[np.int64]


class Scanned(NamedTuple):
    """The entries of a block, blank lines left out; `ids` holds an id for each, ended by a newline.

    `odd` numbers those that were read one by one.
    """

    starts: _Places
    ends: _Places
    outcomes: bytes
    ids: bytes
    odd: list[int]

    def offsets(self, position: int) -> bytes:
        """Where the lines begin in the file, as unsigned 64-bit numbers, for a block at `position`."""
        return (self.starts + position).astype(np.uint64).tobytes()

    def lengths(self) -> bytes:
        """Bytes of each line without its newline, as unsigned 32-bit numbers."""
        return (self.ends - self.starts).astype(np.uint32).tobytes()

    def id_starts(self, position: int) -> bytes:
        """Where the ids begin, as unsigned 64-bit numbers, when `ids` is put at `position`."""
        newlines = np.flatnonzero(np.frombuffer(self.ids, np.uint8) == _NEWLINE)
        starts = np.empty(len(newlines), np.uint64)
        starts[:1] = position
        starts[1:] = newlines[:-1] + (position + 1)
        return starts.tobytes()


class _Style(NamedTuple):
    """How a writer puts the beginning of a line, around id and outcome."""

    head: bytes
    middle: bytes


_STYLES: Final = (
    _Style(b'{"custom_id":"', b'","result":{"type":"'),
    _Style(b'{"custom_id": "', b'", "result": {"type": "'),
)


class Scanner:
    """Scans one block after the other; learns how long ids are and how lines are written."""

    def __init__(self) -> None:
        self._style = _STYLES[0]
        self._width = _NARROW
        self._density = 0.0

    def scan(self, buffer: bytearray, size: int) -> Scanned:
        """The lines in the first `size` bytes, which end with a newline; the buffer is longer by MARGIN."""
        data = np.frombuffer(buffer, np.uint8)
        ends = self._newlines(buffer, data, size)
        starts = np.empty_like(ends)
        starts[0] = 0
        np.add(ends[:-1], 1, out=starts[1:])
        for style in (self._style, *(other for other in _STYLES if other is not self._style)):
            found, odd = self._styled(buffer, data, starts, ends, style)
            if not odd.all():
                self._style = style
                break
        if not odd.any():
            return Scanned(starts, ends, found.outcomes.tobytes(), found.ids, [])
        return _with_odd_lines(buffer, starts, ends, found, odd)

    def _newlines(self, buffer: bytearray, data: _Bytes, size: int) -> _Places:
        if self._density > _MANY_LINES:
            ends = np.flatnonzero(data[:size] == _NEWLINE)
        else:
            places: list[int] = []
            add, find = places.append, buffer.find
            place = find(b"\n", 0, size)
            while place >= 0:
                add(place)
                place = find(b"\n", place + 1, size)
            ends = np.array(places, np.int64)
        self._density = len(ends) / size * (1 << 20)
        return ends

    def _styled(
        self, buffer: bytearray, data: _Bytes, starts: _Places, ends: _Places, style: _Style
    ) -> tuple[_Found, NDArray[np.bool_]]:
        words = np.ndarray((len(data) - 7,), "<u8", buffer, strides=(1,))
        fits = _says(words, starts, style.head) & _ends_with_brace(data, starts, ends)
        found = _after_head(buffer, data, words, starts, style, self._width)
        if self._width < _WIDE and fits.any() and not (found.odd <= ~fits).all():
            wide = _after_head(buffer, data, words, starts, style, _WIDE)
            if wide.odd.sum() < found.odd.sum():
                self._width, found = _WIDE, wide
        # A line shorter than its beginning must not borrow from the next one.
        return found, found.odd | ~fits | (found.reach > ends)


class _Found(NamedTuple):
    outcomes: _Bytes
    odd: NDArray[np.bool_]
    reach: _Places
    ids: bytes


def _after_head(
    buffer: bytearray,
    data: _Bytes,
    words: NDArray[np.uint64],
    starts: _Places,
    style: _Style,
    width: int,
) -> _Found:
    """Id and outcome of every line, taken that it begins with the style's head and its id is shorter than `width`."""
    begins = starts + len(style.head)
    windows = np.ndarray((len(data) - width + 1, width), np.uint8, buffer, strides=(1, 1))
    ids = windows[begins]
    lengths = (ids < _LOWEST_OF_ID).argmax(1)
    id_ends = begins + lengths
    odd = ~_says(words, id_ends, style.middle)
    types = id_ends + len(style.middle)
    outcomes = np.full(len(starts), UNPARSED, np.uint8)
    reach = types
    for name, number in OUTCOME_NUMBERS.items():
        says = _says(words, types, name.encode() + b'"')
        outcomes[says] = number
        reach = reach + says * (len(name) + 1)
    odd |= outcomes == UNPARSED
    np.put_along_axis(ids, lengths[:, None], _NEWLINE, 1)
    blob = ids[np.arange(width) <= lengths[:, None]].tobytes()
    if b"\\" in blob or not blob.isascii():
        # An escape or a letter of many bytes in an id: rare, and a mask of its own.
        inside = np.arange(width) < lengths[:, None]
        odd |= (((ids >= 128) | (ids == _BACKSLASH)) & inside).any(1)
    return _Found(outcomes, odd, reach, blob)


def _with_odd_lines(
    buffer: bytearray, starts: _Places, ends: _Places, found: _Found, odd: NDArray[np.bool_]
) -> Scanned:
    """The same with every odd line read one by one, and blank ones left out."""
    ids, outcomes = found.ids.split(b"\n"), bytearray(found.outcomes)
    kept = np.ones(len(starts), np.bool_)
    for at in np.flatnonzero(odd).tolist():
        raw = bytes(memoryview(buffer)[starts[at] : ends[at]])
        if raw.strip():
            line = read_line(raw)
            ids[at], outcomes[at] = id_bytes(line), outcome_numbers([line])[0]
        else:
            kept[at] = False
    if not kept.all():
        ids = [custom_id for custom_id, is_kept in zip(ids, kept, strict=False) if is_kept]
        ids.append(b"")
        outcomes = bytearray(np.frombuffer(outcomes, np.uint8)[kept])
    return Scanned(
        starts[kept], ends[kept], bytes(outcomes), b"\n".join(ids), np.flatnonzero(odd[kept]).tolist()
    )


def _says(words: NDArray[np.uint64], places: _Places, text: bytes) -> NDArray[np.bool_]:
    """Where the bytes at `places` are `text`, of at least eight bytes, compared eight at a time."""
    fits: NDArray[np.bool_] = words[places] == _word(text[:8])
    for at in range(8, len(text), 8):
        at = min(at, len(text) - 8)  # noqa: PLW2901 — the last eight overlap those before
        fits &= words[places + at] == _word(text[at : at + 8])
    return fits


def _word(text: bytes) -> np.uint64:
    return np.uint64(int.from_bytes(text, "little"))


def _ends_with_brace(data: _Bytes, starts: _Places, ends: _Places) -> NDArray[np.bool_]:
    last = data[np.maximum(ends - 1, starts)]
    before = data[np.maximum(ends - 2, starts)]
    ends_so: NDArray[np.bool_] = (last == _BRACE) | ((last == _RETURN) & (before == _BRACE))
    return ends_so
