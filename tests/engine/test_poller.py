"""The poller against the simulator, its waiting by a clock that the test moves on."""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import sqlite3
import urllib.request
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from claude_batch_tui.config import load
from claude_batch_tui.domain.batches.tracked import LinkState
from claude_batch_tui.engine.board import Board
from claude_batch_tui.engine.budget import APART, Budget
from claude_batch_tui.engine.clock import Clock
from claude_batch_tui.engine.intake import Intake
from claude_batch_tui.engine.poller import Poller
from claude_batch_tui.engine.submitter import Submitter
from claude_batch_tui.runtime import Runtime
from claude_batch_tui.simulator import Fault
from claude_batch_tui.store.locks import FileLock
from clock import MovedClock
from rights import read_only

HOUR = 3600.0


class World:
    def __init__(self, simulator, *, budget=None, **settings):
        self.simulator = simulator
        config, _ = load({"base_url": simulator.base_url, **settings})
        self.clock = MovedClock()
        self.runtime = Runtime(config, api_key=simulator.key)
        self.runtime.now = self.clock.now
        self.runtime.random = lambda: 0.5
        self.board = Board(lambda _: None, self.clock.now)
        submitter = Submitter(self.runtime, self.board, spawn=asyncio.ensure_future)
        intake = Intake(self.runtime, self.board, submitter)
        self.poller = Poller(self.runtime, self.board, submitter, intake, clock=self.clock, budget=budget)

    @property
    def link(self):
        return self.board.link

    async def __aenter__(self):
        self.task = asyncio.create_task(self.poller.run())
        await self.clock.advance_here(0)
        return self

    async def __aexit__(self, *_):
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task
        await self.runtime.close()

    async def polls_in(self, seconds):
        """How many requests the simulator gets in that time."""
        before = len(self.simulator.log)
        await self.clock.advance_here(seconds)
        return len(self.simulator.log) - before

    async def key(self, press):
        """Press a key and let what follows from it happen, without time passing."""
        press()
        await self.clock.advance_here(0)


def answered_with(simulator, headers):
    """The next list is answered as it would be, with these headers."""
    call = urllib.request.Request(
        f"{simulator.base_url}/v1/messages/batches",
        headers={"x-api-key": simulator.key, "anthropic-version": "2023-06-01"},
    )
    with urllib.request.urlopen(call) as answer:
        body = answer.read().decode()
    date = format_datetime(datetime.now(UTC), usegmt=True)
    simulator.faults.next(Fault(path="batches", status=200, body=body, headers={"date": date, **headers}))


async def test_a_wait_that_is_canceled_as_its_event_comes_is_canceled():
    event = asyncio.Event()
    waiting = asyncio.create_task(Clock().wait(event, 60))
    await asyncio.sleep(0.01)
    event.set()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


@pytest.mark.parametrize(
    ("age", "most_between", "polls"),
    [(0, 10, 6), (0.5 * HOUR, 30, 2), (1.5 * HOUR, 60, 1)],
)
async def test_young_batches_are_polled_often_and_older_ones_seldom(simulator, age, most_between, polls):
    simulator.batches.add(5, age=age, duration=10 * HOUR)
    async with World(simulator) as world:
        assert world.link.interval == most_between
        assert await world.polls_in(60.5) == polls


@pytest.mark.slow
async def test_ten_minutes_of_one_batch_take_as_many_requests_as_its_age_says(simulator):
    simulator.batches.add(5, age=300, duration=10 * HOUR)
    async with World(simulator) as world:
        assert await world.polls_in(600) == pytest.approx(30 + 10, abs=1)


@pytest.mark.slow
async def test_where_nothing_is_unfinished_it_polls_every_ten_minutes_and_says_when(simulator):
    simulator.batches.add(5, age=HOUR, duration=60)
    async with World(simulator) as world:
        assert world.link.state is LinkState.IDLE
        assert world.link.next_poll_at == world.link.polled_at + timedelta(minutes=10)
        assert await world.polls_in(6 * HOUR) == pytest.approx(36, abs=4)  # a tenth either way


async def test_a_batch_that_another_tool_submits_while_nothing_runs_appears_by_itself(simulator):
    async with World(simulator) as world:
        assert world.link.state is LinkState.IDLE
        foreign = simulator.batches.add(5, duration=10 * HOUR)
        await world.clock.advance_here(661)
        assert world.board.find(foreign.id) is not None
        assert world.link.state is LinkState.LIVE
        assert world.link.interval == 30


async def test_while_somebody_types_and_nothing_runs_it_polls_every_minute(simulator):
    async with World(simulator) as world:
        assert await world.polls_in(30) == 0
        await world.key(world.poller.attend)
        assert world.link.next_poll_at == world.link.polled_at + timedelta(minutes=1)
        assert await world.polls_in(29) == 0
        assert await world.polls_in(2) == 1
        assert await world.polls_in(300) == 0, "nobody types any more"
        before = len(simulator.log)
        await world.key(world.poller.attend)
        assert len(simulator.log) == before + 1, "the last look is more than a minute old"


async def test_keys_do_not_hasten_the_polls_of_what_runs(simulator):
    simulator.batches.add(5, age=3 * HOUR, duration=10 * HOUR)
    async with World(simulator) as world:
        await world.clock.advance_here(90)
        await world.key(world.poller.attend)
        assert await world.polls_in(5) == 0


async def test_where_another_process_leads_and_nothing_runs_a_key_looks_at_what_is_a_minute_old(simulator):
    async with World(simulator), World(simulator) as world:
        assert not world.link.is_leader
        assert world.link.state is LinkState.IDLE
        await world.clock.advance_here(61)
        before = len(simulator.log)
        world.poller.attend()
        await world.clock.advance_here(1)
        assert len(simulator.log) == before + 1


async def test_near_the_end_that_similar_batches_suggest_polls_come_faster(simulator):
    for _ in range(6):
        simulator.batches.add(5, age=9 * HOUR, duration=4 * HOUR)
    running = simulator.batches.add(5, age=3 * HOUR, duration=10 * HOUR)
    async with World(simulator) as world:
        assert world.link.interval == 120
        simulator.batches.advance(0.9 * HOUR, running.id)
        await world.clock.advance_here(121)
        assert world.link.interval == 30


async def test_a_canceling_batch_is_polled_every_ten_seconds(simulator):
    simulator.batches.add(5, age=3 * HOUR, duration=10 * HOUR, canceled_after=3 * HOUR - 1)
    async with World(simulator) as world:
        assert world.link.interval == 10


async def test_a_retry_after_on_a_good_answer_is_the_least_time_between(simulator):
    simulator.batches.add(5, duration=10 * HOUR)
    answered_with(simulator, {"retry-after": "45"})
    async with World(simulator) as world:
        assert world.link.interval == 45


async def test_few_requests_left_of_the_limit_are_left_to_the_user(simulator):
    simulator.batches.add(5, duration=10 * HOUR)
    reset = (datetime.now(UTC) + timedelta(seconds=50)).isoformat().replace("+00:00", "Z")
    name = "anthropic-ratelimit-requests"
    answered_with(simulator, {f"{name}-remaining": "3", f"{name}-reset": reset})
    async with World(simulator) as world:
        assert 45 < world.link.interval < 55


async def test_a_limit_is_waited_out_as_long_as_it_asks_and_never_longer_than_15_minutes(simulator):
    simulator.batches.add(5, duration=10 * HOUR)
    simulator.faults.next(Fault(path="batches", status=429, headers={"retry-after": "120"}))
    async with World(simulator) as world:
        assert world.link.state is LinkState.OFFLINE
        assert await world.polls_in(119) == 0
        assert await world.polls_in(2) == 1
        simulator.faults.next(Fault(path="batches", status=429, headers={"retry-after": "99999"}))
        await world.clock.advance_here(11)
        assert await world.polls_in(880) == 0
        assert await world.polls_in(21) >= 1
        assert world.link.state is LinkState.LIVE


@pytest.mark.slow
async def test_a_lost_link_costs_ever_fewer_requests_and_is_found_again(simulator):
    simulator.batches.add(5, duration=10 * HOUR)
    async with World(simulator) as world:
        simulator.faults.always(Fault(path="batches", status=529))
        await world.clock.advance_here(1000)
        assert world.link.state is LinkState.OFFLINE
        assert world.link.error
        assert await world.polls_in(1000) <= 5
        simulator.faults.clear()
        await world.clock.advance_here(301)
        assert world.link.state is LinkState.LIVE
        assert world.link.failures == 0
        failed = world.runtime.store.database.rows("SELECT error FROM poll WHERE error IS NOT NULL")
        assert len(failed) >= 8


async def test_after_the_machine_slept_a_poll_comes_at_once_on_a_new_connection(simulator):
    simulator.batches.add(5, age=3 * HOUR, duration=20 * HOUR)
    async with World(simulator) as world:
        before = world.runtime.api
        assert await world.polls_in(20) == 0
        world.clock.slept += 8 * HOUR
        assert await world.polls_in(16) == 1
        assert world.runtime.api is not before


async def test_a_key_polls_now_but_not_within_five_seconds_of_the_last_poll(simulator):
    simulator.batches.add(5, age=3 * HOUR, duration=10 * HOUR)
    async with World(simulator) as world:
        await world.clock.advance_here(20)
        before = len(simulator.log)
        await world.key(world.poller.wake)
        assert len(simulator.log) == before + 1
        await world.key(world.poller.wake)
        world.poller.wake()
        assert await world.polls_in(4) == 0
        assert await world.polls_in(2) == 1


@pytest.mark.slow
async def test_paused_nothing_is_polled_but_by_key_and_another_process_may_lead(simulator):
    simulator.batches.add(5, duration=10 * HOUR)
    async with World(simulator) as world:
        await world.key(lambda: world.poller.pause(True))
        assert world.link.state is LinkState.PAUSED
        assert await world.polls_in(HOUR) == 0
        other = FileLock(world.runtime.store.locations.engine_lock(world.runtime.hint))
        assert other.try_acquire()
        await world.key(world.poller.wake)
        await world.clock.advance_here(1.5)
        assert await world.polls_in(HOUR) == 0
        assert world.link.state is LinkState.PAUSED
        other.release()
        world.poller.pause(False)
        assert await world.polls_in(2) == 1
        assert world.link.state is LinkState.LIVE


async def test_where_another_workspace_is_watched_too_every_poll_but_the_first_waits_for_its_turn(simulator):
    simulator.batches.add(5, duration=10 * HOUR)
    budget = Budget()
    budget.join()
    budget.join()
    assert budget.wait(0.0) == 0
    async with World(simulator, budget=budget) as world:
        assert len(simulator.log) == 1
        await world.clock.advance_here(6)
        assert budget.wait(6.0) == 0
        world.poller.wake()
        assert await world.polls_in(APART - 0.5) == 0
        assert await world.polls_in(1) == 1


@pytest.mark.slow
async def test_an_exception_nobody_expected_is_shown_logged_and_survived(simulator, monkeypatch, caplog):
    simulator.batches.add(5, duration=10 * HOUR)
    async with World(simulator) as world:

        def stumble(*_):
            raise KeyError("odd")

        monkeypatch.setattr(world.board, "catch_up", stumble)
        await world.clock.advance_here(30)
        assert world.link.state is LinkState.OFFLINE
        wait = (world.link.next_poll_at - world.runtime.now()).total_seconds()
        told = re.fullmatch(
            r"Internal error while polling \(KeyError\); retrying in (\d+) s\. Details: \S+/cbtui\.log",
            world.link.error,
        )
        assert 0 < wait <= int(told[1]) + 0.5
        assert "KeyError: 'odd'" in caplog.text
        monkeypatch.undo()
        await world.clock.advance_here(301)
        assert world.link.state is LinkState.LIVE


async def test_where_the_wait_for_what_went_wrong_fails_too_polling_goes_on_without_haste(
    simulator, monkeypatch
):
    failed = []

    def stumble(*_):
        failed.append(KeyError("odd"))
        raise failed[-1]

    simulator.batches.add(5, duration=10 * HOUR)
    async with World(simulator) as world:
        monkeypatch.setattr(world.board, "catch_up", stumble)
        monkeypatch.setattr(world.runtime, "random", stumble)
        await world.clock.advance_here(10)
        failed.clear()
        await world.clock.advance_here(50)
        assert 5 <= len(failed) <= 10
        assert failed[-1].__traceback__ is None  # else each holds the one before, for ever
        monkeypatch.undo()
        world.runtime.random = lambda: 0.5
        await world.clock.advance_here(301)
        assert world.link.state is LinkState.LIVE


async def test_a_store_found_damaged_is_set_aside_and_said_and_the_next_start_rebuilds_it(simulator):
    simulator.batches.add(5, duration=10 * HOUR)
    async with World(simulator) as world:
        file = world.runtime.store.locations.database
        with contextlib.closing(sqlite3.connect(file)) as other:
            other.execute("DROP TABLE poll")
        await world.clock.advance_here(200)
        assert world.link.state is LinkState.OFFLINE
        assert "was damaged and is kept as" in world.link.error
        assert not file.exists()
        assert len(list(file.parent.glob("store.db.damaged-*"))) == 1
        world.poller.wake()
        await world.clock.advance_here(200)
        assert "leave and start again" in world.link.error
        assert not file.exists()
    with Runtime(world.runtime.config).store as store:
        assert store.database.row("SELECT count(*) FROM poll")[0] == 0


@pytest.mark.slow
async def test_a_read_only_data_folder_is_said_with_what_to_do_and_polled_again_once_it_is_writable(
    simulator,
):
    simulator.batches.add(5, duration=10 * HOUR)
    world = World(simulator)
    with read_only(world.runtime.store.locations.data):
        await world.__aenter__()
        assert world.link.state is LinkState.OFFLINE
        assert "Make its folder writable for you, or choose another --data-dir." in world.link.error
    await world.clock.advance_here(301)
    assert world.link.state is LinkState.LIVE
    assert len(world.board.batches) == 1
    await world.__aexit__()


async def test_a_data_folder_that_is_removed_is_said_and_nothing_else_happens(simulator):
    simulator.batches.add(5, duration=10 * HOUR)
    async with World(simulator) as world:
        shutil.rmtree(world.runtime.store.locations.data)
        await world.clock.advance_here(200)
        assert world.link.state is LinkState.OFFLINE
        assert "was moved, removed or replaced while cbtui ran" in world.link.error
        assert not world.task.done()


@pytest.mark.slow
async def test_a_store_that_fails_while_an_error_is_waited_out_is_survived_too(simulator):
    simulator.batches.add(5, duration=10 * HOUR)
    async with World(simulator) as world:
        file = world.runtime.store.locations.database
        other = sqlite3.connect(file, isolation_level=None)
        other.execute(
            "CREATE TRIGGER refused BEFORE INSERT ON poll BEGIN SELECT RAISE(ABORT, 'no room'); END"
        )
        await world.clock.advance_here(200)
        assert world.link.state is LinkState.OFFLINE
        assert not world.task.done()
        other.execute("DROP TRIGGER refused")
        other.close()
        await world.clock.advance_here(301)
        assert world.link.state is LinkState.LIVE
