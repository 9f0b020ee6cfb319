"""Reads that fail are tried again, for as long as is asked for; what pays or destroys is not."""

from __future__ import annotations

import pytest

from claude_batch_tui.simulator import Fault

BATCHES = r"/v1/messages/batches"
PASSING = {
    "overloaded": {"status": 529},
    "busy for a while": {"status": 429, "headers": {"retry-after": "3"}},
    "unavailable": {"status": 503},
    "internal": {"status": 500},
    "reset": {"connection": "reset"},
    "closed": {"connection": "close"},
    "half an answer": {"connection": "half_body"},
}


VERBS = {
    "list": (),
    "list --where state=ended": (),
    "status RUNNING": (),
    "watch ENDED": (),
    "results ENDED": (),
    "results ENDED --stats": (),
    "results ENDED --ledger": (),
    "export ENDED -o FILE.csv": (),
    "compare ENDED OTHER": (1,),
    "retry ENDED --yes": (2,),
    "cancel RUNNING --yes": (),
    "delete ENDED --yes": (),
    "open ENDED": (),
    "name ENDED mine": (),
    "tag ENDED +one": (),
    "note ENDED text": (),
    "hide ENDED": (),
    "adopt ENDED": (),
    "check FILE --count": (),
    "submit FILE --yes": (),
    "doctor": (),
}
"""Every verb that reads, and what it ends with where that is not 0."""


@pytest.mark.parametrize("verb", VERBS)
def test_a_read_that_is_refused_once_is_tried_again_by_every_verb(
    cbtui, simulator, requests_file, slept, verb
):
    words = {
        "RUNNING": simulator.batches.add(3, duration=36_000_000).id,
        "ENDED": simulator.batches.add(3, age=3600, duration=60).id,
        "OTHER": simulator.batches.add(3, age=3600, duration=60).id,
        "FILE": str(requests_file()),
        "FILE.csv": str(requests_file().with_name("answers.csv")),
    }
    simulator.faults.next(Fault(method="POST" if "--count" in verb else "GET", status=529))
    code, _, err = cbtui(*(words.get(word, word) for word in verb.split()))
    assert code in (VERBS[verb] or (0,)), err
    assert "(HTTP 529" in err
    assert "Trying again in" in err
    assert len(slept.slept) == 1


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_whatever_passes_is_waited_out(cbtui, simulator, slept, fault):
    batch_id = simulator.batches.add(3, age=3600, duration=60).id
    simulator.faults.next(Fault(**fault, method="GET", times=3))
    code, out, err = cbtui("list")
    assert (code, batch_id in out) == (0, True)
    assert err.count("Trying again in ") == 3
    assert slept.slept == [3.0] * 3 or slept.slept == sorted(slept.slept)
    assert err.count("Trying again in 3 s, as the API asks.") == (3 if "headers" in fault else 0)


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_what_stands_ends_after_a_minute_with_how_often_it_was_tried(cbtui, simulator, slept, fault):
    simulator.faults.always(Fault(**fault))
    code, out, err = cbtui("list")
    assert (code, out) == (3, "")
    assert 45 <= sum(slept.slept) <= 60
    assert f"Tried {len(slept.slept) + 1} times in {sum(slept.slept):.0f} s." in err


def test_a_timeout_of_the_users_is_the_limit(cbtui, simulator, slept):
    simulator.faults.always(Fault(status=529))
    assert cbtui("list", "--timeout", "7")[0] == 3
    assert 6 <= sum(slept.slept) <= 7
    slept.slept.clear()
    code, _, err = cbtui("--timeout", "0", "list")
    assert (code, slept.slept, "Tried" in err) == (3, [], False)


def test_a_wait_that_is_longer_than_the_limit_is_not_begun(cbtui, simulator, slept):
    simulator.faults.always(Fault(status=429, headers={"retry-after": "100"}))
    code, _, err = cbtui("list")
    assert (code, slept.slept) == (3, [])
    assert "The API asks to wait 100 s, which --timeout 100 does." in err
    simulator.faults.clear()
    simulator.faults.next(Fault(status=429, headers={"retry-after": "100"}))
    assert cbtui("list", "--timeout", "100")[0] == 0
    assert slept.slept == [100.0]


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_refusal_for_good_is_said_at_once(cbtui, simulator, slept, status):
    simulator.faults.always(Fault(status=status))
    assert cbtui("list")[0] == 3
    assert slept.slept == []


def test_a_server_that_is_not_there_is_said_at_once(cbtui, simulator, slept, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")
    assert cbtui("list")[0] == 3
    assert slept.slept == []


@pytest.mark.parametrize(("verb", "method"), [("cancel", "POST"), ("delete", "DELETE")])
def test_what_destroys_is_asked_for_once(cbtui, simulator, slept, verb, method):
    batch_id = simulator.batches.add(3, age=3600, duration=60 if verb == "delete" else 36_000_000).id
    cbtui("list")
    simulator.faults.always(Fault(method=method, status=529))
    assert cbtui(verb, batch_id, "--yes")[0] != 0
    assert slept.slept == []
    assert sum(each.method == method for each in simulator.log.all()) == 1


def test_a_timeout_below_nothing_is_refused(cbtui, simulator):
    code, _, err = cbtui("list", "--timeout", "-1")
    assert (code, err.count("\n")) == (2, 1)
    assert "--timeout: the timeout is a number of seconds from 0" in err
