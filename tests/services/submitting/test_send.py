from __future__ import annotations

import asyncio
import os
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from adopting import requests, somebody_creates
from claude_batch_tui.cli.lookup import retrieve
from claude_batch_tui.config import load
from claude_batch_tui.domain.batches.tracked import SubmissionState
from claude_batch_tui.errors import DraftError, RateLimitedError, StoreError, UnavailableError
from claude_batch_tui.runtime import Runtime
from claude_batch_tui.services.submitting import reconcile
from claude_batch_tui.services.submitting.repeats import repeats
from claude_batch_tui.services.submitting.spool import (
    Outgoing,
    discard,
    freeze,
    mark_unsent,
    never_left,
    sweep,
)
from claude_batch_tui.services.submitting.steps import Queued
from claude_batch_tui.simulator import Fault
from claude_batch_tui.store import batches, submissions
from claude_batch_tui.store.locks import FileLock
from claude_batch_tui.store.rebuild import rebuild
from downloading import download_all
from sending import resolving, sending
from waiting import happened

CREATE = {"method": "POST", "path": r"/batches$"}


def prepare(runtime, file, **facts):
    (prepared,) = freeze(Outgoing(requests=file, **facts), store=runtime.store, now=runtime.now())
    return prepared


async def submit(runtime, prepared):
    """The last state of a submission."""
    last = None
    async for step in sending(runtime, prepared):
        last = step.submission
    return last


async def settle(runtime, submission):
    async for looked in resolving(runtime, submission):
        submission = looked
    return submission


async def test_a_good_answer_ends_created_with_the_batch_named_and_tied_to_its_run(
    simulator, runtime, requests_file
):
    created = await submit(runtime, prepare(runtime, requests_file(), name="mine", cost_at_most=1.5))
    assert created.state is SubmissionState.CREATED
    assert len(simulator.log.creates) == 1
    tracked = batches.find(runtime.store.database, runtime.workspace.scope_id, created.batch_id)
    assert (tracked.name, tracked.run_id, tracked.cost_at_most) == ("mine", created.run_id, 1.5)


async def test_the_intent_is_in_store_and_journal_before_the_post(simulator, runtime, requests_file):
    prepared = prepare(runtime, requests_file())
    seen = []
    create = runtime.api.create

    def spying(body, **options):
        stored = submissions.find(runtime.store, prepared.submission_id)
        journal = [fact["submission"]["state"] for fact in runtime.store.journal.facts()]
        seen.append((stored.state, journal))
        return create(body, **options)

    runtime.api.create = spying
    await submit(runtime, prepared)
    assert seen == [(SubmissionState.SENDING, ["prepared", "sending"])]


REFUSALS = [400, 401, 402, 403, 404, 413, 422, 302, 307]
UNKNOWNS = [408, 409, 500, 502, 503, 504, 529]


@pytest.mark.parametrize("status", REFUSALS)
async def test_a_refusal_ends_refused_after_one_post(simulator, runtime, requests_file, status):
    simulator.faults.next(Fault(**CREATE, status=status, times=9, headers={"location": simulator.base_url}))
    ended = await submit(runtime, prepare(runtime, requests_file()))
    assert ended.state is SubmissionState.REFUSED
    assert str(status) in ended.error
    assert len(simulator.log.creates) == 1


@pytest.mark.parametrize("status", UNKNOWNS)
async def test_an_error_that_may_follow_a_creation_is_unknown_and_sent_once(
    simulator, runtime, requests_file, status
):
    simulator.faults.next(Fault(**CREATE, status=status, times=9, after_work=True))
    unknown = await submit(runtime, prepare(runtime, requests_file()))
    assert unknown.state is SubmissionState.UNKNOWN
    found = await settle(runtime, unknown)
    assert (found.state, found.provisional) == (SubmissionState.CREATED, True)
    assert len(simulator.log.creates) == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"connection": "reset", "after_work": True},
        {"connection": "close", "after_work": True},
        {"connection": "half_headers", "after_work": True},
        {"connection": "half_body", "after_work": True},
        {"connection": "reset"},
        {"body": "<html>portal</html>", "status": 200, "after_work": True},
        {"body": '{"id":null}', "status": 200, "after_work": True},
        {"body": "{", "status": 200, "after_work": True},
    ],
    ids=[
        "reset-after",
        "fin-after",
        "half-headers",
        "half-body",
        "reset-before",
        "html",
        "no-id",
        "broken-json",
    ],
)
async def test_a_lost_or_odd_answer_is_unknown_and_sent_once(simulator, runtime, requests_file, fault):
    simulator.faults.next(_fault(**fault))
    unknown = await submit(runtime, prepare(runtime, requests_file()))
    assert unknown.state is SubmissionState.UNKNOWN
    assert len(simulator.log.creates) <= 1


async def test_a_web_page_in_answer_to_a_create_is_said_to_be_one(simulator, runtime, requests_file):
    simulator.faults.next(_fault(body="<html><title>Guest</title></html>", status=200, after_work=True))
    unknown = await submit(runtime, prepare(runtime, requests_file()))
    assert unknown.state is SubmissionState.UNKNOWN
    assert "answered with a web page, 'Guest', and not as the API does" in unknown.error


def _fault(**facts):
    return Fault(**CREATE, **facts)


async def test_what_never_left_is_tried_again_by_itself(simulator, runtime, requests_file):
    prepared = prepare(runtime, requests_file())
    create, tries = runtime.api.create, []

    def unreachable(body, **options):
        tries.append(1)
        if len(tries) < 3:
            raise UnavailableError("refused", sent=False)
        return create(body, **options)

    runtime.api.create = unreachable
    created = await submit(runtime, prepared)
    assert created.state is SubmissionState.CREATED
    assert len(tries) == 3
    assert len(runtime.slept) == 2


async def test_a_dead_server_leaves_the_submission_prepared_and_says_so(runtime, requests_file, simulator):
    prepared = prepare(runtime, requests_file())

    def unreachable(*_, **__):
        raise UnavailableError("Cannot reach the API", sent=False)

    runtime.api.create = unreachable
    with pytest.raises(UnavailableError):
        await submit(runtime, prepared)
    assert submissions.find(runtime.store, prepared.submission_id).state is SubmissionState.PREPARED


@pytest.mark.parametrize(
    ("asked", "waited"),
    [("7", 7.0), ("0", 1.0), ("-5", 1.0), ("nan", 1.0), ("inf", 1.0), ("100000000", 900.0)],
)
async def test_a_rate_limit_is_waited_out_but_never_longer_than_a_quarter_of_an_hour(
    simulator, runtime, requests_file, asked, waited
):
    simulator.faults.next(Fault(**CREATE, status=429, headers={"retry-after": asked}))
    created = await submit(runtime, prepare(runtime, requests_file()))
    assert created.state is SubmissionState.CREATED
    assert runtime.slept == [waited]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("asked", "waits"),
    [
        (None, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]),
        ("30", [30, 30, 30, 30, 30, 32, 64, 128, 256, 512, 900, 900]),
        ("2000", [900, 900, 900, 900]),
    ],
)
async def test_a_standing_rate_limit_is_waited_out_for_an_hour_with_one_look_at_the_list_a_try(
    simulator, runtime, requests_file, asked, waits
):
    headers = {} if asked is None else {"retry-after": asked}
    simulator.faults.always(Fault(**CREATE, status=429, headers=headers))
    prepared = prepare(runtime, requests_file())
    looks = len(simulator.log.all("GET", "/batches"))
    with pytest.raises(RateLimitedError, match=r"waited for \d+ minutes.* Nothing was created"):
        await submit(runtime, prepared)
    assert runtime.slept == waits
    tries = len(simulator.log.creates)
    assert tries == len(waits) + 1
    assert len(simulator.log.all("GET", "/batches")) - looks == tries
    assert submissions.find(runtime.store, prepared.submission_id).state is SubmissionState.PREPARED
    assert list(runtime.store.locations.spool.iterdir()) == []


async def test_a_batch_of_the_same_size_that_came_after_a_rate_limit_is_not_taken_for_ours(
    simulator, runtime, requests_file
):
    simulator.faults.next(Fault(**CREATE, status=429))

    async def sleep(_):
        simulator.batches.advance(-120, somebody_creates(simulator, requests(3)))

    runtime.sleep = sleep
    created = await submit(runtime, prepare(runtime, requests_file()))
    assert created.is_certain
    assert len(simulator.batches.all()) == 2


async def test_a_rate_limit_that_created_a_batch_all_the_same_is_not_sent_again(
    simulator, runtime, requests_file
):
    simulator.faults.next(Fault(**CREATE, status=429, headers={"retry-after": "1"}, after_work=True))
    ended = await submit(runtime, prepare(runtime, requests_file()))
    assert ended.state is SubmissionState.UNKNOWN
    assert len(simulator.log.creates) == 1


async def test_nothing_found_for_three_minutes_is_absent_and_only_then_sent_again(
    simulator, runtime, requests_file
):
    simulator.faults.next(Fault(**CREATE, status=500))
    unknown = await submit(runtime, prepare(runtime, requests_file()))
    with pytest.raises(DraftError, match="look again"):
        reconcile.prepare_again(unknown, store=runtime.store, now=runtime.now())
    absent = await settle(runtime, unknown)
    assert absent.state is SubmissionState.ABSENT
    assert sum(runtime.slept) >= 180
    again = reconcile.prepare_again(absent, store=runtime.store, now=runtime.now())
    assert (await submit(runtime, again)).state is SubmissionState.CREATED
    assert len(simulator.log.creates) == 2


async def test_two_batches_that_may_be_it_are_a_conflict_for_the_user(simulator, runtime, requests_file):
    file = requests_file()
    simulator.faults.next(Fault(**CREATE, status=500, after_work=True))
    unknown = await submit(runtime, prepare(runtime, file))
    simulator.batches.add(3)
    conflict = await settle(runtime, unknown)
    assert conflict.state is SubmissionState.CONFLICT
    assert len(conflict.candidates) == 2
    attached = await reconcile.attach(
        conflict,
        conflict.candidates[0],
        api=runtime.api,
        store=runtime.store,
        hint=runtime.hint,
        now=runtime.now(),
    )
    assert attached.state is SubmissionState.CREATED


async def test_a_batch_of_another_size_cannot_be_attached(simulator, runtime, requests_file):
    simulator.faults.next(Fault(**CREATE, status=500))
    unknown = await submit(runtime, prepare(runtime, requests_file()))
    other = simulator.batches.add(8)
    with pytest.raises(DraftError, match="another batch"):
        await reconcile.attach(
            unknown,
            other.id,
            api=runtime.api,
            store=runtime.store,
            hint=runtime.hint,
            now=runtime.now(),
        )


async def test_the_same_bytes_are_known_again(simulator, runtime, requests_file):
    file = requests_file()
    first = await submit(runtime, prepare(runtime, file))
    second = prepare(runtime, file)
    before = repeats((second,), store=runtime.store, now=runtime.now())
    assert (before.known, before.missing) == ((first,), ())
    assert first.is_certain


async def test_who_comes_second_waits_and_says_for_whom(simulator, runtime, requests_file):
    prepared = prepare(runtime, requests_file())
    other = FileLock(runtime.store.locations.submit_lock, "tickets.jsonl")
    assert other.try_acquire()

    async def sleep(_):
        runtime.slept.append(1)
        assert simulator.log.creates == []
        if len(runtime.slept) == 3:
            other.release()

    runtime.sleep = sleep
    steps = [step async for step in sending(runtime, prepared)]
    assert steps[0] == Queued(prepared, f"{os.getpid()} (tickets.jsonl)")
    assert [type(step) for step in steps].count(Queued) == 1
    assert steps[-1].submission.state is SubmissionState.CREATED
    assert len(simulator.log.creates) == 1


async def test_two_sends_of_one_submission_make_one_batch(simulator, runtime, requests_file):
    prepared = prepare(runtime, requests_file())
    await submit(runtime, prepared)
    with pytest.raises(StoreError, match="already"):
        await submit(runtime, prepared)
    assert len(simulator.log.creates) == 1


async def test_the_mark_that_nothing_has_left_is_on_disk_with_the_intent_and_gone_before_the_first_byte(
    simulator, runtime, requests_file
):
    prepared = prepare(runtime, requests_file())
    create, seen = runtime.api.create, []

    def spying(body, *, on_sent, **options):
        def read(total):
            seen.append((submissions.find(runtime.store, prepared.submission_id).state, never_left(prepared)))
            on_sent(total)
            seen.append((len(simulator.batches.all()), never_left(prepared)))

        return create(body, on_sent=read, **options)

    runtime.api.create = spying
    await submit(runtime, prepared)
    assert seen[:2] == [(SubmissionState.SENDING, True), (0, False)]
    assert [path.suffix for path in runtime.store.locations.spool.iterdir()].count(".unsent") == 0


@pytest.mark.parametrize("attempt", [1, 2])
@pytest.mark.parametrize("has_body", [True, False])
async def test_a_process_that_died_before_the_first_byte_has_sent_nothing(
    simulator, runtime, requests_file, attempt, has_body
):
    file = requests_file()
    prepared = prepare(runtime, file)
    submissions.insert(runtime.store, prepared)
    mark_unsent(prepared)
    sending = msgspec.structs.replace(
        prepared, state=SubmissionState.SENDING, attempt=attempt, sent_at=runtime.now()
    )
    submissions.advance(runtime.store, sending, expected=SubmissionState.PREPARED, at=runtime.now())
    somebody_creates(simulator, requests(3))
    if not has_body:
        discard(sending)
    died = reconcile.recover_interrupted(runtime.store, runtime.now())
    state = submissions.find(runtime.store, prepared.submission_id).state
    if attempt == 1 and has_body:
        assert (died, state) == (0, SubmissionState.PREPARED)
        assert list(runtime.store.locations.spool.iterdir()) == []
        assert (await submit(runtime, prepare(runtime, file))).is_certain
        assert len(simulator.log.creates) == 2
    else:
        assert (died, state) == (1, SubmissionState.UNKNOWN)


async def test_an_interrupted_post_is_unknown(simulator, runtime, requests_file):
    prepared = prepare(runtime, requests_file())
    simulator.faults.next(Fault(**CREATE, delay=1.0))
    task = asyncio.create_task(submit(runtime, prepared))
    await happened(lambda: simulator.log.creates)
    assert submissions.find(runtime.store, prepared.submission_id).state is SubmissionState.SENDING
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert submissions.find(runtime.store, prepared.submission_id).state is SubmissionState.UNKNOWN


async def test_a_submission_whose_process_died_wakes_up_unknown(simulator, runtime, requests_file):
    prepared = prepare(runtime, requests_file())
    submissions.insert(runtime.store, prepared)
    sending = msgspec.structs.replace(prepared, state=SubmissionState.SENDING)
    submissions.advance(runtime.store, sending, expected=SubmissionState.PREPARED, at=runtime.now())
    assert reconcile.recover_interrupted(runtime.store, runtime.now()) == 1
    assert submissions.find(runtime.store, prepared.submission_id).state is SubmissionState.UNKNOWN


async def test_a_store_rebuilt_from_its_journal_knows_every_submission(simulator, runtime, requests_file):
    created = await submit(runtime, prepare(runtime, requests_file()))
    with runtime.store.database.change() as connection:
        connection.execute("DELETE FROM submission")
    rebuild(runtime.store, runtime.now())
    assert submissions.find(runtime.store, created.submission_id) == created


def test_an_empty_file_is_refused_and_leaves_nothing(runtime_less_store, tmp_path):
    store, now = runtime_less_store
    empty = tmp_path / "empty.jsonl"
    empty.write_text("\n")
    with pytest.raises(DraftError, match="no requests"):
        freeze(Outgoing(requests=empty), store=store, now=now)
    assert list(store.locations.spool.iterdir()) == []


def test_a_damaged_line_in_the_second_part_leaves_nothing_in_the_spool(runtime_less_store, tmp_path):
    store, now = runtime_less_store
    file = tmp_path / "many.jsonl"
    file.write_text('{"custom_id":"a","params":{}}\n' * 100_000 + "{}\n")
    with pytest.raises(DraftError, match="a line without a custom_id"):
        freeze(Outgoing(requests=file), store=store, now=now)
    assert list(store.locations.spool.iterdir()) == []


@pytest.mark.slow
def test_more_than_a_batch_takes_becomes_several_byte_exact_bodies_of_one_run(runtime_less_store, tmp_path):
    store, now = runtime_less_store
    lines = [f'{{"custom_id":"a{number}","params":{{}}}}' for number in range(200_001)]
    file, rows = tmp_path / "many.jsonl", tmp_path / "many.rows.jsonl"
    file.write_text("\n".join(lines))
    rows.write_text("\n".join(lines))
    outgoing = Outgoing(requests=file, rows=rows, name="big", cost_at_most=9.0, betas=("b-1",))
    parts = freeze(outgoing, store=store, now=now)
    assert [part.name for part in parts] == ["big 1/3", "big 2/3", "big 3/3"]
    assert len({part.run_id for part in parts}) == 1
    assert sum(part.cost_at_most for part in parts) == pytest.approx(9.0)
    assert max(part.requests for part in parts) - min(part.requests for part in parts) < 3_000
    bodies = [Path(part.body_path).read_bytes() for part in parts]
    assert b",".join(body[len(b'{"requests":[') : -2] for body in bodies) == ",".join(lines).encode()
    assert [len(body) for body in bodies] == [part.body_bytes for part in parts]
    assert "".join(Path(part.rows_path).read_text() for part in parts).split() == lines


def test_files_of_what_nobody_confirmed_go_after_some_days(runtime_less_store, requests_file):
    store, now = runtime_less_store
    freeze(Outgoing(requests=requests_file()), store=store, now=now)
    sweep(store, now)
    assert len(list(store.locations.spool.iterdir())) == 3
    sweep(store, now + timedelta(days=3))
    assert list(store.locations.spool.iterdir()) == []


@pytest.fixture
def runtime_less_store(tmp_path):
    from datetime import UTC, datetime

    from claude_batch_tui.store.locations import Locations
    from claude_batch_tui.store.store import Store

    with Store(Locations(tmp_path / "data")) as store:
        yield store, datetime.now(UTC)


async def lost(simulator, runtime, file):
    """A submission whose answer was lost after the batch was made, adopted provisionally."""
    simulator.faults.next(Fault(**CREATE, status=500, after_work=True))
    return await settle(runtime, await submit(runtime, prepare(runtime, file, name="mine")))


async def fetched(simulator, runtime, batch_id):
    simulator.batches.finish(batch_id)
    tracked = await retrieve(batch_id, runtime)
    async for _ in download_all(runtime, tracked):
        pass
    return await retrieve(batch_id, runtime)


async def test_an_adopted_batch_is_proven_by_the_custom_ids_of_its_results(simulator, runtime, requests_file):
    adopted = await lost(simulator, runtime, requests_file())
    assert adopted.provisional
    assert (await fetched(simulator, runtime, adopted.batch_id)).provisional is False
    assert submissions.find(runtime.store, adopted.submission_id).provisional is False


@pytest.mark.slow
async def test_a_batch_of_other_requests_is_let_go_and_never_taken_again(simulator, runtime, requests_file):
    simulator.faults.next(Fault(**CREATE, status=500))
    unknown = await submit(runtime, prepare(runtime, requests_file(tag="ours"), name="mine"))
    simulator.batches.add(3)
    adopted = await settle(runtime, unknown)
    assert (adopted.state, adopted.provisional) == (SubmissionState.CREATED, True)
    tracked = await fetched(simulator, runtime, adopted.batch_id)
    assert (tracked.name, tracked.run_id, tracked.cost_at_most) == (None, None, None)
    again = submissions.find(runtime.store, adopted.submission_id)
    assert (again.state, again.excluded) == (SubmissionState.UNKNOWN, (adopted.batch_id,))
    assert (await settle(runtime, again)).state is SubmissionState.ABSENT
    assert len(simulator.log.creates) == 1


async def test_what_was_sent_to_one_workspace_is_never_called_absent_by_another_ones_list(
    simulator, runtime, requests_file
):
    simulator.faults.next(Fault(**CREATE, status=500, after_work=True))
    unknown = await submit(runtime, prepare(runtime, requests_file()))
    assert unknown.state is SubmissionState.UNKNOWN
    config, _ = load({"base_url": simulator.base_url})
    other = Runtime(config, api_key=simulator.key_of("elsewhere"))
    try:
        await other.connect()
        with pytest.raises(DraftError, match="was sent to workspace"):
            async for _ in resolving(other, unknown):
                pass
        absent = msgspec.structs.replace(unknown, state=SubmissionState.ABSENT)
        submissions.advance(runtime.store, absent, expected=SubmissionState.UNKNOWN, at=runtime.now())
        again = reconcile.prepare_again(absent, store=runtime.store, now=runtime.now())
        with pytest.raises(DraftError, match="this key is of"):
            async for _ in sending(other, again):
                pass
        assert len(simulator.log.creates) == 1
        assert submissions.find(runtime.store, unknown.submission_id).state is SubmissionState.ABSENT
    finally:
        await other.close()
