"""The batches of two workspaces in one list, one of them out of reach."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from claude_batch_tui.domain.batches.tracked import Event, Link, LinkState, Snapshot, TrackedBatch
from claude_batch_tui.terminal import Profile
from claude_batch_tui.tui.app import DashboardApp

NOW = datetime(2026, 11, 20, 17, 1, 32, tzinfo=UTC)
SIZES = [(80, 24), (200, 50)]


@pytest.fixture
def mixed(config, week):
    """The dashboard of a week of which every second batch is production's, whose API is lost for ten minutes."""
    research, production = (
        msgspec.structs.replace(config, profile=name) for name in ("research", "production")
    )
    profile = Profile(slow=False, colors="truecolor", theme="cbtui-dark", mouse=False, ascii=False)
    app = DashboardApp(research, profile=profile, beside=[production], connects=False)
    app.now = lambda: NOW
    app.engines.start()
    lost = NOW - timedelta(minutes=10)
    links = {
        "research": Link(LinkState.LIVE, polled_at=NOW - timedelta(seconds=12), interval=30.0),
        "production": Link(
            LinkState.OFFLINE, since=lost, polled_at=lost, interval=30.0, error="Cannot reach the API."
        ),
    }
    for number, (place, link) in enumerate(links.items()):
        batches = tuple(
            TrackedBatch(one, name=name, profile=place)
            for index, (name, one) in enumerate(week)
            if index % 2 == number
        )
        event = Event(lost, "Cannot reach the API.", is_error=True, is_quiet=True)
        engine = app.engines._engines[place]
        engine.snapshot = Snapshot(batches=batches, running=2, link=link, events=(event,) * number)
    yield app
    app.engines.stop()


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "200x50"])
def test_two_workspaces_in_one_list(snap_compare, mixed, settled, size):
    assert snap_compare(mixed, terminal_size=size, run_before=settled)
