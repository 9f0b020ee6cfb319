"""Random histories of a run (split, pilot, rest, addition, retries, cancels, expiries, lost answers, adoptions), and what has
to be true of it after each step.
"""

from __future__ import annotations

import csv
import io
import json
import os
import random
from datetime import UTC, datetime, timedelta
from functools import partial

import msgspec
import pytest

from adopting import somebody_creates
from claude_batch_tui import runtime
from claude_batch_tui.domain.requests import limits
from claude_batch_tui.services.submitting import spool
from claude_batch_tui.simulator import Fault

HISTORIES = int(os.environ.get("HISTORIES", "12"))
"""How many histories: more by hand, `HISTORIES=60 pytest …`."""
FATES = ("answered", "answered", "answered", "errored", "expired", "canceled", "refused", "truncated")
VERBS = (
    ("watch", "--interval", "1"),
    ("status",),
    ("results",),
    ("results", "--stats"),
    ("results", "--ledger"),
    ("export", "-o", "-"),
    ("triage",),
)


class MovedDays:
    """The time of day, of this machine and of the API, with the hours that were let pass."""

    def __init__(self):
        self.passed = timedelta()

    def now(self, zone=UTC):
        return datetime.now(zone) + self.passed


@pytest.fixture
def days(simulator, monkeypatch):
    moved = MovedDays()
    monkeypatch.setattr(simulator.batches, "now", moved.now)
    monkeypatch.setattr(runtime, "datetime", moved)
    return moved


class History:
    """A run as it grows, by command lines; each is written down beside its requests."""

    def __init__(self, seed, cbtui, simulator, days, path, most):
        self.most = most
        self.dice, self.simulator, self.days, self.path = random.Random(seed), simulator, days, path
        self.count, self.run_id, self._cbtui = 0, "", cbtui
        self.told = path.with_name("history.txt")

    def cbtui(self, *words):
        code, out, err = self._cbtui(*words)
        with self.told.open("a") as file:
            file.write(f"{code} {' '.join(map(str, words))}\n")
        return code, out, err

    def give(self, *words, codes=(0,)):
        """A command that pays, of which the answer is lost now and then."""
        if self.dice.random() < 0.3:
            lost = Fault(method="POST", path=r"/batches$", status=529, after_work=True)
            self.simulator.faults.next(lost)
        self.decide()
        code, out, err = self.cbtui(*words, "--yes", "--json")
        self.simulator.faults.clear()
        assert code in (*codes, 75), err
        for line in out.splitlines():
            self.run_id = json.loads(line)["run_id"]
        self.end()
        if code == 75:  # what was found is settled by its results, and what comes after it is sent
            code, _, err = self.cbtui(*words, "--yes", "--json")
            if code == 75:  # results without an answer prove nothing: a person decides
                code, _, err = self.cbtui(*words, "--yes", "--json", "--accept")
            assert code in (*codes, 2), err
            self.end()

    def decide(self):
        """What becomes of requests that are sent from now on, and whether their batches take longer than they may."""
        for number in range(self.count):
            fate = self.dice.choice(FATES)
            self.simulator.decide(f"r{number}", "answered" if fate == "truncated" else fate)
        speed = self.dice.choice((10_000, 10_000, 0.002))
        behaviour = self.simulator.batches.behaviour
        self.simulator.batches.behaviour = msgspec.structs.replace(behaviour, speed=speed)

    def end(self):
        """Let hours pass, in which some of what runs is canceled and the rest finishes or expires; and watch."""
        running = [one for one in self.simulator.batches.all() if one.duration > timedelta(hours=24)]
        running = [one.id for one in running if not one.has_ended(self.days.now())]
        if running:
            self.days.passed += timedelta(hours=self.dice.randint(1, 20))
            for each in running:
                self.end_one(each)
            self.simulator.batches.behaviour = msgspec.structs.replace(
                self.simulator.batches.behaviour, speed=10_000
            )
        self.cbtui("watch", self.run_id, "--interval", "1")

    def end_one(self, batch_id):
        """A batch in progress is canceled, or expires by the clock or by a call, or ends."""
        way = self.dice.choice(("cancel", "cancel", "clock", "call", "finish"))
        with self.told.open("a") as file:
            file.write(f"{way} {batch_id}\n")
        batch = self.simulator.batches.find(batch_id)
        match way:
            case "cancel" if not batch.has_ended(self.days.now()):
                code, out, err = self.cbtui("cancel", batch_id, "--yes")
                assert (code, out) == (0, f"{batch_id} canceling\n"), err
                self.simulator.batches.finish(batch_id)
            case "clock":
                self.days.passed += timedelta(hours=24)
            case "call":
                self.simulator.batches.expire(batch_id)
            case _:
                self.simulator.batches.finish(batch_id)

    def grow(self, more):
        """More requests, every fifth of which is cut at its limit; their lines."""
        lines = []
        for number in range(self.count, self.count + more):
            params = {
                "model": "claude-haiku-4-5",
                "max_tokens": 1 if number % 5 == 0 else 4000,
                "messages": [{"role": "user", "content": f"Say what {number} is."}],
            }
            lines.append(json.dumps({"custom_id": f"r{number}", "params": params}) + "\n")
        with self.path.open("a") as file:
            file.writelines(lines)
        self.count += more
        return lines

    def begin(self):
        """A file as a run, or a pilot and its rest, or one or two batches of another program."""
        match self.dice.choice(("file", "pilot", "foreign")):
            case "file":
                self.grow(self.dice.randint(5, 12))
                self.give("submit", self.path)
            case "pilot":
                self.grow(self.dice.randint(5, 12))
                self.give("submit", self.path, "--pilot", "3")
                self.give("submit", self.path, "--rest-of", self.run_id)
            case "foreign":
                made = [
                    self.foreign(self.grow(self.dice.randint(2, self.most)))
                    for _ in range(self.dice.choice((1, 2)))
                ]
                if len(made) == 1:
                    self.run_id = self.adopt(*made[0])
                else:  # one run of both, and what each was sent is said later
                    self.run_id = self.cbtui("adopt", *(batch_id for batch_id, _ in made))[1].strip()
                    self.check()
                    assert self.cbtui("retry", self.run_id, "--yes")[0] == 2
                    assert {self.adopt(*one) for one in made} == {self.run_id}

    def foreign(self, lines):
        """A batch that another program made of these requests, once it has ended, and the file of them."""
        self.decide()
        self.simulator.batches.behaviour = msgspec.structs.replace(
            self.simulator.batches.behaviour, speed=10_000
        )
        batch_id = somebody_creates(self.simulator, [json.loads(line) for line in lines])
        sent = self.path.with_name(f"{batch_id}.sent.jsonl")
        sent.write_text("".join(lines))
        self.cbtui("watch", batch_id, "--interval", "1")
        return batch_id, sent

    def adopt(self, batch_id, sent):
        """Take a batch of another program on with what it was sent; the id of its run."""
        code, _, err = self.cbtui("adopt", batch_id, "--sent", sent)
        assert code == 0, err
        return json.loads(self.cbtui("status", batch_id, "--json")[1])["run_id"]

    def go_on(self):
        """One more step; some have nothing to do."""
        match self.dice.choice(("retry", "retry", "edited", "any", "addition", "addition", "foreign")):
            case "addition":
                self.grow(self.dice.randint(1, 5))
                self.give("submit", self.path, "--new-only", "--rest-of", self.run_id)
            case "edited":
                words = ("--where", "class=truncated", "--set", "max_tokens=4096")
                self.give("retry", self.run_id, *words, codes=(0, 2))
            case "any":
                words = ("--where", "id:3", "--any-outcome", "--again")
                self.give("retry", self.run_id, *words, codes=(0, 2))
            case "foreign":
                self.others()
            case _:
                self.give("retry", self.run_id, codes=(0, 2))

    def others(self):
        """Another program sends some of the same requests: its batch becomes a run of its own, and no batch of ours does."""
        lines = self.path.read_text().splitlines(keepends=True)
        batch_id, sent = self.foreign(
            self.dice.sample(lines, self.dice.randint(1, min(self.most, len(lines))))
        )
        members = self.members()
        assert self.cbtui("adopt", members[-1]["id"], "--sent", self.path)[0] == 2
        assert self.cbtui("adopt", batch_id, members[0]["id"])[0] == 2
        theirs = self.adopt(batch_id, sent)
        assert theirs != self.run_id
        assert len(self.lines(theirs)) == len(sent.read_text().splitlines())
        assert self.members() == members

    def members(self):
        """The batches of the run."""
        run = json.loads(self.cbtui("status", self.run_id, "--json")[1])
        return run.get("batches", [run])

    def lines(self, word, *options):
        """Results as the API gave them, by custom_id; each is there once."""
        out = self.cbtui("results", word, *options)[1].splitlines()
        found = {json.loads(line)["custom_id"]: line for line in out}
        assert len(found) == len(out)
        return found

    def table(self, *words):
        """What a command writes as CSV."""
        return [*csv.DictReader(io.StringIO(self.cbtui(*words)[1]))]

    def check(self):
        """Every id once, by its newest good answer, else its newest line; costs of all attempts add up; one exit code."""
        expected, attempts = {}, 0
        for member in sorted(self.members(), key=lambda one: (one["created_at"], one["id"])):
            lines = self.lines(member["id"])
            attempts += len(lines)
            for custom_id, line in lines.items():
                if is_good(line) or not is_good(expected.get(custom_id)):
                    expected[custom_id] = line
        kept = self.lines(self.run_id)
        assert kept == expected
        assert set(kept) == {f"r{number}" for number in range(self.count)}
        rows = self.table("export", self.run_id, "--format", "csv", "-o", "-")
        assert sorted(row["custom_id"] for row in rows) == sorted(kept)
        self.check_costs(attempts)
        words = (code_of(kept), self.run_id)
        codes = {" ".join(verb): self.cbtui(verb[0], self.run_id, *verb[1:])[0] for verb in VERBS}
        assert codes == dict.fromkeys(codes, code_of(kept)), words

    def check_costs(self, attempts):
        """What all attempts cost is the same from the lines of the results, status, list and costs."""
        rows = self.table("results", self.run_id, "--attempts", "all", "--format", "csv")
        assert len(rows) == attempts
        usd = pytest.approx(sum(float(row["cost"] or 0) for row in rows), abs=1e-9)
        run = json.loads(self.cbtui("status", self.run_id, "--json")[1])
        assert (run["cost_actual"] or 0) == usd
        assert sum(member["cost_actual"] or 0 for member in run.get("batches", [run])) == usd
        every = [json.loads(line) for line in self.cbtui("list", "--json", "--limit", "100")[1].splitlines()]
        assert sum(one["cost_actual"] or 0 for one in every if one["run_id"] == self.run_id) == usd
        folded = [json.loads(line) for line in self.cbtui("list", "--runs", "--json")[1].splitlines()]
        (row,) = (one for one in folded if one["run_id"] == self.run_id)
        assert (row["cost_actual"] or 0) == usd
        assert sum(row["request_counts"].values()) == self.count
        lines = json.loads(self.cbtui("costs", "--by", "run", "--json")[1])["lines"]
        (line,) = (one for one in lines if one.get("run_id") == self.run_id)
        assert (line["billed"], line["in_flight"], line["unread"]) == (usd, 0, 0)


def is_good(line):
    """Whether an answer is whole."""
    result = json.loads(line)["result"] if line else {"type": ""}
    return result["type"] == "succeeded" and result["message"]["stop_reason"] == "end_turn"


def code_of(kept):
    """The exit code that says how these lines are."""
    bad = {json.loads(line)["result"]["type"] for line in kept.values() if not is_good(line)}
    if not bad:
        return 0
    return 6 if bad <= {"canceled", "expired"} else 1


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(HISTORIES))
def test_a_run_is_every_id_once_whatever_has_happened_to_it(
    seed, cbtui, simulator, days, tmp_path, monkeypatch
):
    most = 4 + seed % 3
    monkeypatch.setattr(spool, "partition", partial(limits.partition, max_requests=most))
    history = History(seed, cbtui, simulator, days, tmp_path / "requests.jsonl", most)
    history.begin()
    history.check()
    for _ in range(4):
        history.go_on()
        history.check()
