"""What is known on this machine of the workspaces of a command, for one that asks nobody else."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from claude_batch_tui.cli.command import Context

if TYPE_CHECKING:
    from claude_batch_tui.store.database import Database


class Known(msgspec.Struct, frozen=True):
    """The store, and the workspaces that are meant."""

    database: Database
    scope_ids: frozenset[int]


@contextlib.contextmanager
def known_here(context: Context) -> Iterator[Known | None]:
    """The store of this machine without the network, closed after the block; None, and said, where there is none yet."""
    from claude_batch_tui.store import workspaces  # late: --help needs none of it
    from claude_batch_tui.store.database import Database
    from claude_batch_tui.store.locations import Locations

    file = Locations(context.config.data_dir).database
    if not file.exists():
        context.diagnostics.note("Nothing is known here yet: `cbtui list` asks the API.")
        yield None
        return
    database = Database(file)
    try:
        hints = [workspaces.hint_of(config, os.environ) for config in (context.config, *context.beside)]
        found = [workspaces.recall(database, hint) for hint in hints]
        yield Known(database, frozenset(one.scope_id for one in found if one is not None))
    finally:
        database.close()
