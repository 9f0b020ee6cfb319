"""The history on a screen of its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from claude_batch_tui.runtime import Runtime
from claude_batch_tui.store import batches
from claude_batch_tui.tui.batches.screen import BatchesScreen
from claude_batch_tui.tui.history.screen import HistoryScreen
from claude_batch_tui.tui.widgets.text_view import TextView

NOW = datetime(2026, 11, 20, 17, 1, 32, tzinfo=UTC)
KEY = "sk-ant-sim-demo-000000000000a1b2"
MODELS = ("claude-sonnet-5-5", "claude-haiku-5-5", None, "claude-opus-5", "claude-sonnet-5-5")


@pytest.fixture
def month(config, filled, week):
    """Forty days of batches of several models, most of them paid for."""
    filled(week)
    runtime = Runtime(config, api_key=KEY)
    scope_id, database = runtime.workspace.scope_id, runtime.store.database
    like = week[5][1]
    made = []
    for number in range(60):
        created = NOW - timedelta(days=number * 40 / 60, hours=2)
        counts = msgspec.structs.replace(
            like.request_counts, succeeded=400 + 37 * number, errored=number % 7, expired=number % 11 // 10
        )
        made.append(
            msgspec.structs.replace(
                like,
                id=f"msgbatch_01past{number:03}",
                created_at=created,
                ended_at=created + timedelta(minutes=3 + number * number % 47),
                expires_at=created + timedelta(days=1),
                request_counts=counts,
            )
        )
    batches.merge(database, scope_id, made, seen=True)
    for number, batch in enumerate(made):
        model = MODELS[number % len(MODELS)]
        batches.adopt(database, scope_id, batch.id, run_id=None, model=model, source=None)
        kind = "actual" if number % 3 else "at_most"
        batches.record_cost(database, scope_id, batch.id, kind, 0.4 + number % 5, None)
    runtime.store.close()


def text(app):
    shown = app.screen.query_one(TextView)._shown
    return "\n".join(line[0] for line in shown)


async def opened(pilot, settled):
    await settled(pilot)
    await pilot.press("T")
    await settled(pilot)


@pytest.mark.parametrize("size", [(80, 24), (200, 50)], ids=["80x24", "200x50"])
def test_the_history_of_a_month(snap_compare, dashboard, month, settled, size):
    async def look(pilot):
        await opened(pilot, settled)

    assert snap_compare(dashboard(), terminal_size=size, run_before=look)


@pytest.mark.parametrize("look", ["ascii", "no-color"])
def test_the_history_in_other_looks(snap_compare, dashboard, month, settled, look):
    options = {"ascii": {"ascii_only": True}, "no-color": {"theme": "ansi-dark", "colors": "none"}}[look]

    async def scrolled(pilot):
        await opened(pilot, settled)
        await pilot.press("space", "space")
        await settled(pilot)

    assert snap_compare(dashboard(**options), terminal_size=(80, 24), run_before=scrolled)


def test_an_empty_history_says_what_will_stand_there(snap_compare, dashboard, filled, settled):
    filled([])

    async def look(pilot):
        await opened(pilot, settled)

    assert snap_compare(dashboard(), terminal_size=(80, 24), run_before=look)


async def test_the_brackets_change_how_far_back_it_looks_and_stop_at_the_ends(dashboard, month, settled):
    app = dashboard()
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, settled)
        assert "BATCHES PER DAY   60 in 30 days" in text(app)
        await pilot.press("[")
        await settled(pilot)
        assert "in 7 days" in text(app)
        await pilot.press("[")
        await settled(pilot)
        assert app.messages[-1][0] == "period: 7 days is as near as it goes"
        await pilot.press("]", "]", "]")
        await settled(pilot)
        assert "BATCHES PER WEEK   76 in 365 days" in text(app)


@pytest.mark.slow
async def test_the_history_is_left_by_the_keys_that_lead_back_and_to_other_screens(dashboard, month, settled):
    app = dashboard()
    async with app.run_test(size=(80, 24)) as pilot:
        for key in ("q", "escape", "T", "1"):
            await opened(pilot, settled)
            assert isinstance(app.screen, HistoryScreen)
            await pilot.press(key)
            await settled(pilot)
            assert isinstance(app.screen, BatchesScreen)
        await opened(pilot, settled)
        await pilot.press("2")
        await settled(pilot)
        assert app.current_mode == "build"
