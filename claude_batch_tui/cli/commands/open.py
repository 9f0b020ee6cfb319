"""`cbtui open FILE|ID`: the dashboard with results open at once."""

from __future__ import annotations

import argparse

from claude_batch_tui.cli.command import Context, Dashboard, run_to_end
from claude_batch_tui.cli.lookup import resolve_one, retrieve
from claude_batch_tui.cli.results_files import is_results_folder, results_path
from claude_batch_tui.errors import ResultsUnavailableError, SourceError


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "id",
        metavar="FILE|ID",
        help="a results file, plain or gzipped, whoever made it, or the folder of a job; or a batch or its name",
    )


def run(args: argparse.Namespace, context: Context) -> int:
    """Open the dashboard."""
    path = results_path(args.id)
    if path is not None:
        if not path.is_file() and not is_results_folder(path):
            raise SourceError(f"There is no file {path}.")
        return context.open_dashboard(Dashboard(context.config, results=path))
    batch_id = run_to_end(_ended(args.id, context))
    return context.open_dashboard(Dashboard(context.config, batch_id=batch_id))


async def _ended(word: str, context: Context) -> str:
    """The id of the batch a word means; the API is asked where its results are not on this machine."""
    from claude_batch_tui.runtime import open_runtime  # late, as the SDK is
    from claude_batch_tui.wording.batches import progress_words

    async with open_runtime(context.config, patience=context.patience) as runtime:
        found = await resolve_one(word, runtime)
        if found.results.value == "none":
            found = await retrieve(found.id, runtime)
        if not found.batch.has_ended:
            raise ResultsUnavailableError(
                f"{found.title} has not ended: {progress_words(found.batch, runtime.now())}. "
                f"Results can be read when it has; `cbtui watch {found.id}` waits for that."
            )
        return found.id
