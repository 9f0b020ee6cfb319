"""Opening files in the results screen: gzipped, cut, large; the ledger over them."""

from __future__ import annotations

import gzip
import json

import pytest

from claude_batch_tui.tui.results.ledger import LedgerDialog
from claude_batch_tui.tui.widgets.lines import StatusLine
from claude_batch_tui.tui.widgets.text_view import TextView
from claude_batch_tui.tui.widgets.virtual_list import VirtualList
from waiting import reached

MESSAGE = {
    "stop_reason": "end_turn",
    "content": [{"type": "text", "text": "word " * 300}],
    "usage": {"input_tokens": 31, "output_tokens": 57},
}


@pytest.fixture
def big():
    """The bytes of 2,000 results, 3 MB."""
    return b"".join(
        json.dumps({"custom_id": f"r-{n}", "result": {"type": "succeeded", "message": MESSAGE}}).encode()
        + b"\n"
        for n in range(2000)
    )


def table(app):
    return app.screen.query_one("#list", VirtualList)


def painted(app):
    """What stands on the screen."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


def cells(app, row):
    return [cell if isinstance(cell, str) else cell.text for cell in table(app)._source.cells(row)]


async def test_a_large_file_is_shown_whole_when_it_is_indexed(dashboard, filled, settled, tmp_path, big):
    filled([])
    path = tmp_path / "big.jsonl"
    path.write_bytes(big)
    app = dashboard(results=path)
    async with app.run_test(size=(120, 24)) as pilot:
        await settled(pilot)
        assert "2,000 entries" in painted(app)
        assert "f: a all 2,000  g good 2,000" in painted(app)
        assert cells(app, 1999)[1] == "r-1999"
        assert "57" in cells(app, 1999)


async def test_a_gzipped_file_opens_and_a_cut_one_says_so(dashboard, filled, settled, tmp_path, big):
    filled([])
    path = tmp_path / "big.jsonl.gz"
    path.write_bytes(gzip.compress(big))
    app = dashboard(results=path)
    async with app.run_test(size=(120, 24)) as pilot:
        await settled(pilot)
        assert table(app)._source.row_count() == 2000
        path.write_bytes(gzip.compress(big)[:-20])
        app.screen.opening.open_file(path)
        await settled(pilot)
        assert "cut off" in app.screen.query_one(StatusLine).text
        assert "…  g good" in painted(app)


async def test_the_ledger_names_every_entry_that_does_not_add_up(dashboard, filled, settled, results_file):
    filled([])
    with results_file.open("a") as file:
        file.write(json.dumps({"custom_id": "T-90001", "result": {"type": "expired"}}) + "\n")
    app = dashboard(results=results_file)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("L")
        await settled(pilot)
        assert isinstance(app.screen, LedgerDialog)
        text = painted(app)
        assert "duplicate             1" in text
        app.screen.query_one(TextView).action_last()
        await settled(pilot)
        assert "entry 12" in painted(app)
        assert "missing       not known" in text
        await pilot.press("escape")
        assert not isinstance(app.screen, LedgerDialog)


async def test_a_file_without_results_says_so_and_not_that_a_filter_hides_them(
    dashboard, filled, settled, tmp_path
):
    filled([])
    path = tmp_path / "empty.jsonl"
    path.write_bytes(b"")
    app = dashboard(results=path)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert "There is no result in this file." in painted(app)


async def test_nothing_is_said_any_more_of_a_file_in_whose_place_another_was_to_be_opened(
    dashboard, filled, settled, tmp_path, big
):
    filled([])
    path = tmp_path / "big.jsonl"
    path.write_bytes(big)
    app = dashboard(results=path)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        app.screen.opening.open_file(tmp_path / "none.jsonl")
        await settled(pilot)
        assert "2,000" not in painted(app)
        assert "There is no file" in painted(app)


async def test_results_that_are_closed_while_they_are_indexed_stay_closed_and_end_nothing(
    dashboard, filled, settled, tmp_path, big, week
):
    filled(week)
    path = tmp_path / "big.jsonl"
    path.write_bytes(big * 20)
    app = dashboard(results=path)
    async with app.run_test(size=(80, 24)) as pilot:
        await reached(pilot, lambda: app.screen.opened.file is not None)
        assert not app.screen.opened.file.results.index.complete
        app.screen.opening.open_batch(week[0][1].id)
        await settled(pilot)
        assert app.screen.opened.file is None
        assert "Asking for the results" in painted(app)


async def test_what_a_thread_has_of_a_file_is_read_to_its_end_though_the_file_is_closed(
    dashboard, filled, settled, results_file
):
    filled([])
    app = dashboard(results=results_file)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        app.screen.table.sort_by("text", "")
        app.screen.action_errors()
        app.screen.opening.open_file(results_file)
        await settled(pilot)
        assert table(app)._source.row_count() == 11
