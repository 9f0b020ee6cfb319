"""The command line in processes of its own that need not import it: each is forked from one that has.

A kill -9 is as final in them, and starting one takes a tenth of the processor time of a new interpreter.
"""

from __future__ import annotations

import atexit
import functools
import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import NamedTuple


class Ended(NamedTuple):
    """What a command line left: its exit code, and what it wrote."""

    returncode: int
    stdout: str
    stderr: str


class Forked:
    """A command line that runs."""

    def __init__(self, origin, pid, folder):
        self._origin, self._pid, self._folder = origin, pid, folder
        self._code = None

    def is_alive(self):
        """Whether it still runs."""
        if self._code is None:
            self._code = self._origin.ask([self._pid, os.WNOHANG])
        return self._code is None

    def kill(self):
        """Kill it, where it has not ended by itself."""
        if self.is_alive():
            os.kill(self._pid, signal.SIGKILL)

    def wait(self):
        """What it left, once it has ended."""
        if self._code is None:
            process = os.pidfd_open(self._pid)
            select.select([process], [], [])
            os.close(process)
            self._code = self._origin.ask([self._pid, os.WNOHANG])
        return Ended(self._code, *((self._folder / name).read_text("utf-8") for name in ("stdout", "stderr")))


class CommandLines:
    """The process that command lines are forked from, for all threads. Ends when it is closed."""

    def __init__(self, folder):
        self._folder, self._started, self._lock = folder, 0, threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def start(self, *arguments):
        """A running `cbtui`, in the environment and the working folder of the test."""
        with self._lock:
            self._started += 1
            folder = self._folder / str(self._started)
        folder.mkdir()
        for name in ("stdout", "stderr"):  # a kill may come before the process has made them
            (folder / name).touch()
        order = [[str(word) for word in arguments], dict(os.environ), str(Path.cwd()), str(folder)]
        return Forked(self, self.ask(order), folder)

    def run(self, *arguments):
        """A `cbtui` that is waited for."""
        return self.start(*arguments).wait()

    def ask(self, order):
        """Give the process an order: a command line to fork, or a process to look at."""
        with self._lock:
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())

    def close(self):
        """End the process."""
        self._process.communicate()


@functools.cache
def command_lines():
    """The one that all tests of this process share: importing takes it as long as twenty commands."""
    folder = tempfile.TemporaryDirectory()
    lines = CommandLines(Path(folder.name))
    atexit.register(folder.cleanup)
    atexit.register(lines.close)
    return lines


def _serve():
    main = _imported()
    for line in sys.stdin:
        order = json.loads(line)
        if len(order) == 2:
            pid, status = os.waitpid(*order)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        elif answer := os.fork():
            pass
        else:
            _end(_run(main, *order))
        print(json.dumps(answer), flush=True)


def _imported():
    from claude_batch_tui import api, cli, exports, services, store
    from claude_batch_tui.__main__ import main
    from claude_batch_tui.config import load

    for package in (api, cli, exports, services, store):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    # The first client of a process asks of every class of the SDK whether it is a mapping.
    api.client.AnthropicApi(load({"base_url": "http://127.0.0.1:1"})[0], api_key="-")
    gc.freeze()
    return main


def _run(main, words, environment, here, folder):
    os.chdir(here)
    os.environ.clear()
    os.environ.update(environment)
    new = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    for descriptor, path, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, Path(folder) / "stdout", new),
        (2, Path(folder) / "stderr", new),
    ):
        file = os.open(path, flags, 0o600)
        os.dup2(file, descriptor)
        os.close(file)
    sys.argv = ["cbtui", *words]
    try:
        return main()
    except SystemExit as stop:
        return stop.code


def _end(code):
    """End as a forked process does: to take apart all that was imported copies it first, and takes as long as a command."""
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code or 0)


if __name__ == "__main__":
    _serve()
