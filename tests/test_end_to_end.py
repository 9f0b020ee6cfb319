"""The whole loop as a user's script runs it: every command a process of its own, against the served simulator."""

from __future__ import annotations

import csv
import json
import subprocess
import sys

import pytest

from forked import command_lines

pytestmark = pytest.mark.slow

ROWS = 1_000
KEY = "sk-ant-sim-demo-0000000000000000"


@pytest.fixture
def served():
    """The base URL of a simulator in a process of its own."""
    command = [
        sys.executable,
        "-m",
        "claude_batch_tui",
        "simulate",
        "--speed",
        "5000",
        "--until-stdin-closes",
    ]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    yield process.stdout.readline().strip()
    process.communicate("")


@pytest.fixture
def cbtui(served, tmp_path, monkeypatch):
    """Run a command line in the test's folder: its exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", served)
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    return command_lines().run


def write_tickets(path):
    """A real CSV: quoted newlines, quotes and commas, scripts of the world, formulas, ids that need cleaning."""
    bodies = (
        'Zeile eins\nZeile zwei, mit „Quotes" und ümläuten',
        "素早い茶色の狐",
        "=1+1",
        "مرحبا",
        "plain, text",
    )
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerow(["ticket", "lang", "body"])
        for number in range(ROWS):
            writer.writerow(
                [f"T {number}" if number % 7 == 0 else f"T-{number}", "de", f"{bodies[number % 5]} {number}"]
            )


def test_a_thousand_rows_are_sent_once_and_every_answer_comes_home_to_its_row(cbtui, tmp_path, served):
    write_tickets(tmp_path / "tickets.csv")
    build = ["build", "csv", "tickets.csv", "--prompt-column", "body", "--id-column", "ticket"]
    build += ["--template", "Label this: {{ body }}", "--model", "claude-haiku-4-5", "--max-tokens", "64"]
    code, _, words = cbtui(*build, "-o", "requests.jsonl")
    assert code == 0, words
    code, out, words = cbtui("submit", "requests.jsonl", "--yes", "--name", "tickets", "--json")
    assert code == 0, words
    batch = json.loads(out)
    assert sum(batch["request_counts"].values()) == ROWS
    code, _, words = cbtui("submit", "requests.jsonl", "--yes")
    assert code == 2
    assert batch["id"] in words
    code, out, words = cbtui(
        "watch", "tickets", "--interval", "1", "--timeout", "60", "--json", "--output", "monitor.jsonl"
    )
    assert code in (0, 1, 6), words
    assert json.loads(out.splitlines()[-1])["processing_status"] == "ended"
    assert json.loads((tmp_path / "monitor.jsonl").read_text().splitlines()[-1])["batch_id"] == batch["id"]
    code, out, words = cbtui("results", batch["id"])
    assert code in (0, 1), words
    assert len({json.loads(line)["custom_id"] for line in out.splitlines()}) == ROWS
    code, _, words = cbtui("results", "tickets", "--format", "csv", "--csv-raw", "-o", "answers.csv")
    assert code in (0, 1), words
    with (tmp_path / "tickets.csv").open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    with (tmp_path / "answers.csv").open(newline="", encoding="utf-8") as file:
        answers = list(csv.DictReader(file))
    assert [answer["id"] for answer in answers] == [row["ticket"] for row in rows]
    assert [answer["body"] for answer in answers] == [row["body"] for row in rows]
    assert all(
        answer["response"] or answer["status"] != "succeeded" or answer["stop_reason"] for answer in answers
    )
    code, out, _ = cbtui("list", "--json")
    assert [json.loads(line)["name"] for line in out.splitlines()] == ["tickets"]
