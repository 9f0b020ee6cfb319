"""`cbtui backup FILE`: store, journal, what was sent and what came back, as one tar file."""

from __future__ import annotations

import argparse
from pathlib import Path

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.diagnostics import ExitCode
from claude_batch_tui.home import expand_home


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "file", metavar="FILE", type=Path, help="where to; compressed where it ends in .gz or .tgz"
    )
    parser.add_argument("--force", action="store_true", help="replace what is there under that name")
    parser.add_argument("--json", action="store_true", help="what was written as a JSON object")
    parser.epilog = """\
To bring it back, here or on another machine:
  mkdir -m 700 DIR && tar -xf FILE -C DIR
  cbtui --data-dir DIR list
Without --data-dir the folder is the one that `cbtui info` names. It has the same batches, names and runs, and what was
sent until the backup is known there, so nothing of that is paid twice. What is sent after it is not: make it right before
you move, and send from one of both afterwards. Settings and recipes are in another folder (`cbtui info`). Moving the data
folder itself, with no cbtui running, does the same."""


def run(args: argparse.Namespace, context: Context) -> int:
    """Back up; no network."""
    from claude_batch_tui.runtime import Runtime  # late: --help needs none of it
    from claude_batch_tui.services.keeping.backup import backup
    from claude_batch_tui.wording.values import counted, size

    runtime = Runtime(context.config)
    try:
        target = expand_home(args.file)
        for step in backup(runtime.store, target, force=args.force):
            words = f"{step.files:,} of {step.of_files:,} files, {size(step.bytes)} of {size(step.of_bytes)}"
            context.diagnostics.progress(words)
    finally:
        runtime.store.close()
    if args.json:
        context.output.json({"output": str(args.file), "files": step.files, "bytes": target.stat().st_size})
    context.diagnostics.note(f"{counted(step.files, 'file')}, {size(step.bytes)}, in {args.file}")
    return ExitCode.GOOD
