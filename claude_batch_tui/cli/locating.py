"""Where the results are that a word on the command line means: a file, or batches, downloaded where they are not here."""

from __future__ import annotations

import asyncio

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.exporting import Found
from claude_batch_tui.cli.results_word import results_file


def located(word: str, context: Context) -> list[Found]:
    """The results files that a path, a batch id, a run or a name means."""
    path = results_file(word)
    if path is not None:
        return [Found(path, path.name.removesuffix(".gz").removesuffix(".jsonl"), path.name)]
    return asyncio.run(_of_batches(word, context))


async def _of_batches(word: str, context: Context) -> list[Found]:
    from claude_batch_tui.cli.commands.results import found_results  # late: that command uses this module
    from claude_batch_tui.runtime import open_runtime  # late, as the SDK is

    async with open_runtime(context.config) as runtime:
        return await found_results(word, context, runtime)
