"""What of a file goes out as a part, and when it is not certain enough to say."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from claude_batch_tui.domain.batches.tracked import SubmissionState
from claude_batch_tui.errors import DraftError
from claude_batch_tui.services.submitting.order import Pilot, Rest, SendOrder
from claude_batch_tui.services.submitting.spool import places_path
from claude_batch_tui.simulator import Fault
from claude_batch_tui.store import submissions
from sending import taken

CREATE = {"method": "POST", "path": r"/batches$"}


def rows_and_ids(submission):
    places = places_path(Path(submission.body_path)).read_text()
    return Path(submission.rows_path).read_text(), [line.split("\t")[0] for line in places.splitlines()]


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ({"status": 402}, "This run has sent nothing yet: there is no rest"),
        ({"status": 500}, "It is not known yet whether a batch of run_"),
    ],
)
async def test_there_is_no_rest_of_a_pilot_that_was_not_created_for_certain(
    simulator, runtime, requests_file, fault, sentence
):
    order = SendOrder(requests=requests_file(9))
    simulator.faults.next(Fault(**CREATE, **fault))
    pilot = (await taken(runtime, msgspec.structs.replace(order, part=Pilot(4))))[-1].submission
    with pytest.raises(DraftError, match=sentence):
        await taken(runtime, msgspec.structs.replace(order, part=Rest(pilot.run_id)))
    assert len(simulator.log.creates) == 1


async def test_there_is_no_rest_of_a_pilot_whose_requests_are_lost(runtime, requests_file):
    order = SendOrder(requests=requests_file(9))
    pilot = (await taken(runtime, msgspec.structs.replace(order, part=Pilot(4))))[-1].submission
    places_path(Path(pilot.body_path)).unlink()
    with pytest.raises(DraftError, match="is no longer on this machine, so its requests cannot be left out"):
        await taken(runtime, msgspec.structs.replace(order, part=Rest(pilot.run_id)))


async def test_a_rest_leaves_out_only_what_was_sent_and_not_what_was_given_up(
    simulator, runtime, requests_file
):
    order = SendOrder(requests=requests_file(9))
    pilot = (await taken(runtime, msgspec.structs.replace(order, part=Pilot(4))))[-1].submission
    rest = msgspec.structs.replace(order, part=Rest(pilot.run_id))
    simulator.faults.next(Fault(**CREATE, status=500))
    absent = (await taken(runtime, rest))[-1].submission
    given_up = msgspec.structs.replace(absent, state=SubmissionState.ABANDONED)
    submissions.advance(runtime.store, given_up, expected=SubmissionState.ABSENT, at=runtime.now())
    ended = (await taken(runtime, rest))[-1].submission
    assert (ended.state, ended.requests, ended.run_id) == (SubmissionState.CREATED, 5, pilot.run_id)


async def test_rows_of_a_part_are_those_of_its_requests(runtime, requests_file, tmp_path):
    rows = tmp_path / "r.jsonl"
    rows.write_text("".join(f'{{"custom_id":"row-{number}"}}\n' for number in range(9)))
    order = SendOrder(requests=requests_file(9), rows=rows, part=Pilot(4, seed=3))
    pilot = (await taken(runtime, order))[-1].submission
    kept, sent = rows_and_ids(pilot)
    assert kept == "".join(f'{{"custom_id":"{one}"}}\n' for one in sent)
