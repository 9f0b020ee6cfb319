"""`cbtui build KIND FILE -o requests.jsonl`: a file of the user becomes a requests file."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from claude_batch_tui.cli.build_options import (
    KINDS,
    READY,
    add_output_options,
    add_ready_options,
    add_request_options,
    add_script_options,
    add_source_options,
    add_timeout,
)
from claude_batch_tui.cli.build_specs import agreed_recipe, spec_of
from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.diagnostics import ExitCode
from claude_batch_tui.errors import ConfigError, ScriptError

# Imports within functions are late because the parser and --help need none of them.

if TYPE_CHECKING:
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


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.epilog = _EXAMPLES
    parser.add_argument("--source", metavar="FILE", help="with --recipe: this file and not the recipe's")
    add_request_options(parser)
    add_script_options(parser)
    add_timeout(parser, "query", "row")
    add_output_options(parser, top=True)
    parser.set_defaults(kind=None)
    kinds = parser.add_subparsers(dest="kind", metavar="KIND", title="kinds of source")
    for kind, words in KINDS.items():
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
        if kind in READY:
            add_ready_options(sub, kind)
        else:
            add_request_options(sub)
        add_source_options(sub, kind)
        add_output_options(sub, top=False)


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
            f"{len(variants)} variants: {ids}. Send each, then cbtui compare {shlex.quote(variants[0].sweep.name)}"
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
    from ulid import ULID  # late, as all that one build does not need

    from claude_batch_tui.domain.batches.tracked import Sweep

    output = Path(args.output or "requests.jsonl")
    stem, found = output.name.removesuffix(".jsonl"), {}
    name, sweep_id = args.name or stem, f"sweep_{ULID()}"
    for model, text in product(models, templates):
        words = [model] if len(models) > 1 else []
        words += [Path(text[1:]).stem] if text is not None and len(templates) > 1 else []
        variant = " ".join(words)
        path = output.with_name(f"{stem}.{variant.replace(' ', '.').replace('/', '_')}.jsonl")
        if path in found:
            raise ConfigError(
                f"Two variants would both be {path}: give the models or templates names of their own."
            )
        own = {"model": model, "output": path, "name": f"{name} {variant}"}
        own |= {"sweep": Sweep(sweep_id, name, variant)}
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
        sweep=getattr(args, "sweep", None),
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
    from claude_batch_tui.services.building.models import read_prices
    from claude_batch_tui.services.exporting.answer_rows import answers_path, write_answer_rows
    from claude_batch_tui.services.filters.finding import find_all
    from claude_batch_tui.services.results.costs import EntryCosts
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
    target = answers_path(found.title, folder)
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


def _preview(spec: BuildSpec, args: argparse.Namespace, context: Context) -> int:
    """Print how the source is read, and its first requests. Nothing is written."""
    from claude_batch_tui.services.building.preview import preview
    from claude_batch_tui.wording.submissions import layout_words
    from claude_batch_tui.wording.values import counted

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


def _show(report: BuildReport, args: argparse.Namespace, context: Context) -> None:
    from claude_batch_tui.cli.reports import show_reading

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


def _summary(report: BuildReport) -> str:
    from claude_batch_tui.wording.values import counted, size

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
