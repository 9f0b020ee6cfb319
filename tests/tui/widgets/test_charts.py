from __future__ import annotations

from itertools import pairwise

import pytest

from claude_batch_tui.tui.widgets import charts
from claude_batch_tui.tui.widgets.charts import (
    Counts,
    Mark,
    PastTimes,
    Series,
    axis_ticks,
    bars,
    legend,
    ruler,
    shown_labels,
    spread,
)
from claude_batch_tui.wording.values import counts_axis, money_axis

HISTORY = PastTimes(batches=14, median=3120, p90=7800)


def test_a_batch_without_counts_shows_time_against_history_and_no_percentage():
    assert charts.time_ruler(2460, 83_940, HISTORY, 24) == "┆▒▒▒▒▒▒··│·············┆"
    words = charts.waiting_words(2460, 83_940, HISTORY)
    assert words == ["41 m · p50 52 m · p90 2 h 10", "41 m · p50 52 m", "41 m"]


def test_the_ruler_has_an_ascii_twin_of_the_same_width():
    assert charts.time_ruler(2460, 83_940, HISTORY, 24, ascii_only=True) == "|======..+.............|"


@pytest.mark.parametrize("few", [PastTimes(batches=4, median=3120, p90=7800), None])
def test_without_enough_history_no_estimate_is_invented(few):
    assert charts.waiting_words(43_200, 43_200, few)[0] == "12 h of 24 h · no history"
    assert charts.time_ruler(43_200, 43_200, few, 12) == "┆▒▒▒▒▒·····┆", "half of the 24 hours, and no mark"


def test_a_slow_batch_says_so_instead_of_overflowing_its_bar():
    assert charts.waiting_words(10_200, 76_200, HISTORY)[0] == "longer than p90 · 21 h 10 left"
    assert len(charts.time_ruler(10_200, 76_200, HISTORY, 24)) == 24


def test_moving_counts_have_a_bar_and_a_percentage():
    counts = Counts(processing=144, succeeded=2251, errored=5)
    assert charts.count_bar(counts, 19) == "█████████████████e▓"
    assert charts.percent_done(counts) == " 94%"


def test_what_is_not_whole_is_in_the_tail_and_what_is_good_before_it():
    parts = charts.count_parts(Counts(succeeded=1_000, errored=2, flawed=3), 20)
    assert parts == [("█" * 18, "good"), ("!", "warn"), ("e", "bad")]


def test_every_kind_that_is_not_zero_has_a_cell():
    line = charts.count_bar(Counts(succeeded=99_996, errored=3, expired=1), 20)
    assert line == "█" * 18 + "ex"


@pytest.mark.parametrize("width", [1, 2, 3, 4, 10, 36])
def test_bars_have_their_width_whatever_the_counts(width):
    for counts in (Counts(1, 1, 1, 1, 1), Counts(succeeded=7), Counts(processing=3, errored=100_000)):
        assert len(charts.count_bar(counts, width)) == width
        assert charts.count_bar(counts, width, ascii_only=True).isascii()


def test_a_batch_that_ended_whole_is_a_full_bar():
    assert charts.count_bar(Counts(succeeded=2400), 10) == "█" * 10
    assert charts.count_bar(Counts(), 10) == ""


def test_the_other_states_are_words():
    assert charts.canceling(125) == "canceling for 2 m"
    assert charts.gone("12 Oct", has_copy=False) == "results gone (archived 12 Oct)"
    assert charts.gone("12 Oct", has_copy=True) == "local copy"
    assert charts.stale_mark(91, 30) == "~"
    assert charts.stale_mark(89, 30) == ""
    assert charts.clock(-5) == "<1 m"
    assert [charts.span(seconds) for seconds in (40, 7200, 200_000)] == ["40 s", "2 h", "2 d"]


def test_a_ruler_is_filled_so_far_and_shows_every_mark():
    marks = [Mark(50, "│"), Mark(100, "┆")]
    assert ruler(100, 30, marks, 12) == "├▒▒▒··│···┆┤"


def test_a_ruler_that_goes_on_ends_in_an_arrow():
    assert ruler(100, 0, [], 6, goes_on=True) == "├····→"
    assert ruler(100, 100, [], 6, goes_on=True, ascii_only=True) == "|====>"


def test_marks_beyond_the_ruler_are_not_drawn():
    assert ruler(100, 0, [Mark(101, "x"), Mark(-1, "x")], 6) == "├····┤"


def test_how_often_things_took_how_long_is_drawn_to_the_scale_of_the_ruler():
    assert spread(100, [5, 5, 55], 12) == " █    ▄     "
    assert spread(100, [5, 55, 500], 12, ascii_only=True) == " =    =   = "


def test_no_durations_draw_nothing():
    assert spread(100, [], 6) == "      "


def test_bars_fill_the_width_and_height_they_are_given():
    lines = bars(["a", "b"], [Series("x", [1, 3])], width=40, height=10, axis=counts_axis, whole=True)
    assert len(lines) == 10
    assert {len(line) for line in lines[:-1]} == {40}


def test_series_are_told_apart_without_colors():
    both = [Series("x", [2, 2]), Series("y", [2, 0])]
    drawn = "\n".join(bars(["a", "b"], both, width=40, height=12, axis=counts_axis))
    assert "█" in drawn
    assert "▒" in drawn
    assert "\x1b" not in drawn
    assert legend(both) == "█ x  ▒ y"


def test_bars_can_be_drawn_in_ascii():
    both = [Series("x", [2, 2]), Series("y", [2, 0])]
    drawn = "\n".join(bars(["a", "b"], both, width=40, height=12, axis=counts_axis, ascii_only=True))
    assert "#" in drawn
    assert "=" in drawn
    assert "█" not in drawn


def test_axes_are_marked_with_round_values_up_to_the_highest_bar():
    assert axis_ticks(14, whole=True) == [0, 5, 10, 15]
    assert axis_ticks(3, whole=True) == [0, 1, 2, 3]
    assert axis_ticks(1, whole=True) == [0, 1, 2], "one alone fills no column"
    assert axis_ticks(0, whole=True) == [0, 1]
    assert axis_ticks(41.2, whole=False) == [0, 20, 40, 60]


def test_every_value_is_below_the_last_mark_of_its_axis():
    for top in (0.003, 0.07, 0.9, 1, 2.5, 9.99, 10, 101, 99_999):
        ticks = axis_ticks(top, whole=False)
        assert ticks[-1] >= top
        assert ticks[-2] < top
        assert len(ticks) <= 5


@pytest.mark.parametrize("top", [1, 2, 3, 7, 14, 41, 1_204])
@pytest.mark.parametrize("height", [9, 10, 15])
def test_marks_of_an_axis_are_as_many_rows_apart(top, height):
    lines = bars(["a", "b"], [Series("x", [1, top])], width=40, height=height, axis=counts_axis, whole=True)
    marked = [number for number, line in enumerate(lines) if "┤" in line]
    assert len({after - before for before, after in pairwise(marked)}) == 1
    assert height - 4 < len(lines) <= height


@pytest.mark.parametrize("top", [0.0006, 0.012, 0.03, 0.9, 2.5, 41.2, 1_204])
def test_no_two_marks_of_money_look_the_same_and_all_have_as_many_places(top):
    words = money_axis(axis_ticks(top, whole=False))
    assert len(set(words)) == len(words)
    assert len({len(word.partition(".")[2]) for word in words}) == 1


def test_as_many_labels_stand_below_as_fit_and_the_last_one_always():
    labels = [f"{day} Nov" for day in range(1, 31)]
    shown = shown_labels(labels, 70)
    assert shown[-1] == 29
    assert len(shown) * 8 <= 70
