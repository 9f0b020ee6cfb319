"""What is said of costs before they are paid, limits that ask for the count, and single requests tried at once."""

import json

import pytest

from claude_batch_tui.simulator import Fault


@pytest.fixture
def dear_file(tmp_path):
    """A hundred requests that may cost more than the limit of ten dollars."""
    path = tmp_path / "dear.jsonl"
    path.write_text(
        "".join(
            json.dumps(
                {
                    "custom_id": f"r{number}",
                    "params": {
                        "model": "claude-opus-5",
                        "max_tokens": 20_000,
                        "messages": [{"role": "user", "content": f"Say {number} " + "word " * (number + 1)}],
                    },
                }
            )
            + "\n"
            for number in range(100)
        )
    )
    return path


def test_above_the_limit_yes_alone_does_not_pay(cbtui, simulator, dear_file):
    code, _, err = cbtui("submit", dear_file, "--yes")
    assert code == 2
    assert "this is over your limit of $10.00 (confirm_above)" in err
    assert "pass --requests 100 to agree" in err
    assert simulator.log.creates == []
    code, _, err = cbtui("submit", dear_file, "--requests", "99")
    assert (code, "There are 100 requests, not 99. Nothing was done." in err) == (2, True)
    assert cbtui("submit", dear_file, "--requests", "100")[0] == 0


def test_what_is_in_flight_counts_against_a_limit_of_its_own(
    cbtui, simulator, dear_file, requests_file, monkeypatch
):
    monkeypatch.setenv("CBTUI_CONFIRM_IN_FLIGHT", "25")
    monkeypatch.setenv("CBTUI_CONFIRM_ABOVE", "30")
    with simulator_that_waits() as slow:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", slow.base_url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", slow.key)
        assert cbtui("submit", dear_file, "--requests", "100")[0] == 0
        code, _, err = cbtui("submit", requests_file(), "--yes")
        assert (code, "in flight this is over your limit of $25.00 (confirm_in_flight)" in err) == (2, True)


def simulator_that_waits():
    from claude_batch_tui.simulator import Simulator

    return Simulator(speed=1, seed=1)


@pytest.mark.slow
def test_check_has_the_api_count_a_sample_and_scales_it(cbtui, simulator, dear_file):
    code, out, _ = cbtui("check", dear_file, "--count", "--json")
    cost = json.loads(out)["cost"]
    assert code == 0
    counted = simulator.log.all("POST", "/count_tokens")
    assert len(counted) == 20
    assert 0 < cost["input_tokens_margin"] < 0.25
    assert cost["likely"] is None
    _, out, _ = cbtui("check", dear_file, "--count")
    assert "by the API's count of 20 requests, ±" in out


def test_a_small_file_is_counted_exactly(cbtui, simulator, requests_file):
    _, out, _ = cbtui("check", requests_file(3), "--count", "--json")
    assert json.loads(out)["cost"]["input_tokens_margin"] == 0


@pytest.mark.slow
def test_answers_are_likely_as_long_as_in_earlier_batches(cbtui, simulator, requests_file):
    first = requests_file(10)
    batch_id = cbtui("submit", first, "--yes")[1].strip()
    cbtui("watch", batch_id, "--interval", "1")
    entries = [json.loads(line) for line in cbtui("results", batch_id)[1].splitlines()]
    mean = sum(entry["result"]["message"]["usage"]["output_tokens"] for entry in entries) / 10
    _, out, _ = cbtui("check", requests_file(20, "more.jsonl"), "--count", "--json")
    cost = json.loads(out)["cost"]
    assert cost["earlier_batches"] == 1
    assert cost["output_tokens_likely"] == int(mean * 20)
    assert 0 < cost["likely"] < cost["at_most"]


def test_a_check_that_cannot_count_says_the_estimate(cbtui, simulator, requests_file):
    simulator.faults.next(Fault(method="POST", path="count_tokens", status=429, times=99))
    code, out, _ = cbtui("check", requests_file(3), "--count")
    assert (code, "3.6 bytes a token, ±25%" in out) == (0, True)


def test_a_request_is_tried_once_and_its_answer_shown_with_its_cost(cbtui, simulator, requests_file):
    code, out, err = cbtui("try", requests_file(), "--row", "2", "--yes")
    assert code == 0
    assert out.strip()
    assert "tokens in," in err
    assert "$" in err
    sent = simulator.log.all("POST", "/v1/messages")
    assert len(sent) == 1
    code, out, _ = cbtui("try", requests_file(), "--yes", "--json")
    assert json.loads(out)["type"] == "message"


@pytest.mark.parametrize(
    ("fault", "code", "sentence"),
    [
        (
            {"status": 500, "after_work": True},
            75,
            "The answer is lost; it may have been paid. Nothing was sent again.",
        ),
        ({"connection": "close"}, 75, "Nothing was sent again."),
        ({"status": 401}, 3, "401"),
    ],
)
def test_a_try_whose_answer_is_lost_is_never_sent_again(
    cbtui, simulator, requests_file, fault, code, sentence
):
    simulator.faults.next(Fault(method="POST", path=r"/v1/messages$", **fault))
    found, _, err = cbtui("try", requests_file(), "--yes")
    assert (found, sentence in err) == (code, True), err
    assert len(simulator.log.all("POST", "/v1/messages")) == 1


@pytest.mark.parametrize(
    ("row", "sentence"),
    [("4", "has 3 requests: there is no request 4."), ("0", "has 3 requests: there is no request 0.")],
)
def test_a_row_that_is_not_there_is_one_sentence(cbtui, simulator, requests_file, row, sentence):
    code, _, err = cbtui("try", requests_file(), "--row", row, "--yes")
    assert (code, sentence in err) == (2, True)


def test_a_bad_request_is_not_tried(cbtui, simulator, tmp_path):
    file = tmp_path / "bad.jsonl"
    file.write_text(
        '{"custom_id":"a","params":{"model":"claude-opus-5","messages":[{"role":"user","content":"x"}]}}'
    )
    code, _, err = cbtui("try", file, "--yes")
    assert (code, "params have no `max_tokens`. Nothing was sent." in err) == (2, True)
    assert simulator.log.all("POST", "/v1/messages") == []


def test_whom_requests_are_made_for_goes_with_what_is_paid_alone(cbtui, simulator, requests_file):
    cbtui("try", requests_file(), "--yes", "--user-profile-id", "profile_1")
    cbtui("submit", requests_file(), "--yes", "--user-profile-id", "profile_1")
    for path in ("/v1/messages", "/v1/messages/batches"):
        (sent,) = simulator.log.all("POST", path)
        assert sent.headers["anthropic-user-profile-id"] == "profile_1"
    assert all(
        "anthropic-user-profile-id" not in one.headers for one in simulator.log.all("GET", "/v1/models")
    )


@pytest.mark.slow
def test_a_count_in_hand_is_said_in_dollars(cbtui, simulator, tmp_path):
    shared = "Read this carefully and answer in one word. " * 200
    line = '{{"custom_id":"r{0}","params":{{"model":"claude-sonnet-4-6","max_tokens":500,"system":"{1}","messages":[{{"role":"user","content":"{0}"}}]}}}}\n'
    path = tmp_path / "r.jsonl"
    path.write_text("".join(line.format(number, shared) for number in range(10)))
    code, out, _ = cbtui("check", path, "--count")
    assert code == 0
    cost, standard, counted, output, caching = [
        found
        for found in out.splitlines()
        if found[:9].strip() in ("cost", "standard", "input", "output", "caching")
    ]
    assert "with the input as counted, at most $" in cost
    assert cost.endswith("prices and models as of 2026-11-29")
    assert standard.startswith("standard  at most $")
    assert "tokens, $0.03, by the API's count of 10 requests" in counted
    assert output == "output    at most 5,000 tokens ($0.04) (every answer at max_tokens)"
    assert caching.endswith("pays from 3 requests on, where 53% of them find it")
    said = json.loads(cbtui("check", path, "--count", "--json")[1])["cost"]
    assert said["cached_at_most"] < said["counted_at_most"] < said["at_most"]
    assert said["counted_standard_at_most"] == pytest.approx(2 * said["counted_at_most"])
    assert said["models_as_of"] == "2026-11-29"


def test_over_the_spend_limit_nothing_is_paid_and_the_code_is_2(cbtui, simulator, requests_file, monkeypatch):
    monkeypatch.setenv("CBTUI_SPEND_LIMIT", "0/day")
    for line in (("submit", requests_file(), "--yes"), ("try", requests_file(), "--row", "1", "--yes")):
        code, out, err = cbtui(*line)
        assert (code, out) == (2, "")
        assert "your limit of $0.00 a day (spend_limit)" in err
    assert simulator.log.creates == []
    assert all(call.path != "/v1/messages" for call in simulator.log.all())
