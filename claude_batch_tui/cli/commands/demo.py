"""`cbtui demo`: the dashboard on a simulated workspace, in folders of its own that are made anew each time."""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from claude_batch_tui.cli.command import Context, Dashboard
from claude_batch_tui.cli.commands.simulate import add_shared_options
from claude_batch_tui.config import Config
from claude_batch_tui.errors import ConfigError, StoreError
from claude_batch_tui.services.tour import is_offered, note_offered
from claude_batch_tui.store.locks import FileLock

_START_SECONDS = 20.0
_STOP_SECONDS = 3.0
_FOLDER = "demo"
_FILES = "files"
"""The folder of sources in it."""
_MARKER = ".cbtui-demo"
"""Lies in a folder that the demo made, and may therefore delete."""

_KEY = "sk-ant-sim-demo-0000000000000000"
"""The simulator's own default key. Known here so that the demo need not import the server."""

_CREDENTIALS = (
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_PROFILE",
    "ANTHROPIC_BASE_URL",
    "ANTHROPIC_CUSTOM_HEADERS",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "--port", type=int, default=0, metavar="N", help="of the simulator; default: a free one"
    )
    add_shared_options(parser)


def run(args: argparse.Namespace, context: Context) -> int:
    """Start the simulator beside us, open the dashboard on it, and end it whatever happens.

    Everything is in folders of its own, the working folder too: sources lie there, and what is exported without a path.
    """
    with _own_folder(context.config) as name:
        data_dir = _fresh(context.config.data_dir / name)
        state_dir = _fresh(context.config.state_dir / name)
        for variable in _CREDENTIALS:
            os.environ.pop(variable, None)
        # A proxy of the environment knows nothing of our loopback.
        os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"
        config = msgspec.structs.replace(
            context.config,
            profile=None,
            profiles={},
            api_key_env=None,
            workspace=None,
            api_version=None,
            keep=False,  # what is about to be lost is to be seen
            data_dir=data_dir,
            state_dir=state_dir,
            config_dir=data_dir / "config",
        )
        (data_dir / _FILES).mkdir()
        with _simulator(args, data_dir, state_dir) as process:

            def settled() -> Config:
                base_url = _first_line(process)
                os.chdir(data_dir / _FILES)
                return msgspec.structs.replace(config, base_url=base_url)

            # The modules of the dashboard are loaded while the simulator starts.
            return context.open_dashboard(
                Dashboard(config=config, api_key=_KEY, settled=settled, offers_tour=True)
            )


@contextlib.contextmanager
def _own_folder(config: Config) -> Iterator[str]:
    """The name of a folder that no other demo uses while the context lasts."""
    config.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    for number in itertools.count(1):
        name = _FOLDER if number == 1 else f"{_FOLDER}-{number}"
        lock = FileLock(config.data_dir / f"{name}.lock")
        if lock.try_acquire():
            try:
                yield name
            finally:
                lock.release()
            return


@contextlib.contextmanager
def _simulator(args: argparse.Namespace, data_dir: Path, state_dir: Path) -> Iterator[subprocess.Popen[str]]:
    """A simulator that ends with the context, and with this process if that is killed."""
    command = [
        sys.executable, "-m", "claude_batch_tui", "simulate", "--port", str(args.port),
        "--speed", str(args.speed), "--seed", str(args.seed), "--demo-data", str(data_dir / _FILES), "--until-stdin-closes",
    ]  # fmt: skip
    # Its own session: ctrl+c in the terminal is for the dashboard alone.
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and module, no shell
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "CBTUI_STATE_DIR": str(state_dir)},
        start_new_session=True,
    )
    try:
        yield process
    finally:
        _end(process)


def _first_line(process: subprocess.Popen[str]) -> str:
    stdout, stderr = process.stdout, process.stderr
    if stdout is None or stderr is None:
        raise ConfigError("The simulator has no output to read.")
    readable, _, _ = select.select([stdout], [], [], _START_SECONDS)
    line = stdout.readline().strip() if readable else ""
    if not line:
        process.terminate()
        said = stderr.read().strip().removeprefix("cbtui: ").splitlines()
        raise ConfigError(said[-1] if said else "The simulator did not start.")
    return line


def _end(process: subprocess.Popen[str]) -> None:
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _fresh(folder: Path) -> Path:
    """The folder, empty but for our marker, and what says that the tour was offered. Raises StoreError for one that is not ours."""
    try:
        if folder.is_symlink() or (
            folder.exists() and not (folder / _MARKER).exists() and any(folder.iterdir())
        ):
            raise StoreError(f"{folder} is not a folder of an earlier demo: move it away, or use --data-dir.")
        was_offered = is_offered(folder)
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True, mode=0o700)
        (folder / _MARKER).touch()
        if was_offered:
            note_offered(folder)
    except OSError as error:
        raise StoreError(f"{folder}: cannot begin a fresh demo: {error}.") from error
    return folder
