from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from claude_batch_tui.simulator import Simulator


def test_the_demo_workspace_has_every_state_and_history_and_comes_at_once(caller_of):
    begun = time.process_time()
    with Simulator(demo=True) as simulator:
        call = caller_of(simulator)
        page = call("GET", "/v1/messages/batches?limit=1000").json["data"]
        assert time.process_time() - begun < 1.0
        running = [batch for batch in page if batch["processing_status"] == "in_progress"]
        ended = [batch for batch in page if batch["processing_status"] == "ended"]
        assert len(running) >= 3
        assert len([batch for batch in page if batch["processing_status"] == "canceling"]) == 1
        assert len(ended) > 30
        counts = [batch["request_counts"] for batch in ended]
        assert any(count["expired"] for count in counts)
        assert any(count["canceled"] for count in counts)
        assert any(count["errored"] for count in counts)
        assert any(batch["archived_at"] for batch in ended)
        assert len({batch["id"] for batch in page}) == len(page)
        canceled = next(batch for batch in ended if batch["request_counts"]["canceled"])
        kinds = [line["result"]["type"] for line in call.results(canceled["id"]).lines]
        assert kinds.count("canceled") == canceled["request_counts"]["canceled"]
        assert kinds.count("errored") == canceled["request_counts"]["errored"]


def test_what_is_sent_in_a_demo_has_ended_within_a_minute(caller_of, ask):
    now = [datetime(2026, 11, 20, 17, 0, tzinfo=UTC)]
    with Simulator(demo=True, now=lambda: now[0]) as simulator:
        call = caller_of(simulator)
        created = call(
            "POST", "/v1/messages/batches", {"requests": [ask(f"row-{at}") for at in range(500)]}
        ).json
        path = f"/v1/messages/batches/{created['id']}"
        now[0] += timedelta(seconds=30)
        assert call("GET", path).json["processing_status"] == "in_progress"
        now[0] += timedelta(seconds=30)
        assert call("GET", path).json["processing_status"] == "ended"
