from __future__ import annotations

import json
import time
from functools import partial

import msgspec
import pytest

from adopting import lose_the_next_create, request, requests, somebody_creates
from claude_batch_tui.api.client import AnthropicApi
from claude_batch_tui.domain.batches.tracked import LinkState, SubmissionState, Submitting
from claude_batch_tui.domain.requests.limits import partition
from claude_batch_tui.errors import StoreError
from claude_batch_tui.services.building.check import check
from claude_batch_tui.services.building.models import read_prices
from claude_batch_tui.services.building.trying import trial
from claude_batch_tui.services.results.local_files import read_results
from claude_batch_tui.services.results.merged import attempts_of
from claude_batch_tui.services.submitting import spool
from claude_batch_tui.services.submitting.order import Pilot, Rest, SendOrder
from claude_batch_tui.services.submitting.spool import sent_ids
from claude_batch_tui.simulator import Fault
from claude_batch_tui.wording.submissions import question_lines
from downloading import results_here
from sending import agree


@pytest.fixture
def order(tmp_path):
    path = tmp_path / "requests.jsonl"
    path.write_text(
        '{"custom_id":"a","params":{"model":"claude-haiku-4-5","max_tokens":9,'
        '"messages":[{"role":"user","content":"x"}]}}\n'
    )
    return SendOrder(requests=path, name="mine")


def told(engine, words):
    return [event for event in engine.snapshot.events if words in event.text]


@pytest.fixture
def finished(until):
    """A function that waits until a submission is over; it gives what is shown of it then."""

    def wait(engine, token):
        until(lambda: (shown := engine.snapshot.submitting.get(token)) is not None and shown.is_finished)
        return engine.snapshot.submitting[token]

    return wait


def test_batches_are_polled_and_an_end_is_told_once(make, simulator, until, clock):
    batch = simulator.batches.add(4, duration=3600)
    engine = make()
    until(lambda: engine.snapshot.batches)
    simulator.batches.finish(batch.id)
    until(lambda: told(engine, " ended: "))
    clock.advance(1.2)
    assert len(told(engine, " ended: ")) == 1
    assert engine.snapshot.batches[0].seen is False
    assert engine.snapshot.link.state in (LinkState.LIVE, LinkState.IDLE)


def test_one_list_request_a_tick_however_many_batches(make, simulator, until, clock):
    for _ in range(30):
        simulator.batches.add(4, duration=3600)
    engine = make()
    until(lambda: len(engine.snapshot.batches) == 30)
    simulator.log.clear()
    clock.advance(2.5)
    assert {call.path for call in simulator.log.all()} == {"/v1/messages/batches"}
    assert len(simulator.log) <= 3


def test_what_the_store_knows_is_there_before_any_request(make, simulator, until):
    simulator.batches.add(4)
    first = make()
    until(lambda: first.snapshot.batches)
    first.stop()
    simulator.log.clear()
    second = make(connects=False)
    assert len(second.snapshot.batches) == 1
    assert len(simulator.log) == 0


def test_a_submission_makes_one_batch_and_the_same_bytes_none(make, simulator, order, until, finished):
    engine = make()
    agree(engine, "t", order)
    assert finished(engine, "t").submission.state is SubmissionState.CREATED
    until(lambda: [b.name for b in engine.snapshot.batches] == ["mine"])
    agree(engine, "again", order)
    assert finished(engine, "again").repeat_of is not None
    assert len(simulator.log.creates) == 1


def test_a_lost_answer_is_found_in_the_list(make, simulator, order, until):
    simulator.faults.next(Fault(method="POST", path=r"/batches$", status=500, after_work=True))
    engine = make()
    agree(engine, "t", order)
    until(lambda: [b.provisional for b in engine.snapshot.batches] == [True])
    assert [one.is_adopted for one in engine.snapshot.submissions] == [True]
    simulator.batches.finish()
    until(lambda: engine.snapshot.submissions == ())
    assert [b.provisional for b in engine.snapshot.batches] == [False]
    assert told(engine, "as its results show")
    assert len(simulator.log.creates) == 1


@pytest.fixture
def adopted(make, simulator, order, until, monkeypatch):
    """A function that submits the order, which is lost, while somebody creates a batch; the engine that found that one."""

    def submit(theirs):
        create = AnthropicApi.create

        def interrupted(*arguments, **options):
            somebody_creates(simulator, theirs)
            lose_the_next_create(simulator)
            return create(*arguments, **options)

        with monkeypatch.context() as patched:
            patched.setattr(AnthropicApi, "create", interrupted)
            engine = make()
            agree(engine, "t", order)
            until(lambda: [one.is_adopted for one in engine.snapshot.submissions] == [True])
            until(lambda: [b.provisional for b in engine.snapshot.batches] == [True])
        return engine

    return submit


@pytest.mark.slow
def test_a_foreign_batch_of_the_same_size_is_let_go_when_it_has_ended(adopted, simulator, until):
    engine = adopted(requests(1, tag="theirs"))
    simulator.batches.finish()
    until(lambda: [one.state for one in engine.snapshot.submissions] == [SubmissionState.ABSENT])
    assert [(b.name, b.run_id, b.provisional) for b in engine.snapshot.batches] == [(None, None, False)]
    engine.send_again(engine.snapshot.submissions[0].submission_id, "again")
    until(lambda: "mine" in [b.name for b in engine.snapshot.batches])
    assert len(simulator.log.creates) == 3


@pytest.mark.parametrize("is_its", [True, False])
def test_a_person_decides_about_what_was_found(adopted, simulator, until, is_its):
    engine = adopted([request("a", "x", max_tokens=0)])
    simulator.batches.finish()
    until(lambda: told(engine, "do not show whether it is the batch of mine"))
    looked = len(simulator.log.all("GET", "/results"))
    (submission,) = engine.snapshot.submissions
    engine.refresh()
    until(lambda: len(simulator.log.all("GET", "/batches")) > 4)
    assert len(simulator.log.all("GET", "/results")) == looked
    engine.decide(submission.submission_id, submission.batch_id, is_its=is_its)
    if is_its:
        until(lambda: engine.snapshot.submissions == ())
        until(lambda: [(b.name, b.provisional) for b in engine.snapshot.batches] == [("mine", False)])
    else:
        until(lambda: [one.state for one in engine.snapshot.submissions] == [SubmissionState.ABSENT])
    assert len(simulator.log.creates) == 2


def test_a_lost_create_is_absent_and_sent_again_only_when_asked(make, simulator, order, until):
    simulator.faults.next(Fault(method="POST", path=r"/batches$", status=500))
    engine = make()
    agree(engine, "t", order)
    until(lambda: [s.state for s in engine.snapshot.submissions] == [SubmissionState.ABSENT])
    engine.send_again(engine.snapshot.submissions[0].submission_id, "again")
    until(lambda: [b.name for b in engine.snapshot.batches] == ["mine"])
    assert len(simulator.log.creates) == 2


def test_what_could_not_be_sent_again_stays_listed_and_can_be_sent_later(
    make, simulator, order, until, finished
):
    simulator.faults.next(Fault(method="POST", path=r"/batches$", status=500))
    engine = make()
    agree(engine, "t", order)
    until(lambda: [s.state for s in engine.snapshot.submissions] == [SubmissionState.ABSENT])
    lost = engine.snapshot.submissions[0]
    simulator.faults.always(Fault(method="GET", path=r"/batches", status=401))
    engine.send_again(lost.submission_id, "again")
    finished(engine, "again")
    (absent,) = engine.snapshot.submissions
    assert (absent.state, absent.watermark_id) == (SubmissionState.ABSENT, lost.watermark_id)
    assert "before anything was sent" in absent.error
    assert len(simulator.log.creates) == 1
    simulator.faults.clear()
    engine.send_again(lost.submission_id, "later")
    until(lambda: [b.name for b in engine.snapshot.batches] == ["mine"])
    until(lambda: engine.snapshot.submissions == ())
    assert len(simulator.log.creates) == 2


def test_stopping_during_a_post_takes_two_seconds_and_leaves_the_outcome_unknown(
    make, simulator, order, until, clock
):
    simulator.faults.next(Fault(method="POST", path=r"/batches$", connection="hang", delay=0))
    engine = make()
    agree(engine, "t", order)
    until(lambda: (s := engine.snapshot.submitting.get("t")) is not None and s.note == "sending")
    clock.advance(0.3)
    started = time.monotonic()
    engine.stop()
    assert time.monotonic() - started < 3
    again = make(connects=False)
    assert [s.state for s in again.snapshot.submissions] == [SubmissionState.UNKNOWN]


@pytest.mark.slow
def test_a_second_engine_follows_and_takes_over(make, simulator, until):
    simulator.batches.add(3, duration=36_000)
    leader = make()
    until(lambda: leader.snapshot.link.polled_at)
    follower = make()
    until(lambda: follower.snapshot.link.is_leader is False)
    simulator.batches.add(4, duration=3600)
    until(lambda: len(follower.snapshot.batches) == 2)
    leader.stop()
    until(lambda: follower.snapshot.link.is_leader)
    simulator.batches.add(5, duration=3600)
    until(lambda: len(follower.snapshot.batches) == 3)


def test_results_are_downloaded_and_shown_as_such(make, simulator, until):
    added = simulator.batches.add(50, age=3600, duration=60)
    batch_id = added.id
    engine = make()
    until(lambda: engine.snapshot.batches)
    engine.download(batch_id)
    until(lambda: engine.snapshot.find(batch_id).results.value == "complete")
    assert results_here(engine.store, batch_id).read_bytes().count(b"\n") == 50


def test_results_that_a_dead_process_did_not_read_are_read_at_the_next_start(
    make, simulator, given_results, until
):
    batch_id = simulator.batches.add(50, age=3600, duration=60).id
    first = make()
    until(lambda: first.snapshot.batches)
    path = first.store.locations.results / f"{batch_id}.jsonl"
    path.write_bytes(given_results(simulator, batch_id))
    first.stop()
    assert first.snapshot.find(batch_id).results.value == "none"
    engine = make()
    until(lambda: engine.snapshot.find(batch_id).results.value == "complete")
    assert engine.snapshot.find(batch_id).cost_actual > 0
    assert len(simulator.log.all("GET", "/results")) == 1


def test_results_are_taken_as_whole_when_they_are_written_down_and_a_run_is_put_together_of_no_others(
    make, simulator, given_results, until
):
    read, unread = (simulator.batches.add(50, age=3600, duration=60).id for _ in range(2))
    engine = make()
    until(lambda: len(engine.snapshot.batches) == 2)
    engine.download(read)
    until(lambda: engine.snapshot.find(read).results.value == "complete")
    path = results_here(engine.store, read)
    path.with_name(f"{unread}.jsonl").write_bytes(given_results(simulator, unread))
    known = {"store": engine.store, "workspace": engine.workspace}
    assert read_results(read, **known) == path
    assert read_results(unread, **known) is None
    with pytest.raises(StoreError, match=f"The results of {unread} are"):
        attempts_of("run_1", [read, unread], **known)
    engine.download(unread)
    until(lambda: engine.snapshot.find(unread).results.value == "complete")
    assert [one.batch_id for one in attempts_of("run_1", [read, unread], **known)] == [read, unread]


def test_downloads_over_the_limit_wait_and_can_be_stopped_while_they_do(make, simulator, until):
    ids = [simulator.batches.add(50, age=3600, duration=60).id for _ in range(3)]
    simulator.faults.always(Fault(method="GET", path=rf"/{ids[0]}/results$", drip=100, drip_seconds=0.05))
    engine = make(downloads_at_once="1")
    until(lambda: len(engine.snapshot.batches) == 3)

    def state(number):
        download = engine.snapshot.downloads.get(ids[number])
        return download and download.state.value

    engine.download(ids[0])
    until(lambda: state(0) == "running")
    engine.download(ids[1])
    engine.download(ids[2])
    until(lambda: (state(1), state(2)) == ("waiting", "waiting"))
    engine.stop_download(ids[1])
    until(lambda: state(1) == "stopped")
    assert state(2) == "waiting"
    simulator.faults.clear()
    engine.stop_download(ids[0])
    until(lambda: engine.snapshot.find(ids[2]).results.value == "complete")
    assert state(0) == "stopped"
    assert results_here(engine.store, ids[0]) is None
    assert results_here(engine.store, ids[1]) is None


def test_cancel_rename_and_pause(make, simulator, until, clock):
    added = simulator.batches.add(50, duration=36_000)
    batch_id = added.id
    engine = make()
    until(lambda: engine.snapshot.batches)
    engine.rename(batch_id, "night")
    until(lambda: engine.snapshot.find(batch_id).name == "night")
    engine.cancel(batch_id)
    until(lambda: engine.snapshot.find(batch_id).batch.processing_status == "canceling")
    engine.pause(True)
    until(lambda: engine.snapshot.link.state is LinkState.PAUSED)
    clock.advance(0.3)
    simulator.log.clear()
    clock.advance(1.5)
    assert len(simulator.log) == 0


def test_a_dead_server_is_told_with_the_next_try_and_recovered_from(make, simulator, until):
    simulator.faults.next(Fault(path="batches", status=529, times=2))
    engine = make()
    until(lambda: engine.snapshot.link.state is LinkState.OFFLINE)
    assert engine.snapshot.link.next_poll_at is not None
    until(lambda: engine.snapshot.link.polled_at is not None)


def test_a_refused_key_stops_the_polling(make, simulator, until, clock):
    simulator.faults.always(Fault(path="batches", status=401))
    engine = make()
    until(lambda: engine.snapshot.link.state is LinkState.REFUSED)
    simulator.log.clear()
    clock.advance(1.5)
    assert len(simulator.log) == 0


@pytest.mark.slow
def test_a_lost_store_comes_back_from_journal_and_api_with_names_and_runs(
    make, simulator, order, own_folders, until
):
    foreign = simulator.batches.add(4, duration=36_000)
    engine = make()
    agree(engine, "t", order)
    until(lambda: len(engine.snapshot.batches) == 2)
    engine.rename(foreign.id, "theirs")
    until(lambda: {b.name for b in engine.snapshot.batches} == {"mine", "theirs"})
    before = {b.id: (b.name, b.run_id) for b in engine.snapshot.batches}
    engine.stop()
    (own_folders / "data" / "store.db").write_bytes(b"damaged" * 1000)
    again = make()
    until(lambda: {b.id: (b.name, b.run_id) for b in again.snapshot.batches} == before)


def test_files_without_store_and_journal_are_said_before_anything_is_paid(
    make, simulator, order, own_folders, until
):
    results = own_folders / "data" / "results"
    results.mkdir(parents=True)
    (results / "msgbatch_1.jsonl").write_text("{}\n")
    engine = make()
    assert agree(engine, "t", order) is None
    until(lambda: engine.snapshot.submitting.get("t") and engine.snapshot.submitting["t"].is_finished)
    assert "could be paid for twice" in engine.snapshot.submitting["t"].error
    assert simulator.log.creates == []
    agree(engine, "again", msgspec.structs.replace(order, again=True))
    until(lambda: len(simulator.log.creates) == 1)
    agree(engine, "t", order)
    until(lambda: engine.snapshot.submitting["t"].repeat_of is not None)


@pytest.mark.slow
def test_a_pilot_and_its_rest_send_every_request_once(make, simulator, tmp_path, finished):
    path = tmp_path / "many.jsonl"
    line = '{{"custom_id":"r{0}","params":{{"model":"claude-haiku-4-5","max_tokens":9,"messages":[{{"role":"user","content":"{0}"}}]}}}}\n'
    path.write_text("".join(line.format(number) for number in range(12)))
    engine = make()
    whole = SendOrder(requests=path, name="many")
    asked = agree(engine, "pilot", msgspec.structs.replace(whole, part=Pilot(5)))
    pilot = finished(engine, "pilot").submission
    assert (pilot.state, pilot.requests, pilot.kind, pilot.name) == (
        SubmissionState.CREATED,
        5,
        "pilot",
        "many pilot",
    )
    assert pilot.cost_at_most == asked.report.at_most.batch > 0
    agree(engine, "rest", msgspec.structs.replace(whole, part=Rest(pilot.run_id)))
    rest = finished(engine, "rest").submission
    assert (rest.state, rest.requests, rest.run_id) == (SubmissionState.CREATED, 7, pilot.run_id)
    assert sorted(sent_ids(pilot) | sent_ids(rest)) == sorted(f"r{number}" for number in range(12))
    assert not list(path.parent.glob("portion-*"))


@pytest.mark.slow
def test_several_batches_of_one_run_are_sent_and_what_was_not_is_sent_the_next_time(
    make, simulator, tmp_path, monkeypatch, until, finished
):
    monkeypatch.setattr(spool, "partition", partial(partition, max_requests=2))
    path = tmp_path / "many.jsonl"
    line = '{{"custom_id":"r{0}","params":{{"model":"claude-haiku-4-5","max_tokens":9,"messages":[{{"role":"user","content":"{0}"}}]}}}}\n'
    path.write_text("".join(line.format(number) for number in range(6)))
    simulator.faults.next(Fault(method="POST", path=r"/batches$", skip=1, status=402))
    engine = make()
    agree(engine, "a", SendOrder(requests=path))
    until(lambda: told(engine, "were not sent; submitting the same file again sends them"))
    agree(engine, "b", SendOrder(requests=path))
    finished(engine, "b")
    until(lambda: len(engine.snapshot.batches) == 3)
    assert len({batch.run_id for batch in engine.snapshot.batches}) == 1


def test_where_what_was_lost_is_looked_for_first_nothing_else_is_paid_without_a_question(
    make, simulator, tmp_path, monkeypatch, until, finished
):
    monkeypatch.setattr(spool, "partition", partial(partition, max_requests=2))
    path = tmp_path / "many.jsonl"
    path.write_text("".join(f"{json.dumps(request(f'r{number}', f'Say {number}'))}\n" for number in range(6)))
    lose_the_next_create(simulator, created=True)
    simulator.faults.next(Fault(method="POST", path=r"/batches$", status=402))
    engine = make()
    agree(engine, "a", SendOrder(requests=path))
    finished(engine, "a")
    assert engine.submit("b", SendOrder(requests=path)).result(30) is None
    assert finished(engine, "b").repeat_of is not None
    assert told(engine, "2 batches of the run were not sent; submitting the same file again sends them")
    assert len(simulator.batches.all()) == 1


def test_what_waits_for_its_place_is_shown_as_waiting_and_goes_on_by_itself(
    make, simulator, tmp_path, monkeypatch, until, finished
):
    monkeypatch.setattr(spool, "partition", partial(partition, max_requests=2))
    path = tmp_path / "many.jsonl"
    path.write_text("".join(f"{json.dumps(request(f'r{number}', f'Say {number}'))}\n" for number in range(4)))
    engine = make(in_flight="1")
    agree(engine, "a", SendOrder(requests=path))
    until(lambda: engine.snapshot.submitting.get("a", Submitting("a")).held)
    waiting = engine.snapshot.submitting["a"]
    assert (waiting.held, waiting.submission.state) == (2, SubmissionState.PREPARED)
    assert waiting.note.startswith("A batch waits here with 2 requests: 1 of yours are in progress")
    (first,) = simulator.batches.all()
    simulator.batches.finish(first.id)
    assert finished(engine, "a").held == 0
    assert len(simulator.batches.all()) == 2


def test_requests_that_changed_since_the_pilot_are_said_in_the_question_of_the_rest(
    make, simulator, tmp_path, finished
):
    path = tmp_path / "many.jsonl"
    line = '{{"custom_id":"r{0}","params":{{"model":"claude-haiku-4-5","max_tokens":9,"messages":[{{"role":"user","content":"{0}"}}]}}}}\n'
    path.write_text("".join(line.format(number) for number in range(12)))
    engine = make()
    order = SendOrder(requests=path, source="many.csv", part=Pilot(5))
    agree(engine, "pilot", order)
    run_id = finished(engine, "pilot").submission.run_id
    path.write_text(path.read_text().replace('"max_tokens":9', '"max_tokens":10'))
    order = msgspec.structs.replace(order, part=Rest(run_id))
    question = engine.submit("rest", order).result(30)
    words = "5 of the requests sent before are different in many.csv now; they are left out all the same."
    assert words in list(question_lines(question, order, ""))
    assert question.requests == 7
    engine.answer("rest", agreed=False)
    finished(engine, "rest")
    assert len(list(engine.store.locations.data.glob("spool/*.body.json"))) == len(simulator.log.creates) == 1


@pytest.mark.slow
def test_a_lost_answer_in_the_middle_of_a_run_is_looked_for_and_the_rest_of_it_is_sent(
    make, simulator, tmp_path, monkeypatch, until, finished
):
    monkeypatch.setattr(spool, "partition", partial(partition, max_requests=2))
    path = tmp_path / "many.jsonl"
    line = '{{"custom_id":"r{0}","params":{{"model":"claude-haiku-4-5","max_tokens":9,"messages":[{{"role":"user","content":"{0}"}}]}}}}\n'
    path.write_text("".join(line.format(number) for number in range(6)))
    simulator.faults.next(Fault(method="POST", path=r"/batches$", skip=1, status=500, after_work=True))
    engine = make()
    agree(engine, "t", SendOrder(requests=path))
    assert finished(engine, "t").submission.state is SubmissionState.CREATED
    until(lambda: len(engine.snapshot.batches) == 3)
    assert len(simulator.log.creates) == 3
    assert len(told(engine, " created, 2 requests, ")) == 2
    assert len(told(engine, "is not proven")) == 1


def test_what_was_lost_before_is_said_at_once_and_looked_for_beside_that(make, simulator, order, until):
    simulator.faults.next(Fault(method="POST", path=r"/batches$", status=500))
    engine = make(settle="60")
    agree(engine, "t", order)
    until(lambda: [s.state for s in engine.snapshot.submissions] == [SubmissionState.UNKNOWN])
    until(lambda: engine.snapshot.submissions[0].looks > 0)
    assert engine.submit("again", order).result(20) is None
    until(
        lambda: (shown := engine.snapshot.submitting.get("again")) is not None and shown.repeat_of is not None
    )
    assert not engine.snapshot.submitting["again"].is_finished
    engine.abandon(engine.snapshot.submissions[0].submission_id)
    until(lambda: engine.snapshot.submissions == ())
    assert len(simulator.log.creates) == 1


def test_what_was_lost_before_and_is_found_now_is_named(make, simulator, order, finished):
    simulator.faults.next(Fault(method="POST", path=r"/batches$", status=500, after_work=True))
    simulator.faults.always(Fault(method="GET", path=r"/batches$", skip=1, status=500))
    engine = make(connects=False)
    agree(engine, "t", order)
    assert finished(engine, "t").submission.state is SubmissionState.UNKNOWN
    simulator.faults.clear()
    assert engine.submit("again", order).result(20) is None
    shown = finished(engine, "again")
    assert shown.repeat_of.batch_id == shown.submission.batch_id is not None
    assert len(simulator.log.creates) == 1


def test_giving_up_on_a_question_is_a_no(make, simulator, order, until, finished):
    engine = make()
    simulator.faults.always(Fault(method="POST", path="count_tokens", delay=0.5))
    asked = engine.submit("t", msgspec.structs.replace(order, counts_input=True))
    until(lambda: "t" in engine.snapshot.submitting)
    asked.cancel()
    finished(engine, "t")
    assert list(engine.store.locations.data.glob("spool/*.body.json")) == []
    assert simulator.log.creates == []


def test_the_cost_is_counted_and_one_row_is_tried_through_the_engine(make, simulator, tmp_path):
    path = tmp_path / "r.jsonl"
    request = '{"custom_id":"a","params":{"model":"claude-haiku-4-5","max_tokens":9,"messages":[{"role":"user","content":"x"}]}}'
    path.write_text(request)
    engine = make()
    prices = read_prices(engine.config)
    *_, report = check(path, prices=prices)
    forecasted = engine.forecast(path, report, None).result(20)
    assert forecasted.report.forecast.counted.sampled == 1
    assert forecasted.in_flight == 0
    answer = engine.try_request(trial(request.encode(), prices, "r")).result(20)
    assert answer.result.text
    assert answer.cost > 0


def test_what_a_key_reads_is_tried_again_and_each_wait_is_told(make, simulator, until):
    batch_id = simulator.batches.add(3, duration=36_000_000).id
    engine = make()
    until(lambda: engine.snapshot.batches)
    simulator.faults.next(Fault(method="GET", path=rf"{batch_id}$", times=2, status=529))
    engine.add(batch_id)
    until(lambda: any("is now watched" in event.text for event in engine.snapshot.events))
    said = [event.text for event in engine.snapshot.events]
    assert sum("(HTTP 529" in words and "Trying again in " in words for words in said) == 2


def test_a_count_that_failed_is_said_with_the_cost(make, simulator, tmp_path):
    path = tmp_path / "r.jsonl"
    path.write_text(
        '{"custom_id":"a","params":{"model":"claude-haiku-4-5","max_tokens":9,"messages":[{"role":"user","content":"x"}]}}'
    )
    simulator.faults.always(Fault(method="POST", path="count_tokens", status=400))
    engine = make()
    *_, report = check(path, prices=read_prices(engine.config))
    found = engine.forecast(path, report, None).result(20).report.forecast
    assert found.counted is None
    assert "(HTTP 400" in found.not_counted


def test_a_read_only_engine_pays_deletes_and_labels_nothing_and_says_why(simulator, make, until):
    running = simulator.batches.add(3, duration=36_000_000)
    engine = make(read_only=True)
    until(lambda: engine.snapshot.batches)
    engine.cancel(running.id)
    engine.rename(running.id, "mine")
    engine.tag([running.id], add=["a"], remove=[])
    until(lambda: sum("read-only" in event.text for event in engine.snapshot.events) == 3)
    (tracked,) = engine.snapshot.batches
    assert (tracked.name, tracked.tags, tracked.cancel_sent_at) == (None, (), None)
    assert simulator.batches.find(running.id).cancel_initiated_at is None
