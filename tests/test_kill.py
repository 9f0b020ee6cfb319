"""kill -9 in the middle of submitting, downloading and exporting, and the same command again: paid once, and whole."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time

import pytest

from claude_batch_tui.simulator import Fault, Simulator


@pytest.mark.parametrize("round_", range(8))
def test_a_killed_submission_run_again_is_paid_once(round_, tmp_path):
    requests = tmp_path / "requests.jsonl"
    count = 3 + round_
    line = '{{"custom_id":"r{0}","params":{{"model":"claude-haiku-4-5","max_tokens":9,"messages":[{{"role":"user","content":"{0}"}}]}}}}\n'
    requests.write_text("".join(line.format(number) for number in range(count)))
    with Simulator(seed=round_) as simulator:
        # Batches of other people, some of the same size, some newer than ours.
        for _ in range(round_ % 3):
            simulator.batches.add(count + 50)
        simulator.faults.next(Fault(method="POST", path=r"/batches$", delay=0.4))
        environment = {
            **os.environ,
            "ANTHROPIC_BASE_URL": simulator.base_url,
            "ANTHROPIC_API_KEY": simulator.key,
            "CBTUI_SETTLE": "1.5",
        }
        command = [
            sys.executable,
            "-m",
            "claude_batch_tui",
            "submit",
            str(requests),
            "--yes",
            "--resend-if-absent",
        ]
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 30
        while (
            not simulator.log.all("GET", "/batches")
            and process.poll() is None
            and time.monotonic() < deadline
        ):
            time.sleep(0.005)
        # The preflight has come: the intent, the POST and its answer follow within half a second.
        time.sleep(random.Random(round_).uniform(0.0, 0.6))
        process.kill()
        process.wait()
        again = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        sent_before = "were sent on" in again.stderr
        assert again.returncode == 0 or (again.returncode == 2 and sent_before), again.stderr
        ours = [batch for batch in simulator.batches.all() if len(batch) == count]
        assert len(ours) == 1


@pytest.mark.parametrize("name", ["answers.csv", "answers.sqlite", "answers/"])
def test_a_killed_export_leaves_no_name_and_the_next_one_sweeps_up(name, tmp_path):
    results, out = tmp_path / "results.jsonl", tmp_path / "out"
    out.mkdir()
    message = {"content": [{"type": "text", "text": "word " * 200}], "stop_reason": "end_turn"}
    with results.open("w") as file:
        for number in range(8_000):
            line = {"custom_id": f"r{number}", "result": {"type": "succeeded", "message": message}}
            file.write(json.dumps(line) + "\n")
    command = [sys.executable, "-m", "claude_batch_tui", "export", str(results), "-o", f"{out}/{name}"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while not list(out.glob("*.part")) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    process.kill()
    process.wait()
    left = [path.name for path in out.iterdir()]
    assert left
    assert all(".part" in each for each in left)
    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    assert "8,000 of 8,000 results" in again.stderr
    assert [path.name for path in out.iterdir()] == [name.rstrip("/")]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_a_killed_download_never_looks_whole_and_is_whole_the_next_time(share, tmp_path, given_results):
    with Simulator(seed=3) as simulator:
        batch = simulator.batches.add(400, age=3600, duration=60)
        size = len(given_results(simulator, batch.id))
        simulator.faults.always(
            Fault(method="GET", path=r"/results$", drip=8_000, drip_seconds=0.02),
        )
        environment = {
            **os.environ,
            "ANTHROPIC_BASE_URL": simulator.base_url,
            "ANTHROPIC_API_KEY": simulator.key,
            "CBTUI_DATA_DIR": str(tmp_path / "data"),
        }
        out = tmp_path / "out.jsonl"
        command = [sys.executable, "-m", "claude_batch_tui", "results", batch.id, "-o", str(out)]
        process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
        folder = tmp_path / "data" / "results"
        part = folder / f"{batch.id}.jsonl.part"
        deadline = time.monotonic() + 30
        while not (part.exists() and part.stat().st_size > share * size) and time.monotonic() < deadline:
            if process.poll() is not None:
                break
            time.sleep(0.005)
        process.kill()
        process.wait()
        assert part.stat().st_size > 0
        assert not (folder / f"{batch.id}.jsonl").exists()
        assert not out.exists()
        simulator.faults.clear()
        again = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert again.returncode in (0, 1), again.stderr
        assert out.read_bytes().count(b"\n") == 400
        assert not part.exists()


def test_results_whose_reader_was_killed_are_read_by_the_next_command_and_not_fetched_again(tmp_path):
    with Simulator(seed=3) as simulator:
        batch = simulator.batches.add(20_000, age=3600, duration=60)
        environment = {
            **os.environ,
            "ANTHROPIC_BASE_URL": simulator.base_url,
            "ANTHROPIC_API_KEY": simulator.key,
            "CBTUI_DATA_DIR": str(tmp_path / "data"),
        }
        command = [sys.executable, "-m", "claude_batch_tui"]
        process = subprocess.Popen(
            [*command, "results", batch.id, "-o", str(tmp_path / "first.jsonl")],
            env=environment,
            stderr=subprocess.DEVNULL,
        )
        named = tmp_path / "data" / "results" / f"{batch.id}.jsonl"
        deadline = time.monotonic() + 60
        while not named.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.001)
        process.kill()
        process.wait()
        out = tmp_path / "out.jsonl"
        results = [*command, "results", batch.id, "-o", str(out)]
        again = subprocess.run(results, env=environment, capture_output=True, text=True, check=False)
        assert again.returncode in (0, 1), again.stderr
        assert out.read_bytes().count(b"\n") == 20_000
        assert len(simulator.log.all("GET", "/results")) == 1
        told = subprocess.run(
            [*command, "list", "--json"], env=environment, capture_output=True, text=True, check=True
        )
        (known,) = [json.loads(line) for line in told.stdout.splitlines()]
        assert known["cost_actual"] > 0
