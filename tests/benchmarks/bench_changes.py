"""Bytes a second to the terminal while much changes, with the slow profile and without, at 80×24 in truecolor.

    python tests/benchmarks/bench_changes.py [--seconds 10] [--rounds 3]

Twenty batches are on the screen, and the counts of all of them move ten times a second, as often as the engine says
anything. Goal: the slow profile sends at most a quarter of what the other one does.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

BATCHES = 20
EVERY = 0.1
GOAL = 0.25

if len(sys.argv) < 2 or sys.argv[1] not in {"slow", "fast"}:
    from pty_app import PtyApp


def run_app(kind: str, folder: str) -> None:
    """The dashboard without an API, and a thread that says what an engine would."""
    from claude_batch_tui.config import load
    from claude_batch_tui.domain.batches.batch import Batch, RequestCounts
    from claude_batch_tui.domain.batches.tracked import Link, LinkState, Snapshot, TrackedBatch
    from claude_batch_tui.terminal import Profile
    from claude_batch_tui.tui.app import DashboardApp

    places = {name: f"{folder}/{name}" for name in ("data_dir", "state_dir", "config_dir")}
    config, _ = load({"base_url": "http://127.0.0.1:1", **places})
    profile = Profile(slow=kind == "slow", colors="truecolor", theme="cbtui-dark", mouse=False, ascii=False)
    app = DashboardApp(config, profile=profile, api_key="sk-ant-none", connects=False)
    now = datetime.now(UTC)

    def snapshot(done: int) -> Snapshot:
        batches = tuple(
            TrackedBatch(
                Batch(
                    id=f"msgbatch_{number:020}",
                    processing_status="in_progress",
                    request_counts=RequestCounts(100_000 - done, done),
                    created_at=now - timedelta(minutes=number),
                    expires_at=now + timedelta(hours=20),
                ),
                name=f"nightly-eval-{number}",
            )
            for number in range(BATCHES)
        )
        return Snapshot(batches=batches, link=Link(LinkState.LIVE, polled_at=now, interval=1e6))

    def say() -> None:
        done = 0
        while True:
            time.sleep(EVERY)
            done = (done + 1_013) % 100_000
            app.engines.home.snapshot = snapshot(done)
            app._arrived(app.engines.home.snapshot)

    threading.Thread(target=say, daemon=True).start()
    app.start()


def measure(kind: str, seconds: float) -> float:
    """Bytes a second."""
    with (
        tempfile.TemporaryDirectory() as folder,
        PtyApp([sys.executable, __file__, kind, folder], environ={"TEXTUAL_ANIMATIONS": "none"}) as app,
    ):
        app.wait_for("nightly-eval-5", quiet=0)
        app.idle(2)
        return app.idle(seconds)[0] / seconds


def main() -> None:
    """Measure in turns, print medians and their ratio; exit code 1 where the goal is missed."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=10.0)
    arguments.add_argument("--rounds", type=int, default=3)
    asked = arguments.parse_args()
    found: dict[str, list[float]] = {"slow": [], "fast": []}
    for _ in range(asked.rounds):
        for kind, rates in found.items():
            rates.append(measure(kind, asked.seconds))
    slow, fast = (statistics.median(found[kind]) for kind in ("slow", "fast"))
    print(f"slow {slow:,.0f} B/s, fast {fast:,.0f} B/s, ratio {slow / fast:.2f} (goal {GOAL})")
    sys.exit(int(slow > GOAL * fast))


if __name__ == "__main__":
    if len(sys.argv) > 2 and sys.argv[1] in {"slow", "fast"}:
        sys.path.insert(0, str(Path(__file__).parents[2]))
        run_app(*sys.argv[1:3])
    else:
        main()
