"""A batch that was found for a lost submission: proven, another's, or for a person to decide."""

from __future__ import annotations

import os
from datetime import timedelta

import msgspec
import pytest

from adopting import lose_the_next_create, request, requests, somebody_creates
from claude_batch_tui.cli.lookup import retrieve
from claude_batch_tui.domain.batches.tracked import SubmissionState
from claude_batch_tui.errors import ConfigError, DraftError, UnavailableError
from claude_batch_tui.services.submitting import reconcile
from claude_batch_tui.services.submitting.adoption import settle_found
from claude_batch_tui.services.submitting.order import Decision, Pilot, Rest, SendOrder
from claude_batch_tui.services.submitting.retry import Wanted, plan
from claude_batch_tui.services.submitting.spool import discard
from claude_batch_tui.services.submitting.steps import Ended, SentBefore
from claude_batch_tui.services.watching.labels import adopt
from claude_batch_tui.simulator import Fault
from claude_batch_tui.store import batches, submissions
from claude_batch_tui.store.locations import Locations
from claude_batch_tui.store.rebuild import rebuild
from claude_batch_tui.store.results.index import ResultsIndex
from claude_batch_tui.store.store import Store
from downloading import download_all
from sending import resolving, taken

ALL_ERRORED = {"max_tokens": 0}
TOOLS = {
    "tools": [{"name": "label", "description": "A label", "input_schema": {"type": "object"}}],
    "tool_choice": {"type": "tool", "name": "label"},
}
SEARCHES = {"tools": [{"type": "web_search_20250305", "name": "web_search"}]}
CACHED = {"system": [{"type": "text", "text": "Be brief. " * 3000, "cache_control": {"type": "ephemeral"}}]}


def written(path, made):
    path.write_text("".join(msgspec.json.encode(one).decode() + "\n" for one in made))
    return path


@pytest.fixture
def lost(simulator, runtime, tmp_path):
    """A function that submits requests whose create is lost; somebody else's batch appears meanwhile, if given."""

    async def submit(made, *, theirs=None, **order):
        create = runtime.api.create

        def interrupted(*arguments, **options):
            if theirs is not None:
                somebody_creates(simulator, theirs)
            lose_the_next_create(simulator, created=theirs is None)
            return create(*arguments, **options)

        runtime.api.create = interrupted
        try:
            steps = await taken(runtime, SendOrder(requests=written(tmp_path / "r.jsonl", made), **order))
        finally:
            runtime.api.create = create
        return steps[-1].submission

    return submit


async def settled(simulator, runtime, submission):
    simulator.batches.finish(submission.batch_id)
    return await settle_found(
        submission, api=runtime.api, store=runtime.store, hint=runtime.hint, now=runtime.now()
    )


def tracked(runtime, batch_id):
    return batches.find(runtime.store.database, runtime.known_workspace().scope_id, batch_id)


async def test_what_was_found_in_the_list_is_provisional_and_its_results_prove_it(simulator, runtime, lost):
    adopted = await lost(requests(9), name="mine")
    assert adopted.is_adopted
    assert tracked(runtime, adopted.batch_id).provisional
    proven = await settled(simulator, runtime, adopted)
    assert proven.is_certain
    assert not tracked(runtime, adopted.batch_id).provisional
    assert len(simulator.log.creates) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "params", [CACHED, TOOLS, {"stop_sequences": ["END"], "metadata": {"user_id": "me"}}]
)
async def test_input_tokens_count_with_those_of_caches(simulator, runtime, lost, params):
    adopted = await lost(requests(30, **params))
    assert (await settled(simulator, runtime, adopted)).is_certain


@pytest.mark.slow
@pytest.mark.parametrize(
    "theirs",
    [
        requests(9, tag="theirs"),
        [*requests(8), request("row-9", "Say 9")],
        requests(9, words="A colleague's other prompt about the same row, number {}"),
        requests(9, model="claude-sonnet-4-5"),
    ],
    ids=["other ids", "one other id", "other prompts", "another model"],
)
async def test_a_foreign_batch_of_the_same_size_is_let_go_once_its_results_differ(
    simulator, runtime, lost, theirs
):
    adopted = await lost(requests(9), theirs=theirs, name="mine")
    assert adopted.is_adopted
    released = await settled(simulator, runtime, adopted)
    assert (released.state, released.excluded) == (SubmissionState.UNKNOWN, (adopted.batch_id,))
    theirs_here = tracked(runtime, adopted.batch_id)
    assert (theirs_here.name, theirs_here.run_id, theirs_here.provisional) == (None, None, False)
    async for looked in resolving(runtime, released):
        released = looked
    assert released.state is SubmissionState.ABSENT
    assert len(simulator.log.creates) == 2  # ours that was lost, and theirs


async def test_a_download_of_a_foreign_batch_is_whole_and_lets_it_go(simulator, runtime, lost):
    adopted = await lost(requests(9), theirs=requests(9, tag="theirs"))
    simulator.batches.finish(adopted.batch_id)
    async for update in download_all(runtime, await retrieve(adopted.batch_id, runtime)):
        last = update
    assert (last.state.value, len(simulator.log.all("GET", "/results"))) == ("complete", 1)
    assert submissions.find(runtime.store, adopted.submission_id).state is SubmissionState.UNKNOWN


async def test_results_that_show_neither_leave_it_to_a_person(simulator, runtime, lost):
    adopted = await lost(requests(9), theirs=requests(9, **ALL_ERRORED))
    assert await settled(simulator, runtime, adopted) == adopted
    accepted = reconcile.accept(adopted, store=runtime.store, now=runtime.now())
    assert accepted.is_certain
    assert not tracked(runtime, adopted.batch_id).provisional


async def test_what_reads_more_than_was_sent_settles_nothing(simulator, runtime, lost):
    adopted = await lost(requests(9, **SEARCHES))
    assert await settled(simulator, runtime, adopted) == adopted


@pytest.mark.slow
async def test_a_count_that_cannot_be_had_settles_nothing(simulator, runtime, lost):
    adopted = await lost(requests(9))
    simulator.faults.always(Fault(method="POST", path=r"/count_tokens$", status=400))
    assert await settled(simulator, runtime, adopted) == adopted
    simulator.faults.clear()
    simulator.faults.next(Fault(method="POST", path=r"/count_tokens$", status=529, skip=3))
    with pytest.raises(UnavailableError):
        await settled(simulator, runtime, adopted)
    assert submissions.find(runtime.store, adopted.submission_id) == adopted
    assert (await settled(simulator, runtime, adopted)).is_certain


async def test_what_the_spool_has_lost_settles_nothing(simulator, runtime, lost):
    adopted = await lost(requests(9), theirs=requests(9, tag="theirs"))
    discard(adopted)
    assert await settled(simulator, runtime, adopted) == adopted


async def test_a_batch_from_after_the_last_sign_of_life_and_the_time_out_is_no_candidate(
    simulator, runtime, lost
):
    unknown = await lost(requests(3), theirs=requests(4))
    assert unknown.state is SubmissionState.ABSENT
    somebody_creates(simulator, requests(3))
    early = timedelta(hours=2)
    before = msgspec.structs.replace(
        unknown,
        server_date=unknown.server_date - early,
        sent_at=unknown.sent_at - early,
        alive_at=unknown.alive_at - early,
        watermark_id=None,
    )
    assert (await reconcile.find_candidates(before, api=runtime.api, store=runtime.store))[1] == []
    _, found = await reconcile.find_candidates(unknown, api=runtime.api, store=runtime.store)
    assert len(found) == 1


@pytest.mark.parametrize("minutes", [0, 30])
async def test_the_last_sign_of_life_of_a_killed_process_is_when_it_touched_the_body(
    simulator, runtime, lost, minutes
):
    unknown = await lost(requests(3), theirs=requests(4))
    sending = msgspec.structs.replace(unknown, state=SubmissionState.SENDING, alive_at=None, settled_at=None)
    submissions.advance(runtime.store, sending, expected=unknown.state, at=runtime.now())
    touched = sending.sent_at + timedelta(minutes=minutes)
    os.utime(sending.body_path, (touched.timestamp(),) * 2)
    assert reconcile.recover_interrupted(runtime.store, runtime.now() + timedelta(days=1)) == 1
    recovered = submissions.find(runtime.store, unknown.submission_id)
    assert abs(recovered.alive_at - touched) < timedelta(seconds=1)


async def test_a_batch_that_somebody_is_creating_right_now_is_not_taken_from_them(simulator, runtime, lost):
    unknown = await lost(requests(3), theirs=requests(4))
    theirs = msgspec.structs.replace(
        unknown, submission_id="sub_other", state=SubmissionState.SENDING, settled_at=None, alive_at=None
    )
    submissions.insert(runtime.store, theirs)
    somebody_creates(simulator, requests(3))
    looked = await reconcile.look(
        unknown, api=runtime.api, store=runtime.store, hint=runtime.hint, now=runtime.now()
    )
    assert (looked.state, len(looked.candidates)) == (SubmissionState.ABSENT, 1)


async def test_a_batch_that_was_adopted_as_made_elsewhere_is_no_candidate(simulator, runtime, lost):
    unknown = await lost(requests(3), theirs=requests(4))
    theirs = await retrieve(somebody_creates(simulator, requests(3)), runtime)
    workspace = runtime.known_workspace()
    adopt([theirs], name=None, store=runtime.store, workspace=workspace, now=runtime.now())
    async for looked in resolving(runtime, unknown):
        unknown = looked
    assert unknown.state is SubmissionState.ABSENT


async def test_the_adopt_verb_does_not_decide_about_a_batch_that_was_found(simulator, runtime, lost):
    adopted = await lost(requests(3))
    with pytest.raises(ConfigError, match="--accept"):
        adopt(
            [tracked(runtime, adopted.batch_id)],
            name=None,
            store=runtime.store,
            workspace=runtime.known_workspace(),
            now=runtime.now(),
        )


async def test_the_same_file_again_settles_it_and_pays_nothing(simulator, runtime, lost, tmp_path):
    adopted = await lost(requests(9))
    order = SendOrder(requests=tmp_path / "r.jsonl", resend_if_absent=True)
    simulator.batches.finish(adopted.batch_id)
    steps = await taken(runtime, order)
    assert [type(step) for step in steps[1:2]] == [SentBefore]
    assert steps[-1].submission.is_certain
    assert len(simulator.log.creates) == 1


async def test_the_same_file_again_while_it_runs_leaves_it_provisional(simulator, runtime, lost, tmp_path):
    simulator.batches.behaviour = msgspec.structs.replace(simulator.batches.behaviour, speed=1.0)
    adopted = await lost(requests(9))
    steps = await taken(runtime, SendOrder(requests=tmp_path / "r.jsonl", resend_if_absent=True))
    assert steps[-1] == Ended(adopted)
    assert len(simulator.log.creates) == 1


async def test_what_a_foreign_batch_was_taken_for_is_sent_again_when_asked_and_once(
    simulator, runtime, lost, tmp_path
):
    adopted = await lost(requests(9), theirs=requests(9, tag="theirs"))
    simulator.batches.finish(adopted.batch_id)
    order = SendOrder(requests=tmp_path / "r.jsonl", resend_if_absent=True)
    sent = (await taken(runtime, order))[-1].submission
    assert sent.is_certain
    assert sent.batch_id != adopted.batch_id
    assert len(simulator.log.creates) == 3
    assert (await taken(runtime, order))[-1] == SentBefore(sent)


@pytest.mark.parametrize("named", [True, False])
async def test_a_person_accepts_what_was_found(simulator, runtime, lost, tmp_path, named):
    adopted = await lost(requests(9), theirs=requests(9, **ALL_ERRORED))
    decision = Decision(is_its=True, batch_id=adopted.batch_id if named else None)
    steps = await taken(runtime, SendOrder(requests=tmp_path / "r.jsonl", decision=decision))
    assert (steps[-1].submission.is_certain, steps[-1].submission.batch_id) == (True, adopted.batch_id)


async def test_a_person_says_that_it_is_another_one(simulator, runtime, lost, tmp_path):
    adopted = await lost(requests(9), theirs=requests(9, tag="theirs"))
    other = somebody_creates(simulator, requests(9))
    decision = Decision(is_its=True, batch_id=other)
    steps = await taken(runtime, SendOrder(requests=tmp_path / "r.jsonl", decision=decision))
    assert (steps[-1].submission.is_certain, steps[-1].submission.batch_id) == (True, other)
    assert tracked(runtime, adopted.batch_id).run_id is None


async def test_a_person_rejects_what_was_found(simulator, runtime, lost, tmp_path):
    adopted = await lost(requests(9), theirs=requests(9, **ALL_ERRORED))
    order = SendOrder(requests=tmp_path / "r.jsonl", decision=Decision(is_its=False))
    rejected = (await taken(runtime, order))[-1].submission
    assert (rejected.state, rejected.excluded) == (SubmissionState.ABSENT, (adopted.batch_id,))
    assert len(simulator.log.creates) == 2


@pytest.mark.parametrize("how", [{}, {"again": True}, {"new_only": True}, {"resend_if_absent": True}])
async def test_a_decision_about_nothing_sends_nothing(simulator, runtime, requests_file, how):
    order = SendOrder(requests=requests_file(), decision=Decision(is_its=True), **how)
    with pytest.raises(DraftError, match="nothing to decide"):
        await taken(runtime, order)
    assert simulator.log.creates == []


@pytest.mark.parametrize("how", [{}, {"again": True}, {"new_only": True}, {"resend_if_absent": True}])
async def test_a_decision_about_what_was_sent_in_another_file_sends_nothing(
    simulator, runtime, lost, tmp_path, how
):
    await lost(requests(9))
    path = written(tmp_path / "more.jsonl", [*reversed(requests(9)), *requests(2, tag="new", words="New {}")])
    with pytest.raises(DraftError, match=r"nothing to decide|not known yet"):
        await taken(runtime, SendOrder(requests=path, decision=Decision(is_its=True), **how))
    assert len(simulator.log.creates) == 1
    assert len([*runtime.store.locations.spool.glob("*.body.json")]) == 1


async def test_what_may_be_in_a_batch_that_is_not_proven_is_no_rest_that_is_sent(
    simulator, runtime, lost, tmp_path
):
    await lost(requests(9))
    path = written(tmp_path / "more.jsonl", [*requests(9), *requests(2, tag="new", words="New {}")])
    with pytest.raises(DraftError, match=r"not known yet whether 9 of these"):
        await taken(runtime, SendOrder(requests=path, new_only=True))
    assert len(simulator.log.creates) == 1


async def test_what_was_certainly_not_sent_leaves_no_digests_and_no_mark(
    simulator, runtime, lost, requests_file
):
    adopted = await lost(requests(9))
    discard(adopted)
    assert [*runtime.store.locations.spool.glob(f"{adopted.submission_id}*")] == []


async def test_of_several_candidates_one_is_named(simulator, runtime, lost, tmp_path):
    conflict = await lost(requests(9), theirs=requests(9))
    assert conflict.is_adopted
    first = reconcile.let_go(conflict, "it is not", store=runtime.store, now=runtime.now())
    for _ in range(2):
        somebody_creates(simulator, requests(9))
    async for looked in resolving(runtime, first):
        first = looked
    assert (first.state, len(first.candidates)) == (SubmissionState.CONFLICT, 2)
    path = tmp_path / "r.jsonl"
    with pytest.raises(DraftError, match="name one of"):
        await taken(runtime, SendOrder(requests=path, decision=Decision(is_its=True)))
    not_that = Decision(is_its=False, batch_id=first.candidates[0])
    steps = await taken(runtime, SendOrder(requests=path, decision=not_that))
    assert (steps[-1].submission.is_adopted, steps[-1].submission.batch_id) == (True, first.candidates[1])


async def test_several_candidates_are_told_apart_by_their_results(simulator, runtime, lost, tmp_path):
    adopted = await lost(requests(9))
    conflict = msgspec.structs.replace(
        reconcile.let_go(adopted, "it is not", store=runtime.store, now=runtime.now()), excluded=()
    )
    submissions.advance(runtime.store, conflict, expected=conflict.state, at=runtime.now())
    for tag in ("theirs", "others"):
        somebody_creates(simulator, requests(9, tag=tag))
    async for looked in resolving(runtime, conflict):
        conflict = looked
    assert (conflict.state, len(conflict.candidates)) == (SubmissionState.CONFLICT, 3)
    simulator.batches.finish()
    steps = await taken(runtime, SendOrder(requests=tmp_path / "r.jsonl"))
    assert (steps[-1].submission.is_certain, steps[-1].submission.batch_id) == (True, adopted.batch_id)


async def test_nothing_is_sent_again_and_no_rest_is_sent_of_what_is_not_proven(
    simulator, runtime, lost, tmp_path
):
    adopted = await lost(requests(9), part=Pilot(5))
    wanted = Wanted(adopted.batch_id, ResultsIndex(), ())
    from claude_batch_tui.domain.results.failures import RetryRules

    with pytest.raises(DraftError, match="not proven"):
        plan([wanted], RetryRules(), store=runtime.store)
    with pytest.raises(DraftError, match="not known yet"):
        await taken(runtime, SendOrder(requests=tmp_path / "r.jsonl", part=Rest(adopted.run_id)))
    assert len(simulator.log.creates) == 1


async def test_a_rebuilt_store_knows_what_is_provisional_and_what_was_let_go(
    simulator, runtime, lost, tmp_path
):
    adopted = await lost(requests(9), name="mine")
    copy = Store(Locations(tmp_path / "copy"))
    (tmp_path / "copy" / "journal.jsonl").write_bytes(
        (runtime.store.locations.data / "journal.jsonl").read_bytes()
    )
    rebuild(copy, runtime.now())
    assert submissions.unsettled(copy) == (submissions.here(copy, adopted),)
    copy.close()
    released = reconcile.let_go(adopted, "it is not", store=runtime.store, now=runtime.now())
    again = Store(Locations(tmp_path / "again"))
    (tmp_path / "again" / "journal.jsonl").write_bytes(
        (runtime.store.locations.data / "journal.jsonl").read_bytes()
    )
    rebuild(again, runtime.now())
    assert submissions.unsettled(again) == (submissions.here(again, released),)
    batches.merge(again.database, 1, [(await retrieve(adopted.batch_id, runtime)).batch], seen=True)
    found = batches.find(again.database, 1, adopted.batch_id)
    assert (found.run_id, found.provisional) == (None, False)
    again.close()
