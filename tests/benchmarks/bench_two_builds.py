"""This build beside another one, command by command: processor time and seconds, medians of pairs run in turns.

    .venv/bin/python tests/benchmarks/bench_two_builds.py OTHER/.venv/bin/python [--pairs 7] [--rows 100000] [--only NAME]

OTHER is an environment with the build to compare with, for instance a git worktree of an earlier commit with its own
lock installed. Both talk to one simulator, of this build, with state folders of their own. A ratio below 1 means that this
build takes less; each is the median of the ratios of the pairs. Goal: none above 1.15.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from claude_batch_tui.simulator.running import SimulatorProcess

GOAL = 1.15
WORDS = ["batch", "answer", "ticket", "shipping", "refund", "label", "praise", "invoice", "parcel", "delay"]


def rows_file(path: Path, count: int) -> None:
    """A CSV of quoted texts with commas, doubled quotes and line breaks, and an id."""
    draw = random.Random(7)
    with path.open("w", encoding="utf-8") as file:
        file.write("id,body\n")
        for number in range(count):
            words = " ".join(draw.choices(WORDS, k=20))
            file.write(f'row-{number:06d},"{words}, ""{words[:20]}""\n{words[:30]}"\n')


def results_file(path: Path, count: int) -> None:
    """Answers of about 1 kB, some errors."""
    draw = random.Random(7)
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            if number % 50 == 0:
                error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
                result = {"type": "errored", "error": error}
            else:
                text = " ".join(draw.choices(WORDS, k=90))
                usage = {"input_tokens": draw.randint(50, 900), "output_tokens": draw.randint(20, 300)}
                message = {
                    "id": f"msg_{number}", "type": "message", "role": "assistant", "model": "claude-haiku-4-5",
                    "content": [{"type": "text", "text": text}], "stop_reason": "end_turn", "stop_sequence": None,
                    "usage": usage,
                }  # fmt: skip
                result = {"type": "succeeded", "message": message}
            file.write(json.dumps({"custom_id": f"row-{number:06d}", "result": result}) + "\n")


class Build:
    """One of the two builds, with folders of its own."""

    def __init__(self, python: str, folder: Path, simulator: SimulatorProcess) -> None:
        self.python = python
        self.folder = folder
        folder.mkdir()
        self._environ = {
            **{
                name: value
                for name, value in os.environ.items()
                if not name.startswith(("ANTHROPIC", "CBTUI"))
            },
            "XDG_DATA_HOME": str(folder / "data"),
            "XDG_STATE_HOME": str(folder / "state"),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "ANTHROPIC_BASE_URL": simulator.base_url,
            "ANTHROPIC_API_KEY": simulator.key,
        }

    def run(self, *words: str) -> tuple[float, float, str]:
        """Processor time and seconds of a command, and what it printed. Ends the measuring where it fails."""
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        done = subprocess.run(
            [self.python, "-m", "claude_batch_tui", *words],
            cwd=self.folder, env=self._environ, capture_output=True, text=True, check=False,
        )  # fmt: skip
        seconds, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode not in {0, 1}:
            sys.exit(f"{self.python} {' '.join(words)} ended with {done.returncode}: {done.stderr[-500:]}")
        used = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
        return used, seconds, done.stdout


def main() -> None:
    """Measure every command in turns, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("other")
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--only")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as place, SimulatorProcess("--speed", "100000") as simulator:
        folder = Path(place)
        rows, small, results = folder / "rows.csv", folder / "small.csv", folder / "results.jsonl"
        rows_file(rows, args.rows)
        rows_file(small, 1000)
        results_file(results, args.rows)
        builds = [
            Build(sys.executable, folder / "this", simulator),
            Build(args.other, folder / "other", simulator),
        ]
        request = (
            "--prompt-column",
            "body",
            "--id-column",
            "id",
            "--model",
            "claude-haiku-4-5",
            "--max-tokens",
            "64",
        )
        for build in builds:
            build.run("build", "csv", str(small), *request, "-o", "small.jsonl")
            build.run("build", "csv", str(rows), *request, "-o", "rows.jsonl")
        sent = {id(each): each.run("submit", "small.jsonl", "--yes", "--again")[2].strip() for each in builds}
        for build in builds:
            build.run("watch", sent[id(build)], "--interval", "1")

        def unindexed(build: Build) -> str:
            shutil.rmtree(build.folder / "data" / "cbtui" / "cache", ignore_errors=True)
            return str(results)

        tasks: dict[str, Callable[[Build], tuple[str, ...]]] = {
            "--version": lambda _: ("--version",),
            "list": lambda _: ("list",),
            "status": lambda build: ("status", sent[id(build)]),
            "watch an ended batch": lambda build: ("watch", sent[id(build)]),
            "build csv": lambda _: ("build", "csv", str(rows), *request, "-o", "again.jsonl", "--force"),
            "check": lambda _: ("check", "rows.jsonl"),
            "submit 1,000": lambda _: ("submit", "small.jsonl", "--yes", "--again"),
            "results of a batch": lambda build: ("results", sent[id(build)]),
            "results --stats, first": lambda build: ("results", unindexed(build), "--stats"),
            "results --stats, again": lambda _: ("results", str(results), "--stats"),
            "results --where rare": lambda _: ("results", str(results), "--where", "text:nowhere"),
            "results --where class": lambda _: ("results", str(results), "--where", "outcome=errored"),
            "export csv": lambda _: ("export", str(results), "-o", "out.csv", "--force"),
            "export sqlite": lambda _: ("export", str(results), "-o", "out.db", "--force"),
            "doctor": lambda _: ("doctor",),
        }
        print(
            f"{'command':24} {'cpu s':>7} {'other':>7} {'ratio':>6}   {'clock s':>7} {'other':>7} {'ratio':>6}"
        )
        for name, words in tasks.items():
            if args.only and args.only not in name:
                continue
            pairs = []
            for number in range(args.pairs):
                taken = {}
                for build in builds if number % 2 else reversed(builds):
                    taken[build] = build.run(*words(build))[:2]
                pairs.append((*taken[builds[0]], *taken[builds[1]]))
            cpu, clock, other_cpu, other_clock = (
                statistics.median(column) for column in zip(*pairs, strict=True)
            )
            by_cpu = statistics.median(one[0] / one[2] for one in pairs)
            by_clock = statistics.median(one[1] / one[3] for one in pairs)
            print(
                f"{name:24} {cpu:7.2f} {other_cpu:7.2f} {by_cpu:6.2f}   {clock:7.2f} {other_clock:7.2f} {by_clock:6.2f}"
                + ("  above the goal" if by_cpu > GOAL else ""),
                flush=True,
            )


if __name__ == "__main__":
    main()
