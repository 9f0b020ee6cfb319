"""No screen draws widgets that are not there yet: under load a snapshot, a key or a signal comes while it is being made."""

from __future__ import annotations

import pytest

from claude_batch_tui.services.building.models import built_in_prices
from claude_batch_tui.store.results.opening import opening
from claude_batch_tui.tui.batches.screen import BatchesScreen
from claude_batch_tui.tui.build.screen import BuildScreen
from claude_batch_tui.tui.history.screen import HistoryScreen
from claude_batch_tui.tui.results.compare import CompareScreen
from claude_batch_tui.tui.results.screen import ResultsScreen
from claude_batch_tui.tui.results.statistics import StatisticsScreen
from claude_batch_tui.tui.widgets.lines import TitleLine


@pytest.fixture
def made(results_file, config):
    """A screen of each kind."""
    *_, results = opening(results_file, config.data_dir / "cache")

    def make(kind):
        if kind is CompareScreen:
            return CompareScreen.of_entries(results, 0, 1, None)
        if kind is StatisticsScreen:
            return StatisticsScreen("t", results.index, range(3), built_in_prices())
        return kind()

    yield make
    results.close()


@pytest.mark.parametrize(
    "kind", [BatchesScreen, BuildScreen, ResultsScreen, HistoryScreen, CompareScreen, StatisticsScreen]
)
async def test_a_snapshot_that_comes_while_a_screen_is_made_is_shown_when_it_has_its_widgets(
    dashboard, made, kind, filled, week, settled
):
    filled(week)
    app = dashboard()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = made(kind)
        app.push_screen(screen)
        assert not screen.is_mounted
        screen.show_snapshot(app.snapshot)
        screen._show_all()
        screen.refresh_bindings()
        if kind in (HistoryScreen, StatisticsScreen):
            screen.redraw()
        await settled(pilot)
        assert screen.is_mounted
        assert str(screen.query_one(TitleLine).render()).strip()


async def test_a_file_is_opened_once_the_screen_has_its_widgets_and_left_before_that(
    dashboard, results_file, filled, week, settled
):
    filled(week)
    app = dashboard(results=results_file, link=False)
    async with app.run_test(size=(80, 24)) as pilot:
        for _ in range(3):
            app.open_file(results_file)
            app.action_show("batches")
            app._show_newest()
            app.action_show("results")
            app._show_newest()
            app.action_show("batches")
            app._show_newest()
        await settled(pilot)
        assert app.is_running
        app.open_file(results_file)
        await settled(pilot)
        assert isinstance(app.screen, ResultsScreen)
        assert app.screen.table.rows is not None
