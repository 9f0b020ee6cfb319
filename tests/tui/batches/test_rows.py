"""What a row says in every state: honest progress in words, cell by cell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from claude_batch_tui.config import BATCH_COLUMNS
from claude_batch_tui.domain.batches.batch import Batch, RequestCounts
from claude_batch_tui.domain.batches.batch_list import BatchRow, Order
from claude_batch_tui.domain.batches.merging import fold
from claude_batch_tui.domain.batches.tracked import (
    Download,
    DownloadState,
    Link,
    LinkState,
    ResultsState,
    Sweep,
    TrackedBatch,
)
from claude_batch_tui.domain.batches.turnaround import Turnarounds
from claude_batch_tui.tui.batches.overview import overview_lines
from claude_batch_tui.tui.batches.rows import SHAPES, Drawing, list_columns, row_cells
from claude_batch_tui.wording.batches import COLUMNS

NOW = datetime(2026, 11, 20, 17, tzinfo=UTC)
LIVE = Link(state=LinkState.LIVE, polled_at=NOW - timedelta(seconds=10), interval=30.0)


def tracked(status="in_progress", *, age=0.7, counts=(2_400, 0, 0, 0, 0), number=1, took=0.5, **facts):
    """A batch `age` hours old; counts are processing, ok, errored, canceled, expired."""
    created = NOW - timedelta(hours=age)
    api = {name: facts.pop(name) for name in ("cancel_initiated_at", "archived_at") if name in facts}
    ended_at = created + timedelta(hours=took) if status == "ended" else None
    return TrackedBatch(
        Batch(f"msgbatch_{number:04}", status, RequestCounts(*counts), created, ended_at=ended_at, **api),
        **facts,
    )


def learned(count=10):
    """Similar batches that took 0:30, 1:00, 1:30 and so on."""
    known = Turnarounds()
    known.learn(
        tracked("ended", age=100, counts=(0, 2_000, 0, 0, 0), number=100 + n, took=0.5 * (n + 1))
        for n in range(count)
    )
    return known


def says(
    row, name="progress", *, link=LIVE, downloads=None, known=None, width=60, shown=(), ascii_only=False
):
    row = row if isinstance(row, BatchRow) else BatchRow(row.id, row)
    drawing = Drawing(
        now=NOW,
        link=link,
        downloads=downloads or {},
        learned=known or learned(),
        ascii_only=ascii_only,
        shown=frozenset(shown),
        opened=frozenset(),
    )
    (cell,) = row_cells(row, [name], drawing)
    text = cell if isinstance(cell, str) else cell.text
    drawn = text if isinstance(text, str) else text(width)
    return drawn if isinstance(drawn, str) else "".join(run.text for run in drawn)


def painted(row, width=60):
    """The parts of the bar with their styles, without the words."""
    drawing = Drawing(NOW, LIVE, {}, learned(), False, frozenset(), frozenset())
    (cell,) = row_cells(BatchRow(row.id, row), ["progress"], drawing)
    return [(run.text, run.style) for run in cell.text(width)[:-1]]


@pytest.mark.parametrize("width", [24, 40, 80, 200])
def test_bars_are_of_one_length_whatever_stands_beside_them(width):
    rows = [
        tracked(),
        tracked(age=5.5),
        tracked(counts=(144, 2_251, 5, 0, 0)),
        tracked("ended", counts=(0, 9_702_000, 213_000, 35_000, 50_000)),
        tracked("ended", counts=(0, 640, 0, 0, 0)),
        tracked("ended", counts=(0, 999, 1, 0, 0), flawed={"truncated": 1_000 - 500}),
    ]
    assert len({sum(len(text) for text, _ in painted(row, width)) for row in rows}) == 1
    assert all(len(says(row, width=width)) <= width for row in rows)


def test_one_of_a_thousand_that_failed_is_a_tail_and_does_not_color_the_bar():
    bar = painted(tracked("ended", counts=(0, 999, 1, 0, 0)))
    assert bar == [("█" * 21, "good"), ("e", "bad")]
    flawed = painted(tracked("ended", counts=(0, 500, 0, 0, 0), flawed={"refused": 5}))
    assert flawed == [("█" * 21, "good"), ("!", "warn")]


def test_where_there_is_little_room_what_is_not_good_is_said_first():
    ended = tracked("ended", counts=(0, 9_702, 213, 0, 0), flawed={"truncated": 12})
    assert says(ended, width=90).endswith(" 9,702 ok (12 cut) · 213 err")
    assert says(ended, width=36).endswith(" 12 cut 213 errored")
    assert says(ended, width=28).endswith(" 12 cut 213 err")
    assert says(ended, width=22).endswith(" 225 not good")
    millions = tracked("ended", counts=(0, 9_702_000, 213_000, 35_000, 50_000))
    assert says(millions, width=24).endswith(" 97% ok")


def test_the_least_cost_is_said_in_a_column_that_has_no_room_for_words():
    assert says(tracked("ended", cost_actual=0.00004), "cost") == "<$0.0001"
    assert says(tracked(cost_at_most=0.00004), "cost") == "<$0.0001"
    assert says(tracked(cost_at_most=0.4), "cost") == "≤$0.40"


def test_a_running_batch_shows_time_against_similar_ones_and_never_a_percentage():
    assert says(tracked(), width=24) == "┆▒··│···┆ 42 m"
    assert says(tracked()).endswith("┆ 42 m · p50 2 h 30 · p90 4 h 30")


def test_without_five_similar_batches_it_says_so_and_guesses_nothing():
    assert says(tracked(), known=learned(4)).endswith("·┆ 42 m of 24 h · no history")
    assert says(tracked(), known=learned(4), width=24) == "┆·······┆ 42 m of 24 h"


def test_slower_than_nine_of_ten_is_said_in_words_that_fit():
    assert says(tracked(age=5.5)).endswith("▒┆ longer than p90 · 18 h 30 left")
    assert says(tracked(age=5.5), width=27) == "┆▒▒▒▒│▒▒▒┆ longer than p90"
    assert says(tracked(age=5.5), width=18).endswith("▒┆ > p90")


def test_counts_that_move_replace_time_by_a_bar_and_a_percentage():
    text = says(tracked(counts=(144, 2_251, 5, 0, 0)), width=24)
    assert text.endswith(" 94%")
    assert "e" in text
    assert "┆" not in text


def test_a_cancel_that_was_sent_and_one_the_api_confirmed():
    assert says(tracked(cancel_sent_at=NOW - timedelta(seconds=3))) == "cancel sent 3s ago"
    since = NOW - timedelta(minutes=2)
    assert says(tracked("canceling", cancel_initiated_at=since)) == "canceling for 2 m"


def test_past_its_deadline_a_batch_waits_for_the_api_and_has_no_negative_time():
    overdue = tracked(age=24.05)
    assert says(overdue) == "deadline passed 3 m ago, waiting for the API"
    assert says(overdue, width=31) == "deadline passed 3 m ago"
    assert says(overdue, "left") == "over"


def test_an_ended_batch_shows_every_outcome_in_bar_and_words():
    ended = tracked("ended", counts=(0, 9_702, 213, 35, 50))
    text = says(ended)
    assert text.endswith(" 9,702 ok · 213 err · 50 exp · 35 canc")
    assert says(ended, width=56).endswith(" 9,702 ok 213 err 50 exp 35 canc")
    assert all(kind in text.split(" ")[0] for kind in "exc")


def test_the_words_are_left_out_where_columns_say_them():
    bar = says(
        tracked("ended", counts=(0, 9_702, 213, 35, 50)), shown=["ok", "errored", "expired", "canceled"]
    )
    assert set(bar.rstrip()) == set("█exc")


def test_results_that_are_gone_say_since_when_and_a_copy_that_it_is_here():
    old = tracked("ended", age=24 * 39, counts=(0, 5, 0, 0, 0))
    assert says(old) == "results gone (archived 10 Nov)"
    assert says(old, width=24) == "results gone 10 Nov"
    copy = tracked("ended", age=24 * 39, counts=(0, 5, 0, 0, 0), results=ResultsState.COMPLETE)
    assert says(copy) == "local copy"


def test_a_batch_the_api_no_longer_knows_and_a_status_nobody_knows():
    assert says(tracked(gone_at=NOW)) == "gone: deleted, or in another workspace"
    assert says(tracked("paused_by_aliens")) == "paused_by_aliens"


def test_a_download_shows_what_has_arrived():
    going = {"msgbatch_0001": Download("msgbatch_0001", DownloadState.RUNNING, 2_000_000, None, 500, 2_400)}
    assert (
        says(tracked("ended", counts=(0, 2_400, 0, 0, 0)), downloads=going)
        == "▼ 2.0 MB, 500 of 2,400 results"
    )


def test_what_nobody_has_heard_of_for_three_polls_is_marked():
    stale = Link(state=LinkState.OFFLINE, polled_at=NOW - timedelta(minutes=4), interval=30.0)
    assert says(tracked(), "left") == "23h"
    assert says(tracked(), "left", link=stale) == "23h~"


def test_before_the_first_answer_an_old_list_claims_nothing_of_what_ran():
    old = Link(state=LinkState.CONNECTING, polled_at=NOW - timedelta(hours=14))
    assert says(tracked(), link=old) == "was running 14h ago"
    assert says(tracked(), "state", link=old) == "?"
    fresh = Link(state=LinkState.CONNECTING, polled_at=NOW - timedelta(seconds=20))
    assert says(tracked(), link=fresh).startswith("┆")


def test_results_about_to_go_take_the_place_of_the_time_left():
    assert says(tracked("ended", age=24 * 27, counts=(0, 5, 0, 0, 0)), "left") == "!2d"
    assert says(tracked("ended", age=24 * 27, counts=(0, 5, 0, 0, 0), seen=False), "left") == "!2d"
    assert says(tracked("ended", counts=(0, 5, 0, 0, 0), seen=False), "left") == "NEW"


def test_counts_that_were_not_reported_are_not_claimed_to_be_zero():
    assert says(tracked(), "errored") == "–"
    assert says(tracked(counts=(144, 2_256, 0, 0, 0)), "errored") == "0"
    assert says(tracked(), "errored", ascii_only=True) == "-"


def run(*members):
    return BatchRow("run_1", fold("run_1", members), tuple(members))


def test_a_run_counts_its_ended_batches_and_says_how_many_ended():
    row = run(
        tracked("ended", counts=(0, 1_000, 0, 0, 0), number=1),
        tracked(counts=(1_000, 0, 0, 0, 0), number=2),
        tracked(counts=(2_000, 0, 0, 0, 0), number=3),
    )
    assert says(row).endswith(" 25%  1 of 3 ended")
    assert says(row, width=28).endswith(" 25%")
    assert says(row, "requests") == "4,000"


def test_a_run_of_which_nothing_has_ended_is_measured_by_the_largest_of_it():
    row = run(tracked(counts=(5, 0, 0, 0, 0), number=1), tracked(counts=(2_000, 0, 0, 0, 0), number=2))
    assert says(row).startswith("┆")


def test_an_id_is_cut_in_its_middle_and_a_name_at_its_end():
    long = TrackedBatch(Batch("msgbatch_01HkcTjaV5uDC8jWR4ZsDV8d", "in_progress", RequestCounts(1), NOW))
    assert says(long, "name", width=22) == "msgbatch_01Hkc…4ZsDV8d"
    assert says(long, "name", width=40) == long.id
    assert says(long, "name", shown=["id"]) == long.id


def test_the_last_word_of_a_name_and_how_many_batches_a_run_has_stay_when_it_is_cut():
    members = [
        TrackedBatch(
            Batch(f"msgbatch_{n}", "ended", RequestCounts(), NOW), run_id="run_1", name="support tickets w48"
        )
        for n in range(2)
    ]
    assert says(run(*members), "name", width=19) == "▸ support … w48 (2)"
    assert says(members[0], "name", width=16) == "support tic… w48"
    assert says(run(*members), "name", width=14) == "▸ support… (2)"  # there is room for one of them


def test_a_million_requests_are_not_cut_into_another_number():
    row = run(*(tracked(counts=(400_000, 0, 0, 0, 0), number=n) for n in range(3)))
    assert says(row, "requests") == "1.20M"


def test_every_column_of_the_settings_has_words_and_a_shape():
    assert tuple(COLUMNS) == tuple(SHAPES) == BATCH_COLUMNS
    for name in BATCH_COLUMNS:
        assert isinstance(says(tracked(), name), str)


def test_the_column_rows_are_sorted_by_has_an_arrow():
    titles = [column.title for column in list_columns(["age", "cost"], Order("cost"), ascii_only=False)]
    assert titles == ["AGE", "COST↓"]
    assert list_columns(["age"], Order("age", is_reversed=True), ascii_only=True)[0].title == "AGE^"


@pytest.mark.parametrize(
    ("batch", "words"),
    [
        (tracked(), "of 10 similar: p50 2 h 30"),
        (tracked(), "not reported yet: the API counts only when the whole batch has ended"),
        (tracked(age=5.5), "longer than p90, 4 h 30 (10 similar)"),
        (tracked(age=24.05), "it has passed"),
        (tracked(age=22.5), "expires in 1h: x ends it now, what is finished is kept, the rest is not billed"),
        (
            tracked("ended", age=24 * 27, counts=(0, 5, 0, 0, 0)),
            "the API deletes the results in 2d: s downloads",
        ),
        (tracked(), "made elsewhere: a adopts it"),
        (tracked(note="ask Ana", run_id="run_1"), "ask Ana"),
        (tracked(hidden_at=NOW), "hidden on this machine: A brings it back"),
        (tracked(cost_at_most=41.2), "at most $41.20"),
        (tracked(cost_actual=0.5), "$0.50"),
    ],
)
def test_the_detail_says_it_in_a_sentence(batch, words):
    drawing = Drawing(NOW, LIVE, {}, learned(), False, frozenset(), frozenset())
    lines = overview_lines(BatchRow(batch.id, batch), drawing, 80)
    assert words in "\n".join(line.text for line in lines)


def test_a_run_below_its_sweep_is_called_by_what_it_is_a_variant_by_unless_it_has_another_name():
    sweep = Sweep("sweep_1", "label eval", "haiku")
    one = tracked("ended", sweep=sweep, name="label eval, haiku")
    assert says(one, "name") == "label eval, haiku"
    assert says(BatchRow(one.id, one, depth=1), "name") == "  └ haiku"
    renamed = tracked("ended", sweep=sweep, name="the cheap one")
    assert says(BatchRow(one.id, renamed, depth=1), "name", ascii_only=True) == "  `- the cheap one"
    whole = fold("sweep_1", [one, renamed])
    row = BatchRow("sweep_1", whole, (one, renamed), variants=(BatchRow("a", one), BatchRow("b", renamed)))
    assert says(row, "name").endswith("(2)")
    lines = [
        line.text.strip()
        for line in overview_lines(
            row, Drawing(NOW, LIVE, {}, learned(), False, frozenset(), frozenset()), 100
        )
    ]
    assert any(line.startswith("runs") for line in lines)
    assert not any("adopts it" in line for line in lines)
