"""`cbtui submit --prime`."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from claude_batch_tui.services.submitting import priming
from claude_batch_tui.simulator import Fault


@pytest.fixture
def shared_file(tmp_path):
    path = tmp_path / "shared.jsonl"
    system = [
        {
            "type": "text",
            "text": "You label tickets. " * 1_500,
            "cache_control": {"type": "ephemeral", "ttl": "1h"},
        }
    ]
    path.write_text(
        "".join(
            json.dumps(
                {
                    "custom_id": f"t{number}",
                    "params": {
                        "model": "claude-haiku-4-5",
                        "max_tokens": 20,
                        "system": system,
                        "messages": [{"role": "user", "content": f"Ticket {number}"}],
                    },
                }
            )
            + "\n"
            for number in range(12)
        )
    )
    return path


def test_a_prime_is_offered_by_check_sent_first_and_its_hits_and_savings_are_said_after(
    cbtui, simulator, shared_file, monkeypatch
):
    monkeypatch.setenv("CBTUI_POLL_INTERVAL", "1")
    assert "prime     one request first" in cbtui("check", shared_file)[1]
    code, out, err = cbtui("submit", shared_file, "--prime", "--yes", "--name", "labels")
    assert code == 0, err
    assert out.startswith("run_")
    assert "has ended: the cache is written." in err
    listed = [json.loads(line) for line in cbtui("list", "--json")[1].splitlines()]
    assert [sum(one["request_counts"].values()) for one in reversed(listed)] == [1, 11]
    cbtui("watch", "labels", "--interval", "1")
    said = cbtui("results", "labels", "--stats")[1]
    assert "input tokens read from it" in said
    assert "saved $" in said or "lost $" in said
    assert json.loads(cbtui("costs", "--json")[1])["total"]["batches"] == 2


@pytest.mark.parametrize("cold", [True, False])
def test_a_prime_that_takes_too_long_says_so_and_goes_by_the_option(
    cbtui, simulator, shared_file, monkeypatch, cold
):
    monkeypatch.setattr(priming, "WAIT", timedelta(0))
    simulator.decide("t0", "errored")
    options = ["--cold"] if cold else []
    code, _, err = cbtui("submit", shared_file, "--prime", "--yes", *options)
    assert (code, len(simulator.log.creates)) == ((0, 2) if cold else (5, 1))
    assert ("11 requests of run_" in err) is not cold
    assert ("Sending the others without it." in err) is cold


def test_a_prime_and_a_pilot_do_not_go_together(cbtui, simulator, shared_file):
    code, _, err = cbtui("submit", shared_file, "--prime", "--pilot", "3", "--yes")
    assert code == 2
    assert "use one of them" in err


@pytest.mark.slow
def test_a_prime_whose_answer_was_lost_is_found_and_nothing_of_its_run_is_paid_twice(
    cbtui, simulator, shared_file, monkeypatch
):
    monkeypatch.setenv("CBTUI_POLL_INTERVAL", "1")
    simulator.faults.next(Fault(method="POST", path=r"/batches$", status=500, after_work=True))
    assert cbtui("submit", shared_file, "--prime", "--yes")[0] == 75
    simulator.batches.finish()
    code, _, err = cbtui("submit", shared_file, "--prime", "--yes")
    assert code == 0, err
    code, _, err = cbtui("submit", shared_file, "--prime", "--yes")
    assert (code, "Pass --again" in err) == (2, True)
    assert len(simulator.log.creates) == 2
