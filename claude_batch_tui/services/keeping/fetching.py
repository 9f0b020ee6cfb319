"""Results that the API deletes within two days: whichever cbtui runs fetches them, where there is room."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from claude_batch_tui.config import Config
from claude_batch_tui.domain.batches.notices import Warned, warned
from claude_batch_tui.domain.batches.tracked import TrackedBatch
from claude_batch_tui.store.downloads import bytes_a_result
from claude_batch_tui.store.notifications import claim_once
from claude_batch_tui.store.store import Store

NEAR = timedelta(hours=48)
_ROOM = 2
"""So many times the size of what is fetched has to be free."""


class AboutToGo(msgspec.Struct, frozen=True):
    """The batches whose results are to be fetched now, and those for which there is no room: what one of them needs."""

    fetched: tuple[TrackedBatch, ...] = ()
    without_room: tuple[TrackedBatch, ...] = ()
    needed_bytes: int = 0
    free_bytes: int = 0


def about_to_go(listed: Iterable[TrackedBatch], *, store: Store, config: Config, now: datetime) -> AboutToGo:
    """What of these batches' results goes within 48 hours and is not here, those that go first at the front.

    Nothing with `keep = false`. How large results are is not known before: it is estimated by those that are here.
    """
    near = [
        (warning.at, tracked.id, tracked)
        for tracked in (listed if config.keep else ())
        if (warning := warned(tracked, now)) is not None
        and warning.about is Warned.RESULTS
        and warning.at - now <= NEAR
    ]
    if not near:
        return AboutToGo()
    each = bytes_a_result(store.database)
    free = shutil.disk_usage(store.locations.results).free
    fetched, without_room, taken, needed = list[TrackedBatch](), list[TrackedBatch](), 0, 0
    for _, _, tracked in sorted(near, key=lambda one: one[:2]):
        size = int(each * tracked.batch.request_counts.total)
        if taken + _ROOM * size <= free:
            taken += size
            fetched.append(tracked)
        else:
            without_room.append(tracked)
            needed = max(needed, _ROOM * size)
    return AboutToGo(tuple(fetched), tuple(without_room), needed, free)


def claimed(
    found: Iterable[TrackedBatch], *, store: Store, scope_id: int, now: datetime
) -> list[TrackedBatch]:
    """Those of them that this process is to fetch: one that nobody has tried within this hour."""
    wanted = {tracked.id: tracked for tracked in found}
    kind = f"keep-{now:%Y-%m-%dT%H}"
    ours = claim_once(store.database, scope_id, [(batch_id, kind) for batch_id in wanted], now)
    return [tracked for batch_id, tracked in wanted.items() if batch_id in ours]
