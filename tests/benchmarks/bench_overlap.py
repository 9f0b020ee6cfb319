"""What it costs to compare 100,000 requests with all that was sent within 30 days: 10 million requests in 100 submissions.

    python tests/benchmarks/bench_overlap.py [--earlier 100] [--requests 100000]

Counted is `overlap`, from the frozen draft to the counts of the question: reading and searching all digests, and confirming
by bytes what is equal. Beside it stands what the digests of the draft itself cost while it is frozen. Of the draft none,
a half, or all was sent before: in one earlier submission, spread over all of them, or in every one of them.
Goal: at most 2 s of processor time and 100 MB (RssAnon) for 10 million.

The earlier submissions are written in processes of their own, so that their memory is not counted; about 3.6 GB of disk.
"""

from __future__ import annotations

import argparse
import gc
import json
import multiprocessing
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from claude_batch_tui.domain.batches.tracked import Submission, SubmissionState
from claude_batch_tui.services.submitting.digests import DigestsWriter
from claude_batch_tui.services.submitting.repeats import overlap
from claude_batch_tui.services.submitting.spool import Outgoing, freeze
from claude_batch_tui.store import submissions
from claude_batch_tui.store.locations import Locations
from claude_batch_tui.store.store import Store

GOAL_SECONDS, GOAL_BYTES = 2.0, 100_000_000
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def line(number: int, custom_id: str) -> bytes:
    """A request of about 330 bytes."""
    text = f"Classify ticket {number}: the invoice of {number % 97} euros was charged twice, please refund one of them. "
    params = {
        "model": "claude-haiku-4-5",
        "max_tokens": 64,
        "messages": [{"role": "user", "content": text + "Answer with one word."}],
    }
    return json.dumps({"custom_id": custom_id, "params": params}).encode() + b"\n"


def opened(folder: Path) -> Store:
    """The store of a data folder."""
    locations = Locations(folder)
    locations.create()
    return Store(locations)


def frozen(store: Store, lines: Iterator[bytes]) -> Submission:
    """These requests in the spool."""
    path = store.locations.data / "requests.jsonl"
    with path.open("wb") as file:
        file.writelines(lines)
    (one,) = freeze(Outgoing(requests=path), store=store, now=NOW)
    path.unlink()
    return one


def write_earlier(folder: Path, first: int, count: int) -> None:
    """One earlier submission, of the requests from number `first` on."""
    store = opened(folder)
    one = frozen(store, (line(number, f"r{number}") for number in range(first, first + count)))
    submissions.put(
        store, msgspec.structs.replace(one, state=SubmissionState.CREATED, batch_id=f"msgbatch_{first}")
    )
    store.close()


def resident() -> int:
    """RssAnon of this process, in bytes."""
    for each in Path("/proc/self/status").read_text().splitlines():
        if each.startswith("RssAnon"):
            return int(each.split()[1]) * 1024
    return 0


def measured(work: Callable[[], object]) -> tuple[float, int, object]:
    """Seconds of processor time, the most that RssAnon grew by, and what came out."""
    gc.collect()
    before = most = resident()
    done = threading.Event()

    def watch() -> None:
        nonlocal most
        while not done.wait(0.005):
            most = max(most, resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    started = time.process_time()
    result = work()
    seconds = time.process_time() - started
    done.set()
    watcher.join()
    return seconds, max(most, resident()) - before, result


def digest(lines: list[bytes]) -> None:
    """What is added to the freezing of a draft."""
    writer = DigestsWriter()
    for each in lines:
        writer.add(each, 0)
    writer.known()


def drafts(earlier: int, count: int) -> Iterator[tuple[str, Iterator[bytes]]]:
    """What is to be sent, and how much of it was sent before."""
    total = earlier * count
    yield "none of them", (line(total + number, f"n{number}") for number in range(count))
    half = range(total - count // 2, total + count // 2)
    yield "half, in one, same ids", (line(number, f"r{number}") for number in half)
    yield "all, in one, other ids", (line(number, f"other-{number}") for number in reversed(range(count)))
    spread = range(0, total, earlier)
    yield "all, spread over all, same ids", (line(number, f"r{number}") for number in spread)
    yield "all, spread over all, other ids", (line(number, f"other-{number}") for number in spread)


def main() -> int:
    """Write, and measure each draft."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--earlier", type=int, default=100)
    parser.add_argument("--requests", type=int, default=100_000)
    args = parser.parse_args()
    is_missed = False
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        spawn = multiprocessing.get_context("spawn")
        for number in range(args.earlier):
            writer = spawn.Process(target=write_earlier, args=(folder, number * args.requests, args.requests))
            writer.start()
            writer.join()
        store = opened(folder)
        lines = [line(number, f"r{number}").rstrip() for number in range(args.requests)]
        seconds, grown, _ = measured(lambda: digest(lines))
        print(f"digests of the draft, while it is frozen: {seconds:.2f} s, {grown / 1e6:.0f} MB")
        lines.clear()
        for what, draft in drafts(args.earlier, args.requests):
            ours = frozen(store, draft)
            gc.collect()
            seconds, grown, found = measured(lambda: overlap([ours], store=store, workspace=None, now=NOW))  # noqa: B023
            is_missed |= seconds > GOAL_SECONDS or grown > GOAL_BYTES
            counts = (found.overlap.same_id, found.overlap.other_id) if found else (0, 0)
            print(
                f"{what}: {seconds:.2f} s, {grown / 1e6:.0f} MB; {counts[0]:,} same id, {counts[1]:,} another"
            )
        store.close()
    return int(is_missed)


if __name__ == "__main__":
    sys.exit(main())
