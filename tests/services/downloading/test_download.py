from __future__ import annotations

import errno
import threading

import pytest

from claude_batch_tui.cli.lookup import resolve_one, retrieve
from claude_batch_tui.domain.batches.tracked import DownloadState, ResultsState
from claude_batch_tui.errors import ResultsUnavailableError, StoreError
from claude_batch_tui.services.downloading import part_file, receiving
from claude_batch_tui.services.downloading.download import download
from claude_batch_tui.services.downloading.receiving import FEW_LINES
from claude_batch_tui.services.results.local_files import unread_path
from claude_batch_tui.simulator import Fault
from claude_batch_tui.store import downloads
from claude_batch_tui.store.results.file import results_path
from claude_batch_tui.store.results.index import load_scanner
from claude_batch_tui.store.results.opening import open_indexed
from downloading import download_all, read_what_is_here, results_here

RESULTS = {"method": "GET", "path": r"/results$"}
ROWS = 200
MANY = FEW_LINES + 500
"""Rows of which only ids and outcomes are read while they arrive."""
BAD_ONCE = {
    "clean short end at a line": {"cut_at": 20_000, "cut": "clean"},
    "empty": {"cut_at": 0, "cut": "clean"},
    "reset": {"cut_at": 20_000, "cut": "reset"},
    "fin within the chunks": {"cut_at": 20_000, "cut": "close"},
    "close-delimited": {"cut_at": 20_000, "cut": "framing"},
    "gzip without its trailer": {"gzip": "without_trailer"},
    "gzip cut": {"gzip": "whole", "cut_at": 900, "cut": "clean"},
    "malformed line": {"lines": ("malformed",), "line": 5},
    "truncated line": {"lines": ("truncated",), "line": 5},
    "duplicate line": {"lines": ("duplicate",), "line": 5},
    "missing line": {"lines": ("missing",), "line": 5},
    "NUL byte": {"lines": ("nul",), "line": 5},
    "unknown type": {"lines": ("unknown_type",), "line": 5},
    "no custom_id": {"lines": ("no_custom_id",), "line": 5},
    "line broken inside": {"lines": ("broken_inside",), "line": 5},
    "html": {"status": 200, "body": "<html>please log in</html>"},
    "500": {"status": 500},
    "529": {"status": 529},
    "429": {"status": 429, "headers": {"retry-after": "1"}},
    "reset before anything": {"connection": "reset"},
    "half headers": {"connection": "half_headers"},
}
HARMLESS = {
    "blank lines": {"lines": ("blank",), "line": 5},
    "CRLF": {"lines": ("crlf",), "line": 5},
    "gzip": {"gzip": "whole"},
    "drip": {"drip": 7_000, "drip_seconds": 0.001},
}


@pytest.fixture
async def ended(simulator, runtime):
    """An ended batch of 200 requests, as the store knows it."""
    return await retrieve(simulator.batches.add(ROWS, age=3600, duration=60).id, runtime)


@pytest.fixture
async def large(simulator, runtime, monkeypatch):
    """An ended batch of so many requests, arriving so fast, that their lines are read in a second pass."""
    monkeypatch.setattr(receiving, "_MOST_SPARE", 0.0)
    return await retrieve(simulator.batches.add(MANY, age=3600, duration=60).id, runtime)


def steps_of(runtime, tracked, *, sent=None, stopped=lambda: False):
    return download(
        tracked.batch,
        api=runtime.api,
        folder=runtime.store.locations.results,
        sent_ids=sent,
        stopped=stopped,
        random=lambda: 0.5,
        sleep=lambda _: None,
    )


@pytest.mark.slow
@pytest.mark.parametrize("rows", [ROWS, MANY])
@pytest.mark.parametrize("fault", BAD_ONCE.values(), ids=BAD_ONCE)
async def test_a_broken_download_is_begun_again_and_only_a_whole_one_is_told_of(
    simulator, runtime, fault, rows
):
    ended = await retrieve(simulator.batches.add(rows, age=3600, duration=60).id, runtime)
    simulator.faults.next(Fault(**RESULTS, **fault))
    target = results_path(runtime.store.locations.results, ended.id)
    steps = []
    for step in steps_of(runtime, ended):
        steps.append(step)
        if step.update.state not in (DownloadState.READING, DownloadState.COMPLETE):
            assert not target.exists()
    last = steps.pop()
    assert {step.finished for step in steps} == {None}
    assert last.update.state is DownloadState.COMPLETE
    assert last.finished.lines == last.update.lines_read == rows
    assert len(simulator.log.all("GET", "/results")) == 2
    assert target.read_bytes().count(b"\n") == rows


@pytest.mark.parametrize("fault", HARMLESS.values(), ids=HARMLESS)
async def test_odd_but_whole_bytes_are_complete_at_once(simulator, runtime, ended, fault):
    simulator.faults.next(Fault(**RESULTS, **fault))
    *_, last = steps_of(runtime, ended)
    assert last.update.state is DownloadState.COMPLETE
    assert last.finished.lines == ROWS
    assert len(simulator.log.all("GET", "/results")) == 1


async def test_the_same_broken_bytes_three_times_are_kept_and_explained(simulator, runtime, ended):
    simulator.faults.always(Fault(**RESULTS, lines=("missing",), line=5))
    *_, last = steps_of(runtime, ended)
    assert last.update.state is DownloadState.PROBLEMS
    assert "199 of 200" in last.update.error
    assert last.finished.path.suffix == ".incomplete"
    assert last.finished.path.exists()
    assert not results_path(runtime.store.locations.results, ended.id).exists()
    assert len(simulator.log.all("GET", "/results")) == 3


@pytest.mark.slow
async def test_a_line_broken_inside_takes_the_name_away_again(simulator, runtime, large):
    simulator.faults.always(Fault(**RESULTS, lines=("broken_inside",), line=MANY - 9))
    load_scanner()  # on a busy machine it would come last, and lines before it are read whole as they arrive
    target = results_path(runtime.store.locations.results, large.id)
    named = []
    for step in steps_of(runtime, large):
        named.append((step.update.state, target.exists()))
    assert (DownloadState.READING, True) in named
    last_named = max(at for at, (_, is_there) in enumerate(named) if is_there)
    assert all(state is DownloadState.READING for state, is_there in named[: last_named + 1] if is_there)
    # What was broken once is read before it has a name.
    assert [state for state, _ in named[last_named + 1 :]].count(DownloadState.READING) >= 2
    assert named[-1] == (DownloadState.PROBLEMS, False)
    assert "1 lines cannot be read" in step.update.error
    assert step.finished.ledger.outcomes["unparsed"] == 1
    assert step.finished.path.exists()
    assert len(simulator.log.all("GET", "/results")) == 3


@pytest.mark.slow
async def test_who_has_opened_results_whose_name_is_taken_back_goes_on_reading_the_same_bytes(
    simulator, runtime, large
):
    simulator.faults.next(Fault(**RESULTS, lines=("broken_inside",), line=MANY - 9))
    steps, target = steps_of(runtime, large), results_path(runtime.store.locations.results, large.id)
    while not target.exists():
        next(steps)
    before = target.read_bytes()
    with target.open("rb") as opened:
        assert [step.update.state for step in steps][-1] is DownloadState.COMPLETE
        assert opened.read() == before
    assert target.read_bytes() != before


async def test_a_part_that_a_killed_download_left_is_never_made_shorter(runtime, ended):
    *_, last = steps_of(runtime, ended, stopped=lambda: True)
    assert last.update.state is DownloadState.STOPPED
    target = results_path(runtime.store.locations.results, ended.id)
    part = target.with_name(target.name + ".part")
    part.write_bytes(b"left\n")
    with part.open("rb") as opened:
        assert [step.update.state for step in steps_of(runtime, ended)][-1] is DownloadState.COMPLETE
        assert opened.read() == b"left\n"
    assert not part.exists()


@pytest.mark.slow
async def test_a_name_that_another_program_took_is_neither_kept_nor_taken_back(simulator, runtime, large):
    simulator.faults.always(Fault(**RESULTS, lines=("broken_inside",), line=MANY - 9))
    steps, target = steps_of(runtime, large), results_path(runtime.store.locations.results, large.id)
    while not target.exists():
        next(steps)
    target.unlink()
    target.write_bytes(b"of another\n")
    with pytest.raises(StoreError, match="replaced or deleted by another program"):
        list(steps)
    assert target.read_bytes() == b"of another\n"


async def test_a_part_that_another_process_has_begun_is_left_to_it(simulator, runtime, large):
    simulator.faults.always(Fault(**RESULTS, lines=("broken_inside",), line=MANY - 9))
    steps, target = steps_of(runtime, large), results_path(runtime.store.locations.results, large.id)
    while not target.exists():
        next(steps)
    part = target.with_name(target.name + ".part")
    part.write_bytes(b"of another\n")
    with pytest.raises(StoreError, match="replaced or deleted by another program"):
        list(steps)
    assert part.read_bytes() == b"of another\n"
    assert not target.exists()


async def test_a_part_that_was_deleted_gives_nothing_its_name(runtime, ended):
    steps, target = steps_of(runtime, ended), results_path(runtime.store.locations.results, ended.id)
    while next(steps).update.state is not DownloadState.VERIFYING:
        pass
    target.with_name(target.name + ".part").unlink()
    with pytest.raises(StoreError, match="replaced or deleted by another program"):
        list(steps)
    assert not target.exists()


@pytest.mark.slow
async def test_results_that_are_here_are_not_replaced_by_what_is_not_read_yet(simulator, runtime, large):
    *_, last = steps_of(runtime, large)
    whole = last.finished.path.read_bytes()
    simulator.faults.next(Fault(**RESULTS, lines=("broken_inside",), line=MANY - 9))
    states = []
    for step in steps_of(runtime, large):
        states.append(step.update.state)
        assert last.finished.path.read_bytes() == whole
    assert states[-1] is DownloadState.COMPLETE
    assert states.count(DownloadState.VERIFYING) == 2


async def test_a_slow_download_reads_its_lines_while_it_waits(simulator, runtime, large, monkeypatch):
    monkeypatch.undo()
    simulator.faults.next(Fault(**RESULTS, drip=7_000, drip_seconds=0.001))
    *_, verifying = (
        step.update
        for step in steps_of(runtime, large)
        if step.update.state in (DownloadState.RUNNING, DownloadState.VERIFYING)
    )
    assert verifying.lines == MANY
    assert verifying.lines_read > MANY // 2


def _killed_before_they_are_read(runtime, tracked):
    """The results get their name, and nothing more is done."""
    for step in steps_of(runtime, tracked):
        if step.update.state is DownloadState.READING:
            break
    path = results_path(runtime.store.locations.results, tracked.id)
    assert path.exists()
    assert unread_path(tracked, runtime.store) is not None
    return path


@pytest.mark.slow
async def test_results_that_nobody_read_to_the_end_are_read_and_not_fetched_again(simulator, runtime, large):
    path = _killed_before_they_are_read(runtime, large)
    async for update in download_all(runtime, large):
        last = update
    assert last.state is DownloadState.COMPLETE
    assert len(simulator.log.all("GET", "/results")) == 1
    known = await resolve_one(large.id, runtime)
    assert (known.results, known.results_bytes) == ("complete", path.stat().st_size)
    assert known.cost_actual > 0
    assert unread_path(known, runtime.store) is None
    with open_indexed(path) as results:
        (seen,) = downloads.usage_like(
            runtime.store.database, runtime.workspace.scope_id, model=known.model, source=None
        )
        assert seen == (MANY, sum(results.index.output_tokens))


@pytest.mark.slow
async def test_unread_results_that_turn_out_to_be_broken_are_put_aside_and_fetched_again(
    simulator, runtime, large
):
    simulator.faults.next(Fault(**RESULTS, lines=("broken_inside",), line=MANY - 9))
    path = _killed_before_they_are_read(runtime, large)
    states = [update.state async for update in download_all(runtime, large)]
    assert DownloadState.PROBLEMS in states
    assert states[-1] is DownloadState.COMPLETE
    assert path.with_name(path.name + ".incomplete").exists()
    assert (await resolve_one(large.id, runtime)).results == "complete"
    with open_indexed(path) as results:
        assert results.index.class_counts() == {"complete": MANY}


@pytest.mark.slow
async def test_results_that_another_download_is_reading_are_left_to_it(runtime, large):
    steps = steps_of(runtime, large)
    while next(steps).update.state is not DownloadState.READING:
        pass
    with pytest.raises(StoreError, match="Another process"):
        async for _ in read_what_is_here(runtime, large):
            pass
    assert [step.update.state for step in steps][-1] is DownloadState.COMPLETE


@pytest.mark.slow
async def test_stopping_while_lines_are_read_tells_nobody_of_results(runtime, large):
    steps = steps_of(runtime, large, stopped=lambda: stops)
    stops = False
    while next(steps).update.state is not DownloadState.READING:
        pass
    stops = True
    assert [(step.update.state, step.finished) for step in steps] == [(DownloadState.STOPPED, None)]
    assert unread_path(large, runtime.store) is not None


async def test_a_file_that_takes_long_to_hash_shows_that_it_is_read_and_can_be_stopped(
    runtime, ended, monkeypatch
):
    is_let_go = threading.Event()
    monkeypatch.setattr(part_file.PartFile, "_sha256", lambda _: str(is_let_go.wait(60)))
    steps, stops = steps_of(runtime, ended, stopped=lambda: stops), False
    try:
        seen = [next(steps).update for _ in range(8)]
        assert {update.state for update in seen[-3:]} == {DownloadState.READING}
        assert seen[-1].lines_read == ROWS
        stops = True
        for step in steps:
            assert step.update.state is DownloadState.STOPPED
            is_let_go.set()
    finally:
        is_let_go.set()
    assert step.finished is None


async def test_results_of_other_requests_than_were_sent_are_not_complete(runtime, ended):
    ids = _ids(runtime, ended)
    *_, last = steps_of(runtime, ended, sent=frozenset([*ids[1:], "never-sent"]))
    assert last.update.state is DownloadState.PROBLEMS
    assert last.finished.ledger.missing == 1
    assert last.finished.ledger.extra == 1


def _ids(runtime, tracked):
    *_, last = steps_of(runtime, tracked)
    with open_indexed(last.finished.path) as results:
        ids = results.index.all_ids()
    last.finished.path.unlink()
    return ids


async def test_stopping_keeps_the_part_and_no_name(simulator, runtime, ended):
    *_, last = steps_of(runtime, ended, stopped=lambda: True)
    target = results_path(runtime.store.locations.results, ended.id)
    assert last.update.state is DownloadState.STOPPED
    assert target.with_name(target.name + ".part").exists()
    assert not target.exists()


async def test_before_the_end_there_is_nothing_to_download(simulator, runtime):
    added = simulator.batches.add(3, duration=3600 * 10_000)
    tracked = await retrieve(added.id, runtime)
    with pytest.raises(ResultsUnavailableError, match="once it has ended"):
        list(steps_of(runtime, tracked))


async def test_two_downloads_of_one_batch_do_not_meet(runtime, ended):
    first = steps_of(runtime, ended)
    next(first)
    with pytest.raises(StoreError, match="Another process"):
        list(steps_of(runtime, ended))
    assert [step.update.state for step in first][-1] is DownloadState.COMPLETE


async def test_a_full_disk_keeps_what_has_arrived_and_says_what_is_free(runtime, ended, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(part_file.os, "write", full)
        with pytest.raises(StoreError, match="is full"):
            list(steps_of(runtime, ended))
    *_, last = steps_of(runtime, ended)
    assert last.update.state is DownloadState.COMPLETE


@pytest.mark.parametrize("batch_id", ["../../etc/passwd", "a\0b", "x" * 300, "CON/..", "-rf"])
def test_an_odd_id_never_reaches_a_path(tmp_path, batch_id):
    path = results_path(tmp_path, batch_id)
    assert path.parent == tmp_path
    assert set(path.name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.")


async def test_a_finished_download_is_written_down_with_private_modes(simulator, runtime, ended):
    async for _ in download_all(runtime, ended):
        pass
    again = await retrieve(ended.id, runtime)
    assert again.results is ResultsState.COMPLETE
    path = results_here(runtime.store, ended.id)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
