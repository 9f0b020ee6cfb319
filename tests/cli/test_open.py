"""`cbtui open`, and files where a batch can be named."""

from __future__ import annotations

import json

import pytest

from claude_batch_tui.cli.main import _parser, main


@pytest.fixture
def opened(capsys):
    """Run a command line: exit code, stderr, and the dashboards it opened."""

    def run(*arguments):
        dashboards = []

        def open_dashboard(dashboard):
            dashboards.append(dashboard)
            return 0

        code = main([str(argument) for argument in arguments], open_dashboard)
        return code, capsys.readouterr().err, dashboards

    return run


def answers(path, count=3):
    result = {"type": "succeeded", "message": {"content": [{"type": "text", "text": "yes"}]}}
    path.write_text(
        "".join(json.dumps({"custom_id": f"r{n}", "result": result}) + "\n" for n in range(count))
    )
    return path


def test_open_starts_the_dashboard_on_a_file_without_asking_anybody(opened, tmp_path, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:1")
    path = answers(tmp_path / "made elsewhere")
    monkeypatch.chdir(tmp_path)
    for word in (path, "made elsewhere"):
        code, _, (dashboard,) = opened("open", word)
        assert (code, dashboard.results.name, dashboard.batch_id) == (0, "made elsewhere", None)


def test_open_says_where_there_is_no_file(opened, tmp_path):
    code, err, dashboards = opened("open", tmp_path / "none.jsonl")
    assert (code, dashboards) == (2, [])
    assert "There is no file" in err


@pytest.mark.slow
def test_open_starts_the_dashboard_on_an_ended_batch_by_id_or_name(opened, cbtui, simulator, requests_file):
    batch_id = cbtui("submit", requests_file(), "--yes", "--name", "tickets")[1].strip()
    cbtui("watch", batch_id, "--interval", "1")
    for word in (batch_id, "tickets"):
        code, _, (dashboard,) = opened("open", word)
        assert (code, dashboard.batch_id, dashboard.results) == (0, batch_id, None)


def test_open_says_how_far_a_batch_is_that_has_not_ended(opened, cbtui, simulator):
    batch = simulator.batches.add(5, duration=36_000_000)
    code, err, dashboards = opened("open", batch.id)
    assert (code, dashboards) == (3, [])
    assert "has not ended" in err


def test_results_reads_a_file_of_any_name(cbtui, tmp_path, monkeypatch):
    answers(tmp_path / "answers")
    monkeypatch.chdir(tmp_path)
    code, out, _ = cbtui("results", "answers", "--where", "r1")
    assert code == 0
    assert json.loads(out)["custom_id"] == "r1"


def test_how_the_dashboard_looks_is_said_before_or_behind_what_opens_it():
    for words in (
        ["--theme", "light", "demo"],
        ["demo", "--theme", "light"],
        ["open", "--theme", "light", "x"],
    ):
        args = _parser(words)[0].parse_args(words)
        assert (args.theme, args.ascii) == ("light", None)
