"""`cbtui build csv|text|jsonl FILE -o requests.jsonl`: a file of the user becomes a requests file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.diagnostics import ExitCode

if TYPE_CHECKING:
    from claude_batch_tui.services.prepare import BuildReport, BuildSpec

SUMMARY = "Make a requests file from CSV, text or ready requests."

_EXAMPLES = """\
examples:
  cbtui build csv tickets.csv --prompt-column body --id-column ticket \\
        --template 'Label this ticket: {{ body }}' --model claude-haiku-4-5 --max-tokens 64 -o requests.jsonl
  cbtui build text notes.txt --split-by paragraph --system @system.txt --model claude-haiku-4-5 --max-tokens 500
  cbtui build jsonl ready.jsonl -o requests.jsonl

A template names columns as {{ column }}; any Jinja2 expression works. {{ prompt }} is the prompt column,
{{ row["First name"] }} a column whose name is no variable. @file reads it from a file.
"""
_KINDS = {
    "csv": "a row of a CSV or TSV file is a request",
    "text": "a line or a paragraph of a text file is a request",
    "jsonl": "a line is a ready request with custom_id and params; it is checked and kept as it is",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.epilog = _EXAMPLES
    kinds = parser.add_subparsers(dest="kind", metavar="KIND", required=True, title="kinds of source")
    for kind, words in _KINDS.items():
        sub = kinds.add_parser(
            kind,
            help=words,
            description=f"{words[0].upper()}{words[1:]}.",
            epilog=_EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        sub.add_argument("file", metavar="FILE", help="the source; - reads standard input")
        if kind != "jsonl":
            _add_request_options(sub)
        if kind == "csv":
            sub.add_argument("--delimiter", metavar="C", help="a character, or tab; left out, it is guessed")
        if kind == "text":
            sub.add_argument(
                "--split-by", choices=("line", "paragraph"), default="line", help="what a row is (line)"
            )
        _add_output_options(sub)


def _add_request_options(sub: argparse.ArgumentParser) -> None:
    group = sub.add_argument_group("requests")
    group.add_argument(
        "--prompt-column",
        metavar="COL",
        help="name or 1-based number; left out: prompt, content, text, or the only column",
    )
    group.add_argument(
        "--template", metavar="T", help="the user message, with {{ column }}; @file reads a file"
    )
    group.add_argument("--system", metavar="S", help="the system prompt, a template too; @file reads a file")
    group.add_argument("--model", metavar="M", help="left out: `model` of config.toml")
    group.add_argument(
        "--max-tokens", metavar="N", type=int, help="the longest answer; left out: that of config.toml"
    )
    group.add_argument(
        "--id-column",
        metavar="COL",
        help="custom_ids come from this column; left out: from the row's position",
    )
    group.add_argument("--encoding", metavar="E", help="left out: UTF-8, or UTF-16 with a byte order mark")


def _add_output_options(sub: argparse.ArgumentParser) -> None:
    group = sub.add_argument_group("output")
    group.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        type=Path,
        default=Path("requests.jsonl"),
        help="the requests file (requests.jsonl); its rows file is written beside it",
    )
    group.add_argument("--force", action="store_true", help="overwrite files that are there")
    group.add_argument(
        "--skip-bad-rows",
        action="store_true",
        help="leave out rows with errors, and write them to FILE.left-out.jsonl",
    )
    group.add_argument("--examples", metavar="N", type=int, default=5, help="problems shown of each kind (5)")
    group.add_argument("--json", action="store_true", help="the report as one line of JSON")


def run(args: argparse.Namespace, context: Context) -> int:
    """Build."""
    from claude_batch_tui.services.prepare import BuildReport, build  # late: --help needs none of it
    from claude_batch_tui.wording import size

    report: BuildReport | None = None
    updates = build(_spec(args, context), out=args.output, force=args.force, skip_bad_rows=args.skip_bad_rows)
    for update in updates:
        if isinstance(update, BuildReport):
            report = update
        else:
            done = f"{size(update.bytes_done)} of {size(update.total_bytes)}"
            context.diagnostics.progress(f"{update.rows:,} rows · {done} · ctrl+c stops")
    if report is None:
        raise AssertionError
    _show(report, args, context)
    return ExitCode.GOOD if report.files is not None else ExitCode.USAGE


def _spec(args: argparse.Namespace, context: Context) -> BuildSpec:
    from claude_batch_tui.services.prepare import BuildSpec

    if args.kind == "jsonl":
        return BuildSpec(kind="jsonl", path=args.file)
    return BuildSpec(
        kind=args.kind,
        path=args.file,
        prompt_column=args.prompt_column,
        template=args.template,
        system=args.system,
        # The settings already hold the flags --model and --max-tokens, above the file's.
        model=context.config.model,
        max_tokens=context.config.max_tokens,
        id_column=args.id_column,
        split_by=args.split_by if args.kind == "text" else "line",
        delimiter=args.delimiter if args.kind == "csv" else None,
        encoding=args.encoding,
    )


def _show(report: BuildReport, args: argparse.Namespace, context: Context) -> None:
    from claude_batch_tui.wording import problem_lines

    for line in problem_lines(report.problems, report.counts, args.examples):
        context.diagnostics.note(line)
    if args.json:
        context.output.json(_as_json(report))
    elif report.files is not None:
        context.output.line(str(report.files.requests))
    if report.files is None:
        context.diagnostics.error(
            "nothing was written: "
            + ("no row is good." if args.skip_bad_rows else "mend the rows, or say --skip-bad-rows.")
        )
    else:
        context.diagnostics.note(_summary(report))


def _summary(report: BuildReport) -> str:
    from claude_batch_tui.wording import size

    words = [f"{_counted(report.requests, 'request')} of {_counted(report.rows, 'row')}", size(report.bytes)]
    if report.cleaned_ids:
        words.append(f"{_counted(report.cleaned_ids, 'id')} cleaned")
    if report.left_out and report.files is not None:
        words.append(f"{_counted(report.left_out, 'row')} left out: {report.files.left_out}")
    return " · ".join(words)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _as_json(report: BuildReport) -> dict[str, object]:
    from claude_batch_tui.cli.problem_json import problem_json

    files = report.files
    return {
        "written": files is not None,
        "requests_file": str(files.requests) if files else None,
        "rows_file": str(files.rows) if files else None,
        "left_out_file": str(files.left_out) if files and report.left_out else None,
        "rows": report.rows,
        "requests": report.requests,
        "left_out": report.left_out,
        "cleaned_ids": report.cleaned_ids,
        "bytes": report.bytes,
        "body_bytes": report.body_bytes,
        "errors": report.errors,
        "warnings": report.warnings,
        "counts": report.counts,
        "problems": [problem_json(problem) for problem in report.problems],
    }
