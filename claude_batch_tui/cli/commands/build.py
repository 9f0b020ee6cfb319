"""`cbtui build KIND FILE -o requests.jsonl`: a file of the user becomes a requests file."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.diagnostics import ExitCode
from claude_batch_tui.errors import ConfigError, ScriptError

# Imports within functions are late because the parser and --help need none of them.

if TYPE_CHECKING:
    from claude_batch_tui.domain.money.pricing import PriceTable
    from claude_batch_tui.domain.requests.models import Models
    from claude_batch_tui.services.building.build import BuildReport, BuildUpdate
    from claude_batch_tui.sources.recipe import BuildSpec, Recipe
    from claude_batch_tui.sources.rows import Reading


_EXAMPLES = """\
examples:
  cbtui build csv tickets.csv --prompt-column body --id-column ticket \\
        --template 'Label this ticket: {{ body }}' --model claude-haiku-4-5 --max-tokens 64 -o requests.jsonl
  cbtui build text notes.txt --split-by paragraph --system @system.txt --model claude-haiku-4-5 --max-tokens 500
  cbtui build json items.json --prompt-field description --model claude-haiku-4-5 --max-tokens 300
  cbtui build documents papers/ --template 'Summarise:\n{{ text }}' --model claude-haiku-4-5 --max-tokens 500
  cbtui build sqlite shop.db --query 'SELECT id, name FROM products' --prompt-column name --id-column id
  cbtui build custom my_builder.py --trust-script -o requests.jsonl
  cbtui build jsonl ready.jsonl -o requests.jsonl
  cbtui build csv tickets.csv --recipe labels.toml -o requests.jsonl

A template names columns as they stand in the header: {{ column }}, {{ Ticket No }}, {{ user-id }}; {{ prompt }} is
the prompt column. Any Jinja2 expression works: {{ row["Ticket No"] | upper }}. @file reads it from a file.
"""
_KINDS = {
    "csv": "a row of a CSV or TSV file is a request",
    "json": "an object of a JSON array, of an object by keys, of JSON Lines or of values one behind the other is a request",
    "text": "a line, a paragraph or another piece of a text file is a request",
    "documents": "a file of a folder or a pattern is a request: text, PDF, images; Word and HTML with the extra "
    "claude-batch-tui[documents]",
    "spreadsheet": "a row of an Excel or OpenDocument sheet is a request; needs the extra claude-batch-tui[spreadsheet]",
    "sqlite": "a row of an SQLite query is a request",
    "results": "the answer of a batch, a run, a name or a results file is a request: fields id, answer, json, outcome, run, "
    "and the columns of its source",
    "parquet": "a row of a Parquet file, or of a folder or pattern of them, is a request; needs the extra claude-batch-tui[parquet]",
    "custom": "build_requests() of a Python script gives the requests; it runs as you do",
    "jsonl": "a ready request with custom_id and params is checked and kept as it is; those of OpenAI, Bedrock and "
    "Vertex are converted as far as that is true",
}
_READY = ("custom", "jsonl")
_READY_FIELDS = ("kind", "path", "script_env", "model", "max_tokens", "set", "clean_ids", "surrogates")
_ENCODED = ("csv", "text", "json", "documents")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.epilog = _EXAMPLES
    parser.add_argument("--source", metavar="FILE", help="with --recipe: this file and not the recipe's")
    _add_request_options(parser)
    _add_script_options(parser)
    _add_timeout(parser, "query", "row")
    _add_output_options(parser, top=True)
    parser.set_defaults(kind=None)
    kinds = parser.add_subparsers(dest="kind", metavar="KIND", title="kinds of source")
    for kind, words in _KINDS.items():
        sub = kinds.add_parser(
            kind,
            help=words,
            description=f"{words[0].upper()}{words[1:]}.",
            epilog=_EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            argument_default=argparse.SUPPRESS,  # what stands before KIND counts where nothing stands after it
        )
        if kind == "results":
            sub.add_argument("file", metavar="ID|FILE", help="a batch, a run, a name, or a results file")
        else:
            sub.add_argument("file", metavar="FILE", help="the source; - reads standard input")
        if kind in _READY:
            _add_ready_options(sub, kind)
        else:
            _add_request_options(sub)
        _add_source_options(sub, kind)
        _add_output_options(sub, top=False)


def _add_source_options(sub: argparse.ArgumentParser, kind: str) -> None:
    """What only one kind of source needs to be told."""
    if kind in _ENCODED:
        sub.add_argument("--encoding", metavar="E", help="left out, it is found out and said")
    if kind == "csv":
        sub.add_argument("--delimiter", metavar="C", help="a character, or tab; left out, it is guessed")
        sub.add_argument("--quote", metavar="C", help='what quotes fields ("); none: quotes are plain text')
        sub.add_argument("--escape", metavar="C", help="what stands before a quote that is text, mostly \\")
        sub.add_argument(
            "--skip-lines", metavar="N", type=int, help="lines above the header; left out, they are found out"
        )
        sub.add_argument(
            "--no-header",
            action="store_true",
            help="the first row is one too: columns are column_1, column_2 …",
        )
        sub.add_argument(
            "--ragged",
            choices=("error", "fill"),
            help="a row that is too short is an error, or filled (error)",
        )
    elif kind == "json":
        sub.add_argument(
            "--at", metavar="PATH", help="where the rows are, like data.items; left out: searched"
        )
        sub.add_argument(
            "--nan", choices=("null",), help="NaN and Infinity are null, not errors of their rows"
        )
        sub.add_argument(
            "--surrogates",
            choices=("replace",),
            help="half a character becomes U+FFFD, not an error of its row",
        )
    elif kind == "text":
        sub.add_argument(
            "--split-by", choices=("line", "paragraph", "separator", "whole"), help="what a row is (line)"
        )
        sub.add_argument("--separator", metavar="TEXT", help="what parts the rows, with --split-by separator")
    elif kind == "spreadsheet":
        sub.add_argument("--sheet", metavar="NAME", help="name or number; left out: the only one with rows")
        sub.add_argument(
            "--skip-lines",
            metavar="N",
            type=int,
            help="rows above the header; left out, titles are found out",
        )
    elif kind == "sqlite":
        sub.add_argument("--query", metavar="SQL", help="a SELECT; left out: all of the only table")
        _add_timeout(sub, "query", "row")
    elif kind == "custom":
        _add_script_options(sub)
    elif kind == "results":
        sub.add_argument("--where", metavar="FILTER", help="only these answers (outcome=succeeded)")


def _add_ready_options(sub: argparse.ArgumentParser, kind: str) -> None:
    """What can be said over ready requests."""
    group = sub.add_argument_group("requests")
    group.add_argument("--model", metavar="M", help="this model in every request, whatever the file says")
    group.add_argument("--max-tokens", metavar="N", type=int, help="this limit in every request")
    _add_set(group)
    if kind == "jsonl":
        group.add_argument(
            "--surrogates",
            choices=("replace",),
            help="half an emoji becomes U+FFFD; left out, it is an error",
        )
        group.add_argument(
            "--clean-ids",
            action="store_true",
            help="make ids legal that are not, and missing ones from the line",
        )


def _add_set(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--set",
        metavar="PATH=VALUE",
        action="append",
        help="a value of params over what is said elsewhere, like temperature=0 or thinking.type=disabled; "
        "null leaves the key out; more than once",
    )


def _add_script_options(sub: argparse.ArgumentParser) -> None:
    group = sub.add_argument_group("scripts")
    group.add_argument("--trust-script", action="store_true", help="run it: you have read it")
    group.add_argument(
        "--script-env",
        metavar="NAME",
        action="append",
        help="an environment variable it may see, again for each; left out: PATH, HOME, LANG and the like, no key",
    )
    _add_timeout(group, "script", "request")
    group.add_argument("--traceback", action="store_true", help="where it fails, with its own traceback")


def _add_timeout(group: argparse._ActionsContainer, what: str, gives: str) -> None:
    group.add_argument(
        f"--{what}-timeout",
        dest="seconds",
        metavar="SECONDS",
        type=float,
        help=f"how long it may give no {gives} (60)",
    )


def _add_request_options(sub: argparse.ArgumentParser) -> None:
    group = sub.add_argument_group("requests")
    group.add_argument(
        "--prompt-column",
        "--prompt-field",
        metavar="COL",
        help="name or 1-based number; left out: prompt, content, text, or the only column",
    )
    group.add_argument(
        "--messages-column",
        metavar="COL",
        help="whole conversations, a list of messages with role and content",
    )
    group.add_argument(
        "--rows-per-request",
        metavar="N",
        type=int,
        help="N rows in one request, numbered and answered together; a template may loop over {{ rows }} itself",
    )
    group.add_argument(
        "--times",
        metavar="N",
        type=int,
        help="every request N times, with ids x-1 to x-N; `score --majority` tells how steady the answers are",
    )
    group.add_argument(
        "--template",
        metavar="T",
        help="the user message, with {{ column }}; @file reads a file, @x.txt,@y.txt makes a file of each",
    )
    group.add_argument("--system", metavar="S", help="the system prompt, a template too; @file reads a file")
    group.add_argument(
        "--model", metavar="M", help="left out: `model` of config.toml; a,b makes a file of each"
    )
    group.add_argument(
        "--max-tokens", metavar="N", type=int, help="the longest answer; left out: that of config.toml"
    )
    group.add_argument(
        "--params",
        metavar="FILE",
        help="JSON or TOML with all other params; strings in it are templates, earlier messages come first",
    )
    _add_set(group)
    group.add_argument("--schema", metavar="FILE", help="answers follow this JSON schema")
    group.add_argument("--tools", metavar="FILE", help="JSON or TOML with a list of tools")
    group.add_argument(
        "--image-column", metavar="COL", help="an image for the message: a path, a URL or a file_id"
    )
    group.add_argument(
        "--document-column", metavar="COL", help="a PDF or text for the message: a path, a URL or a file_id"
    )
    group.add_argument(
        "--cache-ttl", choices=("5m", "1h"), help="keep the system prompt in the cache (1h suits batches)"
    )
    group.add_argument(
        "--id-column",
        metavar="COL",
        help="custom_ids come from this column; left out: from the row's position",
    )
    group.add_argument("--id-template", metavar="T", help="custom_ids from a template instead")
    group.add_argument("--run-prefix", metavar="P", help="goes before every custom_id")


def _add_output_options(sub: argparse.ArgumentParser, *, top: bool) -> None:
    group = sub.add_argument_group("recipe")
    group.add_argument("--recipe", metavar="FILE", help="build as this recipe says; options given here win")
    group.add_argument(
        "--trust-recipe", action="store_true", help="read the files that it names outside of its folder"
    )
    group.add_argument("--save-recipe", metavar="FILE", type=Path, help="write this build as a recipe")
    group.add_argument("--name", metavar="N", help="what `cbtui submit` will call the batch")
    group.add_argument("--betas", metavar="B,…", help="beta headers of the batch; `cbtui submit` sends them")
    group = sub.add_argument_group("output")
    output: dict[str, Any] = {"default": Path("requests.jsonl")} if top else {}
    group.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        type=Path,
        help="the requests file (requests.jsonl); its rows and its recipe are written beside it",
        **output,
    )
    group.add_argument("--force", action="store_true", help="overwrite files that are there")
    group.add_argument(
        "--skip-bad-rows",
        action="store_true",
        help="leave out rows with errors, and write them to FILE.left-out.jsonl",
    )
    group.add_argument(
        "--preview",
        metavar="N",
        type=int,
        help="show how the source is read and its first N requests as they would be sent; write nothing",
    )
    shown: dict[str, Any] = {"default": 5} if top else {}
    group.add_argument("--examples", metavar="N", type=int, help="problems shown of each kind (5)", **shown)
    group.add_argument("--json", action="store_true", help="the report as one line of JSON")


def run(args: argparse.Namespace, context: Context) -> int:
    """Build, or build every variant."""
    known = agreed_recipe(args, context) if args.recipe else None
    if args.recipe and known is None:
        return ExitCode.USAGE
    if args.kind == "results":
        args = _of_answers(args, context)
    variants = _variants(args)
    if len(variants) > 1:
        codes = [_build(one, context, known) for one in variants]
        ids = " ".join(f"{one.output}" for one in variants)
        context.diagnostics.note(
            f"{len(variants)} variants: {ids}. Send each, then cbtui score ID --beside ID2 …"
        )
        return max(codes)
    return _build(args, context, known)


def _variants(args: argparse.Namespace) -> list[argparse.Namespace]:
    """A build for each model of `--model a,b` and each file of `--template @x.txt,@y.txt`, in a file of its own each.

    Raises ConfigError where two of them would have one name.
    """
    models = [one.strip() for one in (args.model or "").split(",") if one.strip()] or [None]
    template = getattr(args, "template", None)
    parts = [one.strip() for one in (template or "").split(",")]
    templates = parts if len(parts) > 1 and all(one.startswith("@") for one in parts) else [template]
    if len(models) * len(templates) == 1:
        return [args]
    output = Path(args.output or "requests.jsonl")
    stem, found = output.name.removesuffix(".jsonl"), {}
    for model, text in product(models, templates):
        words = [model] if len(models) > 1 else []
        words += [Path(text[1:]).stem] if text is not None and len(templates) > 1 else []
        variant = " ".join(words)
        path = output.with_name(f"{stem}.{variant.replace(' ', '.').replace('/', '_')}.jsonl")
        if path in found:
            raise ConfigError(
                f"Two variants would both be {path}: give the models or templates names of their own."
            )
        own = {"model": model, "output": path, "name": f"{args.name or stem} {variant}"}
        own |= {"template": text} if len(templates) > 1 else {}
        found[path] = argparse.Namespace(**{**vars(args), **own})
    return [*found.values()]


def _build(args: argparse.Namespace, context: Context, known: Recipe | None) -> int:
    """One build: its requests, or what is wrong, or a preview; the exit code."""
    from claude_batch_tui.cli.reports import show_progress
    from claude_batch_tui.services.building.build import build
    from claude_batch_tui.services.building.recipes import agree_to, save_recipe
    from claude_batch_tui.sources.patience import DEFAULT_SECONDS, Patience
    from claude_batch_tui.sources.recipe import Recipe, drift

    spec = spec_of(args, context, known)
    if args.preview is not None:
        return _preview(spec, args, context)
    betas = tuple(args.betas.replace(",", " ").split()) if args.betas else known.betas if known else ()
    name = args.name or (known.name if known else None)
    updates = build(
        spec,
        out=args.output,
        force=args.force,
        skip_bad_rows=args.skip_bad_rows,
        name=name,
        betas=betas,
        trust_script=args.trust_script,
        patience=Patience(args.seconds or DEFAULT_SECONDS),
        api_version=context.config.api_version,
    )
    report = show_progress(_shown_on_failure(updates, args, context), "rows", context)
    if known is not None:
        for sentence in drift(known, report.hashes, spec.model):
            context.diagnostics.note(f"recipe {args.recipe}: {sentence}.")
    _show(report, args, context)
    if report.files is not None:
        agree_to(report.files.recipe, context.config.state_dir)
        if args.save_recipe is not None:
            recipe = Recipe(spec=spec, name=name, betas=betas, hashes=report.hashes)
            save_recipe(recipe, args.save_recipe, force=args.force)
            agree_to(args.save_recipe, context.config.state_dir)
            context.diagnostics.note(f"recipe saved: {args.save_recipe}")
    return ExitCode.GOOD if report.files is not None else ExitCode.USAGE


def _of_answers(args: argparse.Namespace, context: Context) -> argparse.Namespace:
    """The build of a file of rows that is made of the answers, beside the requests; with ids as they were."""
    from claude_batch_tui.cli.results_files import find_results, require_whole
    from claude_batch_tui.domain.filters.language import parse
    from claude_batch_tui.exports.formats import file_stem
    from claude_batch_tui.services.building.models import read_prices
    from claude_batch_tui.services.exporting.answer_rows import write_answer_rows
    from claude_batch_tui.services.filters.finding import find_all
    from claude_batch_tui.services.results.costs import EntryCosts
    from claude_batch_tui.services.results.local_files import ANSWERS_ENDING
    from claude_batch_tui.store.locations import Locations
    from claude_batch_tui.store.results.opening import open_indexed

    wanted = parse(getattr(args, "where", None) or "outcome=succeeded")
    if args.file == "-":
        raise ConfigError(
            "Answers are those of a batch, a run, a name or a results file: not of standard input."
        )
    (found,) = find_results([args.file], context)
    require_whole([found], args.output)
    cache = Locations(context.config.data_dir).cache
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache if args.preview is not None else Path(args.output or "requests.jsonl").parent
    target = folder / f"{file_stem(found.title)}{ANSWERS_ENDING}"
    with open_indexed(found.path, cache) as results:
        positions = find_all(results, wanted, EntryCosts(results.index, read_prices(context.config)))
        if not positions:
            raise ConfigError(f"{found.title} has no such answers: see `cbtui results {args.file} --stats`.")
        for count in write_answer_rows(results, found.batch_id, positions, target, found.rows):
            context.diagnostics.progress(f"{count:,} of {len(positions):,} answers written")
        context.diagnostics.note(
            f"{len(positions):,} of {results.index.count:,} answers of {found.title} are the rows: {target}"
        )
    id_column = getattr(args, "id_column", None)
    return argparse.Namespace(
        **{**vars(args), "kind": "json", "file": str(target), "id_column": id_column or "id"}
    )


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


def _preview(spec: BuildSpec, args: argparse.Namespace, context: Context) -> int:
    """Print how the source is read, and its first requests. Nothing is written."""
    from claude_batch_tui.services.building.preview import preview
    from claude_batch_tui.wording import counted, layout_words

    if spec.kind == "custom":
        raise ConfigError(f"{spec.path}: a script is not run for a preview. Leave out --preview.")
    shown = preview(spec, 0, max(args.preview, 1))
    if words := layout_words(shown.reading):
        about = "" if shown.rows_exact else "about "
        rows = f" · {about}{counted(shown.rows, 'row')}" if shown.rows is not None else ""
        context.diagnostics.note(f"read as: {words}{rows}")
    for doubt in shown.reading.doubts:
        context.diagnostics.note(f"warning: {doubt.message}")
    if shown.columns:
        context.diagnostics.note(f"columns: {', '.join(shown.columns)}")
    for request in shown.requests:
        if request.problem is not None:
            context.diagnostics.note(f"line {request.line}: {request.problem}")
        if request.request is not None:
            context.output.line(request.request.decode())
    is_good = any(request.request is not None for request in shown.requests)
    return ExitCode.GOOD if is_good else ExitCode.USAGE


def _shown_on_failure(
    updates: Iterator[BuildUpdate], args: argparse.Namespace, context: Context
) -> Iterator[BuildUpdate]:
    """The updates; where a script fails and its traceback was asked for, that comes first."""
    try:
        yield from updates
    except ScriptError as error:
        if args.traceback:
            context.diagnostics.note(error.traceback.rstrip())
        raise


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
            f"What is to be built? Say a KIND and a FILE ({', '.join(_KINDS)}), or --recipe FILE."
        )
    if spec["kind"] in _READY:
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
    from claude_batch_tui.wording import money

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


def _show(report: BuildReport, args: argparse.Namespace, context: Context) -> None:
    show_reading(report, args.examples, context)
    if args.json:
        context.output.json(_as_json(report))
    elif report.files is not None:
        context.output.line(str(report.files.requests))
    if report.files is None:
        context.diagnostics.error(
            "nothing was written: "
            + ("no row is good." if args.skip_bad_rows else "fix the rows, or say --skip-bad-rows.")
        )
    else:
        context.diagnostics.note(_summary(report))


def show_reading(report: BuildReport, examples: int, context: Context) -> None:
    """Say what is wrong with rows, so many of each kind, and how the source was read."""
    from claude_batch_tui.wording import counted, layout_words, problem_lines

    for line in problem_lines(report.problems, report.counts, examples):
        context.diagnostics.note(line)
    if words := layout_words(report.reading):
        context.diagnostics.note(f"read as: {words} · {counted(report.rows, 'row')}")


def _summary(report: BuildReport) -> str:
    from claude_batch_tui.wording import counted, size

    words = [f"{counted(report.requests, 'request')} of {counted(report.rows, 'row')}", size(report.bytes)]
    if report.cleaned_ids:
        words.append(f"{counted(report.cleaned_ids, 'id')} cleaned")
    if report.left_out and report.files is not None:
        lines = "" if report.left_out_lines == report.left_out else f" of {report.left_out_lines:,} lines"
        words.append(f"{counted(report.left_out, 'row')}{lines} left out: {report.files.left_out}")
    return " · ".join(words)


def _as_json(report: BuildReport) -> dict[str, object]:
    from claude_batch_tui.cli.reports import problem_json

    files = report.files
    return {
        "written": files is not None,
        "requests_file": str(files.requests) if files else None,
        "rows_file": str(files.rows) if files else None,
        "recipe_file": str(files.recipe) if files else None,
        "left_out_file": str(files.left_out) if files and report.left_out else None,
        "rows": report.rows,
        "requests": report.requests,
        "left_out": report.left_out,
        "left_out_lines": report.left_out_lines,
        "cleaned_ids": report.cleaned_ids,
        "bytes": report.bytes,
        "body_bytes": report.body_bytes,
        "errors": report.errors,
        "warnings": report.warnings,
        "counts": report.counts,
        "problems": [problem_json(problem) for problem in report.problems],
        "reading": _reading_json(report.reading),
    }


def _reading_json(reading: Reading) -> dict[str, object]:
    """How the source was understood; the words of a guessed encoding stand in both spellings."""
    words = [
        {reading.encoding or "": ours, reading.other_encoding or "": theirs}
        for ours, theirs in reading.changed_words
    ]
    return {
        "form": reading.form,
        "encoding": reading.encoding,
        "encoding_guessed": reading.encoding_guessed,
        "changed_words": words,
        "delimiter": reading.delimiter,
        "quote": reading.quote,
        "header_line": reading.header_line,
        "columns": reading.columns,
        "path": reading.path,
        "guesses": list(reading.guesses),
    }
