"""One decision says how batches and runs ended, whatever the verb."""

from __future__ import annotations

import json
from functools import partial

import pytest

from claude_batch_tui.cli.outcomes import Outcomes, exit_code, together
from claude_batch_tui.domain.requests import limits
from claude_batch_tui.services.submitting import spool

VERBS = (
    ["watch", "--interval", "1"],
    ["status"],
    ["results"],
    ["results", "--stats"],
    ["results", "--ledger"],
    ["export", "-o", "-"],
    ["triage"],
)
"""`watch` comes first: it finds nothing on this machine."""
STATES = {
    "good": ({}, 0),
    "errored": ({"r1": "errored"}, 1),
    "truncated": ({"r1": "truncated"}, 1),
    "refused": ({"r1": "refused"}, 1),
    "expired": ({"r1": "expired"}, 6),
    "canceled": ({"r1": "canceled"}, 6),
    "canceled and expired": ({"r1": "canceled", "r4": "expired"}, 6),
    "expired and errored": ({"r1": "expired", "r4": "errored"}, 1),
    "expired and truncated": ({"r1": "expired", "r4": "truncated"}, 1),
}


@pytest.fixture
def send(cbtui, simulator, tmp_path, monkeypatch):
    """A function that sends six requests with these fates, so many a batch, and gives the word for all of them."""

    def sent(fates, most):
        cut = partial(limits.partition, max_requests=most)
        monkeypatch.setattr(spool, "partition", cut)
        path = tmp_path / "requests.jsonl"
        with path.open("w") as file:
            for number in range(6):
                fate = fates.get(f"r{number}")
                params = {
                    "model": "claude-haiku-4-5",
                    "max_tokens": 1 if fate == "truncated" else 4000,
                    "messages": [{"role": "user", "content": f"Say what {number} is."}],
                }
                file.write(json.dumps({"custom_id": f"r{number}", "params": params}) + "\n")
                if fate not in (None, "truncated"):
                    simulator.decide(f"r{number}", fate)
        code, out, err = cbtui("submit", path, "--yes")
        assert code == 0, err
        return out.strip()

    return sent


@pytest.mark.slow
@pytest.mark.parametrize("most", [6, 3], ids=["batch", "run"])
@pytest.mark.parametrize(("fates", "code"), STATES.values(), ids=STATES)
def test_every_verb_ends_with_the_same_code(cbtui, send, fates, code, most):
    word = send(fates, most)
    told = {" ".join(verb): cbtui(verb[0], word, *verb[1:])[0] for verb in VERBS}
    assert told == dict.fromkeys(told, code)


def test_what_lacks_some_or_may_be_anothers_is_said_before_how_the_rest_ended():
    expired = Outcomes({"complete": 3, "expired": 1})
    assert exit_code(expired) == 6
    assert exit_code(Outcomes({"expired": 1}, is_waiting=True)) == 1
    assert exit_code(together([expired, Outcomes({"truncated": 1})])) == 1
    assert exit_code(together([expired, Outcomes({"errored": 1}, is_provisional=True)])) == 75
    assert exit_code(together([expired, Outcomes({}, is_provisional=True, is_whole=False)])) == 4
