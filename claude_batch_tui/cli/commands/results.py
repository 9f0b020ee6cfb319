"""`cbtui results ID|FILE`: read or save results; downloads them first where they are not on this machine."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.exporting import STDOUT, Found, add_options, chosen_format, write
from claude_batch_tui.cli.results_word import results_file

if TYPE_CHECKING:
    from claude_batch_tui.domain.tracked import TrackedBatch
    from claude_batch_tui.runtime import Runtime

SUMMARY = "Read or save the results of a batch, or a results file."


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("id", metavar="ID|FILE", help="a batch, a run, a name, or a results file")
    parser.add_argument("-o", "--output", metavar="FILE", default=STDOUT, help="write here; - is stdout")
    add_options(parser)


def run(args: argparse.Namespace, context: Context) -> int:
    """Read the results."""
    return written(args, context)


def written(args: argparse.Namespace, context: Context) -> int:
    """Find the results, downloading what is not here, and write them; the exit code."""
    from claude_batch_tui.domain.filtering import parse  # late: --help needs none of it
    from claude_batch_tui.services.export_target import Options, check_target

    form = chosen_format(args, args.output, context)
    parse(args.where or "")  # what cannot be understood or written is said before anything is downloaded
    if args.output != STDOUT:
        check_target(
            Path(args.output).expanduser(), Options(form, force=args.force), ", or replace it with --force"
        )
    path = results_file(args.id)
    if path is not None:
        found = [Found(path, path.name.removesuffix(".gz").removesuffix(".jsonl"), path.name)]
    else:
        found = asyncio.run(_of_batches(args.id, context))
    return write(found, form, args.output, args, context)


async def _of_batches(word: str, context: Context) -> list[Found]:
    from claude_batch_tui.runtime import open_runtime  # late, as the SDK is

    async with open_runtime(context.config) as runtime:
        return await found_results(word, context, runtime)


async def found_results(
    word: str, context: Context, runtime: Runtime, *, ended_only: bool = False
) -> list[Found]:
    """The results of all batches that `word` means, downloaded where they are not here.

    Raises ResultsUnavailableError where one has not ended; with `ended_only` where none of several has.
    """
    from claude_batch_tui.errors import ResultsUnavailableError

    found: list[Found] = []
    batches = await runtime.resolve_all(word)
    for tracked in batches:
        path = runtime.results_file(tracked.id)
        if path is None or path.suffix == ".incomplete":
            try:
                path = await _download(tracked, runtime, context)
            except ResultsUnavailableError as error:
                if not ended_only or len(batches) == 1:
                    raise
                context.diagnostics.note(f"{error} It is left out.")
                continue
        found.append(Found(path, tracked.id, tracked.title, runtime.rows_path(tracked.id)))
    if not found:
        raise ResultsUnavailableError(f"No batch of {word} has results yet.")
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
