"""The list of the Batches screen: the rows of a view, marks that leave with their batches, and what a key is meant for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from claude_batch_tui.domain.batches.batch_list import BatchRow
from claude_batch_tui.domain.batches.tracked import TrackedBatch
from claude_batch_tui.tui.batches.view import BatchesView, empty_words
from claude_batch_tui.tui.widgets.virtual_list import VirtualList


class BatchTable(VirtualList):
    """Shows `view`; `workspaces` gives the names of those that are watched, for the column that says which one it is."""

    def __init__(
        self,
        view: BatchesView,
        workspaces: Callable[[], Sequence[str]],
        *,
        id: str | None = None,  # noqa: A002  the name is Textual's
    ) -> None:
        super().__init__(view.list_columns(workspaces()), view, id=id)
        self._view = view
        self._workspaces = workspaces

    @property
    def row(self) -> BatchRow | None:
        """The row under the cursor, None while there are no rows."""
        return self._view.row(self.cursor_key)

    @property
    def batches(self) -> list[TrackedBatch]:
        """The marked batches, else the one under the cursor; a run stands for all of its batches."""
        return self._view.listing.batches_of(self.targets)

    def show_columns(self) -> None:
        """Show the columns as they are now, and how the list is sorted."""
        self.set_columns(self._view.list_columns(self._workspaces()))

    def show_rows(self) -> None:
        """Show the rows as they are now, or why there are none; only what changed is painted."""
        self.empty = empty_words(self._view)
        self.rows_changed()

    def drop_marks(self) -> int:
        """Take away the marks of batches that are no more; how many those were. Who calls it shows what follows from it."""
        gone = self._view.unknown(self.marks)
        with self.prevent(self.MarksChanged):
            self.set_marks(self.marks - gone)
        return len(gone)

    def action_mark_all(self) -> None:
        """Mark every row but the batches below an open run, which stands for them."""
        self.set_marks(row.key for row in self._view.listing.rows if not row.is_child)
