"""What the results screen compares: two marked entries, or its file with another one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from claude_batch_tui.domain.batches.tracked import Snapshot
from claude_batch_tui.domain.money.pricing import PriceTable
from claude_batch_tui.engine.engine import Engine
from claude_batch_tui.engine.together import Together
from claude_batch_tui.errors import SourceError
from claude_batch_tui.services.results.compare import Comparison, compare, compare_entries
from claude_batch_tui.store.results.file import ResultsFile
from claude_batch_tui.store.results.opening import open_indexed
from claude_batch_tui.tui.results.compare import CompareScreen


def of_entries(results: ResultsFile, first: int, second: int, prices: PriceTable | None) -> CompareScreen:
    """Two entries of a file."""
    own = results.duplicate()

    def making() -> Iterator[Comparison]:
        yield compare_entries(own, first, second, prices)

    return CompareScreen(results.index.custom_id(first), results.index.custom_id(second), making)


def of_files(
    results: ResultsFile, title: str, other: Path, cache: Path, prices: PriceTable | None
) -> CompareScreen:
    """A file and another one, joined by custom_id; `cache` keeps the index of files that are not ours."""
    own = results.duplicate()

    def making() -> Iterator[Comparison]:
        try:
            right = open_indexed(other, cache)
        except SourceError:
            own.close()
            raise
        yield from compare(own, right, prices=prices)

    return CompareScreen(title, other.name, making)


def results_called(word: str, snapshot: Snapshot, engine: Engine | Together) -> Path | str:
    """The results file that a path, a batch id or a name means; else a sentence on what to do."""
    path = Path(word).expanduser()
    if "/" in word or path.is_file():
        return path if path.is_file() else f"There is no file {path}."
    named = [tracked for tracked in snapshot.batches if word in (tracked.id, tracked.name)]
    if not named:
        return f"No batch is called {word}: type its name, its id, or the path of a file."
    if len(named) > 1:
        return f"{len(named)} batches are called {word}: type the id of one."
    found = engine.read_results(named[0].id)
    if found is None:
        return f"The results of {word} are not on this machine: open them once on Batches."
    return found
