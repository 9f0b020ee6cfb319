"""The quick part of `python -m tests.faults`: a few kills of everything, and eight instances for some seconds."""

from __future__ import annotations

import pytest

from faults import instances, kills

pytestmark = pytest.mark.slow


def test_what_was_killed_is_paid_once_whole_and_readable_afterwards():
    report = kills.run(2 * len(kills.SCENARIOS), seed=7)
    assert report.killed
    assert not report.wrong, report.notes


def test_eight_instances_get_on_with_each_other_on_one_store():
    report = instances.run(8)
    assert report.commands
    assert report.is_good, report.notes
