"""A prime: one request first, the others once it has ended."""

from __future__ import annotations

import json
from datetime import timedelta

import msgspec
import pytest

from claude_batch_tui.domain.batches.tracked import SubmissionState
from claude_batch_tui.errors import DraftError
from claude_batch_tui.services.building.requests_files import iter_request_lines
from claude_batch_tui.services.submitting.order import SendOrder
from claude_batch_tui.services.submitting.spool import sent_ids
from claude_batch_tui.services.submitting.steps import (
    Ended,
    LeftCold,
    PartlySent,
    Primed,
    Priming,
    SentBefore,
)
from claude_batch_tui.simulator import ALL_ANSWERED, Simulator
from claude_batch_tui.store import submissions
from sending import User, taken

SYSTEM = "You label tickets. " * 1_200


@pytest.fixture
def simulator():
    """Batches take minutes, unless the test ends one."""
    with Simulator(speed=1, seed=7, rates=ALL_ANSWERED) as running:
        yield running


@pytest.fixture
def shared_file(tmp_path):
    """A function that writes a requests file whose requests share a system prompt that is kept for an hour."""

    def write(count=5, ttl="1h", system=SYSTEM, name="shared.jsonl"):
        control = {"cache_control": {"type": "ephemeral", "ttl": ttl}} if ttl else {}
        path = tmp_path / name
        lines = []
        for number in range(count):
            params = {
                "model": "claude-haiku-4-5",
                "max_tokens": 20,
                "system": [{"type": "text", "text": system, **control}],
                "messages": [{"role": "user", "content": f"Ticket {number}"}],
            }
            lines.append(json.dumps({"custom_id": f"t{number}", "params": params}) + "\n")
        path.write_text("".join(lines))
        return path

    return write


@pytest.fixture
def passing(runtime, simulator):
    """A function that has the time of a sleep pass, and the prime end after so many of them; None for never."""
    start = runtime.now()

    def let(ends_after):
        async def sleep(seconds):
            runtime.slept.append(seconds)
            if len(runtime.slept) == ends_after:
                simulator.batches.finish(prime_of(runtime))

        runtime.sleep = sleep
        runtime.now = lambda: start + timedelta(seconds=sum(runtime.slept))

    return let


def prime_of(runtime):
    return next(one.batch_id for one in submissions.every(runtime.store) if one.kind == "prime")


def kinds(found):
    return [type(step) for step in found if isinstance(step, (Priming, Primed, Ended, LeftCold))]


async def test_one_request_goes_first_and_the_others_of_the_run_once_it_has_ended(
    simulator, runtime, shared_file, passing
):
    passing(ends_after=3)
    user = User()
    order = SendOrder(requests=shared_file(5), name="labels", prime=True)
    found = await taken(runtime, order, user)
    assert [kind for kind in kinds(found) if kind is not Priming] == [Ended, Primed, Ended]
    first, second = (step.submission for step in found if isinstance(step, Ended))
    assert (first.kind, first.requests, second.kind, second.requests) == ("prime", 1, "submit", 4)
    assert first.run_id == second.run_id
    assert [*sent_ids(first), *sorted(sent_ids(second))] == ["t0", "t1", "t2", "t3", "t4"]
    assert first.base_name == second.base_name == "labels"
    assert (user.question.requests, user.question.batches) == (5, 2)
    assert len(simulator.log.creates) == 2


@pytest.mark.slow
@pytest.mark.parametrize("agrees", [True, False])
async def test_a_prime_that_takes_too_long_is_asked_about_and_the_others_go_cold_or_stay(
    simulator, runtime, shared_file, passing, agrees
):
    passing(ends_after=None)
    asked = []

    async def send_cold(primed):
        asked.append(primed)
        return agrees

    order = SendOrder(requests=shared_file(5), prime=True)
    found = await taken(runtime, order, send_cold=send_cold)
    (primed,) = asked
    assert (primed.has_ended, primed.is_warm) == (False, False)
    assert 1_200 <= sum(runtime.slept) <= 1_220
    assert isinstance(found[-1], Ended if agrees else LeftCold)
    assert len(simulator.log.creates) == (2 if agrees else 1)
    assert agrees or found[-1].requests == 4
    bodies = [path.name for path in runtime.store.locations.spool.glob("*.body.json")]
    assert len(bodies) == (2 if agrees else 1)


@pytest.mark.slow
async def test_the_same_command_again_sends_only_the_others_after_the_prime_it_has(
    simulator, runtime, shared_file, passing
):
    passing(ends_after=None)
    file = shared_file(5)
    order = SendOrder(requests=file, prime=True)
    assert isinstance((await taken(runtime, order))[-1], LeftCold)
    simulator.batches.finish(prime_of(runtime))
    found = await taken(runtime, order)
    assert any(isinstance(step, PartlySent) for step in found)
    assert kinds(found) == [Primed, Ended]
    run = submissions.of_run(runtime.store, found[-1].submission.run_id)
    assert [one.kind for one in run] == ["prime", "submit"]
    assert sum(one.requests for one in run) == 5
    assert all(one.state is SubmissionState.CREATED for one in run)
    assert isinstance((await taken(runtime, order))[-1], SentBefore)
    assert len(simulator.log.creates) == 2


async def test_a_prime_without_an_answer_warms_nothing(simulator, runtime, shared_file, passing):
    simulator.decide("t0", "errored")
    passing(ends_after=1)
    found = await taken(runtime, SendOrder(requests=shared_file(3), prime=True))
    (primed,) = (step for step in found if isinstance(step, Primed))
    assert (primed.has_ended, primed.is_warm) == (True, False)
    assert isinstance(found[-1], LeftCold)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"ttl": "5m"}, "no cache_control with ttl 1h"),
        ({"ttl": None}, "no cache_control with ttl 1h"),
        ({"system": "Label."}, "shorter than what the model caches"),
        ({"count": 1}, "one alone"),
    ],
)
async def test_where_a_prime_is_of_no_use_it_is_refused_with_what_would_make_it_useful(
    simulator, runtime, shared_file, options, why
):
    user = User()
    with pytest.raises(DraftError, match=why):
        await taken(runtime, SendOrder(requests=shared_file(**options), prime=True), user)
    assert user.questions == []
    assert simulator.log.creates == []


async def test_a_prime_is_offered_where_half_the_hits_save_more_than_the_write(runtime, shared_file):
    offered = {}
    for count in (4, 5, 6, 7):
        user = User(agrees=False)
        await taken(runtime, SendOrder(requests=shared_file(count)), user)
        caching = user.question.report.forecast.caching
        offered[count] = caching.prime_pays
        # Half of the others at nine tenths of the input price each, against a write at twice that price.
        assert caching.saved_at_half / caching.write == pytest.approx((count - 1) * 0.9 / 2 / 2)
    assert offered == {4: False, 5: False, 6: True, 7: True}
    user = User(agrees=False)
    await taken(runtime, SendOrder(requests=shared_file(9, ttl="5m")), user)
    assert not user.question.report.forecast.caching.prime_pays


async def test_requests_that_were_sent_before_are_left_out_of_prime_and_others(
    simulator, runtime, shared_file, passing
):
    passing(ends_after=1)
    await taken(runtime, SendOrder(requests=shared_file(2, name="earlier.jsonl")))
    runtime.slept.clear()
    order = SendOrder(requests=shared_file(6), prime=True, new_only=True)
    found = await taken(runtime, order, send_cold=_yes)
    sent = [step.submission for step in found if isinstance(step, Ended)]
    assert [(one.kind, sorted(sent_ids(one))) for one in sent] == [
        ("prime", ["t2"]),
        ("submit", ["t3", "t4", "t5"]),
    ]
    lines = list(iter_request_lines(shared_file(6)))
    assert len(lines) == 6
    assert msgspec.json.decode(lines[2])["custom_id"] == "t2"


async def _yes(_):
    return True
