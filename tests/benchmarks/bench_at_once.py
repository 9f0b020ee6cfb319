"""What somebody waits for before any work is done, beside an earlier build and bare starts of Python. Run by hand:

    .venv/bin/python tests/benchmarks/bench_at_once.py OTHER/.venv/bin/python [--pairs 7] [--file RESULTS] [starts keys memory]

`starts`: `cbtui --version` and `status --short`, beside `python -c pass` (goals 1.8 and 3). `keys`: the slowest of the cursor's
keys in the three seconds after the first frame of a dashboard with 50 batches; with a results file, its first rows after an empty
dashboard's frame and the slowest of 60 keys while it is indexed (goals 50 ms, 80 ms, half of the earlier build's). `memory`:
private memory of a dashboard, connected for a minute, 50 batches known (goal 0.65). Sides take turns; medians of pairs.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench_big_batch import rss_anon_mb
from pty_app import PtyApp

from claude_batch_tui.simulator import ALL_ANSWERED, Simulator

DOWN, UP = "\x1b[B", "\x1b[A"


class Build:
    """A build of cbtui that knows 50 batches from before; results files are indexed anew each time."""

    def __init__(self, name: str, python: str, folder: Path, api: dict[str, str]) -> None:
        self.name, self._data = name, folder / name / "DATA"
        self._command = [python, "-P", "-m", "claude_batch_tui"]
        self._environ = api | {
            f"CBTUI_{kind}_DIR": str(folder / name / kind) for kind in ("DATA", "CONFIG", "STATE")
        }
        listed = [*self._command, "list"]
        subprocess.run(listed, check=True, env=os.environ | self._environ, stdout=subprocess.DEVNULL)

    def open(self, *words: str) -> PtyApp:
        """Its dashboard."""
        shutil.rmtree(self._data / "cache", ignore_errors=True)
        return PtyApp([*self._command, *words], environ=self._environ)


def tell(what: str, unit: str, found: dict[str, list[float]]) -> None:
    """The medians of both builds, and of their pairs."""
    this, earlier = found["this"], found["earlier"]
    ratio = statistics.median(one / other for one, other in zip(this, earlier, strict=True))
    figures = ", ".join(f"{name} {statistics.median(side):.0f} {unit}" for name, side in found.items())
    print(f"{what:<44} {figures}; {ratio:.2f}", flush=True)


def starts(pairs: int) -> None:
    """Processes that begin and end."""
    cbtui = str(Path(sys.executable).with_name("cbtui"))
    sides = {
        "python": [sys.executable, "-c", "pass"],
        "--version": [cbtui, "--version"],
        "status --short": [cbtui, "status", "--short"],
    }
    found: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(3 * pairs):
        for name, words in sides.items():
            started = time.perf_counter()
            subprocess.run(words, check=False, capture_output=True)
            found[name].append(time.perf_counter() - started)
    for name in ("--version", "status --short"):
        ratio = statistics.median(one / bare for one, bare in zip(found[name], found["python"], strict=True))
        print(f"{name:<44} {statistics.median(found[name]) * 1e3:.0f} ms, {ratio:.2f} bare starts of Python")


def keys(builds: list[Build], pairs: int, file: Path | None) -> None:
    """Keys from the first frame on."""
    slowest: dict[str, list[float]] = {build.name: [] for build in builds}
    more: dict[str, list[float]] = {build.name: [] for build in builds}
    indexing: dict[str, list[float]] = {build.name: [] for build in builds}
    for _ in range(pairs):
        for build in builds:
            with build.open() as app:
                empty = app.wait_for("1 Batches", quiet=0.0)
                slowest[build.name].append(_slowest(app, lambda app=app, end=empty + 3: _age(app) < end))
            if file is not None:
                with build.open("open", str(file)) as app:
                    rows = app.wait_for("0000009", quiet=0.0)
                    more[build.name].append((rows - empty) * 1e3)
                    left = iter(range(60))
                    indexing[build.name].append(_slowest(app, lambda left=left: next(left, None) is not None))
    tell("slowest key of the first three seconds", "ms", slowest)
    if file is not None:
        tell("first rows after an empty dashboard's frame", "ms", more)
        tell("slowest of 60 keys while a file is indexed", "ms", indexing)


def _age(app: PtyApp) -> float:
    return time.perf_counter() - app.started_at


def _slowest(app: PtyApp, goes_on: Callable[[], bool]) -> float:
    """Milliseconds until the slowest of the cursor's keys was answered."""
    found, key = [0.0], DOWN
    while goes_on():
        found.append(app.press(key, quiet=0.03).first_ms or 0.0)  # 0: there was nowhere to go
        key = UP if key == DOWN else DOWN
    return max(found)


def memory(builds: list[Build], pairs: int) -> None:
    """Private memory after a minute."""
    found: dict[str, list[float]] = {build.name: [] for build in builds}
    for _ in range(pairs):
        running = [build.open() for build in builds]
        for app in running:
            app.wait_for("1 Batches")
        time.sleep(60)
        for build, app in zip(builds, running, strict=True):
            found[build.name].append(rss_anon_mb(app.pid))
            app.__exit__()
    tell("private memory after a minute", "MB", found)


def main() -> None:
    """Measure part by part."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("other")
    parser.add_argument("parts", nargs="*", default=["starts", "keys", "memory"])
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--file", type=Path)
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with Simulator(seed=5, rates=ALL_ANSWERED) as simulator:
        for _ in range(50):
            simulator.batches.add(20)
        api = {"ANTHROPIC_BASE_URL": simulator.base_url, "ANTHROPIC_API_KEY": simulator.key}
        builds = [
            Build("this", sys.executable, folder, api),
            Build("earlier", str(args.other), folder, api),
        ]
        if "starts" in args.parts:
            starts(args.pairs)
        if "keys" in args.parts:
            keys(builds, args.pairs, args.file)
        if "memory" in args.parts:
            memory(builds, min(args.pairs, 3))
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
