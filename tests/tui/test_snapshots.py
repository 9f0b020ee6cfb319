from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from claude_batch_tui.domain.batches.tracked import Link, LinkState, Submission, SubmissionState
from claude_batch_tui.domain.results.failures import RetryCounts, RetryRules, rule_of
from claude_batch_tui.services.results.triage import Group, Triage
from claude_batch_tui.services.submitting.retry import RetryPart, RetryPlan
from claude_batch_tui.tui.build.form import Field
from claude_batch_tui.tui.submitting.retry_dialog import RetryDialog
from waiting import paste, workers_done

NOW = datetime(2026, 11, 20, 17, 1, 32, tzinfo=UTC)

LOOKS = {
    "dark": {},
    "light": {"theme": "cbtui-light"},
    "ansi": {"theme": "ansi-dark", "colors": "16"},
    "no-color": {"theme": "ansi-dark", "colors": "none"},
    "ascii": {"ascii_only": True},
}
SIZES = [(80, 24), (200, 50)]
LIST_SIZES = [(80, 24), (120, 40), (200, 50)]


@pytest.mark.parametrize("size", LIST_SIZES, ids=["80x24", "120x40", "200x50"])
def test_batches_of_a_week(snap_compare, dashboard, filled, week, settled, size):
    named = week
    filled(named, unseen=[named[4][1]])
    assert snap_compare(dashboard(), terminal_size=size, run_before=settled)


@pytest.mark.parametrize("size", LIST_SIZES, ids=["80x24", "120x40", "200x50"])
@pytest.mark.parametrize("look", ["dark", "light", "ansi", "no-color", "ascii"])
def test_every_state_of_a_batch_and_a_run(snap_compare, dashboard, filled, week, states, settled, look, size):
    filled(week + states.named, runs=states.runs, tags=states.tags, costs=states.costs)

    async def open_run(pilot):
        await settled(pilot)
        await pilot.press("j", "j", "enter")
        await settled(pilot)

    assert snap_compare(dashboard(**LOOKS[look]), terminal_size=size, run_before=open_run)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "200x50"])
def test_the_last_known_list_is_dim_and_dated_until_the_api_answers(
    snap_compare, dashboard, filled, week, settled, size
):
    filled(week, polled=timedelta(hours=14))
    connecting = Link(state=LinkState.CONNECTING, polled_at=NOW - timedelta(hours=14))
    assert snap_compare(dashboard(link=connecting), terminal_size=size, run_before=settled)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "200x50"])
def test_a_lost_link_says_so_and_marks_what_is_stale(snap_compare, dashboard, filled, week, settled, size):
    filled(week)
    offline = Link(
        state=LinkState.OFFLINE,
        since=NOW - timedelta(minutes=4),
        polled_at=NOW - timedelta(minutes=4),
        next_poll_at=NOW + timedelta(seconds=22),
        interval=30.0,
        failures=6,
        error="Cannot reach the API at https://api.anthropic.com: the connection timed out.",
    )
    assert snap_compare(dashboard(link=offline), terminal_size=size, run_before=settled)


def test_a_refused_key_is_said_below_the_list(snap_compare, dashboard, filled, week, settled):
    filled(week)
    refused = Link(state=LinkState.REFUSED, error="The key …a1b2 was refused: set ANTHROPIC_API_KEY.")
    assert snap_compare(dashboard(link=refused), terminal_size=(80, 24), run_before=settled)


def test_connecting_with_nothing_known_yet(snap_compare, dashboard, filled, settled):
    filled([])
    link = Link(state=LinkState.CONNECTING)
    assert snap_compare(dashboard(link=link), terminal_size=(80, 24), run_before=settled)


def test_a_filter_with_shown_of_total(snap_compare, dashboard, filled, week, settled):
    filled(week)

    async def look(pilot):
        await settled(pilot)
        await pilot.press("slash")
        await paste(pilot, "state=ended requests>4 age<3d")
        await settled(pilot)

    assert snap_compare(dashboard(), terminal_size=(80, 24), run_before=look)


def test_a_filter_that_cannot_be_understood(snap_compare, dashboard, filled, week, settled):
    filled(week)

    async def look(pilot):
        await settled(pilot)
        await pilot.press("slash", *"state=asleep")
        await settled(pilot)

    assert snap_compare(dashboard(), terminal_size=(80, 24), run_before=look)


def test_what_marks_would_do(snap_compare, dashboard, filled, week, settled):
    filled(week)
    keys = ["space", "j", "j", "j", "space"]
    assert snap_compare(dashboard(), terminal_size=(200, 50), press=keys, run_before=settled)


def test_typing_the_tags_of_several(snap_compare, dashboard, filled, week, settled):
    filled(week)
    keys = ["space", "space", "t"]
    assert snap_compare(dashboard(), terminal_size=(80, 24), press=keys, run_before=settled)


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
        await paste(pilot, "not outcome=ok")
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


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "200x50"])
def test_build_with_a_preview_and_with_a_check(
    snap_compare, dashboard, filled, settled, tmp_path, monkeypatch, size
):
    filled([])
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tickets.csv").write_text(
        "ticket,lang,body\nT-1,de,Rechnung doppelt\nT-1,en,again\nT-4,fr,\n"
    )
    app = dashboard()

    async def look(pilot):
        await settled(pilot)
        await pilot.press("2")
        values = {
            "source": "tickets.csv",
            "template": "Label: {{ body }}",
            "id_column": "ticket",
            "prompt_column": "body",
        }
        for name, value in (values | {"model": "claude-haiku-4-5", "max_tokens": "20"}).items():
            app.screen.query_one(f"#{name}", Field).value = value
        await pilot.pause(0.3)
        await workers_done(app)
        if size == (80, 24):
            app.screen.query_one("#detail").focus()
            await pilot.press("enter")
            await workers_done(app)
        await settled(pilot)

    assert snap_compare(app, terminal_size=size, run_before=look)


def test_choosing_a_file(snap_compare, dashboard, filled, settled, tmp_path, monkeypatch):
    filled([])
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes").mkdir()
    (tmp_path / "tickets.csv").write_text("ticket,body\n1,a\n")
    (tmp_path / "old.zip").write_bytes(b"PK")
    for path in tmp_path.iterdir():
        os.utime(path, (NOW.timestamp() - 7200, NOW.timestamp() - 7200))
    app = dashboard()

    async def look(pilot):
        await settled(pilot)
        await pilot.press("2", "enter")
        await settled(pilot)
        app.screen.query_one(".place").update("/home/ana/work/")
        await settled(pilot)

    assert snap_compare(app, terminal_size=(80, 24), run_before=look)


def test_a_submission_of_unknown_outcome(snap_compare, dashboard, filled, week, settled, unknown_submission):
    filled(week, unknown=unknown_submission)
    assert snap_compare(dashboard(), terminal_size=(80, 24), press=["U"], run_before=settled)


def test_a_submission_whose_batch_is_not_proven(
    snap_compare, dashboard, filled, week, settled, unknown_submission
):
    adopted = msgspec.structs.replace(
        unknown_submission,
        state=SubmissionState.CREATED,
        provisional=True,
        batch_id=week[1][1].id,
        error=None,
    )
    filled(week, unknown=adopted)
    assert snap_compare(dashboard(), terminal_size=(80, 24), press=["U"], run_before=settled)


def test_help_of_the_batches(snap_compare, dashboard, filled, week, settled):
    filled(week)
    assert snap_compare(dashboard(), terminal_size=(80, 24), press=["question_mark"], run_before=settled)


@pytest.mark.parametrize("size", [(60, 15), (59, 14)], ids=["60x15", "59x14"])
def test_small_terminals(snap_compare, dashboard, filled, week, settled, size):
    filled(week)
    assert snap_compare(dashboard(), terminal_size=size, run_before=settled)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "200x50"])
def test_where_results_are_saved(
    snap_compare, dashboard, filled, results_file, settled, size, tmp_path, monkeypatch
):
    filled([])
    (tmp_path / "work").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path / "work")

    async def look(pilot):
        await settled(pilot)
        await pilot.press("space", "space", "s")
        await settled(pilot)
        await pilot.press("down", "ctrl+t")
        await settled(pilot)

    assert snap_compare(dashboard(results=results_file), terminal_size=size, run_before=look)


def test_what_a_retry_would_send(snap_compare, dashboard, filled, settled):
    filled([])
    submission = Submission(
        submission_id="sub_1",
        run_id="run_1",
        state=SubmissionState.CREATED,
        requests=3,
        body_bytes=9,
        sha256="0",
        body_path="",
        rows_path=None,
        name="tickets",
        model=None,
        source=None,
        cost_at_most=None,
        created_at=NOW,
    )
    counts = RetryCounts(sent={"errored": 201, "expired": 50}, invalid=12, retried=3)
    part = RetryPart(submission, frozenset({"T-1"}))

    async def look(pilot):
        await settled(pilot)
        plan = RetryPlan("run_1", (part,), counts, "tickets retry", RetryRules())
        groups = tuple(
            Group(
                cause,
                count,
                rule_of(cause).remedy,
                rule_of(cause).advice,
                said,
                example,
                "",
                {},
                cut,
                offered,
            )
            for cause, count, said, example, cut, offered in (
                ("overloaded_error", 201, "Overloaded", "T-1", 0, None),
                ("truncated", 60, "", "T-7", 1024, 2048),
                ("refused", 9, "", "T-9", 0, None),
            )
        )
        found = Triage(400, 0, groups), (0.02, 0.13, None)
        pilot.app.push_screen(RetryDialog("Retry tickets", lambda *_: plan, lambda: found))
        await settled(pilot)
        await pilot.press("j", "m")
        await settled(pilot)
        await pilot.press("a")
        await settled(pilot)

    assert snap_compare(dashboard(), terminal_size=(80, 24), run_before=look)
