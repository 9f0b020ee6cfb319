from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, timedelta

import pytest

from claude_batch_tui.cli.demo_history import remembered
from claude_batch_tui.cli.main import main
from claude_batch_tui.config import load
from claude_batch_tui.simulator import Simulator


@pytest.mark.slow
def test_the_demo_knows_its_runs_as_a_machine_does_that_sent_them(tmp_path, capsys, monkeypatch):
    sources = tmp_path / "data" / "files"
    sources.mkdir(parents=True)
    with Simulator(demo=True) as simulator:
        history = remembered(simulator, load({})[0], sources)
        history.write_files()
        monkeypatch.setenv("ANTHROPIC_API_KEY", simulator.key)

        def said(*words):
            options = ["--data-dir", str(sources.parent), "--base-url", simulator.base_url]
            assert main([*options, *words], lambda _: 0) in (0, 1)
            return capsys.readouterr().out

        listed = [json.loads(line) for line in said("list", "--limit", "99", "--json").splitlines()]
        named = {each["name"]: each for each in listed if each["name"] and "nightly" not in each["name"]}
        assert len(named) >= 12
        assert all(each["tags"] for each in named.values())
        ended = [each for each in named.values() if each["processing_status"] == "ended"]
        assert sum(each["cost_actual"] is not None for each in ended) >= 10
        survey = named["customer survey"]
        lost_in = datetime.fromisoformat(survey["created_at"]) + timedelta(days=29) - datetime.now(UTC)
        assert timedelta(hours=12) < lost_in < timedelta(hours=48)
        assert survey["results"] == "none"
        assert "360 ok" in said("status", "newsletter")
        assert said("results", "review moderation", "--where", "class=refused").count("\n") > 3
        assert said("results", "meeting minutes", "--where", "class=truncated").count("\n") > 3
        target = tmp_path / "labels.csv"
        said("export", "label eval, haiku", "-o", str(target))
        labels = list(csv.DictReader(target.read_text().splitlines()))
        assert len(labels) == 240
        right = sum(each["expected"] == each["response"] for each in labels)
        assert 190 < right < 235
