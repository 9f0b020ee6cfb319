"""From "ended, some failed" to one whole answer set, by keys."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from claude_batch_tui.cli.main import main
from claude_batch_tui.tui.dialogs.questions import ConfirmDialog
from claude_batch_tui.tui.results.save import SaveDialog
from claude_batch_tui.tui.widgets.virtual_list import VirtualList
from waiting import reached

COUNT = 10_000
CAUSES = ("truncated", "expired", "errored", "refused")


@pytest.fixture
def failed(simulator, own_folders, tmp_path, monkeypatch, capsys):
    """A run of which one request in twenty failed, in four ways; its results are on this machine."""
    monkeypatch.setenv("ANTHROPIC_BASE_URL", simulator.base_url)
    monkeypatch.setenv("ANTHROPIC_API_KEY", simulator.key)
    monkeypatch.chdir(tmp_path)
    with (tmp_path / "requests.jsonl").open("w") as file:
        for number in range(COUNT):
            cause = CAUSES[number // 20 % 4] if number % 20 == 0 else ""
            params = {
                "model": "claude-haiku-4-5",
                "max_tokens": 3 if cause == "truncated" else 400,
                "messages": [{"role": "user", "content": f"Say what {number} is."}],
            }
            file.write(json.dumps({"custom_id": f"r{number}", "params": params}) + "\n")
            if cause not in ("", "truncated"):
                simulator.decide(f"r{number}", cause)
    words = ["submit", "requests.jsonl", "--yes", "--requests", str(COUNT), "--name", "labels"]
    assert main(words, lambda _: 0) == 0
    assert main(["watch", "labels", "--interval", "1"], lambda _: 0) == 1
    main(["results", "labels", "-o", "first.jsonl"], lambda _: 0)
    for number in range(0, COUNT, 20):
        if CAUSES[number // 20 % 4] != "refused":
            simulator.decide(f"r{number}", "answered")
    capsys.readouterr()


@pytest.fixture
def live(failed, live):
    """A dashboard that knows the run from its start."""
    return live


@pytest.mark.slow
async def test_ten_thousand_requests_are_healed_and_saved_in_at_most_twelve_keys(live, simulator, tmp_path):
    pressed = 0

    async def press(pilot, *keys):
        nonlocal pressed
        pressed += len(keys)
        await pilot.press(*keys)

    def rows():
        found = live.screen.query("#list")
        return found.first(VirtualList).row_count if found else 0

    async with live.run_test(size=(120, 40)) as pilot:
        await reached(pilot, lambda: live.screen.query_one("#list", VirtualList).cursor_key is not None)
        await press(pilot, "R")
        options = live.screen.query_one("OptionList")
        await reached(pilot, lambda: options.option_count > 3)
        prompts = [str(options.get_option_at_index(at).prompt) for at in range(options.option_count)]
        first = next(at for at, prompt in enumerate(prompts) if "truncated" in prompt)
        await press(pilot, *["down"] * first, "m")
        await press(pilot, "enter")
        await reached(pilot, lambda: isinstance(live.screen, ConfirmDialog))
        await press(pilot, "y")
        await reached(pilot, lambda: len(live.snapshot.batches) == 2)
        await reached(pilot, lambda: all(one.batch.has_ended for one in live.snapshot.batches))
        await press(pilot, "enter")  # the cursor stays on the run
        await reached(pilot, lambda: live.current_mode == "results" and rows() == COUNT)
        await press(pilot, "s")
        await reached(pilot, lambda: isinstance(live.screen, SaveDialog))
        await press(pilot, "down", "enter")
        await reached(pilot, lambda: [*tmp_path.glob("*.sqlite")])
    (made,) = tmp_path.glob("*.sqlite")
    with closing(sqlite3.connect(made)) as database:
        rows_and_ids = database.execute(
            "SELECT count(*), count(DISTINCT custom_id) FROM batch_results"
        ).fetchone()
        classes = dict(
            database.execute("SELECT coalesce(stop_reason, status), count(*) FROM batch_results GROUP BY 1")
        )
    assert rows_and_ids == (COUNT, COUNT)
    assert classes == {"end_turn": COUNT - COUNT // 80, "refusal": COUNT // 80}
    assert pressed <= 12
