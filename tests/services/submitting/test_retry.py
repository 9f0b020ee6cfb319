"""Which requests a retry takes, and when it takes none."""

from __future__ import annotations

from pathlib import Path

import pytest

from claude_batch_tui.cli.lookup import retrieve
from claude_batch_tui.domain.results.failures import RetryRules
from claude_batch_tui.errors import DraftError
from claude_batch_tui.services.results.local_files import read_results
from claude_batch_tui.services.submitting.order import SendOrder
from claude_batch_tui.services.submitting.retry import NothingToRetryError, Wanted, plan
from claude_batch_tui.services.submitting.spool import places_path
from claude_batch_tui.store.results.opening import open_indexed
from downloading import download_all
from sending import taken


@pytest.fixture
def failed(simulator, runtime, requests_file):
    """A function that sends a batch of three of which the second fails, and gives it with its results on this machine."""

    async def send(tag, betas=()):
        simulator.decide(f"{tag}-1", "errored")
        order = SendOrder(requests=requests_file(3, tag=tag), name=tag, source=tag, betas=betas)
        sent = (await taken(runtime, order))[-1].submission
        simulator.batches.finish(sent.batch_id)
        async for _ in download_all(runtime, await retrieve(sent.batch_id, runtime)):
            pass
        return sent

    return send


def planned(runtime, *sent, rules=None):
    opened = [
        open_indexed(read_results(one.batch_id, store=runtime.store, workspace=runtime.workspace))
        for one in sent
    ]
    try:
        wanted = [
            Wanted(one.batch_id, file.index, range(file.index.count))
            for one, file in zip(sent, opened, strict=True)
        ]
        return plan(wanted, rules or RetryRules(), store=runtime.store)
    finally:
        for file in opened:
            file.close()


async def test_batches_of_several_runs_are_retried_one_run_after_the_other(runtime, failed):
    first, second = await failed("a"), await failed("b")
    with pytest.raises(DraftError, match="belong to several runs"):
        planned(runtime, first, second)


async def test_no_entry_at_all_is_nothing_to_retry(runtime):
    with pytest.raises(NothingToRetryError, match=r"no entry was chosen"):
        plan([], RetryRules(), store=runtime.store)


async def test_what_was_retried_is_left_out_once_that_is_certain(simulator, runtime, failed):
    sent = await failed("a")
    made = planned(runtime, sent)
    assert made.parts[0].custom_ids == {"a-1"}
    retried = (await taken(runtime, SendOrder(part=made)))[-1].submission
    with pytest.raises(NothingToRetryError) as error:
        planned(runtime, sent)
    assert error.value.counts.retried == 1
    assert planned(runtime, sent, rules=RetryRules(again=True)).counts.chosen == 1
    places_path(Path(retried.body_path)).unlink()
    with pytest.raises(DraftError, match="it is not known what was retried already"):
        planned(runtime, sent)


def spoil(submission, kind):
    """Change or remove the body of what was sent."""
    body = Path(submission.body_path)
    whole = body.read_bytes()
    changed = {
        "short": whole[: len(whole) // 2],
        "other": whole.replace(b'"a-1"', b'"a-9"'),
        "broken": whole.replace(b'{"custom_id":"a-1"', b'!"custom_id"!"a-1"'),
    }
    if kind == "gone":
        body.unlink()
    else:
        body.write_bytes(changed[kind])


@pytest.mark.parametrize("kind", ["gone", "short", "other", "broken"])
async def test_a_body_that_is_not_what_was_sent_is_never_sent_again(simulator, runtime, failed, kind):
    sent = await failed("a")
    made = planned(runtime, sent)
    spoil(sent, kind)
    with pytest.raises(DraftError, match="are not on this machine, and the API does not give them back"):
        await taken(runtime, SendOrder(part=made))
    assert len(simulator.log.creates) == 1
    assert not list(runtime.store.locations.spool.glob("retry-*"))


async def test_an_entry_that_was_never_sent_is_not_retried(runtime, failed):
    sent = await failed("a")
    places = places_path(Path(sent.body_path))
    places.write_text(
        "".join(line for line in places.read_text().splitlines(keepends=True) if "a-1" not in line)
    )
    with pytest.raises(NothingToRetryError, match="1 belong to no request that was sent"):
        planned(runtime, sent)
