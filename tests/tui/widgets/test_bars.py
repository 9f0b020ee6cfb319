from __future__ import annotations

import pytest

from claude_batch_tui.tui.widgets import bars
from claude_batch_tui.tui.widgets.bars import Counts, PastTimes

HISTORY = PastTimes(batches=14, median=3120, p90=7800)


def test_a_batch_without_counts_shows_time_against_history_and_no_percentage():
    line = bars.waiting(2460, 83_940, HISTORY, 24)
    assert line == "┆▒▒▒▒▒▒··│·············┆"
    assert "%" not in line


def test_the_ruler_has_an_ascii_twin_of_the_same_width():
    assert bars.time_ruler(2460, 3120, 7800, 24, ascii_only=True) == "|======..+.............|"


def test_without_enough_history_no_estimate_is_invented():
    few = PastTimes(batches=4, median=3120, p90=7800)
    assert bars.waiting(2460, 83_940, few, 24) == "no history · 0:41 of 24:00"
    assert bars.waiting(2460, 83_940, None, 24) == "no history · 0:41 of 24:00"


def test_a_slow_batch_says_so_instead_of_overflowing_its_bar():
    assert bars.waiting(10_200, 76_200, HISTORY, 24) == "longer than 9 of 10 · 21:10 left"


def test_a_batch_past_its_deadline_waits_for_the_api():
    assert bars.waiting(86_520, -120, HISTORY, 24) == "deadline passed 2 m ago, waiting for the API"


def test_moving_counts_have_a_bar_and_a_percentage():
    assert bars.counting(Counts(processing=144, succeeded=2251, errored=5), 24) == "█████████████████e▓  94%"


def test_every_kind_that_is_not_zero_has_a_cell():
    line = bars.count_bar(Counts(succeeded=99_996, errored=3, expired=1), 20)
    assert line == "█" * 18 + "ex"


@pytest.mark.parametrize("width", [1, 2, 3, 4, 10, 36])
def test_bars_have_their_width_whatever_the_counts(width):
    for counts in (Counts(1, 1, 1, 1, 1), Counts(succeeded=7), Counts(processing=3, errored=100_000)):
        assert len(bars.count_bar(counts, width)) == width
        assert bars.count_bar(counts, width, ascii_only=True).isascii()


def test_a_batch_that_ended_whole_is_a_full_bar():
    assert bars.count_bar(Counts(succeeded=2400), 10) == "█" * 10
    assert bars.count_bar(Counts(), 10) == ""


def test_the_other_states_are_words():
    assert bars.canceling(125) == "canceling for 2 m"
    assert bars.gone("12 Oct", has_copy=False) == "results gone (archived 12 Oct)"
    assert bars.gone("12 Oct", has_copy=True) == "local copy"
    assert bars.stale_mark(91, 30) == "~"
    assert bars.stale_mark(89, 30) == ""
    assert bars.clock(-5) == "0:00"
    assert [bars.span(seconds) for seconds in (40, 7200, 200_000)] == ["40 s", "2 h", "2 d"]
