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
from claude_batch_tui.cli.output import JSON_VERSION
from claude_batch_tui.config import Config
from claude_batch_tui.credentials import ending, unmounted
from claude_batch_tui.terminal import decide_profile, osc9_decision

# Imports within functions are late because the parser and --help need none of them.

_PACKAGES = ("anthropic", "textual", "msgspec", "jinja2", "starlette", "uvicorn")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(args: argparse.Namespace, context: Context) -> int:
    """Show the facts; no network, no SDK."""
    found = _facts(context)
    if args.json:
        context.output.json({"json_version": JSON_VERSION, **found})
        return ExitCode.GOOD
    for group, values in found.items():
        context.output.line(group)
        for label, value in values.items():
            shown = f"{value['value']} ({value['reason']})" if isinstance(value, dict) else value
            context.output.line(f"  {label:<16} {shown}")
    return ExitCode.GOOD


def _facts(context: Context) -> dict[str, dict[str, Any]]:
    from claude_batch_tui.logs import log_path
    from claude_batch_tui.store.database import sqlite_version
    from claude_batch_tui.store.locations import Locations

    config = context.config
    places = Locations(config.data_dir)
    return {
        "versions": {
            "cbtui": __version__,
            "python": f"{platform.python_version()} ({sys.executable})",
            "sqlite": sqlite_version(),
            **{name: metadata.version(name) for name in _PACKAGES},
        },
        "paths": {
            "config": str(config.config_dir / "config.toml"),
            "prices": str(config.config_dir / "prices.toml"),
            "store": str(places.database),
            "journal": str(places.journal),
            "spool": str(places.spool),
            "results": str(places.results),
            "log": str(log_path(config)),
        },
        "credentials": {"source": _credential_source(config)},
        "terminal": {
            name.lower(): os.environ.get(name, "not set")
            for name in ("TERM", "COLORTERM", "NO_COLOR", "SSH_CONNECTION", "TMUX", "LANG", "LC_ALL")
        },
        "drawing": _drawing(config),
        "settings": {
            setting.name: f"{setting.value} ({setting.origin})"
            for setting in context.settings
            if not setting.name.endswith("_dir")
        },
    }


def _drawing(config: Config) -> dict[str, dict[str, str]]:
    """What the dashboard would decide on this terminal, and why."""
    from claude_batch_tui.services.watching.notify import osc9_way

    profile = decide_profile(config, os.environ, sys.stderr.encoding or "ascii")
    decided = {each.item: {"value": each.value, "reason": each.reason} for each in profile.decisions}
    told = osc9_decision(config, os.environ, osc9_way(config.osc9, os.environ))
    return {**decided, told.item: {"value": told.value, "reason": told.reason}}


def _credential_source(config: Config) -> str:
    """What the SDK will find first, in its own order; the key itself is never read further than its end."""
    if config.api_key_env:
        value = os.environ.get(config.api_key_env)
        return (
            f"{config.api_key_env} {ending(unmounted(value))}"
            if value
            else f"{config.api_key_env}, which is not set"
        )
    profile = config.profile
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"):
        value = os.environ.get(name)
        if value and not profile:
            return f"{name} {ending(unmounted(value))}"
    if profile or os.environ.get("ANTHROPIC_PROFILE"):
        return f"profile {profile or os.environ['ANTHROPIC_PROFILE']}"
    return "the SDK's own search: workload identity, then the active profile on disk"
