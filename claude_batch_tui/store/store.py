"""The store as one thing: where files are, the database and the journal."""

from __future__ import annotations

from typing import Self

from claude_batch_tui.store.database import Database
from claude_batch_tui.store.journal import Journal
from claude_batch_tui.store.locations import Locations


class Store:
    """Everything remembered below one data folder. Safe in several threads and several processes."""

    def __init__(self, locations: Locations) -> None:
        locations.create()
        self.locations = locations
        self.database = Database(locations.database)
        self.journal = Journal(locations.journal)

    @property
    def is_new(self) -> bool:
        """Whether the database is still to be filled from the journal: it was made now, or its filling was cut off."""
        return self.database.read_only_reason is None and not self.database.is_marked

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self.database.close()
