"""What every command gets, how it asks before something is paid or destroyed, and what its module consists of."""

from __future__ import annotations

import argparse
import contextlib
import os
import select
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import msgspec

from claude_batch_tui.cli.diagnostics import Diagnostics
from claude_batch_tui.cli.output import Output
from claude_batch_tui.config import Config, Setting

if TYPE_CHECKING:
    from claude_batch_tui.services.patience import Patience

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
    offers_tour: bool = False
    """Whether the tour is offered, once on this machine, though something is known already."""
    settled: Callable[[], Config] | None = None
    """Gives the settings in force, where something is still to be waited for: asked once all modules are loaded."""


async def _sleep(seconds: float) -> None:
    import asyncio  # late: see `run_to_end`

    await asyncio.sleep(seconds)


class Clock(msgspec.Struct, frozen=True):
    """By what a command waits before it asks the API again; a test brings its own."""

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = _sleep
    pause: Callable[[float], None] = time.sleep
    """The same for a thread."""


class Context(msgspec.Struct, frozen=True):
    """What a command is given."""

    config: Config
    settings: list[Setting]
    output: Output
    diagnostics: Diagnostics
    open_dashboard: Callable[[Dashboard], int]
    beside: tuple[Config, ...] = ()
    """The settings of further profiles, for a command that takes several."""
    clock: Clock = Clock()
    argv: tuple[str, ...] = ()
    """What was typed after the program's name."""
    whole_parser: Callable[[], argparse.ArgumentParser] = argparse.ArgumentParser
    """Makes the parser with all options of all commands, for what is made from it."""

    def patience(self) -> Patience:
        """How long reads of the API are tried again; each wait is said on stderr."""
        from claude_batch_tui.services.patience import Patience  # late: --help needs none of it

        return Patience(self.config.timeout, self.diagnostics.note, self.clock.monotonic, self.clock.sleep)

    def confirm(self, question: str, *, yes: bool, option: str = "--yes") -> bool:
        """Whether the user agrees: by an option, or by typing `yes` on a terminal. Anywhere else the answer is no."""
        return yes or self._ask(question, "yes", f"pass {option} to agree")

    def confirm_count(self, question: str, why: str, *, count: int, said: int | None) -> bool:
        """Whether the user agrees to something above a limit: by saying its `count`, as an option or on a terminal.

        `why` is what asks for it, as a phrase.
        """
        if said == count:
            return True
        if said is not None:
            self.diagnostics.error(f"There are {count:,} requests, not {said:,}. Nothing was done.")
            return False
        return self._ask(f"{question} Note: {why}.", str(count), f"pass --requests {count} to agree")

    def choose(self, question: str, words: Collection[str]) -> str | None:
        """The one of these words that the user types on a terminal; None for anything else, and anywhere else."""
        typed = self._typed(question).lower()
        return typed if typed in words else None

    def ask(self, question: str) -> str | None:
        """The line that the user types on a terminal, without blanks around it; None for an empty one, and anywhere else."""
        return self._typed(question) or None

    def _ask(self, question: str, expected: str, hint: str) -> bool:
        if not sys.stdin.isatty():
            self.diagnostics.error(f"{question} Nothing was done: {hint}.")
            return False
        if self._typed(f"{question} Type {expected} to agree.").lower().replace(",", "") == expected:
            return True
        self.diagnostics.note("Nothing was done.")
        return False

    def _typed(self, question: str) -> str:
        """Say it, and read the line that is typed; empty where that is no terminal."""
        with _interruptible() as signalled:
            self.diagnostics.note(question)
            if not sys.stdin.isatty():
                return ""
            select.select([sys.stdin, signalled], [], [])
            return sys.stdin.readline().strip()


@contextlib.contextmanager
def _interruptible() -> Iterator[int]:
    """While a line is waited for: the first ctrl+c raises KeyboardInterrupt, also one that came right before.

    asyncio would only cancel the task that asks, which hears of it when the line has been typed. Gives what can be read
    once a signal came: one that comes right before a read begins does not end that read.
    """
    import asyncio  # late, as in `run_to_end`

    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    fd_before = signal.set_wakeup_fd(writer)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with contextlib.suppress(RuntimeError):  # a command that does not await
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise KeyboardInterrupt
        yield reader
    finally:
        signal.signal(signal.SIGINT, before)
        signal.set_wakeup_fd(fd_before)
        os.close(reader)
        os.close(writer)


class Command(Protocol):
    """A module of `cli.commands`."""

    @staticmethod
    def configure(parser: argparse.ArgumentParser) -> None:
        """Add the arguments."""

    @staticmethod
    def run(args: argparse.Namespace, context: Context) -> int | Coroutine[Any, Any, int]:
        """Do the work and return the exit code; a command that awaits is an `async def`."""


def run_to_end(work: Coroutine[Any, Any, _T]) -> _T:
    """Run the asynchronous part of a command and return its outcome."""
    import asyncio  # late: it is a quarter of what `status --short`, or the help of a command, would cost

    return asyncio.run(work)
