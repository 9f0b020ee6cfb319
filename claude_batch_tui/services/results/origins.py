"""Entries of an open file as those of the batches they came from: of a run each in the file of its own batch."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from claude_batch_tui.store.results.file import ResultsFile
from claude_batch_tui.store.results.opening import open_indexed


class BatchEntries(NamedTuple):
    """The results of a batch, and the positions in them that are meant."""

    batch_id: str
    results: ResultsFile
    positions: Sequence[int]


def entries_by_batch(
    results: ResultsFile, batch_ids: Sequence[str], positions: Sequence[int], cache: Path, stack: ExitStack
) -> list[BatchEntries]:
    """These positions of the results of a batch or of a run, by batch, oldest first; batches that none is of stay in.

    The files stay open until the stack is closed. For a thread. Raises SourceError where one cannot be read.
    """
    run = results.run
    if run is None:
        return [BatchEntries(batch_ids[0], stack.enter_context(results.duplicate()), positions)]
    import numpy as np  # late: 60 to 90 ms

    from claude_batch_tui.store.results.arrays import picked, values  # it imports numpy

    offsets = picked(results.index.offsets, np.array(positions, np.int64)).astype(np.uint64)
    files = np.searchsorted(np.array(results.starts, np.uint64), offsets, side="right") - 1
    found: list[BatchEntries] = []
    for number, (piece, start) in enumerate(zip(run.pieces, results.starts, strict=True)):
        own = stack.enter_context(open_indexed(results.path.parent / piece.name, cache))
        starts = values(own.index.offsets)
        places = np.searchsorted(starts, offsets[files == number] - np.uint64(start))
        found.append(BatchEntries(piece.batch_id, own, sorted(places.tolist())))
    return found
