"""Where the results are that a word on the command line means: a file, or batches, downloaded where they are not here."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.exporting import Found

if TYPE_CHECKING:
    from claude_batch_tui.domain.tracked import TrackedBatch
    from claude_batch_tui.runtime import Runtime


def located(word: str, context: Context) -> list[Found]:
    """The results files that a path, a batch id, a run or a name means."""
    if "/" in word or word.endswith((".jsonl", ".gz", ".incomplete")):
        path = Path(word)
        return [Found(path, path.name.removesuffix(".gz").removesuffix(".jsonl"), path.name)]
    return asyncio.run(_of_batches(word, context))


async def _of_batches(word: str, context: Context) -> list[Found]:
    from claude_batch_tui.runtime import open_runtime  # late, as the SDK is

    found: list[Found] = []
    async with open_runtime(context.config) as runtime:
        for tracked in await runtime.resolve_all(word):
            path = runtime.results_file(tracked.id)
            if path is None or path.suffix == ".incomplete":
                path = await _download(tracked, runtime, context)
            found.append(Found(path, tracked.id, tracked.title, runtime.rows_path(tracked.id)))
    return found


async def _download(tracked: TrackedBatch, runtime: Runtime, context: Context) -> Path:
    from claude_batch_tui.domain.tracked import DownloadState
    from claude_batch_tui.errors import ResultsUnavailableError, VerificationError
    from claude_batch_tui.wording import progress_words, size

    fresh = await runtime.retrieve(tracked.id)
    if not fresh.batch.has_ended:
        raise ResultsUnavailableError(
            f"{fresh.title} has not ended: {progress_words(fresh.batch, runtime.now())}. "
            f"Results can be read when it has; `cbtui watch {fresh.id}` waits for that."
        )
    async for update in runtime.download(fresh, lambda: False):
        context.diagnostics.progress(
            f"{size(update.bytes_done)}, {update.lines:,} of {update.lines_expected or 0:,} results, "
            f"{size(int(update.bytes_per_second))}/s"
        )
        if update.state is DownloadState.PROBLEMS:
            context.diagnostics.error(f"{fresh.title}: {update.error}")
    path = runtime.results_file(fresh.id)
    if path is None:
        raise VerificationError(f"The results of {fresh.id} could not be kept.")
    return path
