"""A run of three batches with two rounds of retries beside one file of its answers: first screen, filter, search, export,
and private memory, each in a process of its own. Run by hand:

    .venv/bin/python tests/benchmarks/bench_run.py [--requests 250000]

All are indexed before and warm in the page cache; putting the run together is measured apart. Times are of the processor and of
the clock, sides in turn: on a busy machine the clock tells more of its load.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from bench_big_batch import rss_anon_mb
from bench_results import line

from claude_batch_tui.domain.filters.language import parse
from claude_batch_tui.exports.formats import format_called
from claude_batch_tui.services.building.models import built_in_prices
from claude_batch_tui.services.exporting.export import Part, export
from claude_batch_tui.services.exporting.target import Options
from claude_batch_tui.services.filters.finding import find_all
from claude_batch_tui.services.results.costs import EntryCosts
from claude_batch_tui.services.results.merged import Attempt, merged_results
from claude_batch_tui.store.results.opening import open_indexed

_FAILED = b'{"custom_id":"r%07d","result":{"type":"expired"}}\n'


def write(folder: Path, requests: int) -> list[Path]:
    """The results files of the batches, oldest first: of 15 % each round answers two thirds."""
    dice = random.Random(1)
    made = [line(number, dice) for number in range(1000)]
    rounds = [range(first, requests, 3) for first in range(3)]
    rounds += [[n for n in range(requests) if n % 100 < 15], [n for n in range(requests) if n % 100 < 5]]
    paths = []
    for number, asked in enumerate(rounds):
        paths.append(folder / f"b{number}.jsonl")
        fails_below = (15, 15, 15, 5, 0)[number]
        with paths[-1].open("wb") as file:
            for each in asked:
                one = made[each % 1000]
                answer = b'{"custom_id":"r%07d' % each + one[one.index(b'"', 22) :]
                file.write(_FAILED % each if each % 100 < fails_below else answer)
    return paths


def measure(path: Path, cache: Path) -> None:
    """In a process of its own: a line of figures."""
    import numpy as np  # what the dashboard has imported by then

    np.flatnonzero(np.zeros(1))
    before, took, started = rss_anon_mb(os.getpid()), [], (time.process_time(), time.perf_counter())

    def lap() -> None:
        nonlocal started
        now = time.process_time(), time.perf_counter()
        took.extend(end - begin for begin, end in zip(started, now, strict=True))
        started = time.process_time(), time.perf_counter()

    with open_indexed(path, cache) as results:
        for at in range(50):
            results.read(at)
        lap()
        costs = EntryCosts(results.index, built_in_prices())
        find_all(results, parse("out>300 and not id:r0001"), costs)
        lap()
        find_all(results, parse("text:zyzzyva"), costs)
        lap()
        part = Part(path, results.index, range(results.index.count), "b")
        for _ in export(
            [part],
            cache / f"{path.stem}.csv",
            Options(format_called("csv"), force=True),
            prices=built_in_prices(),
        ):
            pass
        lap()
        print(*(f"{seconds:.3f}" for seconds in took), f"{rss_anon_mb(os.getpid()) - before:.1f}")


def main() -> None:
    """Make the files and measure each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=250_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--measure", type=Path)
    args = parser.parse_args()
    if args.measure:
        measure(args.measure, args.measure.parent)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        attempts = [Attempt(path.stem, path) for path in write(folder, args.requests)]
        for one in attempts:
            open_indexed(one.results, folder).close()
        started = time.perf_counter()
        run = merged_results("run", attempts, folder / "runs", folder).results
        print(f"put together in {time.perf_counter() - started:.2f} s")
        alone = folder / "alone.jsonl"
        with open_indexed(run, folder) as results, alone.open("wb") as file:
            for at in range(results.index.count):
                file.write(results.line(at).rstrip(b"\n") + b"\n")
        open_indexed(alone, folder).close()
        print(
            "first screen, filter, search, export in s, of the processor and of the clock; memory in MB; medians"
        )
        runs: dict[str, list[list[float]]] = {alone.name: [], run.name: []}
        for _ in range(args.rounds):
            for path in (alone, run):
                command = [sys.executable, __file__, "--measure", str(path)]
                told = subprocess.run(command, check=True, capture_output=True).stdout
                runs[path.name].append([*map(float, told.split())])
        medians = [[sorted(one)[len(one) // 2] for one in zip(*each, strict=True)] for each in runs.values()]
        for title, found in zip(runs, medians, strict=True):
            print(f"{title:12}", *found)
        print("run : file  ", *(f"{ours / theirs:.2f}" for theirs, ours in zip(*medians, strict=True)))


if __name__ == "__main__":
    main()
