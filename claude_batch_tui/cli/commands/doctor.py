"""`cbtui doctor`: is everything in order? A line a check, with what to do."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.diagnostics import ExitCode
from claude_batch_tui.errors import ConfigError
from claude_batch_tui.terminal import LEAST_SIZE, decide_profile

# Imports within functions are late because the parser and --help need none of them.

if TYPE_CHECKING:
    from claude_batch_tui.domain.checkup import Check


_CODES = {"config": ExitCode.USAGE, "api": ExitCode.API, "store": ExitCode.STORE}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "--files", action="store_true", help="read every stored results file and verify it again"
    )
    parser.add_argument("--json", action="store_true", help="a JSON line for every check")
    parser.epilog = (
        "Nothing is changed, and nothing is paid: the API is asked for its newest batch.\n"
        "Exit codes: 0 nothing is broken, 2 settings or credentials, 3 the API, 4 store, disk or files; the highest counts."
    )


async def run(args: argparse.Namespace, context: Context) -> int:
    """Check everything."""
    code, doubtful, broken = ExitCode.GOOD, 0, 0
    async for check in _checks(context, reads_files=args.files):
        if args.json:
            context.output.json(check)
        else:
            advice = f" — {check.advice}" if check.advice else ""
            context.output.line(f"{check.verdict:<4}  {check.check:<11}  {check.found.rstrip('.')}{advice}")
            context.output.flush()
        code = max(code, _CODES.get(check.error, ExitCode.GOOD))
        doubtful += check.verdict == "warn"
        broken += check.verdict == "bad"
    if not args.json or code is not ExitCode.GOOD:
        context.diagnostics.note(
            f"{broken} broken, {doubtful} doubtful." if broken or doubtful else "All is well."
        )
    return code


async def _checks(context: Context, *, reads_files: bool) -> AsyncIterator[Check]:
    from claude_batch_tui.domain.checkup import skip  # these are late: --help needs none of them
    from claude_batch_tui.services import doctor
    from claude_batch_tui.store.database import sqlite_version
    from claude_batch_tui.store.inspection import inspect
    from claude_batch_tui.store.locations import Locations

    config = context.config
    places = Locations(config.data_dir)
    for check in _settings(context):
        yield check
    yield doctor.look_at_hook(config)
    async for check in _api(context):
        yield check
    inspection = inspect(places.database) if places.database.exists() else None
    for check in (
        *doctor.look_at_store(places, inspection, sqlite_version()),
        *doctor.look_at_folders(config, places),
        doctor.look_at_log(config),
        *doctor.look_at_disk(config.data_dir),
        doctor.look_at_sizes(places, datetime.now(UTC)),
        *doctor.look_at_locks(places),
        *_terminal(context),
        *doctor.look_at_tmux(os.environ),
    ):
        yield check
    if not reads_files:
        yield skip("files", "not read; --files verifies every results file")
        return
    from claude_batch_tui.services.doctor import verify_files

    stored = inspection.results if inspection is not None else ()

    def tell(number: int, batch_id: str) -> None:
        context.diagnostics.progress(f"reading {number + 1} of {len(stored)}: {batch_id}")

    for check in verify_files(stored, places.results, tell):
        yield check


def _settings(context: Context) -> Iterator[Check]:
    """The settings could be read, or we would not be here; what they name is looked at, too."""
    from claude_batch_tui.domain.checkup import bad, ok, warn
    from claude_batch_tui.errors import ConfigError
    from claude_batch_tui.services.building.models import read_prices

    file = context.config.config_dir / "config.toml"
    yield ok("settings", f"{file}{'' if file.exists() else ' is not there: defaults'}")
    for name, profile in context.config.profiles.items():
        if not os.environ.get(profile.api_key_env):
            found = f"{name} reads its key from {profile.api_key_env}, which is not set"
            yield warn("profiles", found, f"export {profile.api_key_env} before using --profile {name}")
    try:
        read_prices(context.config)
    except ConfigError as error:
        yield bad("prices", str(error), "fix or remove prices.toml", "config")


async def _api(context: Context) -> AsyncIterator[Check]:

    from claude_batch_tui.domain.checkup import bad, ok, skip
    from claude_batch_tui.runtime import open_api, patient
    from claude_batch_tui.services.doctor import look_at_api

    try:
        api = patient(await open_api(context.config), context.patience())
    except ConfigError as error:
        yield bad("credentials", str(error), "cbtui info tells where they are looked for", "config")
        yield skip("api", "not asked without credentials")
        return
    try:
        yield ok("credentials", api.credential)
        async for check in look_at_api(api, lambda: datetime.now(UTC)):
            yield check
    finally:
        await api.close()


def _terminal(context: Context) -> Iterator[Check]:
    """Whether the dashboard can draw here."""
    from claude_batch_tui.domain.checkup import ok, skip, warn

    if not all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        yield skip("terminal", "not on a terminal, which the dashboard needs")
        return
    term, size = os.environ.get("TERM", ""), context.diagnostics.size()
    profile = decide_profile(context.config, os.environ, sys.stderr.encoding or "ascii")
    found = f"{size.columns}×{size.lines}, TERM={term or 'not set'}, {profile.sentence}"
    if term in {"dumb", "unknown"}:
        yield warn("terminal", found, "the dashboard cannot draw on it; the commands work")
    elif size.columns < LEAST_SIZE[0] or size.lines < LEAST_SIZE[1]:
        yield warn("terminal", found, f"the dashboard needs {LEAST_SIZE[0]}×{LEAST_SIZE[1]}: make it larger")
    elif profile.colors == "16" and context.config.color == "auto":
        yield warn("terminal", found, "where it has more colors: export COLORTERM=truecolor, or --color 256")
    else:
        yield ok("terminal", found)
