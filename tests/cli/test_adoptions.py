"""A submission whose answer was lost, from the command line: what was found for it is provisional until it is settled."""

from __future__ import annotations

import json

import msgspec
import pytest

from adopting import CREATE, lose_the_next_create, requests, somebody_creates
from claude_batch_tui.api.client import AnthropicApi
from claude_batch_tui.simulator import Fault


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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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


class Lost:
    """A part of a run whose answer was lost: the command that sends it."""

    def __init__(self, kind, cbtui, simulator, requests_file):
        self.cbtui, self.simulator = cbtui, simulator
        if kind == "retry":
            simulator.decide("r1", "errored")
        first = ["--pilot", "2"] if kind == "rest" else []
        self.file = requests_file(4)
        code, out, err = cbtui("submit", self.file, "--yes", "--json", *first)
        assert code == 0, err
        self.run_id = json.loads(out)["run_id"]
        cbtui("watch", self.run_id, "--interval", "1")
        match kind:
            case "pilot":
                text = requests_file(6, "other.jsonl").read_text().replace('"content":"', '"content":"other ')
                self.file.with_name("other.jsonl").write_text(text)
                self.words = ("submit", self.file.with_name("other.jsonl"), "--pilot", "2")
            case "rest":
                self.words = ("submit", self.file, "--rest-of", self.run_id)
            case "addition":
                self.words = ("submit", requests_file(6), "--new-only", "--rest-of", self.run_id)
            case "new":
                self.words = ("submit", requests_file(6, "more.jsonl"), "--new-only")
            case _:
                self.words = ("retry", self.run_id)

    def send(self, *options):
        return self.cbtui(*self.words, "--yes", *options)

    def lose(self, *, created):
        """Send it: a batch that was created ends without an answer that could prove anything."""
        for number in range(6):
            self.simulator.decide(f"r{number}", "expired" if created else "answered")
        self.simulator.faults.next(Fault(**CREATE, status=500, after_work=created))
        code, _, err = self.send()
        assert code == 75, err
        assert self.send()[0] == 75


KINDS = ("pilot", "rest", "addition", "new", "retry")


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_the_command_that_sent_it_accepts_what_was_found_for_any_part_of_a_run(
    cbtui, simulator, requests_file, kind
):
    lost = Lost(kind, cbtui, simulator, requests_file)
    lost.lose(created=True)
    (found, _) = simulator.batches.all()
    code, out, err = lost.send("--accept")
    assert (code, out) == (0, f"{found.id}\n"), err
    assert json.loads(cbtui("status", found.id, "--json")[1])["provisional"] is False
    assert len(simulator.log.creates) == 2


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_the_command_that_sent_it_sends_any_part_of_a_run_that_was_not_created(
    cbtui, simulator, requests_file, kind
):
    lost = Lost(kind, cbtui, simulator, requests_file)
    lost.lose(created=False)
    code, _, err = lost.send("--resend-if-absent")
    assert code == 0, err
    assert len(simulator.batches.all()) == 2
    assert lost.send("--resend-if-absent")[0] == 2
    assert len(simulator.batches.all()) == 2


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["pilot", "rest", "retry"])
@pytest.mark.parametrize("created", [True, False], ids=["created", "absent"])
def test_what_is_paid_once_more_on_purpose_is_looked_for_too(cbtui, simulator, requests_file, kind, created):
    lost = Lost(kind, cbtui, simulator, requests_file)
    lost.words = (*lost.words, "--again")
    lost.lose(created=created)
    code, _, err = lost.send("--accept" if created else "--resend-if-absent")
    assert code == 0, err
    assert len(simulator.batches.all()) == 2


@pytest.mark.slow
@pytest.mark.parametrize("options", [("--max-tokens", "8"), ("--again", "--max-tokens", "8")], ids=" ".join)
def test_a_rest_of_which_nobody_knows_whether_it_was_created_is_not_sent_in_another_form(
    cbtui, simulator, requests_file, options
):
    lost = Lost("rest", cbtui, simulator, requests_file)
    lost.lose(created=False)
    code, _, err = lost.send("--resend-if-absent", *options)
    assert (code, "not known yet whether" in err) == (2, True), err
    assert len(simulator.batches.all()) == 1
