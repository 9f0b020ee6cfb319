"""How often the dashboard paints what the engine says."""

from __future__ import annotations

import msgspec
import pytest

from claude_batch_tui.domain.batches.batch import RequestCounts
from claude_batch_tui.tui.app import FramePace

CHANGES = 40


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def advanced(snapshot, done):
    """The snapshot with some more requests of its first batch done."""
    first, *others = snapshot.batches
    counts = RequestCounts(250 - done, done)
    batch = msgspec.structs.replace(first.batch, request_counts=counts)
    changed = msgspec.structs.replace(first, batch=batch)
    return msgspec.structs.replace(snapshot, batches=(changed, *others))


@pytest.fixture
def painting(dashboard, filled, week, settled):
    """A function that has one batch change often at one moment and once after it; what was painted at each change."""
    filled(week)

    async def paint(*, slow):
        app, clock = dashboard(slow=slow), Clock()
        app.pace.clock = clock
        painted = []

        async def change(pilot, done):
            before = len(painted)
            app.engines.home.snapshot = advanced(app.engines.home.snapshot, done)
            app.post_message(app.Arrived())
            await pilot.pause()
            app.screen._on_timer_update()  # paints what waits for the next frame
            return "".join(painted[before:])

        async with app.run_test(size=(80, 24)) as pilot:
            await settled(pilot)
            app._display = lambda _screen, frame: painted.append(frame.render_segments(app.console))
            clock.now += 5
            burst = [await change(pilot, done) for done in range(1, CHANGES + 1)]
            clock.now += 1
            after = await change(pilot, CHANGES + 1)
            listed = app.screen.view.listing.row(app.engines.home.snapshot.batches[0].id)
            assert listed.tracked.batch.request_counts.succeeded == CHANGES + 1
        return burst, after

    return paint


@pytest.mark.slow
async def test_on_the_slow_profile_changes_of_a_second_are_one_picture_and_the_last_one_counts(painting):
    burst, after = await painting(slow=True)
    assert burst[0]
    assert burst[1:] == [""] * (CHANGES - 1)
    assert after
    thrifty = sum(map(len, burst)) + len(after)
    burst, after = await painting(slow=False)
    assert sum(map(bool, burst)) > CHANGES / 2
    assert thrifty < (sum(map(len, burst)) + len(after)) / 8


async def test_what_was_left_out_is_shown_when_its_time_has_come(dashboard, filled, week, settled):
    filled(week)
    app, clock = dashboard(slow=True), Clock()
    app.pace.clock = clock
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        clock.now += 5
        for done in (1, 2):
            app.engines.home.snapshot = advanced(app.engines.home.snapshot, done)
            app.on_dashboard_app_arrived()
        waiting = app._later
        assert waiting is not None
        assert app.snapshot.batches[0].batch.request_counts.succeeded == 1
        clock.now += 1
        app._show_later()
        assert app.snapshot.batches[0].batch.request_counts.succeeded == 2


async def test_on_the_slow_profile_keys_are_answered_at_once(dashboard, filled, week, settled):
    filled(week)
    app, clock = dashboard(slow=True), Clock()
    app.pace.clock = clock
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        table = app.screen.table
        before = table.cursor_index
        await pilot.press("j", "j", "space")
        assert (table.cursor_index, len(table.marks)) == (before + 3, 1)


def test_a_pace_lets_the_first_pass_and_the_next_when_its_seconds_are_over():
    clock = Clock()
    pace = FramePace(1.0, clock)
    assert pace.left() == 0
    pace.take()
    clock.now += 0.25
    assert pace.left() == 0.75
    clock.now += 0.75
    assert pace.left() == 0
    assert FramePace(0.0, clock).left() == 0
