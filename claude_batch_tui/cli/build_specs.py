"""What is to be built: as the command line, a recipe and the settings say it together."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from claude_batch_tui.cli.build_options import KINDS, READY
from claude_batch_tui.cli.command import Context
from claude_batch_tui.errors import ConfigError

# Imports within functions are late because the parser and --help need none of them.

if TYPE_CHECKING:
    from claude_batch_tui.domain.money.pricing import PriceTable
    from claude_batch_tui.domain.requests.models import Models
    from claude_batch_tui.sources.recipe import BuildSpec, Recipe

_READY_FIELDS = ("kind", "path", "script_env", "model", "max_tokens", "set", "clean_ids", "surrogates")


def agreed_recipe(args: argparse.Namespace, context: Context) -> Recipe | None:
    """The recipe, or None where the user does not agree to what it reads."""
    from claude_batch_tui.services.building.recipes import agree_to, files_to_agree_to
    from claude_batch_tui.sources.recipe import read_recipe

    path, state = Path(args.recipe), context.config.state_dir
    recipe = read_recipe(args.recipe)
    own_source = getattr(args, "file", None) is None and args.source is None
    outside = files_to_agree_to(recipe, path, state, source=own_source)
    if outside:
        question = f"The recipe {path} has files outside of its folder read and sent: {', '.join(outside)}."
        if not context.confirm(question, yes=args.trust_recipe, option="--trust-recipe"):
            return None
        agree_to(path, state)
    return recipe


def spec_of(args: argparse.Namespace, context: Context, known: Recipe | None) -> BuildSpec:
    """The build of the recipe, if any, with everything said on the command line over it."""
    from claude_batch_tui.sources.params import merged, read_params, read_schema, read_tools
    from claude_batch_tui.sources.recipe import BuildSpec

    given = {name: getattr(args, name, None) for name in BuildSpec.__struct_fields__}
    given["path"] = getattr(args, "file", None) or args.source
    given["set"] = tuple(given["set"] or ()) or None
    said = {name: value for name, value in given.items() if value is not None and name != "params"}
    start = msgspec.structs.asdict(known.spec) if known else {}
    params = start.get("params", {})
    if args.params:
        params = merged(params, read_params(args.params))
    if args.schema:
        params = merged(params, {"output_config": read_schema(args.schema)})
    if args.tools:
        params = merged(params, {"tools": read_tools(args.tools)})
    spec = start | said | {"params": params}
    if "kind" not in spec or "path" not in spec:
        raise ConfigError(
            f"What is to be built? Say a KIND and a FILE ({', '.join(KINDS)}), or --recipe FILE."
        )
    if spec["kind"] in READY:
        spec |= {
            name: params[name] for name in ("model", "max_tokens") if name in params and name not in said
        }
        return BuildSpec(**{name: spec[name] for name in _READY_FIELDS if name in spec})
    for name in ("model", "max_tokens"):
        # A flag, a recipe and a params file say it for this build; the settings for all.
        where = (said, params, spec, msgspec.structs.asdict(context.config))
        spec[name] = next((found for place in where if (found := place.get(name)) is not None), None)
    set_here = {each.partition("=")[0].strip() for each in spec.get("set") or ()}
    return _completed(BuildSpec(**spec), set_here, context)


def _completed(spec: BuildSpec, set_here: Collection[str], context: Context) -> BuildSpec:
    """The build with a model and a limit for answers: where none is said they are asked for, and remembered.

    Raises ConfigError where nobody can be asked, with the whole line to type.
    """
    missing = [
        name for name in ("model", "max_tokens") if getattr(spec, name) is None and name not in set_here
    ]
    is_there = spec.path == "-" or spec.kind in {"documents", "parquet"} or Path(spec.path).is_file()
    if not missing or not is_there:
        return spec  # the build says which file there is not
    if not sys.stdin.isatty():
        raise ConfigError(_line_to_type(missing, context.argv))
    from claude_batch_tui.services.building.models import known_models, read_prices, remember_defaults
    from claude_batch_tui.store.workspaces import hint_of

    config = context.config
    models = known_models(config.data_dir, hint_of(config, os.environ), datetime.now(UTC))
    model, limit = spec.model, spec.max_tokens
    if "model" in missing:
        model = _asked_model(models, read_prices(config), context)
    if "max_tokens" in missing:
        rules = models.find(model) if model else None
        limit = _asked_limit(rules.ceiling(()) if rules else None, context)
    said = {name: value for name, value in (("model", model), ("max_tokens", limit)) if name in missing}
    file = remember_defaults(config, **{name: value for name, value in said.items() if value is not None})
    context.diagnostics.note(
        f"Remembered for the next builds in {file}: {' and '.join(said)}. "
        "--model and --max-tokens say otherwise for one build."
    )
    return msgspec.structs.replace(spec, model=model, max_tokens=limit)


def _line_to_type(missing: Sequence[str], argv: Sequence[str]) -> str:
    """The sentence for what is missing where nobody can be asked: the line as it was typed, with it."""
    words = {"model": "model", "max_tokens": "limit for answers"}
    values = {"model": "claude-haiku-5-5", "max_tokens": "1024"}
    more = [word for name in missing for word in (f"--{name.replace('_', '-')}", values[name])]
    return (
        f"There is no {' and no '.join(words[name] for name in missing)}. Type, with your values: "
        f"{shlex.join(['cbtui', *argv, *more])}\nOr set {' and '.join(f'`{name}`' for name in missing)} in config.toml."
    )


def _asked_model(models: Models, prices: PriceTable, context: Context) -> str:
    """The model that the user types, of those that are shown or any other. Raises ConfigError where none is typed."""
    from claude_batch_tui.services.building.models import usual_models
    from claude_batch_tui.wording.values import money

    note, half = context.diagnostics.note, prices.batch_factor
    note("Models, and what a million tokens of prompt and of answer cost in a batch:")
    for name, _, price in usual_models(models, prices):
        note(f"  {name:<22} {money(price.input * half):>7} {money(price.output * half):>7}")
    model = context.ask("Which model? Type its name.")
    if model is None:
        raise ConfigError("No model was named; nothing was built.")
    if models.find(model) is None:
        note(f"{model} is not in {models.source}; it is taken as it is.")
    return model


def _asked_limit(ceiling: int | None, context: Context) -> int:
    """The limit for answers that the user types. Raises ConfigError where it is none."""
    most = f", at most {ceiling:,}" if ceiling else ""
    typed = context.ask(f"How long may an answer be, in tokens (max_tokens{most})?")
    number = (typed or "").replace(",", "").replace("_", "")
    if not number.isdecimal() or not 0 < int(number) <= (ceiling or int(number)):
        raise ConfigError(
            f"max_tokens is a whole number from 1{f' to {ceiling:,}' if ceiling else ''}; nothing was built."
        )
    return int(number)
