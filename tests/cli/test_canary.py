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


FEW = (
    *("HTTP 401", "HTTP 429 with retry-after", "web page", "redirect", "no JSON", "half body"),
    *("created, then HTTP 500", "results reset", *ELSEWHERE),
)


def test_no_other_fault_makes_it_come_out():
    report = run(FEW, ("list", "submit FILE --yes", "results ENDED"))
    assert report.leaks == ()
    assert report.repeated > 5
