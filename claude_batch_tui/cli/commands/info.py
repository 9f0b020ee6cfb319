"""`cbtui info`: facts about this installation, and where each setting comes from."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from importlib import metadata
from typing import Any

from claude_batch_tui import __version__
from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.diagnostics import ExitCode

SUMMARY = "Every path, setting and decision, and where it comes from."

_PACKAGES = ("anthropic", "textual", "msgspec", "jinja2", "starlette", "uvicorn")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(args: argparse.Namespace, context: Context) -> int:
    """Show the facts; no network, no SDK."""
    found = _facts(context)
    if args.json:
        context.output.json(found)
        return ExitCode.GOOD
    for group, values in found.items():
        context.output.line(group)
        for label, value in values.items():
            context.output.line(f"  {label:<16} {value}")
    return ExitCode.GOOD


def _facts(context: Context) -> dict[str, dict[str, Any]]:
    from claude_batch_tui.store.locations import Locations  # late: --help needs none of it

    config = context.config
    places = Locations(config.data_dir)
    return {
        "versions": {
            "cbtui": __version__,
            "python": f"{platform.python_version()} ({sys.executable})",
            "sqlite": _sqlite_version(),
            **{name: metadata.version(name) for name in _PACKAGES},
        },
        "paths": {
            "config": str(config.config_dir / "config.toml"),
            "prices": str(config.config_dir / "prices.toml"),
            "store": str(places.database),
            "journal": str(places.journal),
            "spool": str(places.spool),
            "results": str(places.results),
            "log": str(config.state_dir / "cbtui.log"),
        },
        "credentials": {"source": _credential_source(config.profile)},
        "terminal": {
            name.lower(): os.environ.get(name, "not set")
            for name in ("TERM", "COLORTERM", "NO_COLOR", "SSH_CONNECTION", "TMUX", "LANG", "LC_ALL")
        },
        "settings": {
            setting.name: f"{setting.value} ({setting.origin})"
            for setting in context.settings
            if not setting.name.endswith("_dir")
        },
    }


def _credential_source(profile: str | None) -> str:
    """What the SDK will find first, in its own order; the key itself is never read further than its end."""
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"):
        value = os.environ.get(name)
        if value and not profile:
            return f"{name} …{value[-4:]}"
    if profile or os.environ.get("ANTHROPIC_PROFILE"):
        return f"profile {profile or os.environ['ANTHROPIC_PROFILE']}"
    return "the SDK's own search: workload identity, then the active profile on disk"


def _sqlite_version() -> str:
    from claude_batch_tui.store.database import sqlite_version

    return sqlite_version()
