from __future__ import annotations

import json
import os
import sys
import threading

import pytest

from claude_batch_tui.simulator import Fault


def add(simulator, **facts):
    return simulator.batches.add(4, **{"duration": 36_000, **facts}).id


def told(*engines):
    return [
        event
        for engine in engines
        for event in engine.snapshot.events
        if " ended: " in event.text and not event.is_quiet
    ]


def has_ended(pid):
    """Whether a process has ended and was waited for."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.fixture
def hook(tmp_path):
    """A command line that adds its stdin to a file, and the file."""
    heard = tmp_path / "heard it.jsonl"
    script = tmp_path / "hook.py"
    script.write_text(
        "import os, sys\n"
        "open(sys.argv[1] + '.pid', 'w').write(str(os.getpid()))\n"
        "open(sys.argv[1], 'a').write(sys.stdin.read())\n"
    )
    return f"{sys.executable} {script} '{heard}'", heard


def test_an_end_while_nobody_ran_is_told_at_the_next_start_and_never_again(make, simulator, until):
    batch_id = add(simulator)
    first = make()
    until(lambda: first.snapshot.batches)
    first.stop()
    simulator.batches.finish(batch_id)
    second = make()
    until(lambda: told(second))
    second.stop()
    third = make()
    until(lambda: third.snapshot.link.polled_at and third.snapshot.link.next_poll_at is None)
    assert told(third) == []


def test_of_two_engines_on_one_folder_exactly_one_tells(make, simulator, until):
    batch_ids = [add(simulator) for _ in range(5)]
    engines = [make(), make()]
    until(lambda: all(len(engine.snapshot.batches) == 5 for engine in engines))
    for batch_id in batch_ids:
        simulator.batches.finish(batch_id)
    until(lambda: all(b.batch.has_ended for engine in engines for b in engine.snapshot.batches))
    for engine in engines:
        engine.refresh()
    until(lambda: len(told(*engines)) == 5)
    assert len({event.batch_id for event in told(*engines)}) == 5


def test_batches_that_had_ended_before_we_looked_are_not_told(make, simulator, until):
    add(simulator, age=7200, duration=60)
    engine = make()
    until(lambda: engine.snapshot.batches)
    assert told(engine) == []


def test_the_hook_gets_json_on_stdin_without_a_shell(make, simulator, hook, until):
    command, heard = hook
    batch_id = add(simulator)
    engine = make(hook=command)
    until(lambda: engine.snapshot.batches)
    simulator.batches.finish(batch_id)
    until(lambda: heard.exists() and heard.read_text().endswith("\n"))
    pid = int(heard.with_name(f"{heard.name}.pid").read_text())
    until(lambda: has_ended(pid))
    notice = json.loads(heard.read_text())
    assert notice["event"] == "ended"
    assert notice["batch_ids"] == [batch_id]
    assert notice["counts"]["succeeded"] == 4


def test_a_hook_that_runs_when_the_engine_stops_goes_on_and_is_waited_for(make, simulator, tmp_path, until):
    begun, may_end, ended = (tmp_path / name for name in ("begun", "may end", "ended"))
    script = tmp_path / "slow_hook.py"
    script.write_text(
        "import pathlib, sys, time\n"
        "begun, may_end, ended = map(pathlib.Path, sys.argv[1:])\n"
        "begun.touch()\n"
        "while not may_end.exists():\n"
        "    time.sleep(0.02)\n"
        "ended.touch()\n"
    )
    batch_id = add(simulator)
    engine = make(hook=f"{sys.executable} {script} '{begun}' '{may_end}' '{ended}'")
    until(lambda: engine.snapshot.batches)
    simulator.batches.finish(batch_id)
    until(begun.exists)
    engine.stop()
    may_end.touch()
    until(ended.exists)
    until(lambda: not [thread for thread in threading.enumerate() if thread.name == "cbtui-hook"])


def test_an_outcome_that_is_not_asked_for_neither_rings_nor_runs_the_hook(make, simulator, hook, until):
    command, heard = hook
    batch_id = add(simulator)
    engine = make(hook=command, notify_on="errored,expired")
    until(lambda: engine.snapshot.batches)
    simulator.batches.finish(batch_id)
    until(lambda: told(engine))
    assert [event.rings for event in told(engine)] == [False]
    assert not heard.exists()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("/no/such/program", "cannot be started"),
        (f"{sys.executable} -c 'import sys; sys.exit(\"no route\")'", "code 1: no route"),
        (f"{sys.executable} -c 'import time; time.sleep(60)'", "longer than 0.5 s"),
        ("echo 'open", "cannot be read"),
    ],
)
def test_a_failing_hook_is_shown_and_the_polling_goes_on(make, simulator, command, words, until):
    batch_id = add(simulator)
    add(simulator)
    engine = make(hook=command, hook_timeout="0.5")
    until(lambda: len(engine.snapshot.batches) == 2)
    simulator.batches.finish(batch_id)
    until(lambda: [event for event in engine.snapshot.events if words in event.text])
    polled = engine.snapshot.link.polled_at
    until(lambda: engine.snapshot.link.polled_at > polled)


def test_ends_told_before_or_elsewhere_are_in_the_log_of_events_and_not_told_again(make, simulator, until):
    first, second = add(simulator), add(simulator)
    leader = make()
    until(lambda: len(leader.snapshot.batches) == 2)
    simulator.batches.finish(first)
    until(lambda: told(leader))
    follower = make()
    until(lambda: any(event.batch_id == first for event in follower.snapshot.events))
    simulator.batches.finish(second)
    until(lambda: any(event.batch_id == second for event in follower.snapshot.events))
    assert told(follower) == []
    assert [event.batch_id for event in follower.snapshot.events] == [first, second]
    assert all(event.at.tzinfo for event in follower.snapshot.events)


def test_a_lost_api_and_its_return_are_in_the_log_of_events(make, simulator, until):
    add(simulator)
    engine = make()
    until(lambda: engine.snapshot.link.polled_at)
    simulator.faults.next(Fault(method="GET", path=r"/batches", status=500, times=1))
    until(lambda: [event for event in engine.snapshot.events if event.text == "The API answers again"])
    lost, again = engine.snapshot.events
    assert "500" in lost.text
    assert (lost.is_error, lost.is_quiet, again.is_quiet) == (True, True, True)
