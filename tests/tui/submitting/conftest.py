"""Batches that have ended at once."""

from __future__ import annotations

import pytest

from claude_batch_tui.simulator import ALL_ANSWERED, Simulator


@pytest.fixture
def simulator():
    """Batches end at once; nothing fails but what a test says."""
    with Simulator(speed=10_000, seed=3, rates=ALL_ANSWERED) as running:
        yield running
