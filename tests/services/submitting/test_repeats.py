"""What of a draft was sent before: request by request, whatever file, order, blanks and id it comes in."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claude_batch_tui.domain.batches.tracked import SubmissionState
from claude_batch_tui.errors import DraftError
from claude_batch_tui.services.submitting import digests, spool
from claude_batch_tui.services.submitting.order import Pilot, Rest, SendOrder
from claude_batch_tui.services.submitting.repeats import SAME_BODY_WINDOW, overlap
from claude_batch_tui.services.submitting.steps import Ended, Overlaps, Prepared, Sending
from claude_batch_tui.simulator import Fault
from claude_batch_tui.store import submissions
from sending import User, taken

CREATE = {"method": "POST", "path": r"/batches$"}


def params(number, **more):
    return {
        "model": "claude-haiku-4-5",
        "max_tokens": 50,
        "messages": [{"role": "user", "content": f"Say {number}"}],
        **more,
    }


@pytest.fixture
def written(tmp_path):
    """A function that writes requests, pairs of custom_id and params, into a file of that name, and gives an order."""

    def write(pairs, file="requests.jsonl", dumps=json.dumps, **options):
        path = tmp_path / file
        path.write_text("".join(dumps({"custom_id": one, "params": each}) + "\n" for one, each in pairs))
        return SendOrder(requests=path, source=str(path), **options)

    return write


def numbered(*numbers, tag="row"):
    return [(f"{tag}-{number}", params(number)) for number in numbers]


def turned(request):
    """The same request with its keys the other way round, and blanks between."""

    def turn(value):
        if isinstance(value, dict):
            return {key: turn(value[key]) for key in reversed(value)}
        return [turn(one) for one in value] if isinstance(value, list) else value

    return json.dumps(turn(request), separators=(" , ", " : "))


def rows_of(submission):
    return Path(submission.rows_path).read_text().split()


def lose(submission):
    Path(submission.body_path).unlink()


def counts(step):
    assert isinstance(step, Overlaps)
    return step.overlap.same_id, step.overlap.other_id, step.overlap.of


async def test_the_same_requests_in_another_order_with_other_blanks_in_another_file_are_asked_about(
    simulator, runtime, written
):
    await taken(runtime, written(numbered(*range(20))))
    user = User()
    order = written(numbered(*reversed(range(20))), "other.jsonl", turned)
    steps = await taken(runtime, order, user)
    assert [type(step) for step in steps] == [Prepared, Overlaps]
    assert counts(steps[-1]) == (20, 0, 20)
    assert user.questions == []
    assert len(simulator.log.creates) == 1
    assert len(list(runtime.store.locations.spool.glob("*.digests"))) == 1


@pytest.mark.parametrize(("tag", "same", "other"), [("row", 5, 0), ("line", 0, 5)])
async def test_a_part_of_what_was_sent_is_counted_by_the_same_and_by_another_id(
    runtime, written, tag, same, other
):
    await taken(runtime, written(numbered(*range(20))))
    steps = await taken(runtime, written(numbered(*range(15, 25), tag=tag), "later.jsonl"))
    assert counts(steps[-1]) == (same, other, 10)


async def test_other_params_are_no_overlap_and_numbers_are_compared_by_value(runtime, written):
    def asked(maximum):
        schema = {"type": "object", "properties": {"score": {"type": "number", "maximum": maximum}}}
        return [("a", params(1, tools=[{"name": "rate", "input_schema": schema}]))]

    await taken(runtime, written(asked(1)))
    assert isinstance((await taken(runtime, written(asked(0.5), "half.jsonl")))[-1], Ended)
    steps = await taken(runtime, written(asked(1.0), "one.jsonl"))
    assert counts(steps[-1]) == (1, 0, 1)


async def test_it_is_said_in_which_runs_they_were_sent_and_what_they_cost(runtime, written):
    first = (await taken(runtime, written(numbered(*range(10)), name="ten")))[-1].submission
    second = (await taken(runtime, written(numbered(*range(10, 14)), "b.jsonl", name="four")))[-1].submission
    steps = await taken(runtime, written(numbered(*range(5, 20)), "c.jsonl"))
    overlap = steps[-1].overlap
    assert [(one.run_id, one.title, one.requests) for one in overlap.runs] == [
        (first.run_id, "ten", 5),
        (second.run_id, "four", 4),
    ]
    assert overlap.runs[0].cost == pytest.approx(first.cost_at_most / 2)
    assert overlap.runs[1].cost == pytest.approx(second.cost_at_most)
    assert not overlap.runs[0].is_actual


async def test_only_the_others_are_sent_where_that_is_asked_for(simulator, runtime, written):
    await taken(runtime, written(numbered(*range(10))))
    user = User()
    order = written(numbered(*range(14)), "later.jsonl", new_only=True, name="weekly")
    steps = await taken(runtime, order, user)
    assert [type(step) for step in steps] == [Prepared, Overlaps, Prepared, Sending, Ended]
    assert steps[1].is_left_out
    assert (user.question.requests, user.question.report.draft.requests) == (4, 4)
    assert user.question.left_out == steps[1].overlap
    sent = steps[-1].submission
    assert (sent.kind, sent.name) == ("submit", "weekly")
    assert spool.sent_ids(sent) == {f"row-{number}" for number in range(10, 14)}
    names = {path.name.split(".")[0] for path in runtime.store.locations.spool.iterdir()}
    assert len(names) == len(simulator.log.creates) == 2
    with pytest.raises(
        DraftError, match="All 14 requests were sent before, last as weekly: nothing is left to send"
    ):
        await taken(runtime, order)


async def test_rows_of_the_others_are_those_of_the_others(runtime, written, tmp_path):
    await taken(runtime, written(numbered(1, 3)))
    rows = tmp_path / "r.jsonl"
    rows.write_text("".join(f'{{"custom_id":"row-{number}"}}\n' for number in range(5)))
    order = written(numbered(*range(5)), "five.jsonl", new_only=True, rows=rows)
    sent = (await taken(runtime, order))[-1].submission
    assert rows_of(sent) == [f'{{"custom_id":"row-{number}"}}' for number in (0, 2, 4)]


async def test_a_table_that_grows_joins_the_run_it_began_with(simulator, runtime, written):
    first = (await taken(runtime, written(numbered(*range(5)), name="weekly")))[-1].submission
    # Ids made from positions are others in every build: what was sent is known by what it says.
    order = written(numbered(*range(8), tag="week2"), "2.jsonl", part=Rest(first.run_id), new_only=True)
    steps = await taken(runtime, order)
    assert counts(steps[1]) == (0, 5, 8)
    second = steps[-1].submission
    assert (second.run_id, second.requests) == (first.run_id, 3)
    order = written(numbered(*range(9), tag="week3"), "3.jsonl", part=Rest(first.run_id), new_only=True)
    assert (await taken(runtime, order))[-1].submission.requests == 1
    assert len(simulator.log.creates) == 3


async def test_two_pilots_leave_a_rest_that_can_be_sent(simulator, runtime, written):
    order = written(numbered(*range(30)))
    one = (await taken(runtime, msgspec.structs.replace(order, part=Pilot(5, seed=1))))[-1].submission
    two = msgspec.structs.replace(order, part=Pilot(5, seed=2), new_only=True)
    two = (await taken(runtime, two))[-1].submission
    rest = msgspec.structs.replace(order, part=Rest(one.run_id))
    assert isinstance((await taken(runtime, rest))[-1], Overlaps)
    ended = (await taken(runtime, msgspec.structs.replace(rest, new_only=True)))[-1].submission
    sent = [spool.sent_ids(each) for each in (one, two, ended)]
    assert sum(map(len, sent)) == len(frozenset[str]().union(*sent)) == 30
    assert ended.run_id == one.run_id


async def test_samples_that_are_meant_are_no_overlap_of_one_another(runtime, written):
    samples = [(f"s{number}", params(1)) for number in range(6)]
    order = written(samples)
    pilot = (await taken(runtime, msgspec.structs.replace(order, part=Pilot(2))))[-1].submission
    rest = (await taken(runtime, msgspec.structs.replace(order, part=Rest(pilot.run_id))))[-1].submission
    assert rest.requests == 4
    # Three more of the same: those six were sent, these were not.
    more = written([*samples, *((f"s{number}", params(1)) for number in range(6, 9))], "more.jsonl")
    steps = await taken(runtime, more)
    assert counts(steps[-1]) == (6, 0, 9)


async def test_parts_of_one_draft_are_no_overlap_of_one_another(runtime, written, monkeypatch):
    monkeypatch.setattr(spool, "partition", lambda sizes: [range(2), range(2, len(sizes))])
    order = written([(f"s{number}", params(1)) for number in range(5)])
    assert len([step for step in await taken(runtime, order) if isinstance(step, Ended)]) == 2


async def test_parts_that_are_missing_are_compared_with_other_runs_too(
    simulator, runtime, written, monkeypatch
):
    await taken(runtime, written(numbered(4), "other.jsonl"))
    monkeypatch.setattr(spool, "partition", lambda sizes: [range(2), range(2, len(sizes))])
    order = written(numbered(*range(5)))
    simulator.faults.next(Fault(**CREATE, skip=1, status=402))
    await taken(runtime, msgspec.structs.replace(order, again=True))
    steps = await taken(runtime, order)
    assert counts(steps[-1]) == (1, 0, 3)
    monkeypatch.undo()
    ended = (await taken(runtime, msgspec.structs.replace(order, new_only=True)))[-1].submission
    assert spool.sent_ids(ended) == {"row-2", "row-3"}


@pytest.mark.slow
async def test_what_is_compared_is_all_of_thirty_days(runtime, written):
    long_ago = runtime.now()
    for number in range(25):
        await taken(runtime, written(numbered(number), f"{number}.jsonl"))
    steps = await taken(runtime, written(numbered(0), "again.jsonl", turned))
    assert counts(steps[-1]) == (1, 0, 1)
    runtime.now = lambda: long_ago + SAME_BODY_WINDOW * 2
    steps = await taken(runtime, written(numbered(0), "again.jsonl", turned))
    assert isinstance(steps[-1], Ended)


async def test_what_another_workspace_was_sent_is_no_overlap(runtime, written):
    sent = (await taken(runtime, written(numbered(*range(3)))))[-1].submission
    elsewhere = msgspec.structs.replace(sent, workspace_id="wrkspc_elsewhere")
    submissions.put(runtime.store, elsewhere)
    steps = await taken(runtime, written(numbered(*range(3)), "again.jsonl", turned))
    assert isinstance(steps[-1], Ended)


@pytest.mark.parametrize("damage", ["missing", "cut", "flipped", "empty"])
async def test_digests_that_are_lost_or_damaged_are_made_again_from_the_body(runtime, written, damage):
    sent = (await taken(runtime, written(numbered(*range(9)))))[-1].submission
    path = digests.digests_path(Path(sent.body_path))
    whole = path.read_bytes()
    match damage:
        case "missing":
            path.unlink()
            spool.places_path(Path(sent.body_path)).unlink()  # nothing but the body is needed
        case "cut":
            path.write_bytes(whole[:-9])
        case "flipped":
            path.write_bytes(whole[:20] + bytes([whole[20] ^ 1]) + whole[21:])
        case _:
            path.write_bytes(b"")
    steps = await taken(runtime, written(numbered(*range(9)), "again.jsonl", turned))
    assert counts(steps[-1]) == (9, 0, 9)
    assert path.read_bytes() == whole


async def test_a_body_that_is_gone_is_still_known_by_its_digests(runtime, written):
    sent = (await taken(runtime, written(numbered(*range(9)))))[-1].submission
    lose(sent)
    pairs = [*numbered(*range(4)), *numbered(5, 6, tag="other")]
    steps = await taken(runtime, written(pairs, "again.jsonl"))
    assert counts(steps[-1]) == (4, 2, 6)


async def test_equal_digests_of_other_requests_are_no_overlap(runtime, written, monkeypatch):
    digest = digests._digest
    monkeypatch.setattr(digests, "_digest", lambda data: b"the same" if data[:1] == b"{" else digest(data))
    await taken(runtime, written(numbered(*range(5))))
    steps = await taken(runtime, written(numbered(*range(5, 10)), "others.jsonl"))
    assert isinstance(steps[-1], Ended)
    steps = await taken(runtime, written(numbered(*range(3, 8)), "some.jsonl"))
    assert counts(steps[-1]) == (5, 0, 5)


@pytest.mark.parametrize("state", [SubmissionState.UNKNOWN, SubmissionState.ABSENT, SubmissionState.SENDING])
async def test_what_may_have_been_sent_is_counted_and_not_left_out_unasked(
    simulator, runtime, written, state
):
    sent = (await taken(runtime, written(numbered(*range(5)))))[-1].submission
    submissions.put(runtime.store, msgspec.structs.replace(sent, state=state, batch_id=None))
    order = written(numbered(*range(8)), "more.jsonl")
    steps = await taken(runtime, order)
    assert counts(steps[-1]) == (5, 0, 8)
    with pytest.raises(DraftError, match="not known yet whether 5 of these requests were sent"):
        await taken(runtime, msgspec.structs.replace(order, new_only=True))


async def test_what_somebody_else_sends_of_it_while_the_question_stands_is_not_paid_again(
    simulator, runtime, written
):
    order = written(numbered(*range(6)))

    async def hesitate(_):
        await taken(runtime, written(numbered(5, 4, 9), "others.jsonl"))
        return True

    with pytest.raises(DraftError, match="2 of these requests were sent meanwhile, as msgbatch_"):
        await taken(runtime, order, hesitate)
    assert len(simulator.log.creates) == 1


def reference(earlier, ours):
    """How many of `ours`, pairs of id and params, were sent: under the same id, and under another.

    `earlier` are pairs of run and such pairs. Each request that was sent stands for one of ours.
    """
    sent: dict[str, set[tuple[int, str]]] = {}
    for run, pairs in earlier:
        for custom_id, each in pairs:
            sent.setdefault(json.dumps(each, sort_keys=True), set()).add((run, custom_id))
    same = other = 0
    wanted: dict[str, list[str]] = {}
    for custom_id, each in ours:
        wanted.setdefault(json.dumps(each, sort_keys=True), []).append(custom_id)
    for key, ids in wanted.items():
        known = sent.get(key, set())
        equal = sum(any(one == custom_id for _, one in known) for custom_id in ids)
        same += equal
        other += min(len(ids) - equal, len(known) - equal)
    return same, other


PAIRS = st.dictionaries(st.sampled_from([f"id-{n}" for n in range(12)]), st.integers(0, 7), max_size=10)


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    files=st.lists(st.tuples(st.integers(0, 2), PAIRS, st.randoms(use_true_random=False)), max_size=5),
    ours=PAIRS.filter(bool),
    random=st.randoms(use_true_random=False),
)
async def test_what_the_question_counts_is_what_a_plain_reference_counts(
    runtime, tmp_path, files, ours, random
):
    runtime.store.database.rows("DELETE FROM submission")
    earlier = []
    made = []
    for run, pairs, order in [*files, (9, ours, random)]:
        requests = [
            (custom_id, params(number, metadata={"b": 1, "a": 2})) for custom_id, number in pairs.items()
        ]
        order.shuffle(requests)
        if not requests:
            continue
        dumps = turned if order.random() < 0.5 else json.dumps
        path = tmp_path / "some.jsonl"
        path.write_text("".join(dumps({"custom_id": one, "params": each}) + "\n" for one, each in requests))
        outgoing = spool.Outgoing(requests=path, rows=None, run_id=f"run_{run}")
        made += [(run, requests, spool.freeze(outgoing, store=runtime.store, now=runtime.now())[0])]
    for run, requests, submission in made[:-1]:
        submissions.put(runtime.store, msgspec.structs.replace(submission, state=SubmissionState.CREATED))
        earlier.append((run, requests))
    found = overlap([made[-1][2]], store=runtime.store, workspace=runtime.workspace, now=runtime.now())
    expected = reference(earlier, made[-1][1])
    assert (found.overlap.same_id, found.overlap.other_id) == expected if found else expected == (0, 0)
    if found:
        assert (
            sum(one.requests for one in found.overlap.runs) == sum(expected) == sum(map(len, found.offsets))
        )
    for *_, submission in made:
        spool.discard(submission)


def test_digests_are_sorted_one_a_request(tmp_path):
    lines = [json.dumps({"custom_id": one, "params": each}).encode() for one, each in numbered(*range(50))]
    writer = digests.DigestsWriter()
    at = 0
    for line in lines:
        writer.add(line, at)
        at += len(line)
    body = tmp_path / "sub_1.body.json"
    writer.write(body)
    known = digests.read(body, 50)
    assert len(known.digests) == 50
    assert np.all(known.digests[:-1] <= known.digests[1:])
    stored = digests.digests_path(body).read_bytes()
    assert stored[:400] == known.digests.tobytes()


@pytest.mark.slow
async def test_many_samples_of_one_request_are_compared_in_no_time_that_grows_with_their_square(
    runtime, written
):
    samples = [(f"s{number}", params(1)) for number in range(3000)]
    await taken(runtime, written(samples))
    steps = await taken(runtime, written([(f"t{number}", params(1)) for number in range(3500)], "more.jsonl"))
    assert counts(steps[-1]) == (0, 3000, 3500)


async def test_a_retry_stands_for_no_other_sample(runtime, written):
    samples = [(f"s{number}", params(1)) for number in range(3)]
    sent = (await taken(runtime, written(samples)))[-1].submission
    retry = msgspec.structs.replace(sent, submission_id=f"{sent.submission_id}r", kind="retry")
    submissions.put(runtime.store, retry)
    steps = await taken(runtime, written([*samples, ("s3", params(1))], "more.jsonl"))
    assert counts(steps[-1]) == (3, 0, 4)
