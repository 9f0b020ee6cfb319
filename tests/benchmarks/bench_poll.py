"""What a poll costs with a long history in the store, against a short one: CPU of the client, the store and the board.

    python tests/benchmarks/bench_poll.py [--polls 30]

The simulator runs in the same process, and its share is in both figures. Thirty batches run. Goal: at most 1.2 times.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from bench_first_frame import fill

GOAL = 1.2


async def cpu_of_poll(known: int, polls: int) -> float:
    """Milliseconds of CPU that a poll takes with so many batches known."""
    from claude_batch_tui.config import load
    from claude_batch_tui.engine.board import Board
    from claude_batch_tui.runtime import Runtime
    from claude_batch_tui.services.watching.watch import poll
    from claude_batch_tui.simulator import Simulator
    from claude_batch_tui.store import batches

    with tempfile.TemporaryDirectory() as folder, Simulator(speed=1, seed=1) as simulator:
        fill(Path(folder) / "history", known)
        history = Runtime(load({"data_dir": f"{folder}/history", "base_url": "http://127.0.0.1:9"})[0])
        ended = [
            tracked.batch for tracked in batches.tracked(history.store.database, 1) if tracked.batch.has_ended
        ]
        history.store.close()
        for _ in range(30):
            simulator.batches.add(3, duration=36_000)
        config, _ = load({"data_dir": f"{folder}/data", "base_url": simulator.base_url})
        runtime = Runtime(config, api_key=simulator.key)
        api, workspace = await runtime.connect(), None
        board = Board(lambda _snapshot: None, runtime.now)
        used = 0.0
        for number in range(polls + 1):
            started = time.process_time()
            found = await poll(
                api=api,
                store=runtime.store,
                workspace=workspace,
                hint=runtime.hint,
                now=runtime.now(),
                first_time=number == 0,
            )
            board.catch_up(runtime.store.database, found.workspace.scope_id)
            board.publish()
            if number == 0:
                workspace = found.workspace
                batches.merge(runtime.store.database, workspace.scope_id, ended, seen=True)
                board.catch_up(runtime.store.database, workspace.scope_id)
            else:
                used += time.process_time() - started
        await runtime.close()
    return used / polls * 1000


def main() -> None:
    """Both in turns, three times; the least of each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--polls", type=int, default=30)
    options = parser.parse_args()
    costs: dict[int, list[float]] = {100: [], 10_000: []}
    for _ in range(3):
        for known, found in costs.items():
            found.append(asyncio.run(cpu_of_poll(known, options.polls)))
    short, long = min(costs[100]), min(costs[10_000])
    print(f"a poll with 100 known batches {short:.1f} ms, with 10,000 {long:.1f} ms of a core")
    print(f"{long / short:.2f} times (goal {GOAL})")
    sys.exit(long / short > GOAL)


if __name__ == "__main__":
    main()
