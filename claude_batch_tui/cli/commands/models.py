"""`cbtui models`: what is known of the models and of their prices, from when that is, and both brought up to date."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from claude_batch_tui.cli.command import Context, run_to_end
from claude_batch_tui.cli.diagnostics import ExitCode

# Imports within functions are late because the parser and --help need none of them.

if TYPE_CHECKING:
    from claude_batch_tui.domain.money.pricing import PriceTable
    from claude_batch_tui.domain.requests.models import ModelRules, Models


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--refresh", action="store_true", help="ask the API for its models now (free)")
    parser.add_argument(
        "--prices",
        metavar="FILE",
        type=Path,
        help="take the prices of this file from now on: TOML as `prices.toml`, or - for stdin; the file before it is kept",
    )
    parser.add_argument("--json", action="store_true", help="a JSON line for every model")
    parser.epilog = (
        "Context and answers are in tokens, prices in US dollars per million tokens in a batch. The models are the API's\n"
        "own list where it was asked within 30 days, else a built-in table; prices come from a built-in table and\n"
        "`prices.toml` of the config folder, whose rows go first."
    )


def run(args: argparse.Namespace, context: Context) -> int:
    """Refresh what is asked for, then show the tables."""
    from claude_batch_tui.services.building.models import known_models, read_prices, take_prices
    from claude_batch_tui.store.workspaces import hint_of

    if args.prices is not None:
        taken, before = take_prices(context.config, args.prices)
        kept = f"; the prices before are in {before}" if before else ""
        context.diagnostics.note(f"{taken} models priced from {args.prices}{kept}.")
    if args.refresh:
        run_to_end(_refresh(context))
    hint = hint_of(context.config, os.environ)
    models = known_models(context.config.data_dir, hint, datetime.now(UTC))
    prices = read_prices(context.config)
    if args.json:
        for name, rules in _rows(models, prices):
            context.output.json(_as_json(name, rules, models, prices))
    else:
        context.output.lines(_lines(models, prices))
    return ExitCode.GOOD


async def _refresh(context: Context) -> None:
    from claude_batch_tui.runtime import open_api
    from claude_batch_tui.services.building.models import ask_models
    from claude_batch_tui.store.workspaces import hint_of

    api = await open_api(context.config)
    try:
        hint = hint_of(context.config, os.environ)
        found = await ask_models(api, context.config.data_dir, hint, datetime.now(UTC))
        context.diagnostics.note(f"The API named {len(found)} models.")
    finally:
        await api.close()


def _rows(models: Models, prices: PriceTable) -> Iterator[tuple[str, ModelRules | None]]:
    """Every model once, by its first name: those of the list, then those that have a price alone."""
    shown: set[str] = set()
    for name, rules in models.by_name.items():
        if name not in shown:
            yield name, rules
            shown |= {name, *rules.ids}
    for price in prices.model:
        for name in price.ids:
            if models.find(name) is None and name not in shown:
                shown.add(name)
                yield name, None


def _lines(models: Models, prices: PriceTable) -> Iterator[str]:
    from claude_batch_tui.wording.values import money

    yield f"{'model':<28} {'context':>9} {'answer':>8} {'in':>8} {'out':>8}  {'priced':<10}  lifecycle"
    for name, rules in _rows(models, prices):
        price = prices.find(name)
        dollars = (
            ("no price", "", "")
            if price is None
            else (
                money(price.input * prices.batch_factor),
                money(price.output * prices.batch_factor),
                str(price.as_of),
            )
        )
        context = f"{rules.context:,}" if rules is not None and rules.context else "?"
        answer = f"{rules.max_tokens:,}" if rules is not None and rules.max_tokens else "?"
        yield (
            f"{name:<28} {context:>9} {answer:>8} {dollars[0]:>8} {dollars[1]:>8}  {dollars[2]:<10}  {_life(rules)}"
        )
    yield f"models: {models.source} · prices as of {prices.as_of}"


def _life(rules: ModelRules | None) -> str:
    if rules is None:
        return "not in the list"
    retires = f", retires on {rules.retires}" if rules.retires and rules.lifecycle == "deprecated" else ""
    return f"{rules.lifecycle}{retires}"


def _as_json(name: str, rules: ModelRules | None, models: Models, prices: PriceTable) -> dict[str, object]:
    price = prices.find(name)
    return {
        "model": name,
        "ids": list(rules.ids) if rules else [name],
        "context": rules.context if rules else None,
        "max_tokens": rules.max_tokens if rules else None,
        "min_cached_tokens": rules.min_cached_tokens if rules else None,
        "efforts": rules.efforts if rules else None,
        "lifecycle": rules.lifecycle if rules else None,
        "retires": rules.retires.isoformat() if rules and rules.retires else None,
        "batch_input": price.input * prices.batch_factor if price else None,
        "batch_output": price.output * prices.batch_factor if price else None,
        "price_as_of": price.as_of.isoformat() if price else None,
        "models_as_of": models.as_of.isoformat(),
        "prices_as_of": prices.as_of.isoformat(),
    }
