"""Watches of several workspaces as one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from claude_batch_tui.services.watching.watch import Watched


async def merged(
    parts: Sequence[AsyncIterator[Watched]], *, until: str
) -> AsyncIterator[tuple[int, Watched]]:
    """Every step of every part as it comes: the part's number, and what all parts together show after it.

    It ends when `any` or `all` of the batches have ended. An error of one part ends all. Leaving the loop does, too.
    """
    queue: asyncio.Queue[tuple[int, Watched | Exception | None]] = asyncio.Queue()

    async def follow(number: int, steps: AsyncIterator[Watched]) -> None:
        try:
            async for step in steps:
                await queue.put((number, step))
        except Exception as error:  # noqa: BLE001 — carried to whoever iterates
            await queue.put((number, error))
        else:
            await queue.put((number, None))

    latest: dict[int, Watched] = {}
    running = len(parts)
    tasks = [asyncio.create_task(follow(number, steps)) for number, steps in enumerate(parts)]
    try:
        while running:
            number, step = await queue.get()
            if isinstance(step, Exception):
                raise step
            if step is None:
                running -= 1
                continue
            latest[number] = step
            whole = _together(latest, step)
            yield number, whole
            if len(latest) == len(parts) and whole.ended(until):
                return
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _together(latest: dict[int, Watched], step: Watched) -> Watched:
    """What this step changed, with the batches of all parts and the first of their next looks."""
    waits = [each.next_in for each in latest.values() if each.next_in is not None]
    batches = tuple(batch for number in sorted(latest) for batch in latest[number].batches)
    return Watched(step.changed, batches, min(waits, default=None), step.trouble)
