"""Answers held against a column of their source, and a cell of the confusion matrix opened."""

from __future__ import annotations

import msgspec
import pytest

from claude_batch_tui.cli.demo_history import remembered
from claude_batch_tui.config import load
from claude_batch_tui.domain.results.scoring import marked, score
from claude_batch_tui.simulator import Simulator
from claude_batch_tui.tui.app import DashboardApp
from claude_batch_tui.tui.dialogs.picking import PickDialog
from claude_batch_tui.tui.results.score import ScoreScreen, cell_at, matrix_drawing
from claude_batch_tui.tui.widgets.text_view import TextView
from waiting import reached


@pytest.mark.slow
async def test_a_cell_of_the_matrix_opens_its_entries_in_the_evaluation_of_the_demo(
    own_folders, tmp_path, settled
):
    sources = tmp_path / "data" / "files"
    sources.mkdir(parents=True)
    with Simulator(demo=True) as simulator:
        config = load({"data_dir": str(sources.parent), "config_dir": str(sources.parent / "config")})[0]
        config = msgspec.structs.replace(config, base_url=simulator.base_url)
        remembered(simulator, config, sources).write_files()
        app = DashboardApp(config, api_key=simulator.key)
        app.engines.start()
        try:
            async with app.run_test(size=(100, 30)) as pilot:
                await reached(pilot, lambda: app.snapshot.link.polled_at and app.snapshot.credential)
                labels = next(one.id for one in app.snapshot.batches if one.name == "label eval, haiku")
                assert app.screen.go_to(labels)
                await pilot.press("enter")
                await reached(pilot, lambda: "label eval" in app.screen.title_left())
                await reached(pilot, lambda: app.screen.reason_disabled("statistics", ()) is None)
                await settled(pilot)
                results = app.screen
                await pilot.press("S")
                await reached(pilot, lambda: "SCORE   against expected" in shown(app))
                assert "accuracy    " in shown(app)
                await pilot.press("e")
                await reached(pilot, lambda: isinstance(app.screen, ScoreScreen))
                await settled(pilot)
                drawn = shown(app)
                assert "accuracy" in drawn
                assert "of 240" in drawn
                wrong = int(drawn.partition("[")[2].partition("]")[0])
                await pilot.press("enter")
                await reached(pilot, lambda: app.screen is results and len(results.table.chosen) == wrong)
                await pilot.press("escape")
                await reached(pilot, lambda: len(results.table.chosen) == 240)

                await pilot.press("S", "e")
                await reached(pilot, lambda: isinstance(app.screen, ScoreScreen))
                await settled(pilot)
                line = shown(app).splitlines()[1]
                await pilot.click(TextView, offset=(line.index(line.split()[1]), 1))
                right = int(line.split()[1].strip("[]"))
                await reached(pilot, lambda: app.screen is results and len(results.table.chosen) == right)
                await pilot.press("escape", "S", "e")
                await reached(pilot, lambda: isinstance(app.screen, ScoreScreen))
                await pilot.press("c")
                await reached(pilot, lambda: isinstance(app.screen, PickDialog))
                await pilot.press(*"lang", "enter")
                await reached(pilot, lambda: isinstance(app.screen, ScoreScreen))
                await pilot.press("escape", "S")
                await reached(pilot, lambda: "SCORE   against lang" in shown(app))
        finally:
            app.engines.stop()


def shown(app):
    """The text on the screen."""
    found = app.screen.query(TextView)
    return found.first()._rows.text if found else ""


def test_the_matrix_fits_a_narrow_screen_and_brackets_the_chosen_cell():
    pairs = (
        [("billing", "billing")] * 3
        + [("billing", "a very long label \x1b[31m that goes on")]
        + [("bug", "bug")]
    )
    found = score(marked(one, other, is_missing=False) for one, other in pairs)
    lines = [words for words, _ in matrix_drawing(found, (0, 0), width=60)]
    assert "[3]" in lines[1]
    assert cell_at(found, lines[1].index("[3]"), 1, width=60) == (0, 0)
    assert cell_at(found, lines[2].rindex("1"), 2, width=60) == (1, 1)
    assert cell_at(found, 3, 1, width=60) is cell_at(found, 20, 0, width=60) is None
    assert all(len(words) <= 62 and "\x1b" not in words for words in lines)
    assert lines[2].split() == ["bug", "·", "1", "·"]
