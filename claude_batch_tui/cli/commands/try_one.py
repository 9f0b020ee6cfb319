"""`cbtui try FILE --row N`: send one request at once, outside of any batch, and show the answer. This is paid."""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.diagnostics import ExitCode


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("file", metavar="FILE", type=Path, help="a requests file, as `cbtui build` makes it")
    parser.add_argument("--row", metavar="N", type=int, default=1, help="which request, from 1 (1)")
    parser.add_argument("--yes", action="store_true", help="agree to the cost without being asked")
    parser.add_argument("--json", action="store_true", help="the message as the API sent it")
    parser.epilog = "It costs the standard price, twice that of a batch, and is sent once: a lost answer is not asked for again."


async def run(args: argparse.Namespace, context: Context) -> int:
    """Try."""
    from claude_batch_tui.runtime import open_runtime  # late: --help needs none of it
    from claude_batch_tui.services.building.models import read_prices
    from claude_batch_tui.services.building.recipes import recipe_beside
    from claude_batch_tui.services.building.trying import request_at, trial, tried
    from claude_batch_tui.services.results.browse import first_words
    from claude_batch_tui.services.submitting.limit import require_within_limit
    from claude_batch_tui.wording.costs import cost_words
    from claude_batch_tui.wording.results import tried_words

    prices = read_prices(context.config)
    async with open_runtime(context.config, patience=context.patience) as runtime:
        request = request_at(args.file, args.row)
        chosen = trial(request, prices, f"{args.file}, request {args.row}")
        at_most = chosen.forecast.at_most
        require_within_limit(at_most.total, store=runtime.store, config=context.config, now=runtime.now())
        api = await runtime.connect()
        question = (
            f"Send request {args.row} ({chosen.custom_id}) at once for {cost_words(at_most)}, the "
            f"standard price, with {api.credential} at {api.base_url}? This is paid."
        )
        if not context.confirm(question, yes=args.yes):
            return ExitCode.USAGE
        recipe = recipe_beside(args.file)
        answer = await tried(
            chosen,
            api=api,
            store=runtime.store,
            prices=prices,
            betas=recipe.betas if recipe else (),
            now=runtime.now,
        )
    if args.json:
        context.output.json(msgspec.Raw(answer.message))
    else:
        context.output.line(answer.result.text or first_words(answer.result))
    context.diagnostics.note(tried_words(answer))
    return ExitCode.GOOD
