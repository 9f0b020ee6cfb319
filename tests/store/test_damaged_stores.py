"""A store damaged in many ways: see `tests/faults/damaged_stores.py`, of which this is the quick part."""

import pytest

from faults.damaged_stores import run


@pytest.mark.slow
def test_after_any_damage_nothing_is_paid_again_and_names_and_runs_are_back():
    report = run(20, seed=3)
    assert report.failures == ()
    assert (report.rounds, report.paid_again, report.tracebacks, report.unreadable, report.lost) == (
        *(20, 0, 0, 0, 0),
    )
