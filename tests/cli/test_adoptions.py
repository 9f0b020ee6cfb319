"""A submission whose answer was lost, from the command line: what was found for it is provisional until it is settled."""

from __future__ import annotations

import json

import msgspec
import pytest

from adopting import lose_the_next_create, requests, somebody_creates
from claude_batch_tui.api.client import AnthropicApi


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mine.jsonl"
    path.write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in requests(9)))
    return path


@pytest.fixture
def slow(simulator):
    """Batches of the simulator run until they are finished."""
    simulator.batches.behaviour = msgspec.structs.replace(simulator.batches.behaviour, speed=1.0)


@pytest.fixture
def lost(cbtui, simulator, file, monkeypatch):
    """A function that submits the file, and the answer is lost; with `theirs` nothing is created but somebody else's."""

    def submit(theirs=None):
        create = AnthropicApi.create

        def interrupted(*arguments, **options):
            if theirs is not None:
                somebody_creates(simulator, theirs)
            lose_the_next_create(simulator, created=theirs is None)
            return create(*arguments, **options)

        with monkeypatch.context() as patched:
            patched.setattr(AnthropicApi, "create", interrupted)
            code, out, err = cbtui("submit", file, "--yes", "--name", "mine")
        assert (code, out) == (75, f"{simulator.batches.all()[0].id}\n"), err
        return out.strip()

    return submit


def listed(cbtui):
    (batch,) = [json.loads(line) for line in cbtui("list", "--json")[1].splitlines()]
    return batch


def test_what_was_found_is_marked_until_watch_has_settled_it(cbtui, simulator, lost, slow):
    found = lost()
    _, out, err = cbtui("list")
    assert "mine (provisional)" in out
    assert f"cbtui watch {found}" in err
    assert listed(cbtui)["provisional"] is True
    assert "provisional" in cbtui("status", found)[1]
    simulator.batches.finish()
    code, _, err = cbtui("watch", found)
    assert (code, f"{found} is the batch of mine" in err) == (0, True)
    assert listed(cbtui)["provisional"] is False
    assert cbtui("watch", found)[2] == ""


def test_results_settle_it_and_are_those_of_the_submission(cbtui, lost):
    found = lost()
    code, out, err = cbtui("results", "mine")
    assert (code, out.count("\n")) == (0, 9)
    assert f"{found} is the batch of mine" in err


@pytest.mark.parametrize("command", ["watch", "results", "export"])
def test_what_turns_out_to_be_anothers_is_let_go_and_can_be_sent(
    cbtui, simulator, lost, file, tmp_path, command
):
    found = lost(requests(9, tag="theirs"))
    words = ["-o", tmp_path / "out.csv"] if command == "export" else []
    code, out, err = cbtui(command, "mine", *words)
    assert (code, f"{found} is not the batch of mine" in err) == (75, True)
    assert "it was not created" in err
    assert found not in out or command == "watch"
    assert not (tmp_path / "out.csv").exists()
    theirs = listed(cbtui)
    assert (theirs["name"], theirs["run_id"], theirs["provisional"]) == (None, None, False)
    assert cbtui("results", found)[0] == 0
    code, out, _ = cbtui("submit", file, "--yes", "--resend-if-absent")
    assert (code, out.strip() != found) == (0, True)
    assert len(simulator.log.creates) == 3  # theirs, ours that was lost, ours
    assert cbtui("submit", file, "--yes", "--resend-if-absent")[0] == 2
    assert len(simulator.log.creates) == 3


def test_the_same_command_again_says_what_was_found_and_pays_nothing(cbtui, simulator, lost, slow, file):
    found = lost()
    for _ in range(2):
        code, out, err = cbtui("submit", file, "--yes", "--resend-if-absent")
        assert (code, out.strip()) == (75, found)
        assert f"{found} was found for them" in err
    assert len(simulator.log.creates) == 1
    simulator.batches.finish()
    assert cbtui("submit", file, "--yes")[:2] == (0, f"{found}\n")
    assert len(simulator.log.creates) == 1


def test_results_that_show_neither_are_given_and_a_person_decides(cbtui, simulator, lost, file):
    found = lost(requests(9, max_tokens=0))
    code, out, err = cbtui("results", found)
    assert (code, out.count("\n")) == (75, 9)
    assert "--accept" in err
    assert cbtui("watch", found)[0] == 75
    assert cbtui("submit", file, "--yes", "--accept")[:2] == (0, f"{found}\n")
    assert listed(cbtui)["provisional"] is False
    assert len(simulator.log.creates) == 2


def test_a_person_rejects_what_was_found_and_nothing_is_paid(cbtui, simulator, lost, slow, file):
    found = lost(requests(9))
    code, out, err = cbtui("submit", file, "--yes", "--reject", found)
    assert (code, out) == (75, "")
    assert "--resend-if-absent" in err
    assert listed(cbtui)["run_id"] is None
    assert len(simulator.log.creates) == 2


@pytest.mark.parametrize("decision", ["--accept", "--reject"])
def test_a_decision_about_nothing_pays_nothing(cbtui, simulator, file, decision):
    code, out, err = cbtui("submit", file, "--yes", decision)
    assert (code, out) == (2, "")
    assert "nothing to decide" in err
    assert simulator.log.creates == []


def test_what_was_found_is_not_adopted_as_made_elsewhere(cbtui, lost, slow):
    code, out, err = cbtui("adopt", lost())
    assert (code, out) == (2, "")
    assert "--reject" in err
