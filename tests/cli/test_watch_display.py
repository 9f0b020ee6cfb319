from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta

import pytest

from claude_batch_tui.cli.watch_display import bar, bars
from claude_batch_tui.domain.batches.batch import Batch, RequestCounts

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)


def batch(name="a", hours=12.0, **counts):
    ended = "processing" not in counts
    return Batch(
        name, "ended" if ended else "in_progress", RequestCounts(**counts), NOW - timedelta(hours=hours)
    )


def test_until_the_api_counts_the_bar_is_the_time_used_in_another_shade():
    assert bar(batch(processing=10), NOW, ascii_only=True) == "::::::::........"
    assert bar(batch(processing=5, succeeded=5), NOW, ascii_only=True) == "########........"
    assert bar(batch(succeeded=5), NOW, ascii_only=True) == "#" * 16


def test_no_line_is_wider_than_the_terminal_and_running_ones_stay_when_rows_are_few():
    several = [batch(f"e{n}", succeeded=1) for n in range(5)] + [batch("r" * 60, processing=10)]
    lines = bars(several, {b.id: b.id for b in several}, NOW, columns=40, rows=3, ascii_only=True)
    assert len(lines) == 3
    assert max(map(len, lines)) < 40
    assert lines[0].startswith("rrr")
    assert lines[-1] == "and 4 more, 0 of them running"
    assert all(line.isascii() for line in lines)


def running(simulator, **facts):
    added = simulator.batches.add(3, **{"duration": 3600 * 10_000, **facts})
    return added.id


def test_short_answers_from_the_store_without_a_request(cbtui, simulator):
    assert cbtui("status", "--short") == (0, "\n", "")
    running(simulator)
    assert cbtui("list")[0] == 0
    simulator.log.clear()
    assert cbtui("status", "--short") == (0, "1 running\n", "")
    assert json.loads(cbtui("status", "--short", "--json")[1])["running"] == 1
    assert len(simulator.log) == 0


def test_status_without_an_id_says_what_it_wants(cbtui):
    code, _, err = cbtui("status")
    assert code == 2
    assert "--short" in err


@pytest.mark.slow
def test_watch_runs_the_hook_once_for_all_watches(cbtui, simulator, tmp_path, monkeypatch):
    heard = tmp_path / "heard"
    script = tmp_path / "hook.py"
    script.write_text(f"import sys\nopen({str(heard)!r}, 'a').write(sys.stdin.read())\n")
    monkeypatch.setenv("CBTUI_HOOK", f"{sys.executable} {script}")
    batch_id = running(simulator)
    assert cbtui("status", batch_id)[0] == 0
    simulator.batches.finish(batch_id)
    assert cbtui("watch", batch_id, "--interval", "1")[0] == 0
    assert cbtui("watch", batch_id, "--interval", "1")[0] == 0
    assert [json.loads(line)["target_id"] for line in heard.read_text().splitlines()] == [batch_id]


@pytest.mark.parametrize("until", ["any", "all"])
def test_until_any_leaves_the_others_running(cbtui, simulator, until):
    first, second = running(simulator), running(simulator)
    simulator.batches.finish(first)
    extra = ("--timeout", "1.2") if until == "all" else ()
    code, out, _ = cbtui("watch", first, second, "--interval", "1", "--until", until, *extra)
    assert code == (5 if until == "all" else 0)
    assert until == "all" or f"{first} ended" in out
