"""The results in numbers, drawn."""

from __future__ import annotations

import json

import pytest

from claude_batch_tui.tui.results.screen import ResultsScreen
from claude_batch_tui.tui.results.statistics import StatisticsScreen
from claude_batch_tui.tui.widgets.text_view import TextView


@pytest.fixture
def results_file(tmp_path):
    path = tmp_path / "classify-tickets.jsonl"
    with path.open("w") as file:
        for number in range(400):
            usage = {
                "input_tokens": 200 + number * 7 % 900,
                "cache_read_input_tokens": 1500 if number % 3 else 0,
                "cache_creation_input_tokens": 0 if number % 3 else 1500,
                "output_tokens": 2 + number * number % 3000,
            }
            message = {
                "model": "claude-sonnet-5",
                "content": [{"type": "text", "text": "x"}],
                "stop_reason": "max_tokens" if number % 40 == 0 else "end_turn",
                "usage": usage,
            }
            kind = "overloaded_error" if number % 3 else "invalid_request_error"
            error = {"type": "error", "error": {"type": kind, "message": "m"}}
            result = {"type": "succeeded", "message": message}
            if number % 19 == 0:
                result = {"type": "errored", "error": error}
            elif number == 7:
                result = {"type": "expired"}
            file.write(json.dumps({"custom_id": f"T-{number}", "result": result}) + "\n")
    return path


@pytest.fixture
def opened(dashboard, filled, results_file):
    def make(**options):
        filled([])
        return dashboard(results=results_file, **options)

    return make


def text(app):
    return app.screen.query_one(TextView)._rows.text


async def test_the_filter_chooses_what_is_counted(opened, settled):
    app = opened()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("f", "e")
        await settled(pilot)
        await pilot.press("S")
        await settled(pilot)
        assert isinstance(app.screen, StatisticsScreen)
        assert "OUTCOMES   of 22" in text(app)
        assert "STOP REASONS" not in text(app)
        await pilot.press("escape")
        await settled(pilot)
        assert isinstance(app.screen, ResultsScreen)


async def test_the_keys_of_the_tabs_lead_away(opened, settled):
    app = opened()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("S")
        await settled(pilot)
        await pilot.press("1")
        await settled(pilot)
        assert app.current_mode == "batches"


async def test_the_numbers_can_be_copied(opened, settled, monkeypatch):
    app = opened()
    copied = []
    monkeypatch.setattr(type(app), "copy", lambda _self, words: copied.append(words))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("S")
        await settled(pilot)
        await pilot.press("y")
    assert copied[0].startswith("entries       400\noutcomes      succeeded")


@pytest.mark.parametrize("size", [(80, 24), (200, 50)], ids=["80x24", "200x50"])
def test_the_statistics_as_a_picture(snap_compare, opened, settled, size):
    async def look(pilot):
        await settled(pilot)
        await pilot.press("S")
        await settled(pilot)

    assert snap_compare(opened(), terminal_size=size, run_before=look)


def test_the_drawings_in_ascii(snap_compare, opened, settled):
    async def look(pilot):
        await settled(pilot)
        await pilot.press("S")
        await settled(pilot)
        await pilot.press("G")

    assert snap_compare(opened(ascii_only=True), terminal_size=(80, 24), run_before=look)
