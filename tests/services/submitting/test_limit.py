"""The hard limit, on every way something is paid."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from claude_batch_tui.cli.lookup import retrieve
from claude_batch_tui.config import load
from claude_batch_tui.domain.batches.tracked import SubmissionState
from claude_batch_tui.domain.money.spend_limit import SpentAlready, over_spend_limit
from claude_batch_tui.errors import ConfigError, DraftError
from claude_batch_tui.services.submitting.limit import spent
from claude_batch_tui.services.submitting.order import Pilot, Rest, SendOrder
from claude_batch_tui.services.submitting.steps import Ended
from claude_batch_tui.simulator import Fault
from claude_batch_tui.store import batches
from downloading import download_all
from sending import User, taken


def limited(runtime, usd, period="day"):
    return msgspec.structs.replace(runtime.config, spend_limit=f"{usd:.12f}/{period}")


@pytest.fixture
def cost_of(runtime):
    """What a requests file costs at most."""

    async def ask(file):
        user = User(agrees=False)
        await taken(runtime, SendOrder(requests=file), user)
        return user.question.report.at_most.batch

    return ask


@pytest.mark.parametrize(
    ("at_most", "spent_usd", "refused"),
    [(4.0, 6.0, False), (4.01, 6.0, True), (None, 0.0, True), (0.0, 11.0, True)],
)
def test_what_is_over_the_limit_with_what_was_spent_is_refused(at_most, spent_usd, refused):
    why = over_spend_limit(at_most, SpentAlready(spent_usd, 3), period="day", limit=10.0)
    assert (why is not None) is refused
    if refused and at_most:
        assert "$10.00 a day (spend_limit)" in why
        assert "3 batches of unknown cost are not in it" in why


@pytest.mark.parametrize("period", ["day", "month"])
async def test_over_the_limit_nothing_is_asked_or_sent_and_nothing_stays(
    simulator, runtime, requests_file, cost_of, period
):
    file = requests_file(5)
    cost, user = await cost_of(file), User()
    with pytest.raises(DraftError, match=rf"your limit of .* a {period} \(spend_limit\)"):
        await taken(runtime, SendOrder(requests=file), user, config=limited(runtime, cost * 0.99, period))
    assert user.questions == []
    assert simulator.log.creates == []
    assert list(runtime.store.locations.spool.iterdir()) == []
    assert isinstance(
        (await taken(runtime, SendOrder(requests=file), config=limited(runtime, cost)))[-1], Ended
    )


async def test_a_pilot_and_its_rest_are_held_to_the_limit_together(
    simulator, runtime, requests_file, cost_of
):
    file = requests_file(10)
    config = limited(runtime, await cost_of(file) * 1.05)
    pilot = (await taken(runtime, SendOrder(requests=file, part=Pilot(3)), config=config))[-1].submission
    order = SendOrder(requests=file, part=Rest(pilot.run_id))
    rest = (await taken(runtime, order, config=config))[-1].submission
    assert rest.run_id == pilot.run_id
    with pytest.raises(DraftError, match="spend_limit"):
        await taken(runtime, SendOrder(requests=file, again=True), config=config)
    assert len(simulator.log.creates) == 2


async def test_what_others_spend_between_the_question_and_the_answer_counts(
    simulator, runtime, requests_file, cost_of
):
    mine, theirs = requests_file(5), requests_file(5, "theirs.jsonl", "other")
    config = limited(runtime, await cost_of(mine) * 1.5)

    async def slow(_question):
        await taken(runtime, SendOrder(requests=theirs))
        return True

    with pytest.raises(DraftError, match="spend_limit"):
        await taken(runtime, SendOrder(requests=mine), slow, config=config)
    assert len(simulator.log.creates) == 1


async def test_a_submission_whose_answer_was_lost_counts_as_spent(simulator, runtime, requests_file, cost_of):
    file = requests_file(5)
    cost = await cost_of(file)
    simulator.faults.next(Fault(method="POST", path=r"/batches$", status=500))
    ended = (await taken(runtime, SendOrder(requests=file)))[-1].submission
    assert ended.state is not SubmissionState.CREATED
    assert spent(runtime.store.database, "day", runtime.now()).usd == pytest.approx(cost)


async def test_results_replace_the_estimate_and_yesterday_is_no_part_of_today(
    simulator, runtime, requests_file, cost_of
):
    file = requests_file(5)
    cost = await cost_of(file)
    sent = (await taken(runtime, SendOrder(requests=file)))[-1].submission
    assert spent(runtime.store.database, "day", runtime.now()).usd == pytest.approx(cost)
    simulator.batches.finish(sent.batch_id)
    async for _ in download_all(runtime, await retrieve(sent.batch_id, runtime)):
        pass
    tracked = batches.find(runtime.store.database, runtime.known_workspace().scope_id, sent.batch_id)
    assert spent(runtime.store.database, "day", runtime.now()).usd == tracked.cost_actual < cost
    assert spent(runtime.store.database, "day", runtime.now() + timedelta(days=1)) == SpentAlready()


async def test_a_cost_that_nobody_knows_is_refused_under_a_limit(runtime, requests_file):
    file = requests_file()
    file.write_text(file.read_text().replace("claude-haiku-4-5", "claude-nobody-9"))
    with pytest.raises(DraftError, match="whose cost nobody knows"):
        await taken(runtime, SendOrder(requests=file), config=limited(runtime, 1000))


@pytest.mark.parametrize("text", ["20", "20/week", "x/day", "20/day, 30/day", "-1/day"])
def test_a_limit_that_is_none_is_refused_with_an_example(text):
    with pytest.raises(ConfigError, match="as 20/day, 200/month"):
        load({"spend_limit": text})
    assert load({"spend_limit": "$20/day, 200.50/month"})[0].spend_limits == {"day": 20.0, "month": 200.5}
