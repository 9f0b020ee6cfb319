"""From exec to the first frame with 10,000 known batches, against an empty Textual app, run in turns.

    python tests/benchmarks/bench_first_frame.py [--batches 10000] [--rounds 15] [--beside OTHER/.venv/bin/python]

A frame is there when a pty's emulator shows its text, for cbtui that of a row. Goal: at most 1.6 × the empty app, by the
median of the pairs: the two of a pair have the same neighbours on the machine. The store is filled before; the API is
out of reach, as it is asked only after that frame. `--beside` takes an earlier build into the turns, whose own copy of this
script fills a store of its own: goal: no slower.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pty_app import PtyApp

GOAL = 1.6
KEY = "sk-ant-sim-bench-000000000000a1b2"
ADDRESS = "http://127.0.0.1:9"
NAME = "newest-of-all"
EMPTY = """
from textual.app import App
from textual.widgets import Static

class Empty(App):
    def compose(self):
        yield Static("an empty app")

Empty().run()
"""


def fill(folder: Path, count: int) -> None:
    """A store with so many batches, fifty of them running."""
    from claude_batch_tui.config import load
    from claude_batch_tui.domain.batches.batch import Batch, RequestCounts
    from claude_batch_tui.runtime import Runtime
    from claude_batch_tui.store import batches, polls
    from claude_batch_tui.store.workspaces import remember

    config, _ = load({"data_dir": str(folder), "base_url": ADDRESS})
    runtime = Runtime(config, api_key=KEY)
    now = datetime.now(UTC)
    workspace = remember(runtime.store.database, ADDRESS, "wrkspc_bench", None, runtime.hint, now)

    def batch(number: int) -> Batch:
        created, runs = now - timedelta(minutes=4 * number + 1), number < 50
        return Batch(
            id=f"msgbatch_01HkcTjaV5uDC8jWR{number:06d}",
            processing_status="in_progress" if runs else "ended",
            request_counts=RequestCounts(processing=900)
            if runs
            else RequestCounts(succeeded=890, errored=10),
            created_at=created,
            expires_at=created + timedelta(hours=24),
            ended_at=None if runs else created + timedelta(minutes=3 + number % 90),
        )

    made = [batch(number) for number in range(count)]
    batches.merge(runtime.store.database, workspace.scope_id, made, seen=True)
    batches.set_name(runtime.store.database, workspace.scope_id, made[0].id, NAME)
    polls.record_poll(runtime.store.database, workspace.scope_id, now, 0.1, count, None)
    runtime.store.close()


def _fill_earlier(python: Path, folder: Path, count: int) -> None:
    """A store of the same batches, as the earlier build writes it."""
    benchmarks = python.parents[2] / "tests" / "benchmarks"
    code = "import sys; from pathlib import Path; from bench_first_frame import fill; fill(Path(sys.argv[1]), int(sys.argv[2]))"
    subprocess.run(
        [python, "-P", "-c", code, folder, str(count)],
        check=True,
        env=os.environ | {"PYTHONPATH": str(benchmarks)},
    )


def main() -> None:
    """Run both in turns and compare the medians."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--batches", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--beside", type=Path, help="the Python of an earlier build's environment")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder) / "data", options.batches)
        script = Path(folder) / "empty.py"
        script.write_text(EMPTY)
        dropped = ("SSH_", "CBTUI_", "PYTHON")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
        os.environ.clear()
        # Both sides from bytecode, as an installed program is, wherever and however this one runs.
        bytecode = str(Path(folder) / "bytecode")
        os.environ.update(kept, ANTHROPIC_API_KEY=KEY, HOME=folder, PYTHONPYCACHEPREFIX=bytecode)
        sides = {"empty": ([sys.executable, str(script)], "an empty app")}
        for name, python in (("cbtui", sys.executable), ("earlier", options.beside)):
            if python is not None:
                data = str(Path(folder) / ("data" if name == "cbtui" else "earlier"))
                arguments = ["-P", "-m", "claude_batch_tui", "--data-dir", data, "--base-url", ADDRESS]
                sides[name] = ([str(python), *arguments], NAME)
        if options.beside is not None:
            _fill_earlier(options.beside, Path(folder) / "earlier", options.batches)
        seconds: dict[str, list[float]] = {name: [] for name in sides}
        cpu: dict[str, list[float]] = {name: [] for name in sides}
        for number in range(options.rounds + 1):
            for name, (arguments, text) in sides.items():
                with PtyApp(arguments) as app:
                    took = app.wait_for(text, quiet=0.0)
                    used = app.cpu_seconds
                if number:  # the first of each warms the caches
                    seconds[name].append(took)
                    cpu[name].append(used)
    ratios, is_slower = {}, False
    for what, found in (("first frame", seconds), ("of a core until then", cpu)):
        empty, ours = (statistics.median(found[name]) * 1000 for name in ("empty", "cbtui"))
        pairs = sorted(mine / its for its, mine in zip(found["empty"], found["cbtui"], strict=True))
        ratios[what] = statistics.median(pairs)
        print(
            f"{what}: empty Textual app {empty:.0f} ms, cbtui {ours:.0f} ms, {ours / empty:.2f} x; ", end=""
        )
        print(f"{len(pairs)} pairs, {pairs[0]:.2f} to {pairs[-1]:.2f} x, median {ratios[what]:.2f} x")
        if options.beside is not None:
            pairs = sorted(mine / its for its, mine in zip(found["earlier"], found["cbtui"], strict=True))
            beside = statistics.median(pairs)
            is_slower = is_slower or beside > 1
            print(
                f"  beside the earlier build's {statistics.median(found['earlier']) * 1000:.0f} ms: ", end=""
            )
            print(f"{pairs[0]:.2f} to {pairs[-1]:.2f} x, median {beside:.2f} x (goal 1)")
    ratio = ratios["first frame"]
    print(f"{options.batches:,} known batches: {ratio:.2f} x the empty app (goal {GOAL})")
    sys.exit(ratio > GOAL or is_slower)


if __name__ == "__main__":
    main()
