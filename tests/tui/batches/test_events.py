"""What happened, under the list and on the whole screen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from claude_batch_tui.domain.batches.tracked import Event
from claude_batch_tui.tui.batches.events import BatchEvents
from claude_batch_tui.tui.widgets.status_line import StatusLine
from claude_batch_tui.tui.widgets.virtual_list import VirtualList

NOW = datetime(2026, 11, 20, 17, 1, 32, tzinfo=UTC)


@pytest.fixture
def eventful(dashboard, filled, week):
    """A function that makes a dashboard of a week in which things happened."""

    def make(**options):
        filled(week)
        app = dashboard(**options)
        nightly, tickets, pilot = week[0][1].id, week[4][1].id, week[7][1].id
        told = [
            (26 * 60, "pilot ended: 988 ok · 12 errored", pilot, True),
            (41, f"nightly-eval-1120 created, 10,000 requests, {nightly}", nightly, False),
            (9, "The API is overloaded (HTTP 529).", None, True),
            (8, "The API answers again", None, False),
            (2, "classify-tickets ended: 9,702 ok · 213 errored · 50 expired · 35 canceled", tickets, True),
            (1, "classify-tickets: results downloaded, 9,702 \x1b[31mok", tickets, False),
        ]
        events = tuple(
            Event(NOW - timedelta(minutes=minutes), text, batch_id, is_error=is_error, is_quiet=True)
            for minutes, text, batch_id, is_error in told
        )
        app.engines.home.snapshot = msgspec.structs.replace(app.engines.home.snapshot, events=events)
        return app

    return make


def shown(app):
    table = app.screen.query_one("#events-list", VirtualList)
    return [table.render_line(y).text.strip() for y in range(table.size.height)]


@pytest.mark.parametrize("looks", ["dark", "ascii"])
def test_what_happened_stands_under_list_and_detail_on_a_wide_screen(snap_compare, eventful, settled, looks):
    app = eventful(ascii_only=looks == "ascii")
    assert snap_compare(app, terminal_size=(200, 50), run_before=settled)


def test_what_happened_fills_a_small_screen(snap_compare, eventful, settled):
    async def look(pilot):
        await settled(pilot)
        await pilot.press("E")
        await settled(pilot)

    assert snap_compare(eventful(), terminal_size=(80, 24), run_before=look)


async def test_events_are_newest_first_with_the_day_where_it_was_another_and_nothing_raw(eventful, settled):
    app = eventful()
    async with app.run_test(size=(200, 50)) as pilot:
        await settled(pilot)
        lines = shown(app)
        assert lines[0].startswith("> 17:00:32 ")
        assert "\x1b" not in lines[0]
        assert lines[5].startswith("19 Nov 15:01")


@pytest.mark.parametrize("size", [(80, 24), (200, 50)], ids=["80x24", "200x50"])
async def test_enter_on_an_event_goes_to_its_batch_and_esc_back_to_the_list(eventful, settled, week, size):
    app = eventful()
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        await pilot.press("E", "enter")
        await settled(pilot)
        table = app.screen.query_one("#list", VirtualList)
        assert app.focused is table
        assert table.display
        assert table.cursor_key == week[4][1].id
        await pilot.press("E", "j", "j", "enter")
        await settled(pilot)
        assert "about no batch" in app.screen.query_one(StatusLine).text
        assert app.focused is app.screen.query_one("#events-list")
        await pilot.press("escape")
        assert app.focused is table
        assert app.screen.query_one("#main").display


async def test_no_key_works_on_a_batch_that_is_not_on_the_screen(eventful, settled):
    app = eventful()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("E", "x")
        await settled(pilot)
        assert "cancel: the list is not on the screen" in app.screen.query_one(StatusLine).text


async def test_the_cursor_stays_on_its_event_when_others_come(eventful, settled):
    app = eventful()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("E", "j", "j")
        panel = app.screen.query_one(BatchEvents)
        before = panel.table.cursor_key
        panel.show((*app.snapshot.events, Event(NOW, "something new")))
        assert panel.table.cursor_key == before
        await pilot.press("g")
        panel.show((*app.snapshot.events, Event(NOW, "something new"), Event(NOW, "and newer")))
        assert "and newer" in (panel.table.cursor_key or "")


async def test_an_event_of_a_batch_that_is_hidden_says_so(eventful, settled):
    app = eventful()
    async with app.run_test(size=(200, 50)) as pilot:
        await settled(pilot)
        await pilot.press("slash", *"nothing", "enter", "E", "enter")
        await settled(pilot)
        assert "not in the list" in app.screen.query_one(StatusLine).text
