"""kill -9 in the middle of submitting, downloading and exporting, and the same command again: paid once, and whole."""

from __future__ import annotations

import json
import random
import time

import pytest

from adopting import requests, somebody_creates
from claude_batch_tui.simulator import ALL_ANSWERED, Fault, Simulator
from forked import command_lines

pytestmark = pytest.mark.slow


@pytest.fixture
def cbtui():
    """Command lines in processes that can be killed."""
    return command_lines()


def point_at(simulator, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_BASE_URL", simulator.base_url)
    monkeypatch.setenv("ANTHROPIC_API_KEY", simulator.key)


@pytest.mark.parametrize("round_", range(12))
def test_a_killed_submission_run_again_is_paid_once(cbtui, round_, tmp_path, monkeypatch):
    requests = tmp_path / "requests.jsonl"
    count = 3 + round_
    line = '{{"custom_id":"r{0}","params":{{"model":"claude-haiku-4-5","max_tokens":9,"messages":[{{"role":"user","content":"{0}"}}]}}}}\n'
    requests.write_text("".join(line.format(number) for number in range(count)))
    with Simulator(seed=round_) as simulator:
        # Batches of other people, some of the same size, some newer than ours.
        for _ in range(round_ % 3):
            simulator.batches.add(count + 50)
        simulator.faults.next(Fault(method="POST", path=r"/batches$", delay=0.4))
        point_at(simulator, monkeypatch)
        monkeypatch.setenv("CBTUI_SETTLE", "1.5")
        command = ["submit", requests, "--yes", "--resend-if-absent"]
        process = cbtui.start(*command)
        deadline = time.monotonic() + 30
        while not simulator.log.all("GET", "/batches") and process.is_alive() and time.monotonic() < deadline:
            time.sleep(0.005)
        # The preflight has come: the intent follows at once, the POST and its answer within half a second.
        time.sleep(random.Random(round_).uniform(0.0, 0.6 if round_ < 8 else 0.03))
        process.kill()
        process.wait()
        again = cbtui.run(*command)
        sent_before = "were sent on" in again.stderr
        assert again.returncode in (0, 75) or (again.returncode == 2 and sent_before), again.stderr
        ours = [batch for batch in simulator.batches.all() if len(batch) == count]
        assert len(ours) == 1


THEIRS = {
    "the same requests": {},
    "other ids": {"tag": "theirs"},
    "other prompts": {"words": "What a colleague asks about the same row in many more words: {}"},
    "another model": {"model": "claude-sonnet-4-5"},
}
"""What somebody else sends at that time, as many requests as we do."""


@pytest.mark.parametrize("theirs", THEIRS)
@pytest.mark.parametrize("round_", range(5))
def test_a_killed_submission_takes_nobody_elses_batch_and_is_paid_once(
    cbtui, round_, theirs, tmp_path, own_folders, monkeypatch
):
    chance = random.Random(f"{round_} {theirs}")
    count = 4 + round_
    file = tmp_path / "requests.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in requests(count)))
    point = ("before the POST", "in the POST", "after it")[round_ % 3]
    if theirs == "the same requests":
        point = "before the POST"
    with Simulator(speed=10_000, seed=round_, rates=ALL_ANSWERED) as simulator:
        point_at(simulator, monkeypatch)
        monkeypatch.setenv("CBTUI_SETTLE", "1.0")
        foreign = {somebody_creates(simulator, requests(count, **THEIRS[theirs]))}
        simulator.faults.next(Fault(method="POST", path=r"/batches$", delay=0.4))
        marks = own_folders / "data" / "spool"
        process = cbtui.start("submit", file, "--yes", "--name", "mine")
        deadline = time.monotonic() + 30
        while not (list(marks.glob("*.unsent")) or simulator.log.creates[1:]) and time.monotonic() < deadline:
            time.sleep(0.0005)
        if point != "before the POST":
            while not simulator.log.creates[1:] and time.monotonic() < deadline:
                time.sleep(0.001)
            time.sleep(chance.uniform(0, 0.3) if point == "in the POST" else 0.6)
        process.kill()
        process.wait()
        simulator.faults.clear()
        if theirs == "the same requests" and not list(marks.glob("*.unsent")):
            theirs = "other prompts"  # a byte had left: what is the same in everything cannot be told
        foreign |= {somebody_creates(simulator, requests(count, **THEIRS[theirs]))}
        for _ in range(6):
            again = cbtui.run("submit", file, "--yes", "--name", "mine", "--resend-if-absent")
            if again.returncode != 75:
                break
        assert again.returncode == 0 or (again.returncode == 2 and "were sent on" in again.stderr), again
        told = [json.loads(line) for line in cbtui.run("list", "--json").stdout.splitlines()]
        assert not [batch for batch in told if batch["provisional"]]
        (ours,) = [batch for batch in told if batch["run_id"]]
        assert (ours["name"], ours["id"] in foreign) == ("mine", False)
        assert {batch.id for batch in simulator.batches.all()} == foreign | {ours["id"]}


def test_submissions_at_the_same_time_wait_for_each_other_and_say_for_whom(cbtui, tmp_path, monkeypatch):
    files = [tmp_path / f"{name}.jsonl" for name in ("first", "second", "third")]
    for file in files:
        made = requests(4, words=f"{file.stem} {{}}", tag=file.stem)
        file.write_text("".join(json.dumps(one) + "\n" for one in made))
    with Simulator(speed=10_000, seed=1, rates=ALL_ANSWERED) as simulator:
        point_at(simulator, monkeypatch)
        simulator.faults.always(Fault(method="POST", path=r"/batches$", delay=1.0))
        running = [cbtui.start("submit", file, "--yes") for file in files]
        ended = [each.wait() for each in running]
        assert [each.returncode for each in ended] == [0, 0, 0], ended
        waited = [each.stderr for each in ended if "is submitting right now: waiting" in each.stderr]
        assert len(waited) == 2
        assert all(".jsonl) is submitting" in words for words in waited), waited
        assert len({each.stdout for each in ended}) == len(simulator.batches.all()) == 3


@pytest.mark.parametrize("name", ["answers.csv", "answers.sqlite", "answers/"])
def test_a_killed_export_leaves_no_name_and_the_next_one_sweeps_up(cbtui, name, tmp_path):
    results, out = tmp_path / "results.jsonl", tmp_path / "out"
    out.mkdir()
    message = {"content": [{"type": "text", "text": "word " * 200}], "stop_reason": "end_turn"}
    with results.open("w") as file:
        for number in range(8_000):
            line = {"custom_id": f"r{number}", "result": {"type": "succeeded", "message": message}}
            file.write(json.dumps(line) + "\n")
    command = ["export", results, "-o", f"{out}/{name}"]
    process = cbtui.start(*command)
    deadline = time.monotonic() + 30
    while not list(out.glob("*.part")) and process.is_alive() and time.monotonic() < deadline:
        time.sleep(0.002)
    process.kill()
    process.wait()
    left = [path.name for path in out.iterdir()]
    assert left
    assert all(".part" in each for each in left)
    again = cbtui.run(*command)
    assert again.returncode == 0, again.stderr
    assert "8,000 of 8,000 results" in again.stderr
    assert [path.name for path in out.iterdir()] == [name.rstrip("/")]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_a_killed_download_never_looks_whole_and_is_whole_the_next_time(
    cbtui, share, tmp_path, own_folders, given_results, monkeypatch
):
    with Simulator(seed=3) as simulator:
        batch = simulator.batches.add(400, age=3600, duration=60)
        size = len(given_results(simulator, batch.id))
        simulator.faults.always(
            Fault(method="GET", path=r"/results$", drip=8_000, drip_seconds=0.02),
        )
        point_at(simulator, monkeypatch)
        out = tmp_path / "out.jsonl"
        command = ["results", batch.id, "-o", out]
        process = cbtui.start(*command)
        folder = own_folders / "data" / "results"
        part = folder / f"{batch.id}.jsonl.part"
        deadline = time.monotonic() + 30
        while not (part.exists() and part.stat().st_size > share * size) and time.monotonic() < deadline:
            if not process.is_alive():
                break
            time.sleep(0.005)
        process.kill()
        process.wait()
        assert part.stat().st_size > 0
        assert not (folder / f"{batch.id}.jsonl").exists()
        assert not out.exists()
        simulator.faults.clear()
        again = cbtui.run(*command)
        assert again.returncode in (0, 1), again.stderr
        assert out.read_bytes().count(b"\n") == 400
        assert not part.exists()


def test_results_whose_reader_was_killed_are_read_by_the_next_command_and_not_fetched_again(
    cbtui, tmp_path, own_folders, monkeypatch
):
    with Simulator(seed=3) as simulator:
        batch = simulator.batches.add(20_000, age=3600, duration=60)
        point_at(simulator, monkeypatch)
        process = cbtui.start("results", batch.id, "-o", tmp_path / "first.jsonl")
        named = own_folders / "data" / "results" / f"{batch.id}.jsonl"
        deadline = time.monotonic() + 60
        while not named.exists() and process.is_alive() and time.monotonic() < deadline:
            time.sleep(0.001)
        process.kill()
        process.wait()
        out = tmp_path / "out.jsonl"
        again = cbtui.run("results", batch.id, "-o", out)
        assert again.returncode in (0, 1), again.stderr
        assert out.read_bytes().count(b"\n") == 20_000
        assert len(simulator.log.all("GET", "/results")) == 1
        told = cbtui.run("list", "--json")
        assert told.returncode == 0, told.stderr
        (known,) = [json.loads(line) for line in told.stdout.splitlines()]
        assert known["cost_actual"] > 0
