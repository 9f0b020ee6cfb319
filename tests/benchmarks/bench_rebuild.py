"""How long a lost store takes to be rebuilt from its journal, and how long opening a whole one takes beside it.

    python tests/benchmarks/bench_rebuild.py [--facts 10000]

Three facts of each submission, and a name, a note and tags for every other batch. Goal: at most 2 s for 10,000 facts.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from claude_batch_tui.config import load
from claude_batch_tui.domain.batches.tracked import Submission, SubmissionState
from claude_batch_tui.runtime import Runtime
from claude_batch_tui.store.locations import Locations

GOAL = 2.0
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def facts(count: int) -> list[dict[str, object]]:
    """So many facts, as commands write them."""
    where = {"base_url": "https://api.anthropic.com", "workspace_id": "wrkspc_1"}
    made: list[dict[str, object]] = []
    number = 0
    while len(made) < count:
        number += 1
        prepared = Submission(
            submission_id=f"sub_{number:026}",
            run_id=f"run_{number:026}",
            state=SubmissionState.PREPARED,
            requests=1000,
            body_bytes=10_000_000,
            sha256=f"{number:064x}",
            body_path=f"/home/somebody/.local/share/cbtui/spool/sub_{number:026}.body.json",
            rows_path=f"/home/somebody/.local/share/cbtui/spool/sub_{number:026}.rows.jsonl",
            name=f"evaluation {number}",
            model="claude-haiku-4-5",
            source="/home/somebody/evaluations/questions.jsonl",
            cost_at_most=1.5,
            created_at=NOW,
        )
        sending = msgspec.structs.replace(prepared, state=SubmissionState.SENDING, sent_at=NOW, **where)
        batch_id = f"msgbatch_{number:024}"
        created = msgspec.structs.replace(sending, state=SubmissionState.CREATED, batch_id=batch_id)
        made += [{"kind": "submission", "at": NOW, "submission": one} for one in (prepared, sending, created)]
        if number % 2:
            made += [
                {"kind": "name", "at": NOW, **where, "target_id": batch_id, "name": f"own {number}"},
                {"kind": "note", "at": NOW, **where, "target_id": batch_id, "note": "ask Ana"},
                {"kind": "tags", "at": NOW, **where, "batch_ids": [batch_id], "add": ["eval"], "remove": []},
            ]
    return made[:count]


def opened(folder: str) -> float:
    """Seconds that opening the data folder takes."""
    config = load({"data_dir": folder})[0]
    before = time.perf_counter()
    Runtime(config).store.close()
    return time.perf_counter() - before


def main() -> int:
    """Measure three times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--facts", type=int, default=10_000)
    count = parser.parse_args().facts
    lines = b"".join(msgspec.json.encode(fact) + b"\n" for fact in facts(count))
    rebuilt, again = [], []
    for _ in range(3):
        with tempfile.TemporaryDirectory() as folder:
            locations = Locations(Path(folder))
            locations.create()
            locations.journal.write_bytes(lines)
            rebuilt.append(opened(folder))
            again.append(opened(folder))
    slowest = max(rebuilt)
    print(f"{count:,} facts, {len(lines) / 1e6:.1f} MB: {', '.join(f'{each:.2f}' for each in rebuilt)} s")
    print(f"a whole store is opened in {', '.join(f'{each * 1000:.1f}' for each in again)} ms")
    return int(count <= 10_000 and slowest > GOAL)


if __name__ == "__main__":
    sys.exit(main())
