"""How long a shell waits for the ids it completes, beside bare starts of Python.

    python tests/benchmarks/bench_completion.py [--batches 10000] [--pairs 15]

Both in turns, with a store of so many batches, every tenth named. Goal: at most three bare starts, for the words alone and for
all that bash does for a tab.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from claude_batch_tui.store.database import Database

GOAL = 3.0
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def fill(path: Path, count: int) -> None:
    """A store with so many batches of one workspace."""
    database = Database(path)
    with database.change() as connection:
        connection.execute(
            "INSERT INTO scope VALUES (1, 'https://api.anthropic.com', 'wrkspc_1', NULL, NULL, ?)",
            (str(NOW),),
        )
        for number in range(count):
            at = (NOW - timedelta(minutes=number)).isoformat()
            run, batch = f"run_{number:026}", f"msgbatch_{number:024}"
            connection.execute("INSERT INTO run VALUES (?, 1, 'submit', ?, NULL, NULL, NULL)", (run, at))
            connection.execute(
                "INSERT INTO batch (scope_id, batch_id, run_id, facts, created_at, has_ended) VALUES (1, ?, ?, ?, ?, 1)",
                (batch, run, "{}" + " " * 500, at),
            )
            if number % 10 == 0:
                connection.execute("INSERT INTO name VALUES (1, ?, ?)", (run, f"evaluation-{number}"))
    database.close()


def seconds(*command: str) -> float:
    """How long a command takes."""
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began


def main() -> int:
    """Measure and print; 1 where the goal is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--batches", type=int, default=10_000)
    parser.add_argument("--pairs", type=int, default=15)
    args = parser.parse_args()
    folder = Path(sys.executable).parent
    with tempfile.TemporaryDirectory() as data:
        store = Path(data) / "store.db"
        fill(store, args.batches)
        cbtui = str(folder / "cbtui")
        written = subprocess.run(
            [cbtui, "completion", "bash", "--data-dir", data], check=True, capture_output=True, text=True
        ).stdout
        script = Path(data) / "cbtui.bash"
        tab = (
            f"PATH={folder}:$PATH; COMP_WORDS=(cbtui watch m); COMP_CWORD=2; _shtab_cbtui; began=$EPOCHREALTIME; "
            "for n in 1 2 3 4 5; do _shtab_cbtui; done; ended=$EPOCHREALTIME; "
            "test ${#COMPREPLY[@]} -gt 1; echo $((${ended/./} - ${began/./}))"
        )
        script = Path(data) / "cbtui.bash"
        script.write_text(f"{written}\n{tab}\n")
        sides: dict[str, list[float]] = {"python": [], "words": [], "tab": []}
        for _ in range(args.pairs):
            sides["python"].append(seconds(sys.executable, "-c", "pass"))
            sides["words"].append(seconds(cbtui, "__complete", "ids", str(store), "m"))
            said = subprocess.run(["bash", str(script)], check=True, capture_output=True, text=True).stdout
            sides["tab"].append(int(said) / 5e6)
    bare = statistics.median(sides.pop("python"))
    ratios = {name: statistics.median(times) / bare for name, times in sides.items()}
    print(
        f"bare start {bare * 1000:.0f} ms, "
        + ", ".join(f"{name} {ratio:.2f} of it" for name, ratio in ratios.items())
    )
    print(f"goal {GOAL}")
    return int(any(ratio > GOAL for ratio in ratios.values()))


if __name__ == "__main__":
    sys.exit(main())
