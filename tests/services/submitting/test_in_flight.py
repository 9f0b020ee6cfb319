"""`in_flight`: batches wait here until few enough of ours are in progress."""

from __future__ import annotations

from contextlib import aclosing
from datetime import timedelta
from functools import partial

import msgspec
import pytest

from claude_batch_tui.domain.requests import limits as partition_module
from claude_batch_tui.services.submitting import spool
from claude_batch_tui.services.submitting.order import SendOrder
from claude_batch_tui.services.submitting.spool import sent_ids
from claude_batch_tui.services.submitting.steps import Ended, NoRoom, PartlySent, SentBefore
from claude_batch_tui.simulator import ALL_ANSWERED, Simulator
from claude_batch_tui.store import submissions
from sending import User, submitting, taken


@pytest.fixture
def simulator():
    """Batches take minutes, unless the test ends one."""
    with Simulator(speed=1, seed=7, rates=ALL_ANSWERED) as running:
        yield running


@pytest.fixture(autouse=True)
def two_a_batch(monkeypatch):
    monkeypatch.setattr(spool, "partition", partial(partition_module.partition, max_requests=2))


def allowing(runtime, count):
    return msgspec.structs.replace(runtime.config, in_flight=count)


def running(simulator):
    return [batch.id for batch in simulator.batches.all() if batch.ended_at is None]


@pytest.mark.slow
async def test_no_more_than_so_many_of_ours_are_in_progress_and_what_waits_is_said(
    simulator, runtime, requests_file
):
    most = []

    async def sleep(seconds):
        runtime.slept.append(seconds)
        going = [one.batch_id for one in submissions.every(runtime.store) if one.batch_id]
        most.append(len(going) - len(runtime.slept) + 1)
        simulator.batches.finish(going[len(runtime.slept) - 1])

    simulator.batches.add(5, age=60, duration=9_000)  # of somebody else: it takes no place
    runtime.sleep = sleep
    steps = await taken(runtime, SendOrder(requests=requests_file(9)), config=allowing(runtime, 2))
    waits = [step for step in steps if isinstance(step, NoRoom)]
    assert [(wait.batches, wait.requests, wait.in_progress) for wait in waits] == [
        (3, 5, 2),
        (2, 3, 2),
        (1, 1, 2),
    ]
    assert waits[0].note == (
        "3 batches wait here with 5 requests: 2 of yours are in progress, and in_flight allows 2."
    )
    assert most == [2, 2, 2]
    assert len([step for step in steps if isinstance(step, Ended)]) == 5
    assert len(simulator.log.creates) == 5


async def test_what_was_left_while_it_waited_goes_on_with_the_same_command_and_pays_nothing_twice(
    simulator, runtime, requests_file
):
    order = SendOrder(requests=requests_file(6))
    steps = submitting(runtime, order, confirm=User(), config=allowing(runtime, 1))
    async with aclosing(steps):
        async for step in steps:
            if isinstance(step, NoRoom):
                break
    (first,) = submissions.every(runtime.store)
    assert [path.name for path in runtime.store.locations.spool.glob("*.body.json")] == [
        f"{first.submission_id}.body.json"
    ]
    simulator.batches.finish(first.batch_id)
    found = await taken(runtime, order, config=allowing(runtime, 2))
    assert any(isinstance(step, PartlySent) for step in found)
    run = submissions.of_run(runtime.store, first.run_id)
    assert sorted(custom_id for one in run for custom_id in sent_ids(one)) == [f"row-{n}" for n in range(6)]
    assert isinstance((await taken(runtime, order, config=allowing(runtime, 1)))[-1], SentBefore)
    assert len(simulator.log.creates) == 3


async def test_a_batch_that_was_deleted_elsewhere_takes_no_place(simulator, runtime, requests_file):
    await taken(runtime, SendOrder(requests=requests_file(2)))
    (gone,) = submissions.every(runtime.store)
    simulator.batches.finish(gone.batch_id)
    await (await runtime.connect()).delete(gone.batch_id)
    start = runtime.now()
    runtime.now = lambda: start + timedelta(minutes=2)
    order = SendOrder(requests=requests_file(2, "other.jsonl", tag="other"))
    steps = await taken(runtime, order, config=allowing(runtime, 1))
    assert not any(isinstance(step, NoRoom) for step in steps)
    assert isinstance(steps[-1], Ended)
