from __future__ import annotations

import time

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
