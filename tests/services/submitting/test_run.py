"""The whole way of a submission, step by step, with neither face."""

from __future__ import annotations

import contextlib
import json
from contextlib import aclosing
from datetime import timedelta
from functools import partial
from pathlib import Path

import msgspec
import pytest

from claude_batch_tui.cli.lookup import retrieve
from claude_batch_tui.domain.batches.tracked import SubmissionState
from claude_batch_tui.domain.requests import limits as partition_module
from claude_batch_tui.domain.results.failures import RetryRules
from claude_batch_tui.errors import ApiError, DraftError, UnavailableError
from claude_batch_tui.services.building.requests_files import iter_request_lines
from claude_batch_tui.services.results.local_files import read_results
from claude_batch_tui.services.submitting import spool
from claude_batch_tui.services.submitting.order import Decision, Pilot, Rest, SendOrder
from claude_batch_tui.services.submitting.retry import Wanted, plan
from claude_batch_tui.services.submitting.spool import sent_ids
from claude_batch_tui.services.submitting.steps import (
    Declined,
    Ended,
    Looked,
    Looking,
    Overlaps,
    PartlySent,
    Prepared,
    Sending,
    SendingAgain,
    SentBefore,
    Waiting,
)
from claude_batch_tui.simulator import Fault
from claude_batch_tui.store import submissions
from claude_batch_tui.store.batches import record_cost
from claude_batch_tui.store.results.opening import open_indexed
from downloading import download_all
from sending import User, submitting, taken

CREATE = {"method": "POST", "path": r"/batches$"}


@pytest.fixture
def two_a_batch(monkeypatch):
    """Batches of at most two requests, so that six make three."""
    monkeypatch.setattr(spool, "partition", partial(partition_module.partition, max_requests=2))


def kinds(steps):
    return [type(step) for step in steps]


def spooled(runtime):
    """The names of all bodies in the spool, and of everything that is no part of them."""
    names = sorted(path.name for path in runtime.store.locations.spool.iterdir())
    bodies = [name for name in names if name.endswith(".body.json")]
    stems = tuple(name.removesuffix(".body.json") for name in bodies)
    return bodies, [name for name in names if not name.startswith(stems or (" ",))]


def bodies_of(steps):
    return sorted(f"{step.submission.submission_id}.body.json" for step in steps if isinstance(step, Ended))


def body_of(submission):
    return Path(submission.body_path).read_bytes()


def spoil(submission, before, after):
    Path(submission.body_path).write_bytes(body_of(submission).replace(before, after))


async def test_a_file_is_prepared_asked_about_sent_and_ended(simulator, runtime, requests_file):
    user = User()
    steps = await taken(runtime, SendOrder(requests=requests_file(5), name="mine"), user)
    assert kinds(steps) == [Prepared, Sending, Ended]
    ended = steps[-1].submission
    assert (ended.state, ended.kind, ended.name) == (SubmissionState.CREATED, "submit", "mine")
    assert (user.question.requests, user.question.batches) == (5, 1)
    assert user.question.body_bytes == len(body_of(ended))
    assert ended.cost_at_most == user.question.report.at_most.batch > 0
    assert spooled(runtime) == (bodies_of(steps), [])


async def test_a_no_sends_nothing_and_leaves_nothing(simulator, runtime, requests_file):
    steps = await taken(runtime, SendOrder(requests=requests_file()), User(agrees=False))
    assert kinds(steps) == [Prepared, Declined]
    assert spooled(runtime) == ([], [])
    assert simulator.log.creates == []
    assert submissions.unsettled(runtime.store) == ()


async def test_a_request_that_cannot_be_sent_is_said_with_its_place_before_anything_is_asked(
    runtime, requests_file
):
    file, user = requests_file(), User()
    with file.open("a") as more:
        more.write('{"custom_id":"a b","params":{}}\n')
    with pytest.raises(DraftError, match=r"requests\.jsonl:4: .* Nothing was sent; `cbtui check "):
        await taken(runtime, SendOrder(requests=file), user)
    assert user.questions == []
    assert spooled(runtime) == ([], [])


@pytest.mark.parametrize(
    ("settings", "in_flight", "why"),
    [
        ({}, 0.0, None),
        ({"confirm_above": 0.0}, 0.0, "confirm_above"),
        ({"confirm_in_flight": 5.0}, 4.9, None),
        ({"confirm_in_flight": 5.0}, 5.0, "confirm_in_flight"),
    ],
)
async def test_above_a_limit_the_count_has_to_be_typed(
    simulator, runtime, requests_file, settings, in_flight, why
):
    running = simulator.batches.add(3, duration=36_000_000_000)
    tracked = await retrieve(running.id, runtime)
    record_cost(
        runtime.store.database, runtime.known_workspace().scope_id, tracked.id, "at_most", in_flight, None
    )
    user = User()
    config = msgspec.structs.replace(runtime.config, **settings)
    await taken(runtime, SendOrder(requests=requests_file()), user, config=config)
    assert user.question.in_flight == in_flight
    assert (user.question.why_typed is None) is (why is None)
    assert (why or "") in (user.question.why_typed or "")


async def test_a_price_that_nobody_knows_has_the_count_typed(runtime, requests_file):
    file, user = requests_file(), User(agrees=False)
    file.write_text(file.read_text().replace("claude-haiku-4-5", "claude-nobody-9"))
    await taken(runtime, SendOrder(requests=file), user)
    assert "not known what this costs" in user.question.why_typed


async def test_the_question_knows_the_apis_count_where_it_was_asked_for(simulator, runtime, requests_file):
    for wanted in (False, True):
        user = User(agrees=False)
        await taken(runtime, SendOrder(requests=requests_file(), counts_input=wanted), user)
        assert (user.question.report.forecast.counted is not None) is wanted
    simulator.faults.always(Fault(method="POST", path="count_tokens", status=500))
    await taken(runtime, SendOrder(requests=requests_file(), counts_input=True), user := User())
    assert user.question.report.forecast.counted is None


async def test_the_same_bytes_are_sent_once_and_again_only_when_it_is_said(simulator, runtime, requests_file):
    order, user = SendOrder(requests=requests_file()), User()
    first = (await taken(runtime, order))[-1].submission
    steps = await taken(runtime, order, user)
    assert kinds(steps) == [Prepared, SentBefore]
    assert (steps[-1].earlier, steps[-1].is_open) == (first, False)
    assert user.questions == []
    assert spooled(runtime) == ([f"{first.submission_id}.body.json"], [])
    again = await taken(runtime, msgspec.structs.replace(order, again=True))
    assert kinds(again) == [Prepared, Sending, Ended]
    assert len(simulator.log.creates) == 2


async def test_some_of_the_same_requests_in_another_run_stop_it_before_it_is_asked(
    simulator, runtime, requests_file
):
    order, user = SendOrder(requests=requests_file(6), source="rows.csv"), User()
    pilot = (await taken(runtime, msgspec.structs.replace(order, part=Pilot(2))))[-1].submission
    steps = await taken(runtime, order, user)
    assert kinds(steps) == [Prepared, Overlaps]
    assert (steps[-1].overlap.requests, steps[-1].overlap.runs[0].run_id) == (2, pilot.run_id)
    assert user.questions == []
    assert spooled(runtime) == ([f"{pilot.submission_id}.body.json"], [])


async def test_a_pilot_is_asked_about_at_its_own_cost_and_held_against_the_limits_at_that(
    simulator, runtime, tmp_path
):
    # One request is a hundred times as dear as the other nine together.
    file = tmp_path / "uneven.jsonl"
    lines = []
    for number in range(10):
        params = {
            "model": "claude-opus-5",
            "max_tokens": 16_000 if number == 0 else 16,
            "messages": [{"role": "user", "content": f"Say {number}"}],
        }
        lines.append(json.dumps({"custom_id": f"r{number}", "params": params}) + "\n")
    file.write_text("".join(lines))
    whole, user = User(agrees=False), User()
    await taken(runtime, SendOrder(requests=file), whole)
    limit = whole.question.report.at_most.batch / 100
    config = msgspec.structs.replace(runtime.config, confirm_above=limit)
    for seed in range(20):
        order = SendOrder(requests=file, name="u", part=Pilot(2, seed))
        await taken(runtime, order, user := User(agrees=False), config=config)
        question = user.question
        (prepared,) = question.missing
        assert (question.requests, prepared.name, prepared.kind) == (2, "u pilot", "pilot")
        assert question.report.draft.requests == 2
        assert prepared.cost_at_most == question.report.at_most.batch
        has_the_dear_one = question.report.at_most.output_tokens > 16_000
        assert (question.why_typed is not None) is has_the_dear_one
        assert (prepared.cost_at_most > limit) is has_the_dear_one
    assert spooled(runtime) == ([], [])


async def test_a_rest_is_what_the_pilot_has_not_sent_in_the_same_run(simulator, runtime, requests_file):
    order = SendOrder(requests=requests_file(9), name="n", source="rows.csv")
    pilot = (await taken(runtime, msgspec.structs.replace(order, part=Pilot(4))))[-1].submission
    user = User()
    rest = (await taken(runtime, msgspec.structs.replace(order, part=Rest(pilot.run_id)), user))[
        -1
    ].submission
    assert (rest.run_id, rest.kind, rest.name) == (pilot.run_id, "rest", "n rest")
    assert sent_ids(pilot) | sent_ids(rest) == {f"row-{number}" for number in range(9)}
    assert not sent_ids(pilot) & sent_ids(rest)
    prepared = user.question.prepared
    assert (prepared.requests, prepared.of, prepared.changed, user.question.requests) == (5, 9, 0, 5)
    with pytest.raises(DraftError, match="All 9 requests"):
        await taken(runtime, msgspec.structs.replace(order, part=Rest(pilot.run_id)))


async def test_requests_that_changed_since_the_pilot_are_counted_before_the_rest_is_asked_about(
    runtime, requests_file
):
    file = requests_file(9)
    order = SendOrder(requests=file, source="rows.csv")
    pilot = (await taken(runtime, msgspec.structs.replace(order, part=Pilot(4))))[-1].submission
    file.write_text(file.read_text().replace('"max_tokens":50', '"max_tokens":51'))
    user = User(agrees=False)
    steps = await taken(runtime, msgspec.structs.replace(order, part=Rest(pilot.run_id)), user)
    assert steps[0].changed == user.question.prepared.changed == 4
    file.write_text(file.read_text().replace('"max_tokens":51', '"max_tokens" : 50'))
    steps = await taken(runtime, msgspec.structs.replace(order, part=Rest(pilot.run_id)), User(agrees=False))
    assert steps[0].changed == 0  # other blanks are no change


async def test_what_one_batch_cannot_take_is_several_of_one_run(
    simulator, runtime, requests_file, two_a_batch
):
    user = User()
    steps = await taken(runtime, SendOrder(requests=requests_file(6), name="big"), user)
    ends = [step for step in steps if isinstance(step, Ended)]
    assert [(end.number, end.of, end.is_last) for end in ends] == [(1, 3, False), (2, 3, False), (3, 3, True)]
    assert [end.submission.name for end in ends] == ["big 1/3", "big 2/3", "big 3/3"]
    assert len({end.submission.run_id for end in ends}) == 1
    assert (user.question.requests, user.question.batches) == (6, 3)
    assert spooled(runtime) == (bodies_of(steps), [])


@pytest.mark.parametrize("number", [1, 2, 3])
async def test_a_refused_part_ends_it_and_leaves_only_what_was_created(
    simulator, runtime, requests_file, two_a_batch, number
):
    order = SendOrder(requests=requests_file(6))
    simulator.faults.next(Fault(**CREATE, skip=number - 1, status=402))
    steps = await taken(runtime, order)
    assert (steps[-1].number, steps[-1].submission.state) == (number, SubmissionState.REFUSED)
    assert len(spooled(runtime)[0]) == number - 1
    user = User()
    steps = await taken(runtime, order, user)
    if number > 1:
        assert steps[1] == PartlySent(number - 1, 3, steps[-1].submission.run_id)
    assert (user.question.batches, user.question.requests) == (4 - number, 2 * (4 - number))
    assert len(simulator.batches.all()) == 3
    assert len(simulator.log.creates) == 4


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("path", ["list", "create"])
async def test_a_part_that_is_out_of_reach_leaves_only_what_was_created(
    simulator, runtime, requests_file, two_a_batch, number, path
):
    calls = {"list": runtime.api.list_page, "create": runtime.api.create}[path]
    made = []

    def unreachable(*arguments, **options):
        made.append(1)
        if len(made) >= number:
            raise UnavailableError("Cannot reach the API.", sent=False)
        return calls(*arguments, **options)

    setattr(runtime.api, {"list": "list_page", "create": "create"}[path], unreachable)
    with pytest.raises(UnavailableError):
        await taken(runtime, SendOrder(requests=requests_file(6)))
    assert len(spooled(runtime)[0]) == len(simulator.batches.all()) == number - 1
    assert spooled(runtime)[1] == []


async def test_a_lost_answer_is_looked_for_and_the_parts_after_it_are_sent(
    simulator, runtime, requests_file, two_a_batch
):
    simulator.faults.next(Fault(**CREATE, skip=1, status=500, after_work=True))
    steps = await taken(runtime, SendOrder(requests=requests_file(6)))
    assert kinds(steps) == [Prepared, Sending, Ended, Sending, Looking, Looked, Ended, Sending, Ended]
    assert steps[6].submission.provisional
    assert {end.submission.state for end in steps if isinstance(end, Ended)} == {SubmissionState.CREATED}
    assert len(simulator.log.creates) == 3


async def test_a_lost_create_ends_absent_and_what_comes_after_it_is_not_sent(
    simulator, runtime, requests_file, two_a_batch
):
    simulator.faults.next(Fault(**CREATE, skip=1, status=500))
    steps = await taken(runtime, SendOrder(requests=requests_file(6)))
    absent = steps[-1]
    assert (absent.number, absent.of, absent.submission.state) == (2, 3, SubmissionState.ABSENT)
    assert spooled(runtime) == (bodies_of(steps), [])
    assert sum(runtime.slept) >= 180


async def test_a_lost_create_is_sent_once_more_where_the_user_has_said_so_beforehand(
    simulator, runtime, requests_file, two_a_batch
):
    simulator.faults.next(Fault(**CREATE, skip=1, status=500))
    steps = await taken(runtime, SendOrder(requests=requests_file(4), resend_if_absent=True))
    assert kinds(steps)[3:] == [Sending, Looking, Looked, SendingAgain, Sending, Ended]
    assert (steps[-1].number, steps[-1].submission.state) == (2, SubmissionState.CREATED)
    assert len(simulator.log.creates) == 3


@pytest.mark.slow
async def test_a_create_that_is_lost_twice_is_not_sent_a_third_time(simulator, runtime, requests_file):
    simulator.faults.next(Fault(**CREATE, times=9, status=500))
    steps = await taken(runtime, SendOrder(requests=requests_file(), resend_if_absent=True))
    assert steps[-1].submission.state is SubmissionState.ABSENT
    assert len(simulator.log.creates) == 2


async def test_the_same_command_looks_for_what_was_lost_before_it_pays(simulator, runtime, requests_file):
    order, user = SendOrder(requests=requests_file()), User()
    simulator.faults.next(Fault(**CREATE, status=500, after_work=True))
    simulator.faults.next(Fault(method="GET", path=r"/batches$", skip=1, times=9, status=500))
    with pytest.raises(ApiError):
        await taken(runtime, order)
    simulator.faults.clear()
    steps = await taken(runtime, order, user)
    assert kinds(steps) == [Prepared, SentBefore, Looked, Ended]
    assert (steps[1].is_open, steps[-1].submission.state) == (True, SubmissionState.CREATED)
    assert user.questions == []
    assert spooled(runtime) == (bodies_of(steps), [])
    assert len(simulator.log.creates) == 1


@pytest.mark.slow
async def test_the_same_command_sends_what_was_lost_once_more_and_then_the_others_of_its_run(
    simulator, runtime, requests_file, two_a_batch
):
    order, user = SendOrder(requests=requests_file(6), resend_if_absent=True), User()
    simulator.faults.next(Fault(**CREATE, status=500))
    simulator.faults.next(Fault(method="GET", path=r"/batches$", skip=1, times=9, status=500))
    with pytest.raises(ApiError):
        await taken(runtime, order)
    simulator.faults.clear()
    steps = await taken(runtime, order, user)
    assert [end.submission.state for end in steps if isinstance(end, Ended)] == [SubmissionState.CREATED] * 3
    assert [end.is_last for end in steps if isinstance(end, Ended)] == [False, False, True]
    assert len({end.submission.run_id for end in steps if isinstance(end, Ended)}) == 1
    assert len(simulator.batches.all()) == 3
    assert spooled(runtime)[1] == []


@pytest.fixture
async def first_lost(simulator, runtime, requests_file, two_a_batch):
    """The order of a run of three batches, of which the first was made, its answer was lost, and no other was sent."""
    order = SendOrder(requests=requests_file(6))
    simulator.faults.next(Fault(**CREATE, status=500, after_work=True))
    simulator.faults.next(Fault(method="GET", path=r"/batches$", skip=1, times=9, status=500))
    with pytest.raises(ApiError):
        await taken(runtime, order)
    simulator.faults.clear()
    return order


async def test_where_what_was_lost_is_found_but_not_proven_the_others_of_its_run_are_sent_all_the_same(
    simulator, runtime, first_lost
):
    user = User()
    steps = await taken(runtime, first_lost, user)
    ends = [step.submission for step in steps if isinstance(step, Ended)]
    assert [one.state for one in ends] == [SubmissionState.CREATED] * 3
    assert [one.is_certain for one in ends] == [False, True, True]
    assert (user.question.requests, len({one.run_id for one in ends})) == (4, 1)
    assert len(simulator.batches.all()) == 3
    assert spooled(runtime) == (bodies_of(steps), [])
    assert (
        kinds(await taken(runtime, first_lost))[-1] is Ended
    )  # it is looked for again, and nothing else is paid
    assert len(simulator.log.creates) == 3


@pytest.mark.slow
@pytest.mark.parametrize("created", [True, False], ids=["created", "absent"])
async def test_what_is_new_goes_on_with_its_others_once_the_lost_one_of_them_is_found_or_sent_again(
    simulator, runtime, requests_file, two_a_batch, created
):
    await taken(runtime, SendOrder(requests=requests_file(2)))
    order = SendOrder(requests=requests_file(6), new_only=True, resend_if_absent=True)
    simulator.faults.next(Fault(**CREATE, status=500, after_work=created))
    simulator.faults.next(Fault(method="GET", path=r"/batches$", skip=1, times=9, status=500))
    with pytest.raises(ApiError):
        await taken(runtime, order)
    simulator.faults.clear()
    for _ in range(2):
        with contextlib.suppress(DraftError):  # once all is there
            await taken(runtime, order)
    assert [len(one) for one in simulator.batches.all()] == [2, 2, 2]
    since = runtime.now() - timedelta(days=1)
    sent = [sent_ids(one) for one in submissions.sent_since(runtime.store, since, None)]
    assert sum(map(len, sent)) == len(set().union(*sent)) == 6


async def test_a_decision_about_one_batch_of_a_run_pays_for_no_other(simulator, runtime, first_lost):
    user, accepted = User(), Decision(is_its=True, batch_id=simulator.batches.all()[0].id)
    steps = await taken(runtime, msgspec.structs.replace(first_lost, decision=accepted), user)
    assert steps[-1].submission.is_certain
    assert (steps[-1].is_last, user.questions, len(simulator.batches.all())) == (False, [], 1)
    await taken(runtime, first_lost, user)
    assert (user.question.requests, len(simulator.batches.all())) == (4, 3)


async def test_what_the_user_decides_while_it_is_looked_for_ends_the_looking(
    simulator, runtime, requests_file
):
    simulator.faults.next(Fault(**CREATE, status=500))

    async def decide(_):
        (unknown,) = submissions.unsettled(runtime.store)
        given_up = msgspec.structs.replace(unknown, state=SubmissionState.ABANDONED)
        submissions.advance(runtime.store, given_up, expected=unknown.state, at=runtime.now())

    steps = await taken(runtime, SendOrder(requests=requests_file()), sleep=decide)
    assert (steps[-1].submission.state, steps[-1].submission.looks) == (SubmissionState.ABANDONED, 1)


async def test_what_somebody_else_sends_while_the_question_stands_is_not_paid_again(
    simulator, runtime, requests_file, two_a_batch
):
    order = SendOrder(requests=requests_file(4))

    async def hesitate(_):
        await taken(runtime, order)
        return True

    with pytest.raises(DraftError, match="were sent meanwhile, as msgbatch_"):
        await taken(runtime, order, hesitate)
    assert len(simulator.log.creates) == len(spooled(runtime)[0]) == 2


@pytest.fixture
async def failed(simulator, runtime, requests_file):
    """The submission of an ended batch of five of which two failed, and a function that plans its retry."""
    for custom_id, fate in (("row-1", "errored"), ("row-3", "expired")):
        simulator.decide(custom_id, fate)
    order = SendOrder(requests=requests_file(5), name="labels", source="rows.csv", betas=("b-1",))
    sent = (await taken(runtime, order))[-1].submission
    simulator.batches.finish(sent.batch_id)
    tracked = await retrieve(sent.batch_id, runtime)
    async for _ in download_all(runtime, tracked):
        pass

    def make(rules=None):
        with open_indexed(
            read_results(sent.batch_id, store=runtime.store, workspace=runtime.workspace)
        ) as opened:
            wanted = Wanted(sent.batch_id, opened.index, range(opened.index.count))
            return plan([wanted], rules or RetryRules(), store=runtime.store)

    return sent, make


async def test_a_retry_goes_the_same_way_in_the_run_of_what_failed(simulator, runtime, failed, requests_file):
    sent, make = failed
    user = User()
    steps = await taken(runtime, SendOrder(part=make()), user)
    assert kinds(steps) == [Prepared, Sending, Ended]
    again = steps[-1].submission
    assert (again.run_id, again.kind, again.name) == (sent.run_id, "retry", "labels retry")
    assert (again.source, again.betas, again.retry_of) == ("rows.csv", ("b-1",), (sent.submission_id,))
    lines = list(iter_request_lines(requests_file(5)))
    assert body_of(again) == b'{"requests":[' + lines[1] + b"," + lines[3] + b"]}"
    assert user.question.requests == user.question.report.draft.requests == 2
    assert spooled(runtime)[1] == []


@pytest.mark.slow
async def test_a_retry_of_several_batches_goes_on_with_the_others_once_the_lost_one_is_found(
    simulator, runtime, failed, monkeypatch
):
    _, make = failed
    monkeypatch.setattr(spool, "partition", partial(partition_module.partition, max_requests=1))
    simulator.faults.next(Fault(**CREATE, status=500, after_work=True))
    simulator.faults.next(Fault(method="GET", path=r"/batches$", skip=1, times=9, status=500))
    with pytest.raises(ApiError):
        await taken(runtime, SendOrder(part=make()))
    simulator.faults.clear()
    steps = await taken(runtime, SendOrder(part=make()))
    ends = [step.submission for step in steps if isinstance(step, Ended)]
    assert [one.is_certain for one in ends] == [False, True]
    assert [*map(sent_ids, ends)] == [{"row-1"}, {"row-3"}]
    assert len(simulator.log.creates) == len(simulator.batches.all()) == 3


async def test_a_retry_over_the_spend_limit_is_refused(simulator, runtime, failed):
    _, make = failed
    config = msgspec.structs.replace(runtime.config, spend_limit="0/month")
    with pytest.raises(DraftError, match=r"\$0\.00 a month \(spend_limit\)"):
        await taken(runtime, SendOrder(part=make()), config=config)
    assert len(simulator.log.creates) == 1


async def test_a_retry_that_somebody_else_was_quicker_with_is_not_sent(simulator, runtime, failed):
    _, make = failed
    made, every = make(), make(RetryRules(any_outcome=True))

    async def hesitate(_):
        await taken(runtime, SendOrder(part=made))
        return True

    with pytest.raises(DraftError, match="2 of these requests were sent again meanwhile"):
        await taken(runtime, SendOrder(part=every), hesitate)
    assert len(simulator.log.creates) == 2
    assert len(spooled(runtime)[0]) == 2


async def test_a_retry_is_refused_where_it_is_not_known_which_workspace_the_key_is_of(runtime, failed):
    _, make = failed
    with pytest.raises(DraftError, match="not known which workspace"):
        await taken(runtime, SendOrder(part=make()), workspace=None)


async def test_a_retry_that_can_no_longer_be_sent_says_how_to_have_its_requests(runtime, failed):
    sent, make = failed
    spoil(sent, b'"max_tokens":50', b'"max_tokens":-5')
    with pytest.raises(DraftError, match=r"2 of 2 requests cannot be sent .* `cbtui retry ID -o FILE`"):
        await taken(runtime, SendOrder(part=make()))


async def left_at(runtime, order, at, user=None):
    """Leave the loop at the step of that number; how many there were, and the step."""
    steps = submitting(runtime, order, confirm=user or User())
    async with aclosing(steps):
        number = 0
        async for step in steps:
            if number == at:
                return step
            number += 1
    return None


@pytest.mark.slow
async def test_leaving_at_any_step_leaves_no_body_of_what_was_not_sent(
    simulator, runtime, requests_file, two_a_batch
):
    at, left = 0, True
    while left:
        order = SendOrder(requests=requests_file(4, tag=f"t{at}"), source=f"s{at}")
        simulator.faults.next(Fault(**CREATE, status=429, headers={"retry-after": "1"}))
        left = await left_at(runtime, order, at)
        simulator.faults.clear()
        bodies = {name.removesuffix(".body.json") for name in spooled(runtime)[0]}
        known = {one.submission_id: one for one in _all(runtime)}
        assert bodies <= set(known)
        assert all(known[one].state is not SubmissionState.PREPARED for one in bodies)
        sent = {key for key, one in known.items() if one.state is not SubmissionState.PREPARED}
        assert sent == bodies
        # Whoever left during a POST does not know its end: it may have been created.
        open_ones = [one for one in sent if known[one].state is not SubmissionState.CREATED]
        assert 0 <= len(simulator.batches.all()) - len(sent) + len(open_ones) <= len(open_ones)
        at += 1
    assert at > 5


def _all(runtime):
    rows = runtime.store.database.rows("SELECT submission_id FROM submission")
    return [submissions.find(runtime.store, row[0]) for row in rows]


async def test_a_rate_limit_is_a_step_that_says_until_when(simulator, runtime, requests_file):
    simulator.faults.next(Fault(**CREATE, status=429, headers={"retry-after": "7"}))
    steps = await taken(runtime, SendOrder(requests=requests_file()))
    assert kinds(steps) == [Prepared, Sending, Waiting, Sending, Ended]
    assert steps[2].submission.state is SubmissionState.PREPARED
    assert runtime.slept == [7.0]
