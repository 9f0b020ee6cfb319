"""What became of a create whose answer was lost: found, let go, given up."""

from __future__ import annotations

import msgspec
import pytest

from claude_batch_tui.domain.batches.tracked import SubmissionState
from claude_batch_tui.errors import DraftError
from claude_batch_tui.services.building.models import known_models, read_prices
from claude_batch_tui.services.submitting import reconcile
from claude_batch_tui.services.submitting.adoption import settle_found
from claude_batch_tui.services.submitting.order import SendOrder
from claude_batch_tui.simulator import Fault
from claude_batch_tui.store import submissions
from claude_batch_tui.store.locks import FileLock
from claude_batch_tui.store.results.file import results_path
from sending import resolving, sending, taken

CREATE = {"method": "POST", "path": r"/batches$"}


@pytest.fixture
def lost(simulator, runtime, requests_file):
    """A function that sends a file whose answer is lost; the submission as it is before anybody looks."""

    async def send(*, created=True, **options):
        simulator.faults.next(Fault(**CREATE, status=500, after_work=created))
        (prepared,) = (await _prepared(runtime, SendOrder(requests=requests_file(**options)))).submissions
        async for step in sending(runtime, prepared):
            last = step.submission
        return last

    return send


async def _prepared(runtime, order):
    """The parts of an order, frozen and not discarded."""
    from claude_batch_tui.services.submitting.prepare import prepare

    return prepare(
        order,
        store=runtime.store,
        config=runtime.config,
        prices=read_prices(runtime.config),
        models=known_models(runtime.config.data_dir, runtime.hint, runtime.now()),
        now=runtime.now(),
    )


async def test_two_lost_creates_of_one_size_are_not_told_apart_by_guessing(simulator, runtime, lost):
    first = await lost()
    second = await lost(name="other.jsonl", tag="other")
    async for looked in resolving(runtime, first):
        first = looked
    assert first.state is SubmissionState.CONFLICT
    assert len(first.candidates) == 2
    assert second.state is SubmissionState.UNKNOWN


async def test_a_batch_on_a_later_page_of_the_list_is_found(simulator, runtime, lost, monkeypatch):
    monkeypatch.setattr(reconcile, "_PAGE", 2)
    unknown = await lost()
    for _ in range(7):
        simulator.batches.add(9)
    async for looked in resolving(runtime, unknown):
        unknown = looked
    assert (unknown.state, unknown.provisional) == (SubmissionState.CREATED, True)


async def test_what_another_process_finds_out_first_is_taken_from_it(simulator, runtime, lost):
    unknown = await lost()
    list_page = runtime.api.list_page

    async def overtaken(**options):
        page = await list_page(**options)
        found = submissions.find(runtime.store, unknown.submission_id)
        if options["limit"] > 1 and found.state is SubmissionState.UNKNOWN:
            conflict = msgspec.structs.replace(found, state=SubmissionState.CONFLICT)
            submissions.advance(runtime.store, conflict, expected=found.state, at=runtime.now())
        return page

    runtime.api.list_page = overtaken
    looks = [looked.state async for looked in resolving(runtime, unknown)]
    assert looks == [SubmissionState.CONFLICT]


async def test_a_conflict_whose_batches_are_gone_is_absent(simulator, runtime, lost):
    unknown = await lost(created=False)
    conflict = msgspec.structs.replace(unknown, state=SubmissionState.CONFLICT, candidates=("msgbatch_1",))
    submissions.advance(runtime.store, conflict, expected=unknown.state, at=runtime.now())
    states = [looked.state async for looked in resolving(runtime, conflict)]
    assert states == [SubmissionState.ABSENT]


async def test_results_that_are_ours_in_part_keep_their_batch(simulator, runtime, lost, given_results):
    unknown = await lost()
    async for looked in resolving(runtime, unknown):
        adopted = looked
    simulator.batches.finish(adopted.batch_id)
    whole = given_results(simulator, adopted.batch_id)
    file = results_path(runtime.store.locations.results, adopted.batch_id)
    facts = {"api": runtime.api, "store": runtime.store, "hint": runtime.hint, "now": runtime.now()}
    for damaged in (b"\x00" * 40 + whole[40:], whole[: whole.rindex(b"{", 0, -40)], b""):
        file.write_bytes(damaged)
        assert await settle_found(adopted, **facts) == adopted
    file.write_bytes(whole)
    proven = await settle_found(adopted, **facts)
    assert proven.is_certain
    file.write_bytes(whole.replace(b'"row-', b'"raw-'))
    assert await settle_found(proven, **facts) == proven


async def test_only_what_is_open_can_be_given_up(runtime, lost, requests_file):
    unknown = await lost(created=False)
    given_up = reconcile.abandon(unknown, store=runtime.store, now=runtime.now())
    assert given_up.state is SubmissionState.ABANDONED
    with pytest.raises(DraftError, match="there is nothing to give up"):
        reconcile.abandon(given_up, store=runtime.store, now=runtime.now())
    steps = await taken(runtime, SendOrder(requests=requests_file()))
    assert steps[-1].submission.state is SubmissionState.CREATED


async def test_nobody_is_taken_for_dead_while_somebody_sends(runtime, lost):
    unknown = await lost()
    sent = msgspec.structs.replace(unknown, state=SubmissionState.SENDING)
    submissions.advance(runtime.store, sent, expected=SubmissionState.UNKNOWN, at=runtime.now())
    lock = FileLock(runtime.store.locations.submit_lock)
    assert lock.try_acquire()
    assert reconcile.recover_interrupted(runtime.store, runtime.now()) == 0
    lock.release()
    assert reconcile.recover_interrupted(runtime.store, runtime.now()) == 1


async def test_an_answer_about_another_number_of_requests_leaves_the_outcome_open(
    simulator, runtime, requests_file
):
    create = runtime.api.create

    def odd(body, **options):
        batch, facts = create(body, **options)
        counts = msgspec.structs.replace(batch.request_counts, processing=7)
        return msgspec.structs.replace(batch, request_counts=counts), facts

    runtime.api.create = odd
    steps = await taken(runtime, SendOrder(requests=requests_file()))
    assert "a batch of 7 requests where 3 were sent" in steps[2].submission.error
    ended = steps[-1].submission
    assert (ended.state, ended.provisional) == (SubmissionState.CREATED, True)
    assert len(simulator.log.creates) == 1
