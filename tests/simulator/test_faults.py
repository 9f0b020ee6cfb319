from __future__ import annotations

import gzip
import http.client
import json
import time

import pytest

from claude_batch_tui.simulator import ALL_ANSWERED, Fault, Simulator

BATCHES = "/v1/messages/batches"


@pytest.fixture
def ended(simulator):
    batch = simulator.batches.add(200, age=100, duration=1)
    return batch.id


def test_a_fault_after_the_work_leaves_a_batch_behind(simulator, call, ask):
    simulator.faults.next(Fault(method="POST", path=r"/batches$", status=529, times=2, after_work=True))
    for _ in range(2):
        answer = call.create(ask())
        assert (answer.status, answer.json["error"]["type"]) == (529, "overloaded_error")
    assert len(simulator.batches.all()) == 2
    assert call.create(ask()).status == 200


def test_a_fault_before_the_work_leaves_nothing_behind(simulator, call, ask):
    simulator.faults.next(
        Fault(method="POST", path=r"/batches$", status=429, headers={"retry-after": "7"}, body="{}")
    )
    answer = call.create(ask())
    assert (answer.status, answer.headers["retry-after"], answer.body) == (429, "7", b"{}")
    assert simulator.batches.all() == []


@pytest.mark.parametrize("after_work", [False, True])
@pytest.mark.parametrize(
    ("connection", "error"),
    [
        ("reset", ConnectionResetError),
        ("close", http.client.RemoteDisconnected),
        ("half_headers", (http.client.RemoteDisconnected, http.client.HTTPException, json.JSONDecodeError)),
        ("half_body", http.client.IncompleteRead),
    ],
)
def test_a_broken_connection_may_or_may_not_leave_a_batch(
    simulator, call, ask, connection, error, after_work
):
    simulator.faults.next(Fault(path=r"/batches$", connection=connection, after_work=after_work))
    if connection == "half_headers":
        answer = call.create(ask())
        assert answer.body == b""
    else:
        with pytest.raises(error):
            call.create(ask())
    worked = after_work or connection.startswith("half")
    assert len(simulator.batches.all()) == (1 if worked else 0)
    assert simulator.log.creates[0].status is None


def test_an_answer_that_never_comes_ends_with_the_clients_patience(simulator):
    simulator.faults.next(Fault(connection="hang"))
    connection = http.client.HTTPConnection("127.0.0.1", simulator.port, timeout=0.2)
    headers = {"x-api-key": simulator.key, "anthropic-version": "2026-10-21"}
    connection.request("GET", BATCHES, None, headers)
    with pytest.raises(TimeoutError):
        connection.getresponse()
    connection.close()


@pytest.mark.parametrize("cut", ["reset", "close"])
def test_results_cut_within_the_chunks_are_seen_by_the_client(simulator, call, ended, cut):
    simulator.faults.next(Fault(path="results$", cut_at=1000, cut=cut))
    with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
        call.results(ended)


@pytest.mark.parametrize("cut", ["clean", "framing"])
def test_results_cut_by_a_clean_end_look_complete(simulator, call, ended, cut):
    whole = call.results(ended).body
    simulator.faults.next(Fault(path="results$", cut_at=1000, cut=cut))
    answer = call.results(ended)
    assert answer.status == 200
    assert answer.body == whole[:1000]
    assert ("transfer-encoding" in answer.headers) == (cut == "clean")


@pytest.mark.parametrize(
    ("kind", "check"),
    [
        ("malformed", lambda lines, whole: lines[1] != whole[1]),
        ("truncated", lambda lines, whole: whole[1].startswith(lines[1]) and lines[1] != whole[1]),
        ("duplicate", lambda lines, whole: lines[1] == lines[2] == whole[1]),
        ("blank", lambda lines, whole: lines[1] == b"" and lines[2] == whole[1]),
        ("crlf", lambda lines, whole: all(line.endswith(b"\r") for line in lines)),
        ("missing", lambda lines, whole: lines[1] == whole[2]),
        ("nul", lambda lines, whole: lines[1] == b"\x00" + whole[1]),
        ("unknown_type", lambda lines, whole: b'"not_succeeded"' in lines[1]),
        ("no_custom_id", lambda lines, whole: b"custom_id" not in lines[1]),
    ],
)
def test_a_line_of_results_can_be_spoiled(simulator, call, ended, kind, check):
    whole = call.results(ended).body.split(b"\n")[:-1]
    simulator.faults.next(Fault(path="results$", lines=(kind,), line=1))
    lines = call.results(ended).body.split(b"\n")[:-1]
    assert check(lines, whole)
    assert lines[0].strip() == whole[0]
    assert lines[-1].strip() == whole[-1]


def test_results_can_be_compressed_with_and_without_their_trailer(simulator, call, ended):
    whole = call.results(ended).body
    simulator.faults.next(Fault(path="results$", gzip="whole"))
    answer = call.results(ended)
    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(answer.body) == whole
    simulator.faults.next(Fault(path="results$", gzip="without_trailer"))
    with pytest.raises(EOFError):
        gzip.decompress(call.results(ended).body)


def test_a_simulator_that_compresses_asks_the_client_first(caller_of):
    with Simulator(gzip=True, rates=ALL_ANSWERED) as simulator:
        call = caller_of(simulator)
        batch = simulator.batches.add(50, age=100, duration=1)
        plain = call.results(batch.id, headers={"accept-encoding": "identity"})
        packed = call.results(batch.id, headers={"accept-encoding": "gzip, deflate"})
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(packed.body) == plain.body


def test_a_slow_answer_drips(simulator, call):
    batch = simulator.batches.add(2, age=100, duration=1)
    simulator.faults.next(Fault(path="results$", drip=300, drip_seconds=0.03))
    begun = time.monotonic()
    assert len(call.results(batch.id).lines) == 2
    assert time.monotonic() - begun > 0.06


def test_a_delay_passes_before_the_answer(simulator, call):
    simulator.faults.next(Fault(delay=0.1))
    begun = time.monotonic()
    assert call("GET", BATCHES).status == 200
    assert time.monotonic() - begun >= 0.1


def test_a_200_may_be_html_or_lack_an_id(simulator, call, ask):
    html = {"content-type": "text/html"}
    simulator.faults.next(Fault(status=200, headers=html, body="<html></html>", after_work=True))
    simulator.faults.next(Fault(status=200, body='{"type":"message_batch"}', after_work=True))
    assert call.create(ask()).headers["content-type"] == "text/html"
    assert call.create(ask()).json == {"type": "message_batch"}
    assert len(simulator.batches.all()) == 2


def test_skipped_calls_pass_and_cleared_faults_never_happen(simulator, call):
    simulator.faults.next(Fault(status=500, skip=1))
    assert [call("GET", BATCHES).status for _ in range(3)] == [200, 500, 200]
    simulator.faults.always(Fault(status=503))
    assert [call("GET", BATCHES).status for _ in range(2)] == [503, 503]
    simulator.faults.clear()
    assert call("GET", BATCHES).status == 200


def test_faults_and_lives_are_steered_over_http_as_well(simulator, call):
    call("POST", "/_simulator/faults", [{"method": "GET", "path": "/batches$", "status": 504}])
    assert call("GET", BATCHES).status == 504
    made = call("POST", "/_simulator/add", {"requests": 5, "age": 60, "duration": 3600}).json["id"]
    for what, status, seen in (("finish", "ended", 200), ("archive", "ended", 404)):
        assert call("POST", f"/_simulator/{what}", {"id": made}).status == 200
        assert call("GET", f"{BATCHES}/{made}").json["processing_status"] == status
        assert call.results(made).status == seen
    call("POST", "/_simulator/fates", {"x": "errored"})
    assert simulator.batches.forced
    assert call("POST", "/_simulator/nonsense", {}).status == 404
    assert call("POST", "/_simulator/faults", {"statuss": 1}).status == 400
