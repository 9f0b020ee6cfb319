"""What is about to be lost is told once, and saved where that is wished."""

from __future__ import annotations

import shutil
from functools import partial
from types import SimpleNamespace

DAY = 86_400


def add(simulator, **facts):
    return simulator.batches.add(4, **facts).id


def warnings(engine):
    async def look():
        engine._parts.warner.look()

    engine._run_on_loop(look()).result()
    told = [event.text for event in engine.snapshot.events if not event.is_quiet]
    return [text for text in told if "in 2" in text or "in 5" in text]


def test_results_about_to_go_are_told_once_even_across_restarts(make, simulator, until):
    batch_id = add(simulator, age=28 * DAY, duration=60)
    make = partial(make, keep="false")
    first = make()
    until(lambda: warnings(first))
    assert warnings(first)[0].startswith(f"{batch_id}: the API deletes the results in 2")
    first.stop()
    second = make()
    until(lambda: second.snapshot.link.polled_at and second.snapshot.batches)
    for _ in range(3):
        assert warnings(second) == []
    until(lambda: second.snapshot.events)
    (logged,) = second.snapshot.events
    assert logged.text.startswith(f"{batch_id}: the API deletes the results in 2")
    assert (logged.batch_id, logged.is_quiet) == (batch_id, True)


def test_an_expiry_ahead_is_told_with_the_bell(make, simulator, until):
    add(simulator, age=23 * 3600, duration=360_000)
    engine = make()
    until(lambda: warnings(engine))
    (event,) = engine.snapshot.events
    assert "expires in 5" in event.text
    assert event.rings


def test_with_auto_download_results_about_to_go_are_saved_instead(make, simulator, until):
    batch_id = add(simulator, age=28 * DAY, duration=60)
    engine = make(auto_download="true")
    until(
        lambda: (
            warnings(engine) == []
            and engine.snapshot.batches
            and engine.snapshot.find(batch_id).results.value == "complete"
        )
    )


def test_results_that_go_within_two_days_are_fetched_and_not_warned_of(make, simulator, until):
    batch_id, later = add(simulator, age=28 * DAY, duration=60), add(simulator, age=25 * DAY, duration=60)
    engine = make()
    until(lambda: engine.snapshot.batches and engine.snapshot.find(batch_id).results.value == "complete")
    assert engine.snapshot.find(later).results.value == "none"
    assert not any(batch_id in text and "deletes" in text for text in warnings(engine))


def test_without_room_results_are_not_fetched_and_it_says_what_is_needed(make, simulator, until, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=10_000))
    batch_id = add(simulator, age=28 * DAY, duration=60)
    engine = make()
    until(
        lambda: any(
            "about 32.0 kB have to be free, and 10.0 kB are" in e.text for e in engine.snapshot.events
        )
    )
    assert engine.snapshot.find(batch_id).results.value == "none"


def test_auto_download_is_offered_once_after_the_first_download_by_hand(make, simulator, until):
    ids = [add(simulator, age=DAY, duration=60) for _ in range(2)]
    engine = make()
    until(lambda: len(engine.snapshot.batches) == 2)
    for batch_id in ids:
        engine.download(batch_id)
        until(lambda one=batch_id: engine.snapshot.find(one).results.value == "complete")
    until(lambda: [e for e in engine.snapshot.events if "auto_download = true in" in e.text])
    assert len([e for e in engine.snapshot.events if "auto_download = true in" in e.text]) == 1
