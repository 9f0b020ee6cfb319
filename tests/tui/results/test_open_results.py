"""What the Results screen has open, looked at without a screen."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import msgspec
import pytest

from claude_batch_tui.domain.batches.batch import Batch, RequestCounts
from claude_batch_tui.domain.batches.tracked import Download, DownloadState, ResultsState, SubmissionState
from claude_batch_tui.errors import SourceError
from claude_batch_tui.services.building.models import built_in_prices
from claude_batch_tui.services.filters.finding import find_all
from claude_batch_tui.services.submitting.spool import Outgoing, freeze
from claude_batch_tui.store import submissions
from claude_batch_tui.store.batches import merge
from claude_batch_tui.store.downloads import ResultsRecord, record_results
from claude_batch_tui.store.locations import Locations
from claude_batch_tui.store.results.file import ResultsFile, results_path
from claude_batch_tui.store.results.index import ResultsIndex
from claude_batch_tui.store.results.opening import open_indexed
from claude_batch_tui.store.store import Store
from claude_batch_tui.store.workspaces import remember
from claude_batch_tui.tui.results.open_results import Next, OpenResults, read_opened

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture
def engine(tmp_path):
    """An engine that polls nothing: a store that knows two batches, and the downloads that a test says are under way."""
    locations = Locations(tmp_path / "data")
    store = Store(locations)
    workspace = remember(store.database, "https://api", "ws", None, "hint", NOW)
    known = [batch(batch_id) for batch_id in ("b1", "b2")]
    merge(store.database, workspace.scope_id, known, seen=True, at=NOW)
    arrived = {}
    yield SimpleNamespace(store=store, workspace=workspace, arrived=arrived, growing=arrived.get)
    store.close()


def batch(batch_id):
    counts = RequestCounts(succeeded=3)
    later = NOW + timedelta(hours=24)
    return Batch(batch_id, "ended", counts, created_at=NOW, expires_at=later, ended_at=NOW)


def is_here(engine, batch_id, ending=""):
    """The results of a batch are on this machine, whole unless their name has an ending."""
    path = results_path(engine.store.locations.results, batch_id)
    path = path.with_name(path.name + ending)
    path.parent.mkdir(exist_ok=True)
    path.touch()
    record = ResultsRecord(ResultsState.COMPLETE, str(path), path.stat().st_size, 1, "")
    record_results(engine.store.database, engine.workspace.scope_id, batch_id, record, NOW)


def was_sent(engine, tmp_path, batch_id, *custom_ids):
    """A batch was made of these requests on this machine."""
    requests = tmp_path / "requests.jsonl"
    requests.write_text("".join(f'{{"custom_id":"{one}","params":{{}}}}\n' for one in custom_ids))
    (prepared,) = freeze(Outgoing(requests), store=engine.store, now=NOW)
    submissions.put(
        engine.store, msgspec.structs.replace(prepared, state=SubmissionState.CREATED, batch_id=batch_id)
    )


@pytest.fixture
def path(tmp_path):
    """A results file of three entries, the second of which errored."""
    file = tmp_path / "b1.jsonl"
    error = {"type": "errored", "error": {"error": {"type": "overloaded_error", "message": "Overloaded"}}}
    message = {"type": "succeeded", "message": {"content": [], "usage": {"input_tokens": 1}}}
    results = {"r1": message, "r2": error, "r3": message}
    file.write_text(
        "".join(json.dumps({"custom_id": key, "result": each}) + "\n" for key, each in results.items())
    )
    return file


def opened_on(path, engine, *batch_ids, run_id=None, growing=False):
    """Results of which a file is read."""
    opened = OpenResults("tickets", batch_ids, run_id=run_id)
    opened.take(open_indexed(path), built_in_prices(), engine.store, growing=growing)
    return opened


def download(state):
    return Download("b1", state, lines=2)


def test_a_key_says_what_it_lacks_until_a_whole_file_is_open(path, engine):
    opened = OpenResults()
    assert opened.why_not("save") == opened.why_not("copy") == "no results are open"
    assert opened.why_not("open") is None
    index = ResultsIndex()
    opened.take(ResultsFile(path, index), built_in_prices(), engine.store)
    assert opened.why_not("statistics") == "the file is still being read"
    assert opened.why_not("compare") == "the results are not whole yet"
    assert opened.why_not("save") is None
    opened.take(open_indexed(path), built_in_prices(), engine.store)
    assert opened.why_not("ledger") is None
    opened.close()


def test_only_whole_results_are_retried(path, engine):
    assert opened_on(path, engine, "b1", "b2", run_id="run").why_not("retry") is None
    assert "not all here yet" in opened_on(path, engine, "b1", growing=True).why_not("retry")
    assert "not all here yet" in OpenResults("tickets", ["b1"]).why_not("retry")
    assert opened_on(path, engine, "b1").why_not("retry") is None


def test_a_download_is_shown_as_it_arrives_and_then_read_whole(path, engine):
    opened = OpenResults("tickets", ["b1"])
    assert opened.follow(download(DownloadState.RUNNING), engine) is Next.NOTHING
    index = ResultsIndex()
    engine.arrived["b1"] = index, path
    assert opened.follow(download(DownloadState.RUNNING), engine) is Next.NOTHING
    with open_indexed(path) as whole:
        engine.arrived["b1"] = whole.index, path
        assert opened.follow(download(DownloadState.RUNNING), engine) is Next.TAKE_ARRIVED
        arrived = opened.open_arrived(engine)
        opened.take(arrived, built_in_prices(), engine.store, growing=True)
        assert opened.follow(download(DownloadState.RUNNING), engine) is Next.NOTHING
        assert opened.is_growing
        is_here(engine, "b1")
        assert opened.follow(download(DownloadState.COMPLETE), engine) is Next.READ_WHOLE
    assert opened.path == results_path(engine.store.locations.results, "b1")
    assert not opened.is_growing
    assert opened.follow(download(DownloadState.COMPLETE), engine) is Next.NOTHING
    opened.close()


def test_more_of_a_download_is_shown_when_there_is_more(path, engine):
    opened = opened_on(path, engine, "b1", growing=True)
    index = opened.file.results.index
    engine.arrived["b1"] = index, path
    assert opened.follow(download(DownloadState.RUNNING), engine) is Next.SHOW_MORE
    assert opened.follow(download(DownloadState.RUNNING), engine) is Next.NOTHING
    opened.close()


@pytest.mark.parametrize("state", [DownloadState.STOPPED, DownloadState.FAILED])
def test_what_arrived_of_a_download_that_ended_early_stays_open(path, engine, state):
    opened = opened_on(path, engine, "b1", growing=True)
    assert opened.follow(download(state), engine) is Next.SAY_STOPPED
    assert opened.file is not None
    assert opened.follow(download(DownloadState.STOPPED), engine) is Next.NOTHING
    opened.close()


def test_a_download_that_failed_at_once_is_said_and_its_file_may_have_got_its_own_name(tmp_path, engine):
    opened = OpenResults("tickets", ["b1"])
    assert opened.follow(download(DownloadState.FAILED), engine) is Next.SAY_FAILED
    engine.arrived["b1"] = ResultsIndex(), tmp_path / "gone.part"
    assert opened.open_arrived(engine) is None


def test_a_run_waits_for_each_of_its_batches_and_says_why_one_does_not_come(path, engine):
    opened = OpenResults("evals", ["b1", "b2"], run_id="run")
    is_here(engine, "b1")
    is_here(engine, "b2", ".incomplete")
    assert opened.missing(engine) == ["b2"]
    assert opened.waits_for(engine, {}) == "The results of 1 of 2 batches of evals are here …"
    failed = Download("b2", DownloadState.FAILED, error="No room on the disk.")
    assert opened.waits_for(engine, {"b2": failed}) == "No room on the disk."
    is_here(engine, "b2")
    assert opened.waits_for(engine, {}) is None


def test_a_file_is_given_at_once_and_at_last_as_checked(path, engine):
    opened = OpenResults("b1.jsonl")
    opened.path = path
    steps = list(read_opened(opened, engine, lambda: False))
    assert steps[0].results is steps[-1].results
    assert [step.is_checked for step in steps][-2:] == [False, True]
    assert steps[-1].results.index.complete
    steps[-1].results.close()


def test_reading_that_was_stopped_gives_no_further_step(path, engine):
    opened = OpenResults("b1.jsonl")
    opened.path = path
    assert list(read_opened(opened, engine, lambda: True)) == []
    opened.path = path.with_name("none.jsonl")
    with pytest.raises(SourceError, match="There is no file"):
        list(read_opened(opened, engine, lambda: False))


def test_another_file_takes_the_place_of_the_one_before_and_its_reader_reads_no_more(path, engine, tmp_path):
    was_sent(engine, tmp_path, "b2", "r1")
    opened = opened_on(path, engine, "b1", "b2", run_id="run")
    before = opened.file
    assert before.reader.read(0).custom_id == "r1"
    assert json.loads(before.reader.request("r1", None))["custom_id"] == "r1"
    opened.take(open_indexed(path), built_in_prices(), engine.store)
    assert before.reader.read(0) is None
    assert not opened.reads(before.results)
    assert list(find_all(opened.file.results, None, opened.file.costs)) == [0, 1, 2]
    opened.close()
    assert opened.file is None


def test_what_is_saved_is_said_in_words_and_keeps_the_order_of_the_user(path, engine):
    opened = opened_on(path, engine, "b1")
    assert opened.to_save(range(3), marked=False, keeps_order=False).words == "3 results"
    assert opened.to_save([1], marked=True, keeps_order=False).words == "1 marked results"
    wanted = opened.to_save([1, 0], marked=False, keeps_order=True)
    assert (wanted.words, wanted.title) == ("2 shown results", "tickets")
    assert (wanted.part.batch_id, wanted.part.keeps_order) == ("b1", True)
    run = opened_on(path, engine, "b1", "b2", run_id="run")
    assert run.to_save([0], marked=False, keeps_order=False).part.batch_id == path.stem
    assert OpenResults().to_save([], marked=False, keeps_order=False) is None


def test_what_was_sent_is_known_of_all_batches_or_not_at_all(engine, tmp_path):
    opened = OpenResults("evals", ["b1", "b2"], run_id="run")
    was_sent(engine, tmp_path, "b1", "r1", "r2")
    assert opened.sent(engine.store) is None
    was_sent(engine, tmp_path, "b2", "r2", "r3")
    assert list(opened.sent(engine.store)) == ["r1", "r2", "r3"]
    assert OpenResults("file.jsonl").sent(engine.store) is None


def test_the_types_of_errors_that_occur_complete_a_filter(path, engine):
    opened = opened_on(path, engine, "b1")
    assert opened.complete("error=", 6).choices == ("overloaded_error",)
    opened.close()
    assert not OpenResults().complete("error=", 6).choices


def test_a_file_of_another_lane_is_read_with_its_requests_and_rows(engine, tmp_path):
    path = tmp_path / "in.jsonl.out"
    asked = {"max_tokens": 9, "messages": [{"role": "user", "content": "Is it?"}]}
    answer = {"model": "claude-haiku-4-5", "content": [{"type": "text", "text": "yes"}], "usage": {}}
    path.write_text(json.dumps({"recordId": "r1", "modelInput": asked, "modelOutput": answer}) + "\n")
    opened = OpenResults(path.name)
    opened.path = path
    *_, step = read_opened(opened, engine, lambda: False)
    file = opened.take(step.results, built_in_prices(), engine.store, rows=step.rows)
    reading = file.reader.read(0)
    assert (reading.custom_id, reading.row.row, reading.cost) == ("r1", {"prompt": "Is it?"}, None)
    assert json.loads(reading.request)["params"] == asked
    assert opened.sent(engine.store) == ["r1"]
    assert (opened.why_not("retry"), opened.lane) == (None, "bedrock")
    assert "Bedrock" in opened.note
    assert opened.to_save([0], marked=False, keeps_order=False).part.batch_id == "in"
    opened.close()
