from __future__ import annotations

import pytest

from claude_batch_tui.simulator import ALL_ANSWERED, Simulator
from claude_batch_tui.simulator import creating as creating_module


def test_a_new_batch_is_in_progress_and_counts_everything_as_processing(call, ask):
    answer = call.create(ask("a"), ask("b"))
    assert answer.status == 200
    batch = answer.json
    assert batch["id"].startswith("msgbatch_01")
    assert batch["processing_status"] == "in_progress"
    assert batch["request_counts"] == {
        "processing": 2,
        "succeeded": 0,
        "errored": 0,
        "canceled": 0,
        "expired": 0,
    }
    assert batch["results_url"] is None
    assert batch["created_at"].endswith("Z")
    assert batch["created_at"][:10] != batch["expires_at"][:10]


@pytest.mark.parametrize(
    ("requests", "said"),
    [
        ([], "requests: List should have at least 1 item after validation, not 0"),
        ([{"params": {}}], "requests.0.custom_id: Field required"),
        ([{"custom_id": "a"}], "requests.0.params: Field required"),
        ([{"custom_id": "a:b", "params": {}}], "requests.0.custom_id: String should match pattern '^[a-zA-Z0-9_-]{1,64}$'"),
        ([{"custom_id": "a" * 65, "params": {}}], "requests.0.custom_id: String should have at most 64 characters"),
        ([{"custom_id": 5, "params": {}}], "requests.0.custom_id: Input should be a valid string"),
        ([{"custom_id": "a", "params": {}, "x": 1}], "requests.0.x: Extra inputs are not permitted"),
    ],
)  # fmt: skip
def test_a_wrong_custom_id_or_envelope_refuses_the_whole_batch(simulator, call, requests, said):
    answer = call("POST", "/v1/messages/batches", {"requests": requests})
    assert (answer.status, answer.json["error"]["type"]) == (400, "invalid_request_error")
    assert answer.message == said
    assert simulator.batches.all() == []


def test_a_duplicate_custom_id_refuses_the_whole_batch(simulator, call, ask):
    answer = call.create(ask("dup"), ask("other"), ask("dup"))
    assert answer.status == 400
    assert answer.message == (
        "requests: custom_id's must be unique within a batch. Duplicate custom_id found: dup"
    )
    assert list(simulator.batches.folder.iterdir()) == []


def test_malformed_json_says_so(call):
    answer = call("POST", "/v1/messages/batches", b'{"requests": [{"custom_id": "a", "params": {,}}]}')
    assert answer.status == 400
    assert answer.message.startswith("The request body is not valid JSON: ")


def test_the_queue_of_the_organisation_is_limited_over_its_workspaces(caller_of, ask):
    with Simulator(queue_limit=3, rates=ALL_ANSWERED) as simulator:
        call = caller_of(simulator)
        assert call.create(ask("a"), ask("b"), key=simulator.key_of("one")).status == 200
        full = call.create(ask("a"), ask("b"), key=simulator.key_of("two"))
        assert (full.status, full.json["error"]["type"]) == (429, "rate_limit_error")
        assert full.headers["retry-after"] == "60"
        assert call.create(ask("a"), ask("b"), key="sk-ant-sim-other.two-x").status == 200
        simulator.batches.finish()
        assert call.create(ask("a"), ask("b"), key=simulator.key_of("two")).status == 200


def test_more_than_the_body_limit_is_answered_by_an_html_page(call, ask, monkeypatch):
    monkeypatch.setattr(creating_module, "MAX_BODY_BYTES", 5000)
    answer = call.create(*(ask(f"r{number}") for number in range(200)))
    assert answer.status == 413
    assert answer.headers["content-type"].startswith("text/html")
    assert b"cloudflare" in answer.body


def test_more_requests_than_allowed_are_refused(call, ask, monkeypatch):
    monkeypatch.setattr(creating_module, "MAX_REQUESTS", 2)
    answer = call.create(ask("a"), ask("b"), ask("c"))
    assert answer.status == 400
    assert answer.message == "requests: List should have at most 2 items after validation, not 3"


@pytest.mark.slow
def test_thousands_of_requests_are_taken_and_come_back(simulator, call, ask):
    batch = call.create(*(ask(f"r{number}") for number in range(3000))).json
    simulator.batches.finish()
    lines = call.results(batch["id"]).lines
    assert [line["custom_id"] for line in lines] != sorted(line["custom_id"] for line in lines)
    assert {line["custom_id"] for line in lines} == {f"r{number}" for number in range(3000)}
