"""`cbtui config`: the settings in force, where each comes from, and the file they can be set in: begun, edited, checked."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.diagnostics import ExitCode
from claude_batch_tui.config import load
from claude_batch_tui.errors import ConfigError, StoreError
from claude_batch_tui.keymap import settings_schema

_SCHEMA = "config.schema.json"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "verb",
        metavar="VERB",
        nargs="?",
        default="show",
        choices=("show", "init", "edit", "check", "schema"),
        help="show (if left out), init (write a file with every setting as a comment, and its schema for editors), "
        "edit (in $VISUAL or $EDITOR, then check), check, schema (print it)",
    )
    parser.add_argument("--path", action="store_true", help="only the path of the settings file")
    parser.add_argument("--json", action="store_true", help="a JSON line for every setting")


def run(args: argparse.Namespace, context: Context) -> int:
    """Show, begin, edit or check the settings; nothing is read but the file and the environment."""
    file = context.config.config_dir / "config.toml"
    if args.path:
        context.output.line(str(file))
        return ExitCode.GOOD
    match args.verb:
        case "show":
            _show(file, context, as_json=args.json)
        case "schema":
            context.output.line(json.dumps(settings_schema(), indent=1, ensure_ascii=False))
        case "init":
            _begin(file)
            context.output.line(str(file))
        case "edit":
            _edit(file)
            _check(file, context)
        case _:
            _check(file, context)
    return ExitCode.GOOD


def _show(file: Path, context: Context, *, as_json: bool) -> None:
    if as_json:
        for setting in context.settings:
            folder = setting.name.endswith("_dir")
            value = str(setting.value) if folder else setting.value
            context.output.json({"name": setting.name, "value": value, "origin": setting.origin})
        return
    context.output.line(f"{file}{'' if file.exists() else ' (not there yet)'}")
    width = max(len(setting.name) for setting in context.settings)
    for setting in context.settings:
        value = "not set" if setting.value in (None, {}) else setting.value
        context.output.line(f"{setting.name:<{width}}  {value}  ({setting.origin})")


def _check(file: Path, context: Context) -> None:
    """Say that the file is good. Raises ConfigError with what is wrong in it."""
    if not file.exists():
        raise ConfigError(f"{file} is not there yet: cbtui config init begins it.")
    _, settings = load({"config_dir": context.config.config_dir}, {})
    set_here = [setting.name for setting in settings if setting.origin == str(file)]
    context.output.line(f"{file}: good. It sets {', '.join(set_here) or 'nothing'}.")


def _edit(file: Path) -> None:
    """Have the user change the file, a new one where there is none. Raises ConfigError where no editor can be started."""
    from claude_batch_tui.terminal import named_program  # late: --help needs none of it

    if not sys.stdin.isatty():
        raise ConfigError(f"config edit needs a terminal; the file is {file}.")
    if not file.exists():
        _begin(file)
    editor = named_program("VISUAL", "EDITOR") or ["vi"]
    try:
        subprocess.run([*editor, str(file)], check=False)  # noqa: S603  the user's own program
    except OSError as error:
        raise ConfigError(f"$EDITOR ({editor[0]}) cannot be started: {error.strerror}.") from error


def _begin(file: Path) -> None:
    """Write the file with every setting as a comment, and its schema beside it. Raises ConfigError where it is there."""
    if file.exists():
        raise ConfigError(f"{file} is there already, and stays as it is: cbtui config edit opens it.")
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        (file.parent / _SCHEMA).write_text(json.dumps(settings_schema(), ensure_ascii=False) + "\n", "utf-8")
        with os.fdopen(
            os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
        ) as out:
            out.writelines(f"{line}\n" for line in _template())
    except OSError as error:
        raise StoreError(f"{file} cannot be written: {error.strerror}.") from error


def _template() -> Iterator[str]:
    """The lines of a file that sets nothing yet: tables last, as TOML wants them."""
    yield f"#:schema ./{_SCHEMA}"
    yield "# Settings of cbtui. A line without its # sets something; a flag and CBTUI_NAME in the environment win over it."
    properties: dict[str, dict[str, Any]] = settings_schema()["properties"]
    for name, one in properties.items():
        if one.get("type") == "object" or name == "config_dir":
            continue
        yield ""
        yield from (f"# {line}" for line in textwrap.wrap(one["description"], 110))
        if "enum" in one:
            yield f"# One of {', '.join(one['enum'])}."
        least = one.get("minimum", 0)
        blank = {"string": "", "integer": least, "number": least, "boolean": False}[one.get("type", "string")]
        yield f"# {name} = {json.dumps(one.get('default', blank), ensure_ascii=False)}"
    yield from ("", "# Workspaces to watch: the variable that holds the key of each, never the key.")
    yield from ("# [profiles.research]", '# api_key_env = "RESEARCH_KEY"', "")
    yield "# Other keys for the dashboard's actions, by id; docs/keys.md and this file's schema list them."
    yield from ("# [keys]", '# "batches.cancel" = "f8"')
