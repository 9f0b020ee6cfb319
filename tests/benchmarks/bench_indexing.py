"""A million short answers: what making their index takes, and adding up what it says, beside an earlier build and `wc -l`.

    .venv/bin/python tests/benchmarks/bench_indexing.py OTHER/.venv/bin/python [--pairs 7] [--lines 1000000]

OTHER is an environment with the build of commit 6276892. Each side is a process of its own that tells the seconds of its parts
by the clock and of the processor, so that no start is in them; sides take turns, each ratio is the median of its pairs. The sums
are of all entries, of every third, of the same entries as a run of three batches, and what they cost.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

from bench_short_answers import write

_SUMS = """
import json, os, resource, sys, time
from pathlib import Path
here = {}
def used():
    own, ended = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + ended.ru_utime + ended.ru_stime
def timed(name, work):
    clock, processor = time.perf_counter(), used()
    found = work()
    here[name] = time.perf_counter() - clock, used() - processor
    return found
def last(steps):
    *_, found = steps
    return found
def add_up(opened, prices, statistics, bill, cache, paths):
    index = opened(Path(paths[0]), cache).index
    warm = last(statistics([(index, range(20_000))], prices))  # imports, too
    every = range(index.count)
    timed("all entries", lambda: last(statistics([(index, every)], prices)))
    timed("every third", lambda: last(statistics([(index, every[::3])], prices)))
    run = [opened(Path(path), cache).index for path in paths[1:]]
    timed("a run of three", lambda: last(statistics([(one, range(one.count)) for one in run], prices)))
    timed("their bill", lambda: bill(Path(paths[0]), prices, cache))
    print(json.dumps(here))
"""
_THIS = """
import claude_batch_tui.store.results.ranges as ranges
from claude_batch_tui.config import load
from claude_batch_tui.services.building.models import read_prices
from claude_batch_tui.services.results.costs import spend_of
from claude_batch_tui.services.results.statistics import statistics
from claude_batch_tui.store.results import passes
from claude_batch_tui.store.results.index import ResultsIndex
from claude_batch_tui.store.results.opening import open_indexed
def index_of(path, processes, first_pass_only=False):
    passes.processes = ranges.processes = lambda: processes
    descriptor, index = os.open(path, os.O_RDONLY), ResultsIndex()
    for _ in passes.first_pass(descriptor, index) if first_pass_only else passes.index_file(descriptor, index, in_order=True):
        pass
timed("ids and outcomes", lambda: index_of(sys.argv[2], 1, first_pass_only=True))
for processes in (1, 2, 4, 8):
    timed("all columns" if processes == 1 else f"{processes} processes", lambda: index_of(sys.argv[2], processes))
add_up(open_indexed, read_prices(load({})[0]), statistics, spend_of, Path(sys.argv[1]), sys.argv[2:])
"""
_EARLIER = """
from claude_batch_tui.config import load
from claude_batch_tui.runtime import read_prices
from claude_batch_tui.services.spending import spend_of
from claude_batch_tui.services.statistics import statistics
from claude_batch_tui.store.opening import index_file, open_indexed
from claude_batch_tui.store.results_index import ResultsIndex
def index_of(path):
    descriptor, index = os.open(path, os.O_RDONLY), ResultsIndex()
    started, size = time.perf_counter(), os.fstat(descriptor).st_size
    processor = used()
    for _ in index_file(descriptor, index):
        if "ids and outcomes" not in here and index.count and index.offsets[-1] + index.lengths[-1] + 1 >= size:
            here["ids and outcomes"] = time.perf_counter() - started, used() - processor
timed("all columns", lambda: index_of(sys.argv[2]))
add_up(open_indexed, read_prices(load({})[0]), statistics, spend_of, Path(sys.argv[1]), sys.argv[2:])
"""
Figures = dict[str, tuple[float, float]]


def measured(python: str, code: str, cache: Path, paths: list[Path]) -> Figures:
    """The seconds of the parts of one side, by the clock and of the processor."""
    words = [python, "-P", "-c", code, str(cache), *map(str, paths)]
    environ = os.environ | {f"CBTUI_{kind}_DIR": str(cache) for kind in ("DATA", "CONFIG", "STATE")}
    said = subprocess.run(words, check=True, capture_output=True, env=environ).stdout
    return {name: (clock, processor) for name, (clock, processor) in json.loads(said).items()}


def counted(path: Path) -> Figures:
    """What `wc -l` takes by the clock."""
    started = time.perf_counter()
    subprocess.run(["/usr/bin/wc", "-l", path], check=True, stdout=subprocess.DEVNULL)
    return {"ids and outcomes": (time.perf_counter() - started,) * 2}


def beside(ours: list[Figures], others: list[Figures], name: str, other: str) -> str:
    """The ratio of two sides, by the clock and of the processor."""
    clock, processor = (
        statistics.median(one[name][at] / its[other][at] for one, its in zip(ours, others, strict=True))
        for at in (0, 1)
    )
    return f"{clock:.2f} by the clock, {processor:.2f} by processor time"


def main() -> None:
    """Take turns, and print every part."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("other")
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--lines", type=int, default=1_000_000)
    args = parser.parse_args()
    this: list[Figures] = []
    earlier: list[Figures] = []
    wc: list[Figures] = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        whole, *thirds = (folder / f"{name}.jsonl" for name in ("whole", "a", "b", "c"))
        write(whole, args.lines)
        with whole.open("rb") as lines:
            for third in thirds:
                with third.open("wb") as part:
                    part.writelines(islice(lines, args.lines // 3))
        for number in range(args.pairs + 1):
            for found, python, code in ((this, sys.executable, _THIS), (earlier, args.other, _EARLIER)):
                cache = folder / ("this" if found is this else "earlier")
                found.append(measured(python, _SUMS + code, cache, [whole, *thirds]))
            wc.append(counted(whole))
            if not number:  # the first makes the indexes
                for found in (this, earlier, wc):
                    found.clear()
    for name in this[0]:
        clock, processor = (statistics.median(one[name][at] for one in this) for at in (0, 1))
        print(f"{name:<18} {clock:7.3f} s {processor:7.3f} s cpu", end="")
        other = "all columns" if "processes" in name else name
        print(f"   beside the earlier build {beside(this, earlier, name, other)}", end="")
        print(f"; beside wc -l {beside(this, wc, name, name)}" if name in wc[0] else "")


if __name__ == "__main__":
    main()
