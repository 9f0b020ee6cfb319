"""Two results files joined by custom_id and held against each other: time and private memory. Run by hand:

    .venv/bin/python tests/benchmarks/bench_compare.py [--lines 1000000]

The second file has the same requests in another order, every seventh of them answered otherwise. Both are indexed
before, and warm in the page cache as far as that reaches.
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
from bench_big_batch import Peak, rss_anon_mb
from bench_results import line, write

from claude_batch_tui.services.results.compare import compare
from claude_batch_tui.store.results.opening import open_indexed

_STRIDE = 7919
"""A prime, so that every line is met once."""


def write_other(path: Path, lines: int) -> None:
    """The requests of `write` in another order, with some other answers."""
    dice = random.Random(7)
    made = [line(number, dice) for number in range(min(lines, 1000))]
    others = [line(number, dice) for number in range(min(lines, 1000))]
    with path.open("wb") as file:
        for at in range(lines):
            number = at * _STRIDE % lines
            own = made[number % len(made)]
            one = others[number % len(made)] if number % 7 == 0 else own
            custom_id = own[own.index(b"-", 22) + 1 : own.index(b'"', 22)]
            file.write(b'{"custom_id":"ticket-%07d-' % number + custom_id + one[one.index(b'"', 22) :])


def measure(left: Path, right: Path, cache: Path) -> None:
    """In a process of its own."""
    with open_indexed(left, cache) as first, open_indexed(right, cache) as second:
        import numpy as np  # what the dashboard has imported by then

        np.flatnonzero(np.zeros(1))
        before, peak = rss_anon_mb(os.getpid()), Peak(os.getpid())
        started, joined = time.perf_counter(), None
        for whole in compare(first, second, prices=None):
            if whole.total >= 0 and joined is None:
                joined = time.perf_counter() - started
        highest = peak.stop()
        seconds = time.perf_counter() - started
        counts = {str(name): count for name, count in whole.agreed().counts.items() if count}
        print(f"joined in {joined:.1f} s, compared in {seconds:.1f} s: {counts}")
        print(
            f"RssAnon {before:.0f} MB with both open, at most {highest:.0f} MB: {highest - before:.0f} MB more"
        )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--in", dest="folder", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.folder is not None:
        measure(args.folder / "a.jsonl", args.folder / "b.jsonl", args.folder / "cache")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder / "a.jsonl", args.lines)
        write_other(folder / "b.jsonl", args.lines)
        for path in ("a.jsonl", "b.jsonl"):
            open_indexed(folder / path, folder / "cache").close()
        print(f"{args.lines:,} lines each, {(folder / 'a.jsonl').stat().st_size / 1e6:,.0f} MB")
        subprocess.run([sys.executable, __file__, "--in", name], check=True)


if __name__ == "__main__":
    main()
