"""Random histories of a run (split, pilot, rest, addition, retries, lost answers), and what has to be true of it after each step."""

from __future__ import annotations

import csv
import io
import json
import random
from functools import partial

import pytest

from claude_batch_tui.domain.requests import limits
from claude_batch_tui.services.submitting import spool
from claude_batch_tui.simulator import Fault

FATES = ("answered", "answered", "answered", "errored", "expired", "canceled", "refused", "truncated")


class History:
    """A run as it grows, by command lines."""

    def __init__(self, seed, cbtui, simulator, path):
        self.dice, self.cbtui, self.simulator, self.path = random.Random(seed), cbtui, simulator, path
        self.count, self.run_id = 0, ""

    def give(self, *words, codes=(0,)):
        """A command that pays, of which the answer is lost now and then."""
        if self.dice.random() < 0.3:
            lost = Fault(method="POST", path=r"/batches$", status=529, after_work=True)
            self.simulator.faults.next(lost)
        for number in range(self.count):
            fate = self.dice.choice(FATES)
            self.simulator.decide(f"r{number}", "answered" if fate == "truncated" else fate)
        code, out, err = self.cbtui(*words, "--yes", "--json")
        assert code in (*codes, 75), err
        for line in out.splitlines():
            self.run_id = json.loads(line)["run_id"]
        self.cbtui("watch", self.run_id, "--interval", "1")
        if code == 75:  # what was found is settled by its results, and what comes after it is sent
            code, _, err = self.cbtui(*words, "--yes", "--json")
            if code == 75:  # results without an answer prove nothing: a person decides
                code, _, err = self.cbtui(*words, "--yes", "--json", "--accept")
            assert code in (*codes, 2), err
            self.cbtui("watch", self.run_id, "--interval", "1")

    def grow(self, more):
        """More requests, every fifth of which is cut at its limit."""
        with self.path.open("a") as file:
            for number in range(self.count, self.count + more):
                params = {
                    "model": "claude-haiku-4-5",
                    "max_tokens": 1 if number % 5 == 0 else 4000,
                    "messages": [{"role": "user", "content": f"Say what {number} is."}],
                }
                file.write(json.dumps({"custom_id": f"r{number}", "params": params}) + "\n")
        self.count += more

    def begin(self):
        """A file as a run, or a pilot and its rest."""
        self.grow(self.dice.randint(5, 12))
        if self.dice.random() < 0.5:
            self.give("submit", self.path, "--pilot", "3")
            self.give("submit", self.path, "--rest-of", self.run_id)
        else:
            self.give("submit", self.path)

    def go_on(self):
        """One more step; some have nothing to do."""
        match self.dice.choice(("retry", "retry", "edited", "any", "addition")):
            case "addition":
                self.grow(self.dice.randint(1, 5))
                self.give("submit", self.path, "--new-only", "--rest-of", self.run_id)
            case "edited":
                words = ("--where", "class=truncated", "--set", "max_tokens=4096")
                self.give("retry", self.run_id, *words, codes=(0, 2))
            case "any":
                words = ("--where", "id:3", "--any-outcome", "--again")
                self.give("retry", self.run_id, *words, codes=(0, 2))
            case _:
                self.give("retry", self.run_id, codes=(0, 2))

    def lines(self, word, *options):
        """Results as the API gave them, by custom_id; each is there once."""
        out = self.cbtui("results", word, *options)[1].splitlines()
        found = {json.loads(line)["custom_id"]: line for line in out}
        assert len(found) == len(out)
        return found

    def check(self):
        """Every id once, by its newest good answer, else its newest line; and the costs of all attempts add up."""
        run = json.loads(self.cbtui("status", self.run_id, "--json")[1])
        members = run.get("batches", [run])
        expected = {}
        for member in sorted(members, key=lambda one: (one["created_at"], one["id"])):
            for custom_id, line in self.lines(member["id"]).items():
                if is_good(line) or not is_good(expected.get(custom_id)):
                    expected[custom_id] = line
        kept = self.lines(self.run_id)
        assert kept == expected
        assert set(kept) == {f"r{number}" for number in range(self.count)}
        out = self.cbtui("results", self.run_id, "--attempts", "all", "--format", "csv")[1]
        rows = [*csv.DictReader(io.StringIO(out))]
        usd = sum(float(row["cost"] or 0) for row in rows)
        whole = json.loads(self.cbtui("status", self.run_id, "--json")[1])
        each = [member["cost_actual"] or 0 for member in whole.get("batches", [whole])]
        assert usd == pytest.approx(sum(each), abs=1e-9)
        assert usd == pytest.approx(whole["cost_actual"] or 0, abs=1e-9)
        codes = {self.cbtui(verb, self.run_id)[0] for verb in ("status", "results", "triage")}
        assert len(codes) == 1
        assert (codes == {0}) == all(map(is_good, kept.values()))


def is_good(line):
    """Whether an answer is whole."""
    result = json.loads(line)["result"] if line else {"type": ""}
    return result["type"] == "succeeded" and result["message"]["stop_reason"] == "end_turn"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_a_run_is_every_id_once_whatever_has_happened_to_it(seed, cbtui, simulator, tmp_path, monkeypatch):
    monkeypatch.setattr(spool, "partition", partial(limits.partition, max_requests=4 + seed % 3))
    history = History(seed, cbtui, simulator, tmp_path / "requests.jsonl")
    history.begin()
    history.check()
    for _ in range(4):
        history.go_on()
        history.check()
