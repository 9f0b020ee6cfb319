"""No key in anything printed or written, whatever goes wrong: the quick part of `tests/faults/canary.py`."""

from __future__ import annotations

import shlex

import pytest

from claude_batch_tui.cli.main import COMMANDS
from faults.canary import ELSEWHERE, FAULTS, VERBS, run

pytestmark = pytest.mark.slow


def test_every_command_is_among_those_that_are_run_and_thirty_faults():
    assert {words[0] for verb in VERBS if (words := shlex.split(verb))} == set(COMMANDS)
    assert len(FAULTS) + len(ELSEWHERE) > 30


def test_no_command_shows_or_writes_the_key_where_a_server_repeats_it():
    report = run(("HTTP 400",))
    assert report.leaks == ()
    assert report.repeated > 10


@pytest.mark.timeout(300)
def test_no_fault_makes_the_key_come_out():
    report = run(verbs=("list", "submit FILE --yes", "results ENDED -o OUT.csv"))
    assert report.leaks == ()
    assert report.repeated > 40
