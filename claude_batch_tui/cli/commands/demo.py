"""`cbtui demo`: the dashboard on a simulated workspace, in folders of its own that start empty each time."""

from __future__ import annotations

import argparse
import contextlib
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
from claude_batch_tui.errors import ConfigError, StoreError

_START_SECONDS = 20.0
_STOP_SECONDS = 3.0
_FOLDER = "demo"
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
    """Start the simulator beside us, open the dashboard on it, and end it whatever happens."""
    data_dir = _fresh(context.config.data_dir / _FOLDER)
    state_dir = _fresh(context.config.state_dir / _FOLDER)
    for name in _CREDENTIALS:
        os.environ.pop(name, None)
    # A proxy of the environment knows nothing of our loopback.
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"
    with _simulator(args) as base_url:
        config = msgspec.structs.replace(
            context.config,
            base_url=base_url,
            profile=None,
            profiles={},
            api_key_env=None,
            workspace=None,
            api_version=None,
            data_dir=data_dir,
            state_dir=state_dir,
        )
        return context.open_dashboard(Dashboard(config=config, api_key=_KEY))


@contextlib.contextmanager
def _simulator(args: argparse.Namespace) -> Iterator[str]:
    """The base URL of a simulator that ends with the context, and with this process if that is killed."""
    command = [
        sys.executable, "-m", "claude_batch_tui", "simulate", "--port", str(args.port),
        "--speed", str(args.speed), "--seed", str(args.seed), "--demo-workspace", "--until-stdin-closes",
    ]  # fmt: skip
    # Its own session: ctrl+c in the terminal is for the dashboard alone.
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and module, no shell
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield _first_line(process)
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
    """The folder, empty but for our marker. Raises StoreError for one that is not ours."""
    try:
        if folder.is_symlink() or (
            folder.exists() and not (folder / _MARKER).exists() and any(folder.iterdir())
        ):
            raise StoreError(f"{folder} is not a folder of an earlier demo: move it away, or use --data-dir.")
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True, mode=0o700)
        (folder / _MARKER).touch()
    except OSError as error:
        raise StoreError(f"{folder}: cannot begin a fresh demo: {error}.") from error
    return folder
