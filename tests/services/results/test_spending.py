"""What a batch cost, by its results."""

from __future__ import annotations

import msgspec
import pytest

from claude_batch_tui.cli.lookup import retrieve
from claude_batch_tui.domain.batches.tracked import DownloadState
from claude_batch_tui.domain.money.pricing import Usage, entry_cost
from claude_batch_tui.domain.money.spend import Bill
from claude_batch_tui.services.building.models import read_prices
from claude_batch_tui.services.results.costs import spend_of
from claude_batch_tui.services.submitting.spool import Outgoing, freeze
from claude_batch_tui.services.watching.story import story_of
from claude_batch_tui.store import batches, downloads, submissions
from claude_batch_tui.wording.costs import cost_of_batch, spent_words
from downloading import download_all, results_here
from sending import sending


async def downloaded(runtime, path, **known):
    (submission,) = freeze(Outgoing(path, **known), store=runtime.store, now=runtime.now())
    async for _ in sending(runtime, submission):
        pass
    sent = submissions.find(runtime.store, submission.submission_id)
    while not (tracked := await retrieve(sent.batch_id, runtime)).batch.has_ended:
        pass
    async for update in download_all(runtime, tracked):
        last = update
    assert last.state is DownloadState.COMPLETE
    return tracked


async def test_a_download_writes_down_what_the_batch_cost(runtime, requests_file):
    tracked = await downloaded(runtime, requests_file(20))
    results = results_here(runtime.store, tracked.id).read_bytes().splitlines()
    messages = [msgspec.json.decode(line)["result"]["message"] for line in results]
    by_hand = sum(
        entry_cost(msgspec.convert(message["usage"], Usage), message["model"], read_prices(runtime.config))
        for message in messages
    )
    known = batches.find(runtime.store.database, runtime.workspace.scope_id, tracked.id)
    assert known.cost_actual == pytest.approx(by_hand)
    spend = downloads.find_spend(runtime.store.database, runtime.workspace.scope_id, tracked.id)
    assert spend.usd == pytest.approx(by_hand)
    assert spend.output_tokens == sum(message["usage"]["output_tokens"] for message in messages)


async def test_a_batch_made_elsewhere_learns_its_model_from_its_answers(runtime, requests_file):
    tracked = await downloaded(runtime, requests_file(3))
    known = batches.find(runtime.store.database, runtime.workspace.scope_id, tracked.id)
    assert (tracked.model, known.model) == (None, "claude-haiku-4-5")


async def test_batches_of_the_same_source_teach_what_the_next_one_costs(runtime, requests_file):
    first = await downloaded(runtime, requests_file(3), model="claude-haiku-4-5", source="a.csv")
    await downloaded(runtime, requests_file(5, tag="b"), model="claude-haiku-4-5", source="b.csv")
    scope_id = runtime.workspace.scope_id

    def like(source):
        known = {"model": "claude-haiku-4-5", "source": source}
        return [
            succeeded
            for succeeded, _ in downloads.spends_like(runtime.store.database, scope_id, "other", **known)
        ]

    assert (like("a.csv"), like("c.csv")) == ([3], [5, 3])
    own = downloads.spends_like(
        runtime.store.database, scope_id, first.id, model="claude-haiku-4-5", source="a.csv"
    )
    assert [succeeded for succeeded, _ in own] == [5]  # a batch is not like itself


async def test_a_price_table_that_cannot_be_used_loses_no_download(runtime, requests_file):
    own = runtime.config.config_dir / "prices.toml"
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text("model = 5")
    tracked = await downloaded(runtime, requests_file(2))
    known = batches.find(runtime.store.database, runtime.workspace.scope_id, tracked.id)
    assert (known.results, known.cost_actual) == ("complete", None)


async def test_answers_without_a_price_leave_the_cost_of_the_batch_unknown(runtime, requests_file):
    own = runtime.config.config_dir / "prices.toml"
    own.parent.mkdir(parents=True, exist_ok=True)
    tracked = await downloaded(runtime, requests_file(2))
    path = results_here(runtime.store, tracked.id)
    prices = msgspec.structs.replace(read_prices(runtime.config), model=())
    spend = spend_of(path, prices)
    downloads.record_spend(
        runtime.store.database, runtime.workspace.scope_id, tracked.id, spend, runtime.now()
    )
    known = batches.find(runtime.store.database, runtime.workspace.scope_id, tracked.id)
    assert (spend.unpriced, known.cost_actual) == (2, None)


def test_lines_that_cannot_be_read_cost_nothing(tmp_path, runtime_prices):
    path = tmp_path / "r.jsonl"
    line = (
        b'{"custom_id":"a","result":{"type":"succeeded","message":{"model":"claude-opus-5",'
        b'"usage":{"output_tokens":200000}}}}\n'
    )
    path.write_bytes(b"{broken\n\n" + line + b'{"custom_id":"b","result":{"type":"expired"}}\n\xff\n')
    spend = spend_of(path, runtime_prices)
    assert (spend.succeeded, spend.usd) == (1, pytest.approx(2.5))


@pytest.fixture
def runtime_prices(runtime):
    return read_prices(runtime.config)


async def test_a_bill_made_up_before_advisors_counted_is_made_up_anew(runtime, requests_file):
    tracked = await downloaded(runtime, requests_file(2))
    database, scope_id = runtime.store.database, runtime.workspace.scope_id
    right = downloads.find_spend(database, scope_id, tracked.id)
    with database.change() as connection:
        connection.execute(
            "UPDATE spend SET facts = replace(facts, ',\"additional_tokens\":0', '') WHERE batch_id = ?",
            (tracked.id,),
        )
        connection.execute("UPDATE cost SET usd = 99 WHERE target_id = ? AND kind = 'actual'", (tracked.id,))
    assert downloads.find_spend(database, scope_id, tracked.id) is None
    known = batches.find(database, scope_id, tracked.id)
    story = story_of(
        known, store=runtime.store, workspace=runtime.workspace, config=runtime.config, now=runtime.now()
    )
    assert story.spend == right == downloads.find_spend(database, scope_id, tracked.id)
    known = batches.find(database, scope_id, tracked.id)
    assert known.cost_actual == pytest.approx(right.usd)
    assert cost_of_batch(known).endswith(f"; prices as of {right.as_of}")


def test_where_no_answer_has_a_price_the_cost_is_unknown_and_not_nothing():
    assert spent_words(Bill(0.0, 0.0, 0.0, 2)) == "cost unknown: 2 answers without a price"
    assert spent_words(Bill(1.5, 3.0, 1.5, 1)) == "cost $1.50 · $3.00 without batching · 1 without a price"
