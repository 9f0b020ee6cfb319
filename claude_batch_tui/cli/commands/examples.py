"""`cbtui examples [NAME] [--to DIR]`: worked examples, listed or copied."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.diagnostics import ExitCode


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("name", metavar="NAME", nargs="?", help="copy this one; left out, all are listed")
    parser.add_argument("--to", metavar="DIR", type=Path, default=Path(), help="into this folder (here)")
    parser.add_argument("--json", action="store_true", help="the list as lines of JSON")


def run(args: argparse.Namespace, context: Context) -> int:
    """List or copy."""
    from claude_batch_tui.services.examples import copy_example, examples  # late: --help needs none of it

    if args.name is None:
        for example in examples():
            if args.json:
                context.output.json(
                    {"name": example.name, "summary": example.summary, "files": example.files}
                )
            else:
                context.output.line(f"{example.name:<10}  {example.summary}")
        return ExitCode.GOOD
    paths = copy_example(args.name, args.to)
    for path in paths:
        context.output.line(str(path))
    recipe = next(path for path in paths if path.name == "recipe.toml")
    trust = " --trust-script" if any(path.suffix == ".py" for path in paths) else ""
    context.diagnostics.note(
        f"Next: cbtui build --recipe {shlex.quote(str(recipe))}{trust} -o {args.name}.jsonl && "
        f"cbtui submit {args.name}.jsonl. What `cbtui simulate --seed 1` answers to that is in expected.csv."
    )
    return ExitCode.GOOD
