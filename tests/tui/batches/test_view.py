"""The list of batches as it is looked at, without a screen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from claude_batch_tui.domain.batches.batch import Batch, RequestCounts
from claude_batch_tui.domain.batches.tracked import (
    Link,
    LinkState,
    Snapshot,
    SubmissionState,
    Submitting,
    TrackedBatch,
)
from claude_batch_tui.tui.batches.view import BatchesView, empty_words, list_words, resting_words
from claude_batch_tui.tui.widgets.columns import place

NOW = datetime(2026, 11, 20, 17, tzinfo=UTC)
LIVE = Link(state=LinkState.LIVE, polled_at=NOW - timedelta(seconds=10), interval=30.0)


def tracked(number, *, age=1.0, total=10, status="in_progress", **facts):
    created = NOW - timedelta(hours=age)
    counts = RequestCounts(succeeded=total) if status == "ended" else RequestCounts(total)
    ended_at = created + timedelta(minutes=20) if status == "ended" else None
    return TrackedBatch(Batch(f"msgbatch_{number}", status, counts, created, ended_at=ended_at), **facts)


@pytest.fixture
def clock():
    """A clock that tests move."""
    return [NOW]


@pytest.fixture
def view(config, clock):
    """A view whose columns all fit."""
    made = BatchesView(config, now=lambda: clock[0], shown=lambda: range(len(made.columns)))
    return made


def show(view, *batches, **facts):
    view.update(Snapshot(batches=batches, link=LIVE, **facts))


def keys(view):
    return [view.key(index) for index in range(view.row_count())]


def test_what_is_typed_filters_and_what_is_not_understood_leaves_the_rows_and_says_why(view):
    show(view, tracked(1, total=10), tracked(2, total=500))
    view.filter_by("requests>100")
    assert keys(view) == ["msgbatch_2"]
    view.filter_by("requests>100 (")
    assert keys(view) == ["msgbatch_2"]
    assert "a condition is missing" in view.filter_error
    assert view.filter == "requests>100"
    view.filter_by("")
    assert view.filter_error is None
    assert len(keys(view)) == 2


def test_rows_are_sorted_by_the_next_column_that_fits_and_the_other_way_round(config):
    view = BatchesView(config, now=lambda: NOW, shown=lambda: [places[name] for name in ("requests", "age")])
    places = {name: number for number, name in enumerate(view.columns)}
    show(view, tracked(1, age=1, total=10), tracked(2, age=2, total=500))
    assert keys(view) == ["msgbatch_1", "msgbatch_2"]
    view.sort_by_next(1)
    assert view.listing.order.field == "requests"
    assert keys(view) == ["msgbatch_2", "msgbatch_1"]
    view.reverse()
    assert keys(view) == ["msgbatch_1", "msgbatch_2"]
    view.sort_by_next(1)
    assert view.listing.order.field == "age"


def test_a_run_opens_around_a_batch_and_closes_from_each_of_its_rows(view):
    show(view, tracked(1, run_id="run_1"), tracked(2, run_id="run_1"), tracked(3))
    assert keys(view) == ["run_1", "msgbatch_3"]
    view.open_around("msgbatch_2")
    assert sorted(keys(view)) == ["msgbatch_1", "msgbatch_2", "msgbatch_3", "run_1"]
    assert view.close_around("msgbatch_3") is None
    assert view.close_around("msgbatch_2") == "run_1"
    view.open("run_1")
    assert view.close_around("run_1") == "run_1"
    assert keys(view) == ["run_1", "msgbatch_3"]


def test_what_is_hidden_is_shown_among_the_others_on_demand(view):
    show(view, tracked(1), tracked(2, hidden_at=NOW))
    assert keys(view) == ["msgbatch_1"]
    assert view.turn_hidden()
    assert len(keys(view)) == 2
    assert not view.turn_hidden()


def test_keys_that_nothing_has_any_more_are_told_from_those_the_filter_hides(view):
    show(view, tracked(1, run_id="run_1"), tracked(2, run_id="run_1"), tracked(3))
    view.filter_by("id:msgbatch_3")
    assert view.unknown(["run_1", "msgbatch_1", "msgbatch_9"]) == {"msgbatch_9"}


def test_each_workspace_is_validated_by_its_own_link_and_its_own_history(view):
    offline = Link(state=LinkState.OFFLINE)
    taught = [tracked(number, age=50, status="ended", profile="a") for number in range(10, 16)]
    running = [tracked(1, profile="a"), tracked(2, profile="b")]
    show(view, *running, *taught, links={"a": LIVE, "b": offline})
    ours, others = (view.drawing(view.row(each.id)) for each in running)
    assert (ours.link, others.link) == (LIVE, offline)
    forecasts = [each.learned.forecast(running[0].batch, None) for each in (ours, others)]
    assert [forecast is not None for forecast in forecasts] == [True, False]


def test_a_column_says_the_workspace_where_several_are_shown(view):
    assert "workspace" not in view.columns
    view.begin_anew(with_workspace=True)
    assert view.columns[:2] == ("state", "workspace")
    view.begin_anew(with_workspace=False)
    assert "workspace" not in view.columns


def test_a_filter_by_age_lets_rows_go_as_time_passes(view, clock):
    show(view, tracked(1, age=1))
    view.filter_by("age<2h")
    assert keys(view) == ["msgbatch_1"]
    clock[0] += timedelta(hours=2)
    view.look_again()
    assert keys(view) == []


def test_an_empty_list_says_why_and_which_key_helps(view):
    show(view)
    assert "No batches in this workspace yet" in empty_words(view)
    show(view, tracked(1, hidden_at=NOW))
    assert "H shows them" in empty_words(view)
    view.filter_by("nothing")
    assert "matches 'nothing': esc clears the filter" in empty_words(view)


def test_the_line_beside_the_tabs_counts_what_is_marked_and_shown(view):
    show(view, tracked(1, total=10), tracked(2, total=500), has_older=True)
    view.filter_by("requests>100")
    assert list_words(view, 3, 60) == "3 marked   1 of 2   L: older"
    assert list_words(view, 3, 20) == "3 marked   1 of 2"


def test_the_line_beside_the_tabs_says_what_matters_now(view):
    ended = [tracked(number, status="ended", cost_actual=0.25) for number in range(10, 16)]
    going = tracked(20, status="ended", age=28.5 * 24)
    show(view, tracked(1, age=0.1, cost_at_most=0.5), *ended, going, running=1)
    words = list_words(view, 0, 120)
    assert "next ends about" in words
    assert "1 loses its results from" in words
    assert "today at most $" in words
    assert words.endswith("8 batches")
    assert list_words(view, 0, 30).startswith("next end ")
    assert "1 loses results  today ≤$" in list_words(view, 0, 49)


def test_a_filter_that_is_not_understood_is_said_in_full_in_the_status_line(view):
    show(view, tracked(1))
    view.filter_by("state=asleep")
    assert resting_words(view, (), None).startswith("Filter: there is no state 'asleep'; there are running, ")


def test_a_column_is_turned_on_and_off_and_the_last_one_stays(view):
    view.wanted_columns = ("name", "cost")
    view.turn_column("note")
    assert view.wanted_columns == ("name", "cost", "note")
    for name in ("name", "cost", "note"):
        view.turn_column(name)
    assert view.wanted_columns == ("note",)


def test_the_status_line_names_what_has_to_be_decided_before_what_was_marked(view, unknown_submission):
    show(view, tracked(1), tracked(2, status="ended"))
    assert resting_words(view, (), "a demo") == "a demo"
    show(view, tracked(1), submitting={"a": Submitting("a", held=4), "b": Submitting("b")})
    assert resting_words(view, (), "a demo").startswith(
        "4 requests wait here until a batch of yours has ended"
    )
    show(view, tracked(1), tracked(2, status="ended"))
    marked = resting_words(view, ["msgbatch_1", "msgbatch_2"], "a demo")
    assert marked.startswith("2 batches marked: x cancels 1, D deletes 1, s downloads 1")
    sending = msgspec.structs.replace(unknown_submission, state=SubmissionState.SENDING)
    show(view, tracked(1), submissions=(sending, unknown_submission))
    assert resting_words(view, ["msgbatch_1"], None) == "1 submission of unknown outcome: U decides"


@pytest.mark.parametrize("sort", ["age", "-cost", "created", "note"])
@pytest.mark.parametrize("workspaces", [(), ("research", "production")])
def test_at_more_cells_no_column_is_missing_that_is_there_at_80(sort, workspaces, config):
    view = BatchesView(msgspec.structs.replace(config, batches_sort=sort), now=lambda: NOW)
    view.begin_anew(with_workspace=bool(workspaces))
    columns = view.list_columns(workspaces)

    def shown(room):
        return {columns[each.column].title.rstrip("↓↑") for each in place(columns, room)}

    # At 80 without borders, at 120 with them, at 168 with the detail beside the list.
    at_80, at_120, at_168, at_200 = (shown(room) for room in (77, 115, 168 * 2 // 3 - 5, 200 * 2 // 3 - 5))
    assert at_80 <= at_120
    assert at_80 <= at_168 <= at_200
    assert sort.removeprefix("-").upper() in at_80
    if sort == "age":
        assert {"AGE", "LEFT"} <= at_80
