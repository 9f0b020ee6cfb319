from __future__ import annotations

import pytest

BATCHES = "/v1/messages/batches"


def ids(answer):
    return [batch["id"] for batch in answer.json["data"]]


def test_the_list_is_newest_first_and_twenty_long(simulator, call):
    made = [simulator.batches.add(1, age=100 - number).id for number in range(25)][::-1]
    answer = call("GET", BATCHES)
    assert ids(answer) == made[:20]
    assert answer.json["has_more"] is True
    assert (answer.json["first_id"], answer.json["last_id"]) == (made[0], made[19])


def test_after_id_goes_to_older_and_before_id_to_newer_batches(simulator, call):
    made = [simulator.batches.add(1, age=100 - number).id for number in range(10)][::-1]
    older = call("GET", f"{BATCHES}?limit=4&after_id={made[3]}")
    assert ids(older) == made[4:8]
    assert older.json["has_more"] is True
    last = call("GET", f"{BATCHES}?limit=4&after_id={made[5]}")
    assert (ids(last), last.json["has_more"]) == (made[6:], False)
    newer = call("GET", f"{BATCHES}?limit=4&before_id={made[6]}")
    assert (ids(newer), newer.json["has_more"]) == (made[2:6], True)
    first = call("GET", f"{BATCHES}?limit=4&before_id={made[2]}")
    assert (ids(first), first.json["has_more"]) == (made[:2], False)


def test_an_empty_list_has_no_ids(call):
    assert call("GET", BATCHES).json == {"data": [], "has_more": False, "first_id": None, "last_id": None}


@pytest.mark.parametrize("limit", ["0", "1001", "-1", "many"])
def test_a_limit_out_of_range_is_refused(call, limit):
    answer = call("GET", f"{BATCHES}?limit={limit}")
    assert answer.status == 400
    assert answer.message.startswith("limit: Input should be")


@pytest.mark.parametrize("key", [None, "sk-ant-api03-real", "nonsense", "sk-ant-sim-"])
def test_a_foreign_key_is_refused(call, key):
    answer = call("GET", BATCHES, key=key)
    assert (answer.status, answer.json["error"]["type"]) == (401, "authentication_error")
    if key:
        assert answer.message == "API key is invalid."


def test_a_bearer_token_is_a_key(simulator, call):
    bearer = {"authorization": f"Bearer {simulator.key}"}
    assert call("GET", BATCHES, key=None, headers=bearer).status == 200


def test_the_version_is_required(call):
    answer = call("GET", BATCHES, version=None)
    assert (answer.status, answer.message) == (400, "anthropic-version: header is required")


def test_keys_of_one_workspace_see_the_same_batches_and_others_do_not(call, ask):
    made = call.create(ask(), key="sk-ant-sim-research-one").json["id"]
    assert ids(call("GET", BATCHES, key="sk-ant-sim-research-two")) == [made]
    assert ids(call("GET", BATCHES, key="sk-ant-sim-sales-one")) == []
    assert call("GET", f"{BATCHES}/{made}", key="sk-ant-sim-sales-one").status == 404


def test_a_key_of_several_workspaces_has_to_name_one(call, ask):
    key = "sk-ant-sim-multi-1"
    assert call("GET", BATCHES, key=key).status == 400
    named = {"anthropic-workspace-id": "wrkspc_01abc"}
    call.create(ask(), key=key, headers=named)
    answer = call("GET", BATCHES, key=key, headers=named)
    assert len(ids(answer)) == 1
    assert answer.headers["anthropic-workspace-id"] == "wrkspc_01abc"


def test_every_answer_says_who_and_how_many(call):
    for answer in (call("GET", BATCHES), call("GET", f"{BATCHES}/msgbatch_none")):
        assert answer.headers["request-id"].startswith("req_01")
        assert answer.headers["anthropic-workspace-id"].startswith("wrkspc_01")
        assert answer.headers["anthropic-organization-id"]
        assert answer.headers["date"].endswith("GMT")
        assert int(answer.headers["anthropic-ratelimit-requests-remaining"]) < 1000
        assert answer.headers["anthropic-ratelimit-requests-limit"] == "1000"
        assert answer.headers["anthropic-ratelimit-requests-reset"].endswith("Z")


def test_an_error_names_its_request(call):
    answer = call("GET", f"{BATCHES}/msgbatch_none")
    assert answer.json == {
        "type": "error",
        "error": {"type": "not_found_error", "message": "Message Batch msgbatch_none not found."},
        "request_id": answer.headers["request-id"],
    }


def test_an_unknown_route_is_a_json_404(call):
    answer = call("GET", "/v1/unknown")
    assert (answer.status, answer.json["error"]["type"]) == (404, "not_found_error")
    assert call("PUT", BATCHES).status == 405


def test_the_log_has_the_calls_and_never_a_key(simulator, call, ask):
    call.create(ask())
    entry = simulator.log.creates[0]
    assert (entry.method, entry.path, entry.status) == ("POST", BATCHES, 200)
    assert entry.request_bytes > 100
    assert entry.response_bytes > 100
    assert entry.headers["anthropic-version"] == "2026-10-21"
    assert simulator.key not in str(entry)
    log = call("GET", "/_simulator/log").json
    assert [logged["path"] for logged in log] == [BATCHES]
