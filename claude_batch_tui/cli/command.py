"""What every command gets, and what a command module consists of."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec

from claude_batch_tui.cli.diagnostics import Diagnostics
from claude_batch_tui.cli.output import Output
from claude_batch_tui.config import Config, Setting

_T = TypeVar("_T")


class Dashboard(msgspec.Struct, frozen=True):
    """What `__main__` needs to open the dashboard: the settings, and results or a key to begin with."""

    config: Config
    api_key: str | None = None
    results: Path | None = None
    batch_id: str | None = None
    banner: str | None = None
    beside: tuple[Config, ...] = ()
    """Other workspaces that are watched at the same time."""


class Context(msgspec.Struct, frozen=True):
    """What a command is given."""

    config: Config
    settings: list[Setting]
    output: Output
    diagnostics: Diagnostics
    open_dashboard: Callable[[Dashboard], int]
    beside: tuple[Config, ...] = ()
    """The settings of further profiles, for a command that takes several."""


class Command(Protocol):
    """A module of `cli.commands`."""

    SUMMARY: str

    @staticmethod
    def configure(parser: argparse.ArgumentParser) -> None:
        """Add the arguments."""

    @staticmethod
    def run(args: argparse.Namespace, context: Context) -> int:
        """Do the work and return the exit code."""


def run_to_end(work: Coroutine[Any, Any, _T]) -> _T:
    """Run the asynchronous part of a command and return its outcome."""
    import asyncio  # late: it is a quarter of what `status --short`, or the help of a command, would cost

    return asyncio.run(work)
