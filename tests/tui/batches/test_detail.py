"""The detail of a batch, tab by tab."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from claude_batch_tui.domain.batches.tracked import ResultsState, SubmissionState
from claude_batch_tui.domain.money.pricing import CacheCreation, Usage
from claude_batch_tui.domain.money.spend import spent
from claude_batch_tui.runtime import Runtime
from claude_batch_tui.services.building.models import read_prices
from claude_batch_tui.services.submitting.spool import Outgoing, freeze
from claude_batch_tui.store import batches, downloads, polls, submissions
from claude_batch_tui.tui.batches.detail import TABS
from claude_batch_tui.tui.widgets.text_view import TextView

NOW = datetime(2026, 11, 20, 17, 1, 32, tzinfo=UTC)
KEY = "sk-ant-sim-demo-000000000000a1b2"
SIZES = [(80, 24), (200, 50)]


@pytest.fixture
def remembered(config, filled, week, tmp_path):
    """A week of which the first batch was sent from here and polled, and the fifth has been paid for."""
    filled(week)
    file = tmp_path / "requests.jsonl"
    file.write_text(
        "".join(
            f'{{"custom_id":"T-{n}","params":{{"model":"claude-sonnet-5-5","max_tokens":64,"messages":'
            f'[{{"role":"user","content":"Label this ticket: \\u001b]52;c;x\\u0007 invoice {n}"}}]}}}}\n'
            for n in range(5)
        )
    )
    runtime = Runtime(config, api_key=KEY)
    scope_id, database = runtime.workspace.scope_id, runtime.store.database
    running, ended = week[0][1], week[4][1]
    outgoing = Outgoing(
        file, model="claude-sonnet-5-5", source="tickets.csv", cost_at_most=88.1, prices_as_of="2026-11-12"
    )
    (sent,) = freeze(outgoing, store=runtime.store, now=NOW)
    created = msgspec.structs.replace(
        sent, state=SubmissionState.CREATED, batch_id=running.id, requests=10_000
    )
    submissions.insert(runtime.store, created)
    for batch, run_id in ((running, sent.run_id), (ended, None)):
        batches.adopt(
            database, scope_id, batch.id, run_id=run_id, model="claude-sonnet-5-5", source="tickets.csv"
        )
    usage = Usage(2_000_000, 700_000, 500_000, 8_000_000, CacheCreation(500_000, 0))
    batches.record_cost(database, scope_id, ended.id, "at_most", 88.1, "2026-11-12")
    downloads.record_spend(
        database, scope_id, ended.id, spent([(usage, "claude-sonnet-5-5")] * 3, read_prices(config)), NOW
    )
    for minutes in range(20, 1, -1):
        at = NOW - timedelta(minutes=minutes)
        error = "The API is overloaded (HTTP 529)." if minutes == 7 else None
        polls.record_poll(database, scope_id, at, 0.0 if error else 0.118, None if error else 9, error)
        if minutes == 20:
            batches.merge(
                database, scope_id, [msgspec.structs.replace(running, expires_at=None)], seen=False, at=at
            )
    canceling = msgspec.structs.replace(running, processing_status="canceling")
    batches.merge(database, scope_id, [canceling], seen=False, at=NOW - timedelta(minutes=2))
    batches.merge(database, scope_id, [running], seen=False, at=NOW - timedelta(minutes=1))
    runtime.store.close()
    return running, ended


def text(app):
    shown = app.screen.query_one("#detail-text", TextView)._shown
    return "\n".join(line[0] for line in shown)


async def open_tab(pilot, name, settled, *, down=2):
    await settled(pilot)
    await pilot.press(*["j"] * down, *["]"] * TABS.index(name))
    await settled(pilot)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "200x50"])
@pytest.mark.parametrize("tab", TABS[1:])
def test_every_tab_of_a_batch(snap_compare, dashboard, remembered, settled, tab, size):
    async def look(pilot):
        await open_tab(pilot, tab, settled, down=4 if tab == "cost" else 2)

    assert snap_compare(dashboard(), terminal_size=size, run_before=look)


@pytest.mark.slow
@pytest.mark.parametrize("tab", ["timeline", "polls"])
def test_a_tab_on_the_whole_screen_in_ascii(snap_compare, dashboard, remembered, settled, tab):
    async def look(pilot):
        await open_tab(pilot, tab, settled)
        await pilot.press("z")
        await settled(pilot)

    assert snap_compare(dashboard(ascii_only=True), terminal_size=(80, 24), run_before=look)


async def test_tabs_turn_round_in_both_directions_and_stay_while_the_cursor_moves(
    dashboard, remembered, settled
):
    app = dashboard()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("[")
        await settled(pilot)
        assert "nothing new" in text(app)
        await pilot.press("[", "j", "j", "j", "j")
        await settled(pilot)
        assert "by the usage of 3 answers" in text(app)
        await pilot.press("]", "]")
        assert "status   ended" in text(app)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "200x50"])
async def test_a_click_on_a_tab_opens_it(dashboard, remembered, settled, size):
    app = dashboard()
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        line = app.screen.query_one("#detail-tabs")
        start = line.size.width - line.tabs_width if size == SIZES[0] else 0
        await pilot.click("#detail-tabs", offset=(start + len("[overview]") + 3, 0))
        await settled(pilot)
        assert "created with" in text(app)
        assert line._active == TABS.index("timeline")


async def test_requests_are_shown_as_they_were_sent_and_can_be_scrolled_from_the_list(
    dashboard, remembered, settled
):
    app = dashboard()
    async with app.run_test(size=(80, 24)) as pilot:
        await open_tab(pilot, "requests", settled)
        assert "the first 3 of 10,000 requests" in text(app)
        assert '"max_tokens": 64' in text(app)
        view = app.screen.query_one("#detail-text", TextView)
        await pilot.press("J", "J", "K")
        assert view.top == 1
        assert app.screen.focused is app.screen.table


async def test_a_batch_made_elsewhere_says_why_its_requests_cannot_be_shown(dashboard, remembered, settled):
    app = dashboard()
    async with app.run_test(size=(80, 24)) as pilot:
        await open_tab(pilot, "requests", settled, down=0)
        assert "the API does not give requests back" in text(app)


async def test_the_log_says_what_changed_and_what_failed_and_folds_what_was_quiet(
    dashboard, remembered, settled
):
    app = dashboard()
    async with app.run_test(size=(80, 24)) as pilot:
        await open_tab(pilot, "polls", settled)
        log = text(app)
        assert "17:00:32      directly  in_progress: 10,000 processing" in log
        assert "16:59:32      118 ms    canceling: 10,000 processing" in log
        assert "16:54:32      failed: The API is overloaded (HTTP 529)." in log
        assert "16:49:32                in_progress, 8 polls since 16:42:32" in log


async def test_the_timeline_names_every_point_in_order(dashboard, remembered, settled):
    app = dashboard()
    async with app.run_test(size=(80, 24)) as pilot:
        await open_tab(pilot, "timeline", settled)
        words = text(app)
        order = ["created with", "now:", "half of 9 like it", "9 of 10", "deadline", "deletes the results"]
        places = [words.index(word) for word in order]
        assert places == sorted(places)


async def test_results_that_were_never_priced_are_priced_when_their_cost_is_asked_for(
    config, dashboard, filled, week, settled
):
    filled(week)
    ended = week[4][1]
    runtime = Runtime(config, api_key=KEY)
    path = runtime.store.locations.results / f"{ended.id}.jsonl"
    line = (
        '{"custom_id":"a","result":{"type":"succeeded","message":{"model":"claude-opus-5",'
        '"usage":{"output_tokens":200000}}}}\n'
    )
    path.write_text(line)
    record = downloads.ResultsRecord(ResultsState.COMPLETE, str(path), len(line), 1, "0" * 64)
    downloads.record_results(runtime.store.database, runtime.workspace.scope_id, ended.id, record, NOW)
    runtime.store.close()
    app = dashboard()
    async with app.run_test(size=(80, 24)) as pilot:
        await open_tab(pilot, "cost", settled, down=4)
        assert "actual   $2.50, by the usage of 1 answer" in text(app)
        await settled(pilot)
        assert app.engines.home.snapshot.find(ended.id).cost_actual == pytest.approx(2.5)


async def test_a_run_shows_its_first_requests_and_what_all_its_batches_cost(
    config, dashboard, remembered, settled
):
    running, ended = remembered
    runtime = Runtime(config, api_key=KEY)
    run_id = submissions.of_batch(runtime.store, running.id).run_id
    scope_id, database = runtime.workspace.scope_id, runtime.store.database
    batches.adopt(database, scope_id, ended.id, run_id=run_id, model=None, source=None)
    spend = downloads.find_spend(database, scope_id, ended.id)
    downloads.record_spend(database, scope_id, running.id, spend, NOW)
    runtime.store.close()
    app = dashboard()
    async with app.run_test(size=(80, 24)) as pilot:
        await open_tab(pilot, "requests", settled, down=3)
        assert "the first 3 of 10,000 requests" in text(app)
        await pilot.press("]")
        await settled(pilot)
        assert f"actual   ${2 * spend.usd:.2f}, by the usage of 6 answers" in text(app)
        await pilot.press("]")
        await settled(pilot)
        assert "Each batch of a run has a log of its own" in text(app)
