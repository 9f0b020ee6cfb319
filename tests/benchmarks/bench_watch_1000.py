"""1,000 batches, 300 of them running, watched for minutes: requests, CPU and bytes to the terminal.

    python tests/benchmarks/bench_watch_1000.py [--minutes 10] [--columns 80 --rows 24] [--no-peers]

The dashboard runs in a pty at 80×24, truecolor, against the simulator. Requests are counted in the simulator's own
log and held against the plan of `domain.polling`. Bytes are told apart by what they did: a burst after which the
screen shows the same text as before is waste. Goals: requests within the plan, at most 1 % of a core over the whole
time (polls included), 0 bytes where nothing changed, at most 400 for one changed cell, 1,100 for a cursor move, 4,000
for a page (as many times that as the screen is larger). Peers (htop, btop, k9s) are measured beside it where they are installed. Exit code 1 where a goal is missed.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from difflib import SequenceMatcher

from pty_app import PtyApp

from claude_batch_tui.domain.batches.batch import Batch, RequestCounts
from claude_batch_tui.domain.batches.polling import interval
from claude_batch_tui.simulator import Simulator

ENDED, RUNNING = 700, 300
YOUNGEST, OLDEST = 300.0, 15 * 3600.0
DOWN, PAGE_DOWN = "\x1b[B", "\x1b[6~"
GOALS = {"cell": 400, "cursor": 1_100, "page": 4_000}
PEERS = {"htop": (["htop", "--delay=15"], "CPU"), "btop": (["btop"], "cpu"), "k9s": (["k9s"], "Context")}


def fill(simulator: Simulator) -> list[timedelta]:
    """A workspace of 1,000 batches; the ages of those that run."""
    ages = [YOUNGEST + (OLDEST - YOUNGEST) * (number / (RUNNING - 1)) ** 2 for number in range(RUNNING)]
    for number in range(ENDED):
        simulator.batches.add(100 + number, age=86_400.0 * 2 + 1_800 * number, duration=3_000 + number)
    for age in reversed(ages):
        simulator.batches.add(2_000, age=age, duration=23.5 * 3600)
    return [timedelta(seconds=age) for age in ages]


def plan(ages: list[timedelta], seconds: float) -> tuple[int, int]:
    """Fewest and most requests the poller's own rules allow in that time: jitter is a tenth either way."""

    def count(factor: float) -> int:
        start, at, looks = datetime.now(UTC), 0.0, 0
        while at < seconds:
            looks += 1
            now = start + timedelta(seconds=at)
            running = [batch(start - age) for age in ages]
            at += (interval(running, now) or seconds) * factor
        return looks

    return count(1.1), count(0.9) + 1


def batch(created: datetime) -> Batch:
    """A running batch as the poller's rules see it."""
    expires = created + timedelta(hours=24)
    return Batch("msgbatch_x", "in_progress", RequestCounts(processing=2_000), created, expires)


def changed_parts(before: str, after: str) -> int:
    """How many separate places of the screen differ; neighbouring letters are one place."""
    parts = 0
    for old, new in zip(before.splitlines(), after.splitlines(), strict=False):
        if old != new:
            matcher = SequenceMatcher(None, old, new, autojunk=False)
            blocks = [each for each in matcher.get_opcodes() if each[0] != "equal"]
            ends = [each[4] for each in blocks]
            parts += 1 + sum(start[3] - end > 2 for start, end in zip(blocks[1:], ends, strict=False))
    return parts


def watch(app: PtyApp, seconds: float) -> dict[str, float]:
    """Look at a program nobody touches: bytes a second, waste, the largest burst that changed one place, CPU."""
    found = {"bytes": 0.0, "waste": 0.0, "cell": 0.0, "bursts": 0.0}
    used, started = app.cpu_seconds, time.perf_counter()
    while (left := started + seconds - time.perf_counter()) > 0:
        before = app.text
        size = app.next_burst(left)
        if not size:
            continue
        places = changed_parts(before, app.text)
        found["bytes"] += size
        found["bursts"] += 1
        if places == 0:
            found["waste"] += size
        elif places == 1:
            found["cell"] = max(found["cell"], size)
    found["cpu"] = 100 * (app.cpu_seconds - used) / seconds
    found["bytes"] /= seconds
    return found


def largest(app: PtyApp, key: str, times: int) -> float:
    """The most bytes one press of a key brought."""
    return float(max(app.press(key).bytes for _ in range(times)))


def peers(seconds: float) -> None:
    """The same of other programs that watch something."""
    for name, (command, word) in PEERS.items():
        if shutil.which(name) is None:
            print(f"{name:<10} not installed")
            continue
        with PtyApp(command) as app:
            app.wait_for(word)
            found = watch(app, seconds)
            cursor, page = largest(app, DOWN, 5), largest(app, PAGE_DOWN, 3)
        print(
            f"{name:<10} {found['cpu']:.1f} % of a core, {found['bytes']:,.0f} B/s untouched, "
            f"cursor {cursor:,.0f} B, page {page:,.0f} B"
        )


def main() -> None:
    """Measure, print, and fail where a goal is missed."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--minutes", type=float, default=10)
    arguments.add_argument("--columns", type=int, default=80)
    arguments.add_argument("--rows", type=int, default=24)
    arguments.add_argument("--no-peers", action="store_true")
    options = arguments.parse_args()
    seconds = options.minutes * 60
    with tempfile.TemporaryDirectory() as folder, Simulator() as simulator:
        ages = fill(simulator)
        environ = {
            "ANTHROPIC_BASE_URL": simulator.base_url,
            "ANTHROPIC_API_KEY": simulator.key,
            **{f"CBTUI_{name.upper()}_DIR": f"{folder}/{name}" for name in ("data", "state", "config")},
        }
        command = [sys.executable, "-m", "claude_batch_tui", "--no-slow"]
        with PtyApp(command, options.columns, options.rows, environ=environ) as app:
            app.wait_for("1,000", 60.0)
            app.idle(5)
            simulator.log.clear()
            fewest, most = plan(ages, seconds)
            found = watch(app, seconds)
            calls = simulator.log.all()
            cursor, page = largest(app, DOWN, 30), largest(app, PAGE_DOWN, 8)
        others = [call for call in calls if call.path != "/v1/messages/batches"]
    print(
        f"{ENDED + RUNNING:,} batches, {RUNNING} running, {options.minutes:g} minutes, {options.columns}×{options.rows}"
    )
    rows = [
        ("requests", f"{len(calls)} (plan {fewest} to {most}), others than list {len(others)}"),
        ("CPU", f"{found['cpu']:.2f} % of a core, polls included"),
        (
            "bytes",
            f"{found['bytes']:.1f} B/s in {found['bursts']:.0f} bursts, each of which changed what is read",
        ),
        ("waste", f"{found['waste']:.0f} B in bursts that changed nothing"),
        ("one cell", f"at most {found['cell']:.0f} B"),
        ("cursor", f"at most {cursor:,.0f} B"),
        ("page", f"at most {page:,.0f} B"),
    ]
    for name, told in rows:
        print(f"{name:<10} {told}")
    missed = [
        name
        for name, is_missed in (
            ("requests", not fewest <= len(calls) <= most or bool(others)),
            ("CPU", found["cpu"] > 1),
            ("waste", found["waste"] > 0),
            ("one cell", found["cell"] > GOALS["cell"]),
            ("cursor", cursor > GOALS["cursor"]),
            ("page", page > GOALS["page"] * options.columns * options.rows / (80 * 24)),
        )
        if is_missed
    ]
    if not options.no_peers:
        peers(min(seconds, 20))
    if missed:
        sys.exit(f"\nMISSED: {', '.join(missed)}")


if __name__ == "__main__":
    main()
