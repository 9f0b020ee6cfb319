from __future__ import annotations

import pytest

from claude_batch_tui.services.downloading import receiving


def break_one(monkeypatch, broken_id):
    """Reading the results of one batch fails in a way that nobody foresaw."""
    ledger = receiving.Attempt.ledger

    def broken(attempt, sent_ids):
        if attempt._batch.id == broken_id:
            raise ZeroDivisionError("nobody foresaw it")
        return ledger(attempt, sent_ids)

    monkeypatch.setattr(receiving.Attempt, "ledger", broken)


def failed(engine, batch_id):
    download = engine.snapshot.downloads.get(batch_id)
    return download is not None and download.state.value == "failed"


@pytest.mark.parametrize("settings", [{}, {"auto_download": "true"}])
def test_a_download_that_dies_of_what_nobody_foresaw_is_shown_as_failed(
    make, simulator, monkeypatch, settings, until
):
    added = simulator.batches.add(50, duration=3600)
    break_one(monkeypatch, added.id)
    engine = make(**settings)
    until(lambda: engine.snapshot.batches)
    simulator.batches.finish(added.id)
    if not settings:
        until(lambda: engine.snapshot.batches[0].batch.has_ended)
        engine.download(added.id)
    until(lambda: failed(engine, added.id))
    assert [
        event.text for event in engine.snapshot.events if event.is_error and event.batch_id == added.id
    ] == [f"Download of {added.id}: It ended with an error of cbtui, ZeroDivisionError: nobody foresaw it."]


def test_one_bad_file_does_not_keep_the_others_of_a_dead_process_from_being_read(
    make, simulator, given_results, monkeypatch, until
):
    ids = [simulator.batches.add(20, age=3600, duration=60).id for _ in range(3)]
    first = make()
    until(lambda: len(first.snapshot.batches) == 3)
    for batch_id in ids:
        path = first.store.locations.results / f"{batch_id}.jsonl"
        path.write_bytes(given_results(simulator, batch_id))
    first.stop()
    folder = first.store.locations.results
    bad = next(path.stem for path in folder.glob("*.jsonl"))
    break_one(monkeypatch, bad)
    engine = make()
    until(lambda: failed(engine, bad))
    until(
        lambda: {b.id for b in engine.snapshot.batches if b.results.value == "complete"} == set(ids) - {bad}
    )
