from __future__ import annotations

import pytest

SIZES = [(80, 24), (200, 50)]


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "200x50"])
def test_batches_of_a_week(snap_compare, dashboard, filled, week, settled, size):
    named = week
    filled(named, unseen=[named[4][1]])
    assert snap_compare(dashboard(), terminal_size=size, run_before=settled)


@pytest.mark.parametrize("look", ["ascii", "ansi", "no-color", "light"])
def test_batches_in_other_looks(snap_compare, dashboard, filled, week, settled, look):
    filled(week)
    options = {
        "ascii": {"ascii_only": True},
        "ansi": {"theme": "ansi-dark", "colors": "16"},
        "no-color": {"theme": "ansi-dark", "colors": "none"},
        "light": {"theme": "textual-light"},
    }[look]
    assert snap_compare(dashboard(**options), terminal_size=(80, 24), run_before=settled)


def test_an_empty_workspace_says_what_to_do(snap_compare, dashboard, filled, settled):
    filled([])
    assert snap_compare(dashboard(), terminal_size=(80, 24), run_before=settled)


def test_the_question_before_canceling(snap_compare, dashboard, filled, week, settled):
    filled(week)
    assert snap_compare(
        dashboard(), terminal_size=(80, 24), press=["space", "space", "x"], run_before=settled
    )


def test_the_question_before_deleting(snap_compare, dashboard, filled, week, settled):
    filled(week)
    app = dashboard()
    keys = ["j", "j", "j", "j", "D"]
    assert snap_compare(app, terminal_size=(80, 24), press=keys, run_before=settled)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "200x50"])
def test_results_with_every_kind_of_entry(snap_compare, dashboard, filled, results_file, settled, size):
    filled([])

    async def look(pilot):
        await settled(pilot)
        await pilot.press("j", "j")
        await settled(pilot)

    assert snap_compare(dashboard(results=results_file), terminal_size=size, run_before=look)


def test_results_filtered(snap_compare, dashboard, filled, results_file, settled):
    filled([])

    async def look(pilot):
        await settled(pilot)
        await pilot.press("slash")
        await pilot.press(*"not outcome=ok".replace(" ", "_").replace("_", " "))
        await settled(pilot)

    assert snap_compare(dashboard(results=results_file), terminal_size=(80, 24), run_before=look)


def test_an_answer_that_was_cut_fills_the_screen(snap_compare, dashboard, filled, results_file, settled):
    filled([])

    async def look(pilot):
        await settled(pilot)
        await pilot.press("j", "j", "j", "enter")
        await settled(pilot)

    assert snap_compare(dashboard(results=results_file), terminal_size=(80, 24), run_before=look)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "200x50"])
def test_build_before_anything_is_typed(snap_compare, dashboard, filled, settled, size):
    filled([])

    async def look(pilot):
        await settled(pilot)
        await pilot.press("2")
        await settled(pilot)

    assert snap_compare(dashboard(), terminal_size=size, run_before=look)


def test_a_submission_of_unknown_outcome(snap_compare, dashboard, filled, week, settled, unknown_submission):
    filled(week, unknown=unknown_submission)
    assert snap_compare(dashboard(), terminal_size=(80, 24), press=["U"], run_before=settled)


def test_help_of_the_batches(snap_compare, dashboard, filled, week, settled):
    filled(week)
    assert snap_compare(dashboard(), terminal_size=(80, 24), press=["question_mark"], run_before=settled)


@pytest.mark.parametrize("size", [(60, 15), (59, 14)], ids=["60x15", "59x14"])
def test_small_terminals(snap_compare, dashboard, filled, week, settled, size):
    filled(week)
    assert snap_compare(dashboard(), terminal_size=size, run_before=settled)
