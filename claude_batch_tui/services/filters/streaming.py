"""A results file that is filtered while it is read: entries as soon as they are known, in the order of the file."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

from claude_batch_tui.domain.filters.tree import Filter
from claude_batch_tui.domain.money.pricing import PriceTable
from claude_batch_tui.errors import SourceError
from claude_batch_tui.services.filters.finding import Finder
from claude_batch_tui.services.results.costs import EntryCosts
from claude_batch_tui.services.results.schema_validation import Sent, validate_schemas
from claude_batch_tui.store.results.file import ResultsFile
from claude_batch_tui.store.results.opening import opening

_FIRST_BYTES = 1 << 16
_MOST_BYTES = 1 << 25


class StreamingFilter:
    """An open results file whose index is made as entries are asked for.

    Where it has one already, or `sent` says what schemas were asked for, that is all done at the start. `on_step` hears
    how far it is. Raises SourceError with what to do.
    """

    def __init__(self, path: Path, cache: Path, sent: Sent, on_step: Callable[[ResultsFile], None]) -> None:
        self._steps = opening(path, cache, in_order=True)
        self._on_step = on_step
        results = next(self._steps, None)
        if results is None:
            raise SourceError(f"{path} could not be read.")
        self.results = results
        if results.index.complete or sent.files:
            self.read()
            validate_schemas(self.results, sent, cache)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._steps.close()
        self.results.close()

    @property
    def is_good(self) -> bool:
        """Whether all entries read so far are truly good."""
        index = self.results.index
        return index.class_counts().get("complete", 0) == index.described

    def read(self) -> None:
        """Read what is left."""
        for step in self._steps:
            if step is not self.results:
                self.results.close()
                self.results = step
            self._on_step(step)

    def found(self, wanted: Filter | None, prices: PriceTable) -> Iterator[array[int]]:
        """The positions a filter lets through, as they become known; what has to be read for them is read."""
        finder = Finder(self.results, EntryCosts(self.results.index, prices))
        given, at, size = 0, 0, _FIRST_BYTES
        while True:
            for found in finder.find(wanted):
                fresh = found.positions[given:]
                given += len(fresh)
                if fresh:
                    yield fresh
            if self.results.index.complete:
                self.read()  # what is left of it is to keep the index
                return
            at, size = at + size, min(size * 2, _MOST_BYTES)
            for step in self._steps:
                self._on_step(step)
                if step.index.complete or _end(step) >= at:
                    break


def _end(results: ResultsFile) -> int:
    """Bytes of the file whose entries are described."""
    index = results.index
    return index.offsets[index.described - 1] if index.described else 0
