"""`cbtui simulate`: the Message Batches API on this machine, for trying things out and for tests.

The first line of stdout is the base URL, written when connections are accepted. It ends on ctrl+c or SIGTERM.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from claude_batch_tui.cli.command import Context, run_to_end
from claude_batch_tui.errors import ConfigError

# Imports within functions are late because the parser and --help need none of them.

if TYPE_CHECKING:
    import asyncio

    from claude_batch_tui.cli.demo_history import DemoHistory
    from claude_batch_tui.simulator import Simulator

_FIRST_FRAME = 0.7
"""Seconds in which the processor is the dashboard's."""

_NOT_DONE = """
What it does not do: answers are cut from the words of the request, tokens are estimated
from its bytes, no tool runs and no address is fetched, rate limits are told and not held,
and of the API there are batches, messages, token counts and models."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.description = f"{parser.description}\n{_NOT_DONE}"
    parser.add_argument("--port", type=int, default=0, metavar="N", help="default: a free one")
    add_shared_options(parser)
    parser.add_argument(
        "--counts",
        choices=("end", "live"),
        default="end",
        help="end: counts stay at processing until a batch has ended, as the API documents; live: they move",
    )
    parser.add_argument(
        "--any-key", action="store_true", help="take every API key, as one of the default workspace"
    )
    parser.add_argument(
        "--any-model",
        action="store_true",
        help="take every model id, retired ones too, for clients fixed to one",
    )
    parser.add_argument(
        "--demo-workspace", action="store_true", help="begin with the batches of a busy team's last six weeks"
    )
    parser.add_argument(
        "--demo-data",
        type=Path,
        metavar="DIR",
        help="the same, with their sources in this folder, and in the one above what the machine that sent them knows",
    )
    parser.add_argument(
        "--until-stdin-closes",
        action="store_true",
        help="end when stdin closes, to die with a parent process",
    )


def add_shared_options(parser: argparse.ArgumentParser) -> None:
    """The options of `demo` as well."""
    parser.add_argument(
        "--speed", type=float, default=1.0, metavar="X", help="divides processing times (default 1)"
    )
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help="the same seed gives the same ids and answers"
    )


def run(args: argparse.Namespace, context: Context) -> int:
    """Serve until told to stop."""
    if args.speed <= 0:
        raise ConfigError(f"--speed is a number above 0, not {args.speed:g}.")
    # The server costs 0.2 s to import, which other commands need not pay.
    from claude_batch_tui.simulator import Simulator

    simulator = Simulator(
        port=args.port,
        speed=args.speed,
        seed=args.seed,
        counts=args.counts,
        demo=args.demo_workspace or args.demo_data is not None,
        any_key=args.any_key,
        any_model=args.any_model,
    )
    history = None
    if args.demo_data is not None:
        from claude_batch_tui.cli.demo_history import remembered

        history = remembered(simulator, context.config, args.demo_data)
    run_to_end(_serve(simulator, context, history, until_stdin_closes=args.until_stdin_closes))
    return 0


async def _serve(
    simulator: Simulator, context: Context, history: DemoHistory | None, *, until_stdin_closes: bool
) -> None:
    import asyncio

    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if until_stdin_closes:
        threading.Thread(target=_wait_for_end_of_stdin, args=(loop, stop), daemon=True).start()
    # The socket listens since the simulator was made: a connection now waits a moment and is served.
    context.output.line(simulator.base_url)
    context.output.flush()
    context.diagnostics.note(
        "Nothing is sent to Anthropic and nothing costs. To point an SDK or cbtui at it:"
    )
    context.diagnostics.note(
        f"  export ANTHROPIC_BASE_URL={simulator.base_url} ANTHROPIC_API_KEY={simulator.key}"
    )
    context.diagnostics.note("Stop it with ctrl+c.")
    if history is not None:
        # The dashboard draws its first frame meanwhile; whoever connects then waits, and has all with the first answer.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _FIRST_FRAME)
        if not stop.is_set():
            history.write_files()
    await simulator.serve(stop)


def _wait_for_end_of_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    # Not through sys.stdin: its lock, held here, would crash the interpreter's exit.
    while os.read(0, 4096):
        pass
    with contextlib.suppress(RuntimeError):  # the loop is closed: we are ending already
        loop.call_soon_threadsafe(stop.set)
