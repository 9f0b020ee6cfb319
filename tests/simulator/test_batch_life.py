from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from claude_batch_tui.simulator import ALL_ANSWERED, Simulator
from claude_batch_tui.simulator.workspaces import processing_seconds

BATCHES = "/v1/messages/batches"


def test_counts_stay_at_processing_until_the_end(simulator, call):
    batch = simulator.batches.add(500, age=50, duration=100)
    assert call("GET", f"{BATCHES}/{batch.id}").json["request_counts"]["processing"] == 500
    simulator.batches.finish(batch.id)
    ended = call("GET", f"{BATCHES}/{batch.id}").json
    assert ended["processing_status"] == "ended"
    assert ended["request_counts"]["succeeded"] == 500
    assert ended["ended_at"] is not None


def test_live_counts_move(caller_of):
    with Simulator(counts="live", rates=ALL_ANSWERED) as simulator:
        batch = simulator.batches.add(500, age=50, duration=100)
        counts = caller_of(simulator)("GET", f"{BATCHES}/{batch.id}").json["request_counts"]
        assert 150 < counts["succeeded"] < 350
        assert counts["processing"] + counts["succeeded"] == 500


def test_a_batch_in_progress_hints_at_the_next_poll_and_an_ended_one_does_not(simulator, call):
    batch = simulator.batches.add(3)
    assert call("GET", f"{BATCHES}/{batch.id}").headers["retry-after"] == "10"
    simulator.batches.finish()
    assert "retry-after" not in call("GET", f"{BATCHES}/{batch.id}").headers


def test_results_are_not_found_until_the_end_and_live_at_the_callers_origin(simulator, call):
    batch = simulator.batches.add(3)
    answer = call.results(batch.id)
    assert (answer.status, answer.message) == (404, f"Message Batch {batch.id} has no available results.")
    simulator.batches.finish()
    url = call("GET", f"{BATCHES}/{batch.id}").json["results_url"]
    assert url == f"{simulator.base_url}{BATCHES}/{batch.id}/results"
    answer = call.results(batch.id)
    assert answer.headers["content-type"] == "application/x-jsonl"
    assert len(answer.lines) == 3


def test_a_canceled_batch_goes_through_canceling_and_keeps_what_was_done(simulator, call):
    batch = simulator.batches.add(400, age=50, duration=100)
    answer = call("POST", f"{BATCHES}/{batch.id}/cancel").json
    assert answer["processing_status"] == "canceling"
    assert answer["cancel_initiated_at"] is not None
    assert answer["request_counts"]["processing"] == 400
    simulator.batches.advance(26)
    ended = call("GET", f"{BATCHES}/{batch.id}").json
    assert ended["processing_status"] == "ended"
    counts = ended["request_counts"]
    assert counts["canceled"] + counts["succeeded"] == 400
    assert min(counts["canceled"], counts["succeeded"]) > 100
    kinds = [line["result"]["type"] for line in call.results(batch.id).lines]
    assert kinds.count("canceled") == counts["canceled"]


def test_a_batch_canceled_at_once_cancels_everything(simulator, call):
    batch = simulator.batches.add(3)
    call("POST", f"{BATCHES}/{batch.id}/cancel")
    simulator.batches.finish()
    assert [line["result"] for line in call.results(batch.id).lines] == [{"type": "canceled"}] * 3


def test_only_an_ended_batch_can_be_deleted_and_it_takes_its_results_along(simulator, call, ask):
    batch_id = call.create(ask()).json["id"]
    refused = call("DELETE", f"{BATCHES}/{batch_id}")
    assert refused.status == 400
    assert refused.message == ("In progress batches cannot be deleted. Consider canceling the batch instead.")
    simulator.batches.finish()
    call.results(batch_id)
    assert call("DELETE", f"{BATCHES}/{batch_id}").json == {"id": batch_id, "type": "message_batch_deleted"}
    assert call("GET", f"{BATCHES}/{batch_id}").message == f"Message Batch {batch_id} not found."
    assert call.results(batch_id).status == 404
    assert list(simulator.batches.folder.iterdir()) == []


def test_results_are_gone_after_29_days_and_the_batch_is_not(simulator, call):
    batch = simulator.batches.add(2, age=28 * 86400, duration=60)
    assert call.results(batch.id).status == 200
    simulator.batches.advance(86401, batch.id)
    assert call.results(batch.id).status == 404
    assert call("GET", f"{BATCHES}/{batch.id}").json["archived_at"] is not None


def test_what_is_not_done_after_24_hours_has_expired(simulator, call):
    slow = simulator.batches.add(300, age=86400 + 60, duration=2 * 86400)
    counts = call("GET", f"{BATCHES}/{slow.id}").json["request_counts"]
    assert counts["expired"] > 50
    assert counts["succeeded"] > 50
    young = simulator.batches.add(3)
    simulator.batches.expire(young.id)
    assert call("GET", f"{BATCHES}/{young.id}").json["request_counts"]["expired"] == 3


def test_timestamps_are_the_wall_clocks_and_speed_divides_durations_only():
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    slow, fast = Simulator(now=lambda: now), Simulator(now=lambda: now, speed=60)
    one, other = slow.batches.add(100), fast.batches.add(100)
    assert one.created_at == other.created_at == now
    assert abs(one.duration / other.duration - 60) < 0.01
    assert other.expires_at == now + timedelta(hours=24)
    slow.close()
    fast.close()


def test_durations_are_minutes_and_grow_with_the_size():
    small = [processing_seconds(5, Random(seed)) / 60 for seed in range(50)]
    large = [processing_seconds(100_000, Random(seed)) / 60 for seed in range(50)]
    assert 3 <= min(small) <= max(small) <= 11
    assert 35 <= min(large) <= max(large) <= 90


@pytest.mark.slow
def test_the_same_seed_gives_the_same_ids_and_bytes_and_another_seed_does_not(caller_of, ask):
    def bytes_of(seed):
        with Simulator(seed=seed) as simulator:
            call = caller_of(simulator)
            batch = call.create(*(ask(f"r{number}") for number in range(300))).json
            simulator.batches.finish()
            first, second = (call.results(batch["id"]).body for _ in range(2))
            assert first == second
            return batch["id"], first

    assert bytes_of(7) == bytes_of(7)
    assert bytes_of(7) != bytes_of(8)


def test_a_fate_can_be_decided_by_a_test(simulator, call, ask):
    simulator.decide("b", "errored")
    simulator.decide("c", "expired")
    simulator.decide("d", "refused")
    batch = call.create(*(ask(name) for name in "abcd")).json
    simulator.batches.finish()
    found = {line["custom_id"]: line["result"] for line in call.results(batch["id"]).lines}
    assert [found[name]["type"] for name in "abcd"] == ["succeeded", "errored", "expired", "succeeded"]
    assert found["d"]["message"]["stop_reason"] == "refusal"
