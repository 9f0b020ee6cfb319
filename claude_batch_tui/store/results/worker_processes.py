"""Processes that do a share of a large work for this one: how many, how they are started, told and ended."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Any, BinaryIO, Final, cast

from claude_batch_tui.store.results.messages import tell_message

_MOST: Final = 8
_CODE: Final = (
    "import sys; sys.path[:] = sys.argv[2:]; from importlib import import_module as i; i(sys.argv[1]).main()"
)


def processes() -> int:
    """How many share a large work: as many as there are cores for this process."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(count, _MOST)


def started(module: str, order: Any, *descriptors: int) -> subprocess.Popen[bytes]:
    """A process that runs `main` of a module and has these descriptors. It reads the order as the first message of its stdin,
    tells what it finds on its stdout, and ends with that pipe. Raises OSError.
    """
    # No package that lies in the folder is imported, and nothing by the environment where that is not believed here.
    # Ctrl+c in the terminal does not reach it: its pipe ends it.
    option = "-I" if sys.flags.isolated else "-P"
    process = subprocess.Popen(  # noqa: S603 — our own words
        [sys.executable, option, "-c", _CODE, module, *sys.path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        pass_fds=descriptors,
        start_new_session=True,
    )
    with contextlib.suppress(OSError):  # one that has ended is noticed where its messages are read
        tell_message(cast("BinaryIO", process.stdin), order)
    return process


def ended(some: Sequence[subprocess.Popen[bytes]]) -> None:
    """End what still runs of some processes."""
    for process in some:
        process.kill()
    for process in some:
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):  # what was not told yet
                    pipe.close()
        process.wait()
