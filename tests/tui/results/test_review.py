"""The review of answers by keys, in the dashboard."""

from __future__ import annotations

from claude_batch_tui.domain.results.review import Review
from claude_batch_tui.store import reviews
from claude_batch_tui.tui.results.review import ReviewScreen
from claude_batch_tui.tui.widgets.lines import TwoSidedLine
from waiting import paste, reached


async def test_answers_are_judged_by_one_key_each_and_written_down_at_once(
    dashboard, filled, results_file, settled
):
    filled([])
    app = dashboard(results=results_file)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("r")
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        screen = app.screen
        assert isinstance(screen, ReviewScreen)
        await pilot.press("g", "b", "u", "z", "g")
        await pilot.press("l")
        await settled(pilot)
        await paste(pilot, "billing")
        await pilot.press("enter")
        await settled(pilot)
        assert screen.query_one("#counts", TwoSidedLine)._right.startswith("good 2 · bad 2 · unsure 0")
        database = app.engines.home.store.database
        target = screen._queue._key_of(0).target_id

        def said():
            return [one.verdict for one in reviews.reviews(database, [target]).values()]

        await reached(pilot, lambda: sorted(said()) == ["bad", "bad", "good", "good"])
        assert Review("bad", "billing") in reviews.reviews(database, [target]).values()
        await pilot.press("escape")
        await settled(pilot)
        assert not isinstance(app.screen, ReviewScreen)
