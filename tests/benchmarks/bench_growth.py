"""How cost grows with the number of short answers, from 10,000 to 10,000,000. Run by hand; the largest file has 4 GB:

    .venv/bin/python tests/benchmarks/bench_growth.py [--most 10000000] [--rounds 3]

For each size, the median of some rounds: statistics of a file never opened and of one that was, each a process of its own;
the first 50 rows of a file never opened and of one that was; and what is kept of it.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from bench_short_answers import Build, write

from claude_batch_tui.store.results.opening import opening

ROWS = 50


def first_rows(path: Path, cache: Path) -> float:
    """Milliseconds until the first rows of a file are there."""
    started = time.perf_counter()
    steps = opening(path, cache)
    with next(steps) as results:
        rows = [(results.index.entry(at), results.line(at)) for at in range(ROWS)]
        taken = time.perf_counter() - started
        assert len(rows) == ROWS
        steps.close()
    return taken * 1e3


def main() -> None:
    """Measure size by size, and print a line for each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--most", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    print(
        "      lines  never opened s, cpu, MB   µs a line   opened s, cpu, MB   first rows ms, again   index B"
    )
    lines = 10_000
    while lines <= args.most:
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            path = folder / "short.jsonl"
            write(path, lines)
            build = Build("this", sys.executable, folder / "this")
            words = "results", str(path), "--stats"
            never = [build.run(*words, unindexed=True) for _ in range(args.rounds)]
            once = [build.run(*words) for _ in range(args.rounds)]
            new, known = [tuple(map(statistics.median, zip(*found, strict=True))) for found in (never, once)]
            rows = [
                statistics.median(first_rows(path, cache) for _ in range(args.rounds))
                for cache in (folder / "none", folder / "this" / "data" / "cache")
            ]
            print(
                f"{lines:>11,} {new[0]:10.2f} {new[1]:6.2f} {new[2]:5.0f} {new[1] / lines * 1e6:10.1f}"
                f" {known[0]:12.2f} {known[1]:6.2f} {known[2]:5.0f} {rows[0]:12.1f} {rows[1]:8.1f}"
                f" {build.index_bytes / lines:12.1f}",
                flush=True,
            )
        lines *= 10


if __name__ == "__main__":
    main()
