from __future__ import annotations

from datetime import timedelta

import pytest

from claude_batch_tui.cli.lookup import resolve_one, retrieve
from claude_batch_tui.domain.batches.tracked import SubmissionState
from claude_batch_tui.errors import AuthenticationError, NotFoundError, UnavailableError
from claude_batch_tui.services.submitting.spool import Outgoing, freeze
from claude_batch_tui.services.watching.cancel import cancel
from claude_batch_tui.services.watching.listing import load_older
from claude_batch_tui.services.watching.story import story_of
from claude_batch_tui.services.watching.watch import poll, watch
from claude_batch_tui.simulator import Fault
from claude_batch_tui.store import batches, workspaces
from sending import sending


async def look(runtime, *, first_time=False):
    return await poll(
        api=runtime.api,
        store=runtime.store,
        hint=runtime.hint,
        now=runtime.now(),
        workspace=workspaces.recall(runtime.store.database, runtime.hint),
        first_time=first_time,
    )


def add(simulator, count, **facts):
    return [simulator.batches.add(3, **facts).id for _ in range(count)]


async def test_one_list_request_refreshes_everything(simulator, runtime):
    add(simulator, 150, duration=36_000_000)
    found = await look(runtime, first_time=True)
    assert len(found.changes) == 150
    assert len(simulator.log) == 1


async def test_older_pages_are_asked_for_only_while_an_unfinished_batch_is_missing(simulator, runtime):
    (old,) = add(simulator, 1, age=7200, duration=360_000_000)
    add(simulator, 60, age=60, duration=1)
    await retrieve(old, runtime)
    simulator.log.clear()
    await look(runtime)
    assert {call.path for call in simulator.log.all()} == {"/v1/messages/batches"}


async def test_every_report_and_every_failed_poll_is_in_the_log_of_a_batch(simulator, runtime):
    (batch_id,) = add(simulator, 1, duration=36_000_000)
    await look(runtime, first_time=True)
    simulator.faults.next(Fault(method="GET", status=529))
    with pytest.raises(UnavailableError):
        await look(runtime)
    await cancel(
        await resolve_one(batch_id, runtime),
        api=runtime.api,
        store=runtime.store,
        hint=runtime.hint,
        now=runtime.now(),
    )
    story = story_of(
        await resolve_one(batch_id, runtime),
        store=runtime.store,
        workspace=runtime.workspace,
        config=runtime.config,
        now=runtime.now(),
    )
    assert [sighting.processing_status for sighting in story.sightings] == ["in_progress", "canceling"]
    assert [poll.error is None for poll in story.polls] == [False, True]


async def test_an_unfinished_batch_the_api_no_longer_knows_is_gone(simulator, runtime):
    (batch_id,) = add(simulator, 1, age=7200, duration=360_000_000)
    await retrieve(batch_id, runtime)
    simulator.faults.always(Fault(method="GET", path=batch_id, status=404))
    simulator.faults.always(
        Fault(method="GET", path=r"/batches$", status=200, body='{"data":[],"has_more":false}')
    )
    await look(runtime)
    gone = [batches.find(runtime.store.database, n, batch_id) for n in range(1, 4)]
    assert any(each is not None and each.gone_at is not None for each in gone)


async def test_a_404_right_after_our_own_create_is_waited_out(simulator, runtime, requests_file):
    (prepared,) = freeze(Outgoing(requests=requests_file()), store=runtime.store, now=runtime.now())
    async for update in sending(runtime, prepared):
        created = update.submission
    assert created.state is SubmissionState.CREATED
    simulator.faults.next(Fault(method="GET", path=created.batch_id, status=404, times=2))
    assert (await retrieve(created.batch_id, runtime)).id == created.batch_id
    assert len(runtime.slept) == 2


async def test_a_404_of_a_foreign_batch_is_an_error_at_once(simulator, runtime):
    with pytest.raises(NotFoundError, match="another workspace"):
        await retrieve("msgbatch_nobody", runtime)
    assert runtime.slept == []


def watching(runtime, watched, **facts):
    return watch(
        watched,
        api=runtime.api,
        store=runtime.store,
        hint=runtime.hint,
        now=runtime.now,
        sleep=runtime.sleep,
        random=runtime.random,
        **{"until": "all", "fixed_interval": None, **facts},
    )


async def test_trouble_is_waited_out_and_said(simulator, runtime):
    (batch_id,) = add(simulator, 1, duration=360_000_000)
    tracked = await retrieve(batch_id, runtime)
    simulator.faults.next(Fault(method="GET", path=r"/batches$", status=529, times=2))
    troubles = []
    async for step in watching(runtime, [tracked.batch]):
        troubles.append(step.trouble)
        if len(troubles) == 4:
            simulator.batches.finish(batch_id)
    assert [bool(trouble) for trouble in troubles[:4]] == [False, True, True, False]
    assert step.batches[0].has_ended


async def test_a_refused_key_is_not_waited_out(simulator, runtime):
    (batch_id,) = add(simulator, 1, duration=360_000_000)
    tracked = await retrieve(batch_id, runtime)
    simulator.faults.always(Fault(method="GET", path=r"/batches$", status=401))
    with pytest.raises(AuthenticationError):
        async for _ in watching(runtime, [tracked.batch]):
            pass


async def test_any_ends_with_the_first_and_all_with_the_last(simulator, runtime):
    ids = add(simulator, 2, duration=360_000_000)
    tracked = [(await retrieve(batch_id, runtime)).batch for batch_id in ids]
    simulator.batches.finish(ids[0])
    async for step in watching(runtime, tracked, until="any"):
        last = step
    assert [batch.has_ended for batch in last.batches] == [True, False]


async def test_young_batches_are_looked_at_every_ten_seconds_or_so(simulator, runtime):
    (batch_id,) = add(simulator, 1, duration=360_000_000)
    tracked = await retrieve(batch_id, runtime)
    steps = watching(runtime, [tracked.batch])
    await anext(steps)
    assert timedelta(seconds=9) <= timedelta(seconds=(await anext(steps)).next_in) <= timedelta(seconds=11)
    await steps.aclose()


async def test_two_watches_share_their_looks_through_the_store(simulator, runtime):
    (batch_id,) = add(simulator, 1, duration=360_000_000)
    tracked = await retrieve(batch_id, runtime)
    clock = [runtime.now()]
    runtime.now = lambda: clock[0]
    simulator.log.clear()
    one = watching(runtime, [tracked.batch], fixed_interval=10.0)
    two = watching(runtime, [tracked.batch], fixed_interval=10.0)
    for each in (one, two):
        await anext(each)
        await anext(each)
        clock[0] += timedelta(seconds=5)
    first_looks = len(simulator.log)
    for _ in range(6):
        for each in (one, two):
            await anext(each)
            clock[0] += timedelta(seconds=5)
    assert first_looks == 2
    assert len(simulator.log) - first_looks <= 7
    simulator.batches.finish(batch_id)
    await anext(two)
    clock[0] += timedelta(seconds=5)
    assert (await anext(one)).batches[0].has_ended
    await one.aclose()
    await two.aclose()


async def test_a_poll_asks_for_what_covers_the_oldest_unfinished_batch_and_no_more(simulator, runtime):
    add(simulator, 40, age=7200, duration=1)
    add(simulator, 1, age=3600, duration=36_000_000)
    add(simulator, 30, age=60, duration=1)
    await look(runtime, first_time=True)
    simulator.log.clear()
    await look(runtime)
    assert [call.query for call in simulator.log.all()] == ["limit=51"]


async def test_a_poll_reads_nothing_of_the_ended_history(simulator, runtime):
    add(simulator, 30, age=7200, duration=1)
    add(simulator, 2, duration=36_000_000)
    await look(runtime, first_time=True)
    read = []
    rows = runtime.store.database.rows
    runtime.store.database.rows = lambda query, values=(): read.extend(found := rows(query, values)) or found
    await look(runtime)
    assert len(read) <= 2 + 22 + 2


async def test_older_pages_the_store_knows_whole_are_passed_over(simulator, runtime):
    add(simulator, 1, age=9000, duration=1)
    add(simulator, 5, age=60, duration=1)
    found = await look(runtime)
    scope_id = found.workspace.scope_id
    newest = batches.tracked(runtime.store.database, scope_id)[0]
    add(simulator, 1, age=90_000, duration=1)
    page = await load_older(api=runtime.api, store=runtime.store, scope_id=scope_id, after_id=newest.id)
    assert not page.has_older
    assert len(batches.tracked(runtime.store.database, scope_id)) == 7
