"""A data folder whose store and journal are gone while bodies or results are there: what was paid is not known then.

A fact of the journal says so until the user agrees to go on, or has moved the files away.
"""

from __future__ import annotations

import os
from datetime import datetime

from claude_batch_tui.errors import StoreError
from claude_batch_tui.store.locations import Locations
from claude_batch_tui.store.store import Store

_KIND = "history"


def note(store: Store, now: datetime) -> None:
    """Write down, for a new store, that it begins beside files of which no journal knows."""
    if _has_files(store.locations) and next(store.journal.facts(), None) is None:
        store.journal.append(_KIND, now, is_lost=True)


def is_lost(store: Store, now: datetime) -> bool:
    """Whether it is not known what was paid; files that were moved away settle it for good."""
    fact = store.journal.newest(_KIND)
    if fact is None or fact.get("is_lost") is not True:
        return False
    if _has_files(store.locations):
        return True
    store.journal.append(_KIND, now, is_lost=False)
    return False


def require_known(store: Store, now: datetime, *, again: bool) -> None:
    """Raise StoreError where requests could be paid for twice because nothing is known of what was paid.

    With `again` the user agrees to that, and is not asked any more.
    """
    if not is_lost(store, now):
        return
    if not again:
        data = store.locations.data
        raise StoreError(
            f"{data} holds files of earlier batches, but neither store nor journal to say what was paid, so the same "
            "requests could be paid for twice: move its folders spool and results away, or agree once with "
            "`cbtui submit FILE --again`."
        )
    store.journal.append(_KIND, now, is_lost=False)


def _has_files(locations: Locations) -> bool:
    for folder in (locations.spool, locations.results):
        with os.scandir(folder) as entries:
            if any(entries):
                return True
    return False
