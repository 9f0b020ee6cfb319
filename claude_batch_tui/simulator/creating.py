"""A create: the body goes to disk while it arrives, is split on the way, and checked before the answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

from claude_batch_tui.domain.requests.limits import MAX_BODY_BYTES, MAX_REQUESTS
from claude_batch_tui.simulator.batch import SimulatedBatch
from claude_batch_tui.simulator.failures import TOO_LARGE_PAGE, Failure
from claude_batch_tui.simulator.fates import Draw, Fate, Tally
from claude_batch_tui.simulator.keys import Caller
from claude_batch_tui.simulator.params import Rejection, Rules, read
from claude_batch_tui.simulator.rows import ELEMENT, SpooledRows, check_custom_id, custom_id_problem
from claude_batch_tui.simulator.splitting import Splitter
from claude_batch_tui.simulator.workspaces import Workspaces


async def create(
    body: AsyncIterator[bytes], *, workspaces: Workspaces, caller: Caller, rules: Rules
) -> SimulatedBatch:
    """Create a batch from a body. Raises the API's 400, 413 or 429 for the whole batch."""
    batch_id = workspaces.new_id()
    file = workspaces.folder / batch_id
    kept = False
    try:
        rows = await _spool(body, file)
        workspaces.check_queue(caller, len(rows))
        draw = workspaces.draw(batch_id)
        # Small batches are checked at once; a big one takes a second, in which others want to be served.
        tally = (
            _tally(rows, draw, rules)
            if len(rows) < 500
            else await asyncio.to_thread(_tally, rows, draw, rules)
        )
        batch = workspaces.register(rows, batch_id, caller=caller, rules=rules, draw=draw, tally=tally)
        kept = True
        return batch
    finally:
        if not kept:
            file.unlink(missing_ok=True)


async def _spool(body: AsyncIterator[bytes], file: Path) -> SpooledRows:
    """Write and split. Splitting a piece takes about two milliseconds: less than handing it to a thread would cost."""
    splitter = Splitter()
    size = 0
    with file.open("wb") as spool:
        async for chunk in body:
            size += len(chunk)
            if size > MAX_BODY_BYTES:
                continue
            spool.write(chunk)
            splitter.feed(chunk)
    if size > MAX_BODY_BYTES:
        raise Failure(413, "Request exceeds the maximum size", page=TOO_LARGE_PAGE)
    splitter.finish()
    if len(splitter.starts) > MAX_REQUESTS:
        raise Failure(
            400,
            f"requests: List should have at most {MAX_REQUESTS} items after validation, not {len(splitter.starts)}",
        )
    return SpooledRows(file, splitter.starts, splitter.lengths)


def _tally(rows: SpooledRows, draw: Draw, rules: Rules) -> Tally:
    """Check every custom_id and count the fates. Raises a 400 for the first that is wrong."""
    tally = Tally()
    seen: set[str] = set()
    with rows.opened() as fetch:
        for index in range(len(rows)):
            raw = fetch(index)
            try:
                element = ELEMENT.decode(raw)
            except msgspec.DecodeError as error:
                raise custom_id_problem(index, raw) from error
            custom_id = element.custom_id
            check_custom_id(index, custom_id)
            if custom_id in seen:
                raise Failure(
                    400,
                    "requests: custom_id's must be unique within a batch. Duplicate custom_id found: "
                    f"{custom_id}",
                )
            seen.add(custom_id)
            digest = draw.digest(custom_id)
            fate = draw.fate(custom_id, digest)
            rejected = isinstance(read(element.params, rules), Rejection)
            tally.add(digest[0], Fate.ERRORED if rejected else fate)
    return tally
