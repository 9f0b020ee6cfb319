"""Waiting in a test for what happens in another thread or process, and failing where it never does."""

from __future__ import annotations

import asyncio
import contextlib
import time

from textual import events
from textual.worker import WorkerCancelled

from claude_batch_tui.tui.widgets.lines import StatusLine


def until(claim, seconds=60.0):
    """Look fifty times a second whether a claim has become true."""
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline, "never true"
        time.sleep(0.02)


async def happened(claim, seconds=60.0):
    """The same in a loop that goes on meanwhile."""
    async with asyncio.timeout(seconds):
        while not claim():  # noqa: ASYNC110  no event tells it
            await asyncio.sleep(0.01)


async def reached(pilot, claim, seconds=60.0):
    """The same for a claim about a dashboard, which goes on meanwhile."""
    for _ in range(int(seconds / 0.05)):
        if claim():
            return
        await pilot.pause(0.05)
    raise AssertionError(f"never true: {pilot.app.screen} {pilot.app.screen.query_one(StatusLine).text!r}")


async def workers_done(app):
    """Until no worker of the app runs; one whose work was superseded by another's has nothing more to do."""
    while running := [worker for worker in app.workers if worker.is_running]:
        for worker in running:
            with contextlib.suppress(WorkerCancelled):
                await worker.wait()


async def paste(pilot, text):
    """Give the field that has the focus a text at once, as a terminal pastes it; ten keys take as long as a start."""
    pilot.app.post_message(events.Paste(text))
    await pilot.pause()
