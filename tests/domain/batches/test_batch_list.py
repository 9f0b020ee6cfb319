from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from claude_batch_tui.domain.batches.batch import Batch, BatchState, RequestCounts
from claude_batch_tui.domain.batches.batch_list import BatchList, order_of
from claude_batch_tui.domain.batches.filter import batch_filter
from claude_batch_tui.domain.batches.matching import depends_on_time, matcher_of
from claude_batch_tui.domain.batches.merging import fold
from claude_batch_tui.domain.batches.notices import Warned, warned
from claude_batch_tui.domain.batches.tracked import ResultsState, Sweep, TrackedBatch
from claude_batch_tui.domain.batches.turnaround import Turnarounds
from claude_batch_tui.domain.filters.pattern import FilterError

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def batch(number, *, age=1.0, total=100, status="ended", ok=None, errored=0, took=0.5, **ours):
    """A batch of `total` requests, `age` hours old."""
    created = NOW - timedelta(hours=age)
    ended = status == "ended"
    ok = (total - errored if ended else 0) if ok is None else ok
    return TrackedBatch(
        Batch(
            f"msgbatch_{number}",
            status,
            RequestCounts(total - ok - errored, ok, errored),
            created,
            ended_at=created + timedelta(hours=took) if ended else None,
        ),
        **ours,
    )


def matching(text, *tracked):
    claim = matcher_of(batch_filter(text))
    return [each.id.removeprefix("msgbatch_") for each in tracked if claim(each, NOW)]


def listed(*tracked, **choice):
    found = BatchList()
    found.wanted = batch_filter(choice.get("where", ""))
    found.order = order_of(choice.get("sort", "age"))
    found.shows_hidden = choice.get("hidden", False)
    found.opened = frozenset(choice.get("opened", ()))
    found.update(tracked, NOW)
    return found


def keys(found):
    return [row.key.removeprefix("msgbatch_") for row in found.rows]


def test_conditions_side_by_side_are_joined_by_and():
    some = (
        batch("a", age=3, status="in_progress", tags=("eval",), model="claude-sonnet-5"),
        batch("b", age=3, status="in_progress", tags=("prod",), model="claude-sonnet-5"),
        batch("c", age=72, status="in_progress", tags=("eval",), model="claude-sonnet-5"),
        batch("d", age=3, tags=("eval",), model="claude-sonnet-5"),
    )
    assert matching("state=running tag=eval age<2d model:sonnet", *some) == ["a"]
    assert matching("state=running and (tag=eval or tag=prod)", *some) == ["a", "b", "c"]
    assert matching("not state=running", *some) == ["d"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ["a", "b"]),
        ("tickets", ["a"]),
        ("TICK", ["a"]),
        ("name~^tick.*s$", ["a"]),
        ("note:monday", ["b"]),
        ("source:csv", ["a"]),
        ("state:err", ["b"]),
        ("state=ok", ["a"]),
        ("state=foreign", ["b"]),
        ("requests>=1,000", ["b"]),
        ("errored>0", ["b"]),
        ("cost>2.5", ["b"]),
        ("cost<=$2.5", ["a"]),
        ("age>1h30m", ["b"]),
        ("took<45m", ["a", "b"]),
        ("created=2026-11-20", ["a", "b"]),
        ("created=2026-11", ["a", "b"]),
        ("created<2026-11-20T10:30", ["b"]),
        ("progress=100%", ["a", "b"]),
        ('"billing tickets"', ["a"]),
    ],
)
def test_every_kind_of_field_can_be_compared(text, found, monkeypatch):
    first = batch(
        "a", age=1, name="billing tickets", source="t.csv", cost_at_most=2.5, run_id="r", tags=("tickets",)
    )
    first = msgspec.structs.replace(first, name="tickets") if "~" in text else first
    second = batch("b", age=2, total=1000, errored=3, note="for Monday", cost_at_most=7.0)
    assert matching(text, first, second) == found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("color=red", "there is no field 'color'"),
        ("state=sleeping", "there is no state 'sleeping'"),
        ("age<soon", "age is compared with a duration such as 30s"),
        ("age:2d", "age is a duration: compare it with ="),
        ("requests>many", "a number such as 1000"),
        ("name>5", "name is a word"),
        ("tag=eval state=", "a value is missing after 'state='"),
        ("name~[", "not a regular expression"),
        ("created=yesterday", "a date such as 2026-11-20"),
        ("state=running and", "a condition is missing before the end"),
    ],
)
def test_a_filter_that_cannot_be_understood_says_what_and_where(text, words):
    with pytest.raises(FilterError) as trouble:
        batch_filter(text)
    assert words in str(trouble.value)


def test_only_filters_over_time_change_while_nothing_happens():
    assert depends_on_time(batch_filter("tag=eval age<2d"))
    assert not depends_on_time(batch_filter("tag=eval or not model:haiku"))


def test_rows_are_sorted_by_any_field_and_those_without_a_value_come_last():
    some = (batch("a", age=1, total=5), batch("b", age=2, total=9, name="Zed"), batch("c", age=3, name="amy"))
    assert keys(listed(*some)) == ["a", "b", "c"]
    assert keys(listed(*some, sort="-age")) == ["c", "b", "a"]
    assert keys(listed(*some, sort="requests")) == ["c", "b", "a"]
    assert keys(listed(*some, sort="name")) == ["c", "b", "a"]
    assert keys(listed(*some, sort="-name")) == ["b", "c", "a"]
    with pytest.raises(FilterError, match="no field 'colour'"):
        order_of("colour")


def test_a_run_of_several_batches_is_one_row_that_opens():
    parts = [batch(n, age=n, run_id="run_1", name=f"tickets {n}/3") for n in (1, 2, 3)]
    single = batch(9, age=9, run_id="run_2")
    closed = listed(*parts, single)
    assert keys(closed) == ["run_1", "9"]
    assert closed.rows[0].tracked.title == "tickets"
    assert (closed.shown, closed.total) == (4, 4)
    opened = listed(*parts, single, opened=["run_1"])
    assert keys(opened) == ["run_1", "3", "2", "1", "9"]
    assert [row.is_child for row in opened.rows] == [False, True, True, True, False]
    assert [t.id for t in opened.batches_of(["run_1", "msgbatch_9", "msgbatch_1"])] == [
        f"msgbatch_{n}" for n in (1, 2, 3, 9)
    ]


def test_the_runs_of_a_sweep_are_one_row_that_opens_into_them_and_they_into_their_batches():
    def variant(number, run_id, word, **more):
        return batch(
            number, run_id=run_id, sweep=Sweep("sweep_1", "labels", word), name=f"labels {word}", **more
        )

    runs = (
        variant(1, "run_1", "small", age=1),
        variant(2, "run_1", "small", age=2),
        variant(3, "run_2", "large", age=3),
    )
    alone = batch(9, age=9, sweep=Sweep("sweep_2", "labels", "small"))
    closed = listed(*runs, alone)
    assert keys(closed) == ["sweep_1", "9"]
    row = closed.rows[0]
    assert (row.tracked.title, len(row.variants), len(row.members)) == ("labels", 2, 3)
    assert row.tracked.batch.request_counts.succeeded == 300
    opened = listed(*runs, alone, opened=["sweep_1", "run_1"])
    assert keys(opened) == ["sweep_1", "3", "run_1", "2", "1", "9"]
    assert [each.depth for each in opened.rows] == [0, 1, 1, 2, 2, 0]
    assert [t.id for t in opened.batches_of(["sweep_1"])] == [f"msgbatch_{n}" for n in (1, 2, 3)]
    changed = msgspec.structs.replace(runs[2], note="look")
    opened.update((*runs[:2], changed, alone), NOW)
    assert opened.row("msgbatch_3").tracked is changed
    assert opened.row("msgbatch_3").depth == 1
    assert opened.row("sweep_1").variants[0].tracked is changed
    assert keys(listed(*runs, alone, where="model=x")) == []


def test_a_run_knows_whose_answers_its_rows_are_and_which_runs_have_its_own():
    first = tuple(batch(n, age=n, run_id="run_1") for n in (1, 2))
    judge = batch(3, age=0.5, run_id="run_2", made_of="run_1")
    of_one = batch(4, age=0.4, run_id="run_3", made_of="msgbatch_1")
    found = listed(*first, judge, of_one)
    assert {each.id for each in found.made_from(found.row("run_1"))} == {judge.id, of_one.id}
    assert found.origin(found.row("msgbatch_3")) == list(first)
    assert found.origin(found.row("msgbatch_4")) == [first[0]]
    assert found.origin(found.row("run_1")) == []
    assert found.made_from(found.row("msgbatch_3")) == []


def test_a_run_is_found_by_any_of_its_batches():
    parts = [batch(n, run_id="run_1", tags=("eval",) if n == 2 else ()) for n in (1, 2)]
    assert keys(listed(*parts, where="id=msgbatch_2")) == ["run_1"]
    assert keys(listed(*parts, where="tag=prod")) == []


def test_what_was_put_away_is_shown_only_when_asked_for():
    some = (batch("a"), batch("b", hidden_at=NOW))
    assert keys(listed(*some)) == ["a"]
    assert keys(listed(*some, hidden=True)) == ["a", "b"]
    assert keys(listed(*some, where="state=hidden")) == ["b"]
    assert listed(*some).total == 2


def test_a_change_that_moves_no_row_is_put_in_its_place():
    some = tuple(batch(n, age=n, status="in_progress") for n in range(1, 6))
    found = listed(*some)
    rows = list(found.rows)
    new = batch(3, age=3)
    assert found.update((*some[:2], new, *some[3:]), NOW) == (new,)
    assert [row.tracked for row in found.rows] == [*some[:2], new, *some[3:]]
    assert all(now is before for n, (now, before) in enumerate(zip(found.rows, rows, strict=True)) if n != 2)


def test_a_change_that_hides_or_moves_a_row_chooses_anew():
    some = tuple(batch(n, age=n, total=n, status="in_progress") for n in range(1, 4))
    found = listed(*some, where="state=running")
    found.update((some[0], batch(2, age=2, total=2), some[2]), NOW)
    assert keys(found) == ["1", "3"]
    found = listed(*some, sort="errored")
    found.update((some[0], some[1], batch(3, age=3, total=3, errored=2)), NOW)
    assert keys(found)[0] == "3"


def test_a_change_inside_a_run_changes_its_row_and_its_child():
    parts = tuple(batch(n, age=n, run_id="run_1", status="in_progress") for n in (1, 2))
    found = listed(*parts, opened=["run_1"])
    found.update((batch(1, age=1, run_id="run_1"), parts[1]), NOW)
    assert found.rows[0].tracked.batch.request_counts.succeeded == 100
    assert found.row("msgbatch_1").tracked.batch.has_ended
    assert found.row("msgbatch_1").is_child


def test_new_batches_come_in_by_age():
    some = (batch(2, age=2), batch(3, age=3))
    found = listed(*some)
    new = batch(1, age=1)
    assert found.update((new, *some), NOW) == (new,)
    assert keys(found) == ["1", "2", "3"]


def test_a_run_adds_its_batches_up_and_ends_with_its_last():
    parts = [batch(1, age=3, errored=2, cost_at_most=1.0), batch(2, age=1, status="in_progress")]
    run = fold("run_1", parts)
    assert run.batch.processing_status == "in_progress"
    assert run.batch.request_counts == RequestCounts(processing=100, succeeded=98, errored=2)
    assert run.batch.created_at == parts[0].batch.created_at
    assert run.batch.deadline == parts[1].batch.deadline
    assert run.cost_at_most is None
    ended = fold("run_1", [parts[0], batch(2, age=1)])
    assert ended.state(NOW) is BatchState.ENDED_WITH_ERRORS
    assert ended.batch.ended_at == NOW - timedelta(minutes=30)


def test_a_run_is_canceling_only_when_all_that_is_left_of_it_is():
    running, canceling = batch(1, status="in_progress"), batch(2, status="canceling")
    assert fold("r", [running, canceling]).batch.processing_status == "in_progress"
    assert fold("r", [batch(3), canceling]).batch.processing_status == "canceling"


def test_the_model_teaches_when_five_of_it_have_ended_and_else_every_batch_of_the_size():
    known = Turnarounds()
    known.learn(batch(n, total=500, took=1, model="opus") for n in range(5))
    known.learn(batch(10 + n, total=500, took=3, model="haiku") for n in range(4))
    running = batch(99, total=700, status="in_progress").batch
    opus, haiku = known.forecast(running, "opus"), known.forecast(running, "haiku")
    assert (opus.median, opus.similar, opus.model) == (timedelta(hours=1), 5, "opus")
    assert (haiku.similar, haiku.model) == (9, None)
    assert known.forecast(batch(98, total=7).batch, "opus") is None
    known.learn([batch(3, total=500, took=1, model="opus")])
    assert known.forecast(running, "opus").similar == 5


def test_results_are_warned_of_at_seven_days_two_days_and_twelve_hours():
    def level(hours_left, **facts):
        found = warned(batch(1, age=29 * 24 - hours_left, **facts), NOW)
        return found and (found.about, found.level)

    assert level(24 * 8) is None
    assert level(24 * 6) == (Warned.RESULTS, "results-168h")
    assert level(24 * 2) == (Warned.RESULTS, "results-48h")
    assert level(11) == (Warned.RESULTS, "results-12h")
    assert level(-1) is None
    assert level(11, results=ResultsState.COMPLETE) is None
    assert level(11, hidden_at=NOW) is None
    assert level(11, ok=0, errored=100) is None


def test_expiry_is_warned_of_two_hours_ahead_and_not_when_it_is_too_late():
    assert warned(batch(1, age=21, status="in_progress"), NOW) is None
    assert warned(batch(1, age=22.5, status="in_progress"), NOW).about is Warned.EXPIRY
    assert warned(batch(1, age=22.5, status="canceling"), NOW) is None
    assert warned(batch(1, age=25, status="in_progress"), NOW) is None


def test_a_run_is_called_like_its_first_batch_whatever_came_after():
    parts = [batch("a", age=3, name="labels 1/2"), batch("b", age=2.9, name="labels 2/2")]
    assert fold("run_1", [batch("c", age=1, name="labels retry"), *parts]).name == "labels"
    assert fold("run_1", [batch("d", age=3)]).name is None


def test_a_list_whose_filter_gives_up_shows_everything_and_says_why(monkeypatch):
    found = BatchList()
    found.wanted = batch_filter("name~x*y")
    monkeypatch.setattr("claude_batch_tui.domain.batches.matching._MATCH_SECONDS", 1e-6)
    found.update((batch("a", name="x" * 5_000), batch("b", name="b")), NOW)
    assert keys(found) == ["a", "b"]
    assert "gave up" in found.gave_up
    found.wanted = None
    found.choose(NOW)
    assert found.gave_up is None
