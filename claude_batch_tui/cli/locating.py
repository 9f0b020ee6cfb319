"""Where the results are that words on the command line mean: files, or batches, downloaded where they are not here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from claude_batch_tui.cli.command import Context, run_to_end
from claude_batch_tui.cli.exporting import Found

if TYPE_CHECKING:
    from claude_batch_tui.domain.batches.tracked import Download, TrackedBatch
    from claude_batch_tui.runtime import Runtime

_ENDINGS = (".jsonl", ".gz", ".incomplete", ".ndjson")


def results_file(word: str) -> Path | None:
    """The file a word means, or None where it means a batch, a run or a name."""
    path = Path(word).expanduser()
    return path if "/" in word or word.endswith(_ENDINGS) or path.is_file() else None


def located(words: Sequence[str], context: Context) -> list[Found]:
    """The results files that paths, batch ids, runs and names mean: files first, no batch twice."""
    files = {word: results_file(word) for word in words}
    others = [word for word, path in files.items() if path is None]
    of_files = [
        Found(path, path.name.removesuffix(".gz").removesuffix(".jsonl"), path.name)
        for path in files.values()
        if path is not None
    ]
    return [*of_files, *(run_to_end(_of_batches(others, context)) if others else ())]


async def _of_batches(words: Sequence[str], context: Context) -> list[Found]:
    from claude_batch_tui.runtime import open_runtime  # late, as the SDK is

    found: dict[str, Found] = {}
    async with open_runtime(context.config) as runtime:
        for word in words:
            found |= {one.batch_id: one for one in await found_results(word, context, runtime)}
    return list(found.values())


async def found_results(
    word: str, context: Context, runtime: Runtime, *, ended_only: bool = False
) -> list[Found]:
    """The results of all batches that `word` means, downloaded where they are not here.

    Raises ResultsUnavailableError where one has not ended; with `ended_only` where none of several has. Raises StoreError
    where another process is just downloading or reading one.
    """
    from claude_batch_tui.errors import ResultsUnavailableError

    found: list[Found] = []
    batches = await runtime.resolve_all(word)
    for tracked in batches:
        if runtime.is_unread(tracked):
            await _followed(tracked, runtime.settle(tracked, lambda: False), context)
        path = runtime.read_results(tracked.id)
        if path is None or path.suffix == ".incomplete":
            try:
                path = await _download(tracked, runtime, context)
            except ResultsUnavailableError as error:
                if not ended_only or len(batches) == 1:
                    raise
                context.diagnostics.note(f"{error} It is left out.")
                continue
        found.append(
            Found(
                path,
                tracked.id,
                tracked.title,
                runtime.rows_path(tracked.id),
                runtime.asked([tracked.id]).files,
            )
        )
    if not found:
        raise ResultsUnavailableError(f"No batch of {word} has results yet.")
    return found


async def _download(tracked: TrackedBatch, runtime: Runtime, context: Context) -> Path:
    from claude_batch_tui.errors import ResultsUnavailableError, VerificationError
    from claude_batch_tui.wording import progress_words

    fresh = await runtime.retrieve(tracked.id)
    if not fresh.batch.has_ended:
        raise ResultsUnavailableError(
            f"{fresh.title} has not ended: {progress_words(fresh.batch, runtime.now())}. "
            f"Results can be read when it has; `cbtui watch {fresh.id}` waits for that."
        )
    await _followed(fresh, runtime.download(fresh, lambda: False), context)
    path = runtime.read_results(fresh.id)
    if path is None:
        raise VerificationError(f"The results of {fresh.id} could not be kept.")
    return path


async def _followed(tracked: TrackedBatch, updates: AsyncIterator[Download], context: Context) -> None:
    """Say how far a download is, and what is wrong with what it left."""
    from claude_batch_tui.domain.batches.tracked import DownloadState
    from claude_batch_tui.wording import reading_words, size

    async for update in updates:
        here = size(update.bytes_done)
        if update.state is DownloadState.READING:
            context.diagnostics.progress(f"{here}, {reading_words(update)}")
            continue
        context.diagnostics.progress(
            f"{here}, {update.lines:,} of {update.lines_expected or 0:,} results, "
            f"{size(int(update.bytes_per_second))}/s"
        )
        if update.state is DownloadState.PROBLEMS:
            context.diagnostics.error(f"{tracked.title}: {update.error}")
