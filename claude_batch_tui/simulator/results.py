"""The results file of a batch: made while it is read for the first time, the same bytes every time.

What was read to its end is kept in the simulator's folder, and a second download is as fast as the disk.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final

import msgspec

from claude_batch_tui.simulator.answers import Asked, token
from claude_batch_tui.simulator.batch import SimulatedBatch
from claude_batch_tui.simulator.fates import Fate
from claude_batch_tui.simulator.params import Rejection, read
from claude_batch_tui.simulator.rows import ELEMENT

CHUNK_BYTES: Final = 512 * 1024
_BLOCK: Final = 256

_SUCCEEDED: Final = b'{"custom_id":"%b","result":{"type":"succeeded","message":%b}}\n'
_ERRORED: Final = (
    b'{"custom_id":"%b","result":{"type":"errored","error":{"type":"error","error":{"type":"%b","message":%b,'
    b'"details":{"error_visibility":"user_facing"}},"request_id":%b}}}\n'
)
_OTHER: Final = b'{"custom_id":"%b","result":{"type":"%b"}}\n'
_FAILURES: Final = ((b"api_error", b'"Internal server error"'), (b"overloaded_error", b'"Overloaded"'))


def chunks(batch: SimulatedBatch, seed: int) -> Iterator[bytes]:
    """The lines of an ended batch in shuffled order, in pieces of about half a megabyte. Blocks: use a thread."""
    end = batch.end()
    order = _shuffled(len(batch), Random(f"{seed}/{batch.id}"))
    decode = ELEMENT.decode
    pending: list[bytes] = []
    size = 0
    with batch.rows.opened() as fetch:
        for index in order:
            element = decode(fetch(index))
            line = _line(batch, index, element.custom_id, bytes(element.params), end.cut, end.rest)
            pending.append(line)
            size += len(line)
            if size >= CHUNK_BYTES:
                yield b"".join(pending)
                pending.clear()
                size = 0
    if pending:
        yield b"".join(pending)


def kept_chunks(batch: SimulatedBatch, seed: int, folder: Path) -> Iterator[bytes]:
    """The same bytes as `chunks`, from the file of an earlier complete reading where there is one."""
    kept = folder / f"{batch.id}.results"
    if kept.exists():
        with kept.open("rb") as file:
            while piece := file.read(CHUNK_BYTES):
                yield piece
        return
    # A name of its own: the same results may be read twice at once, and readings may be given up.
    handle, name = tempfile.mkstemp(dir=folder)
    part = Path(name)
    os.close(handle)
    try:
        for piece in chunks(batch, seed):
            with part.open(
                "ab"
            ) as file:  # not held open between pieces: the reader may never ask for the next one
                file.write(piece)
            yield piece
        part.replace(kept)
    finally:
        part.unlink(missing_ok=True)


def _shuffled(count: int, random: Random) -> Iterator[int]:
    """All indexes in a random order of blocks, each shuffled: neighbours in the file are read together."""
    starts = list(range(0, count, _BLOCK))
    random.shuffle(starts)
    for start in starts:
        block = list(range(start, min(start + _BLOCK, count)))
        random.shuffle(block)
        yield from block


def _line(batch: SimulatedBatch, index: int, custom_id: str, raw: bytes, cut: int, rest: Fate) -> bytes:
    draw = batch.draw
    digest = draw.digest(custom_id)
    name = custom_id.encode()
    if digest[0] >= cut:
        return _OTHER % (name, rest.name.lower().encode())
    request = read(raw, batch.rules)
    if isinstance(request, Rejection):
        return _ERRORED % (name, request.kind.encode(), msgspec.json.encode(request.message), b"null")
    fate = draw.fate(custom_id, digest)
    if fate is Fate.ERRORED:
        kind, message = _FAILURES[digest[13] % 2]
        return _ERRORED % (name, kind, message, b'"workerreq_01%b"' % token(digest))
    if fate > Fate.ERRORED:
        return _OTHER % (name, fate.name.lower().encode())
    asked = Asked(request[0], raw, request[1], digest)
    return _SUCCEEDED % (
        name,
        asked.message(
            tier=b"batch",
            refused=fate is Fate.REFUSED,
            thinks=draw.thinks(digest),
            prepared=batch.rows.answer(index),
        ),
    )
