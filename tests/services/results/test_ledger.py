"""What succeeded but is not whole makes a batch amber, with the number."""

from __future__ import annotations

import json

from claude_batch_tui.cli.lookup import resolve_one, retrieve
from claude_batch_tui.domain.batches.batch import BatchState
from claude_batch_tui.services.results.ledger import accounts, flawed
from claude_batch_tui.simulator import Fault
from claude_batch_tui.store.results.index import ResultsIndex
from claude_batch_tui.wording.batches import outcome_counts
from downloading import download_all


async def test_a_batch_whose_answers_are_cut_off_is_not_good_once_its_results_are_here(simulator, runtime):
    batch = await retrieve(simulator.batches.add(3, age=3600, duration=60).id, runtime)
    assert batch.state(runtime.now()) is BatchState.ENDED_OK
    answers = [
        {"custom_id": custom_id, "result": {"type": "succeeded", "message": message}}
        for custom_id, message in zip(
            _ids(runtime, batch.id),
            (
                {"stop_reason": "max_tokens", "content": [{"type": "text", "text": "cut"}]},
                {"stop_reason": "end_turn", "content": []},
                {"stop_reason": "end_turn", "content": [{"type": "text", "text": "whole"}]},
            ),
            strict=True,
        )
    ]
    body = "".join(json.dumps(answer) + "\n" for answer in answers)
    simulator.faults.next(Fault(method="GET", path=r"/results$", status=200, body=body))
    async for _ in download_all(runtime, batch):
        pass
    after = await resolve_one(batch.id, runtime)
    assert after.flawed == {"truncated": 1, "empty": 1}
    assert after.state(runtime.now()) is BatchState.ENDED_FLAWED
    words = outcome_counts(after.batch.request_counts, after.flawed)
    assert words == "3 ok (1 truncated, 1 empty)"


def _ids(runtime, batch_id):
    with runtime.api.open_results(batch_id) as stream:
        data = b"".join(stream)
    return [json.loads(line)["custom_id"] for line in data.splitlines()]


def test_classes_that_are_whole_or_did_not_succeed_are_no_flaws():
    assert flawed({"complete": 5, "errored": 2, "expired": 1, "unparsed": 1}) == {}
    assert flawed({"complete": 5, "refused": 2, "paused": 1}) == {"refused": 2, "paused": 1}


def test_accounts_are_good_only_where_everything_came_back_once_and_whole():
    line = b'{"custom_id":"%b","result":{"type":"succeeded","message":{"stop_reason":"end_turn","content":[{"type":"text","text":"a"}]}}}\n'
    index = ResultsIndex()
    index.feed(line % b"a" + line % b"b")
    index.finish()
    assert accounts(index, ["a", "b"]).is_good
    assert accounts(index, None).is_good
    assert not accounts(index, ["a", "b", "c"]).is_good
    assert not accounts(index, ["a"]).is_good
