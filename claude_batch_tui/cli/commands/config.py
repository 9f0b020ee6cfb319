"""`cbtui config`: the settings in force, where each comes from, and the file they can be set in."""

from __future__ import annotations

import argparse

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.diagnostics import ExitCode


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--path", action="store_true", help="only the path of the settings file")
    parser.add_argument("--json", action="store_true", help="a JSON line for every setting")


def run(args: argparse.Namespace, context: Context) -> int:
    """Show the settings; nothing is read but the file and the environment."""
    file = context.config.config_dir / "config.toml"
    if args.path:
        context.output.line(str(file))
    elif args.json:
        for setting in context.settings:
            folder = setting.name.endswith("_dir")
            value = str(setting.value) if folder else setting.value
            context.output.json({"name": setting.name, "value": value, "origin": setting.origin})
    else:
        context.output.line(f"{file}{'' if file.exists() else ' (not there yet)'}")
        width = max(len(setting.name) for setting in context.settings)
        for setting in context.settings:
            value = "not set" if setting.value in (None, {}) else setting.value
            context.output.line(f"{setting.name:<{width}}  {value}  ({setting.origin})")
    return ExitCode.GOOD
