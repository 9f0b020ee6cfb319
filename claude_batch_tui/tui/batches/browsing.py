"""How the list of batches is looked at: filtered, sorted, folded, and what the lines around it say of that."""

from __future__ import annotations

from collections.abc import Iterable

from textual import on

from claude_batch_tui.domain.batches.batch_list import Order, Row
from claude_batch_tui.domain.batches.filter import batch_filter
from claude_batch_tui.domain.batches.tracked import LinkState, SubmissionState, TrackedBatch
from claude_batch_tui.domain.batches.turnaround import Turnarounds
from claude_batch_tui.domain.batches.warnings import AtRisk
from claude_batch_tui.domain.filters.language import FilterError
from claude_batch_tui.tui.batches.actions import BatchActions
from claude_batch_tui.tui.batches.rows import Drawing, list_columns
from claude_batch_tui.tui.batches.words import empty_words, marked_words, warning_words
from claude_batch_tui.tui.widgets.columns import Column
from claude_batch_tui.tui.widgets.filter_bar import FilterBar
from claude_batch_tui.tui.widgets.status_line import StatusLine
from claude_batch_tui.tui.widgets.title_line import TabsLine
from claude_batch_tui.wording import ago, counted_batches
from claude_batch_tui.wording.batch_columns import COLUMNS, columns_of


class BatchBrowsing(BatchActions):
    """The part of the Batches screen that decides which rows are shown, in which order and columns."""

    def __init__(self) -> None:
        super().__init__()
        self._learned: dict[str | None, Turnarounds] = {}
        """How long batches take, in each workspace as its own teach it."""
        self._at_risk = AtRisk()
        self._names: tuple[str, ...] = ()
        """The columns the settings ask for, by name."""
        self._filter_error: str | None = None

    def go_to(self, batch_id: str) -> bool:
        """Put the cursor on a batch; its run is opened. False where it is not in the list."""
        if self.table.go_to_key(batch_id):
            return True
        for tracked in self.listing.batches_of([batch_id]):
            if tracked.run_id is not None:
                self._open(tracked.run_id)
                return self.table.go_to_key(batch_id)
        return False

    def show_workspace(self) -> None:
        """Another workspace is shown, or all."""
        self._at_risk = AtRisk()
        self.table.set_marks(())
        self.choose_columns()
        self.table.set_columns(self._columns())

    def choose_columns(self) -> None:
        """The columns the settings ask for; where several workspaces are shown, also which one it is."""
        names = columns_of(self.dashboard.config.batches_columns)
        if self.dashboard.engines.shown is None and "workspace" not in names:
            place = int(names[0] == "state")
            names = (*names[:place], "workspace", *names[place:])
        self._names = names

    def learn(self, batches: Iterable[TrackedBatch]) -> None:
        """Learn how long they took."""
        for tracked in batches:
            self._learned.setdefault(tracked.profile, Turnarounds()).learn((tracked,))

    @on(FilterBar.Changed)
    def _filter_changed(self, event: FilterBar.Changed) -> None:
        try:
            self.listing.wanted = batch_filter(event.value)
        except FilterError as error:
            self._filter_error = str(error)
            self.query_one(FilterBar).show_error(self._filter_error)
            return
        self._filter_error = None
        self._choose()

    def action_sort(self, step: int) -> None:
        """Sort by the next column that is shown."""
        fields = list(dict.fromkeys(COLUMNS[name].sort for name in self._names if name in self._shown()))
        now = self.listing.order.field
        place = fields.index(now) + step if now in fields else 0
        self._sort(Order(fields[place % len(fields)]))

    def action_reverse(self) -> None:
        """Sort the other way round."""
        order = self.listing.order
        self._sort(order._replace(is_reversed=not order.is_reversed))

    def action_hidden(self) -> None:
        """Show what was put away among the others, or hide it again."""
        self.listing.shows_hidden = not self.listing.shows_hidden
        self._choose()
        self.say(
            "Put-away batches are shown." if self.listing.shows_hidden else "Put-away batches are hidden."
        )

    def action_warned(self) -> None:
        """Mark what is about to be lost."""
        at_risk = list(self._at_risk.found)
        if not at_risk:
            self.say("Nothing is about to be lost.")
            return
        self.table.set_marks(at_risk)
        self.go_to(at_risk[0])

    def action_fold(self) -> None:
        """Close the run the cursor is in."""
        for tracked in self.listing.batches_of([self.table.cursor_key or ""]):
            if tracked.run_id in self.listing.opened:
                self._open(tracked.run_id or "", is_open=False)
                self.table.go_to_key(tracked.run_id or "")
                return

    def _sort(self, order: Order) -> None:
        self.listing.order = order
        self.table.set_columns(self._columns())
        self._choose()
        self.say(f"Sorted by {order.field}{', reversed' if order.is_reversed else ''}.", seconds=2.0)

    def _open(self, run_id: str, *, is_open: bool = True) -> None:
        """Open or close a run."""
        opened = self.listing.opened
        self.listing.opened = opened | {run_id} if is_open else opened - {run_id}
        self._choose()

    def _choose(self) -> None:
        """Filter and sort anew, and show it."""
        self.listing.choose(self.now())
        self._show_rows()

    def _show_rows(self) -> None:
        """Repaint what changed."""
        wanted, rows = self.query_one(FilterBar).value.strip(), self.listing.rows
        self.table.empty = empty_words(wanted, self.listing.total, self.snapshot.link)
        self.table.rows_changed()
        self.set_class(not rows, "-no-rows")
        if self._filter_error is None:
            self.query_one(FilterBar).show_count(self.listing.shown, self.listing.total)
        self._show_tabs()

    def _show_tabs(self) -> None:
        """How many are marked and shown of how many, how old the list is, and how it is sorted."""
        marks, listing, drawing = len(self.table.marks), self.listing, self._drawing()
        parts = [f"{marks:,} marked"] if marks else []
        if drawing.is_old and drawing.link.polled_at is not None:
            parts.append(f"last known list, {ago(drawing.now - drawing.link.polled_at)} old")
        if listing.shown != listing.total:
            parts.append(f"{listing.shown:,} of {listing.total:,}")
        else:
            parts.append(counted_batches(listing.total))
        if self.snapshot.has_older and drawing.link.state in (LinkState.LIVE, LinkState.IDLE):
            parts[-1] += ", L: older"
        down, up = ("v", "^") if drawing.ascii_only else ("↓", "↑")
        parts.append(f"sort: {listing.order.field} {up if listing.order.is_reversed else down}")
        self.query_one(TabsLine).show(right="   ".join(parts))

    def _rest(self) -> None:
        """What the status line says while nothing happens: what needs a decision first."""
        waiting = [each for each in self.snapshot.submissions if each.state is not SubmissionState.SENDING]
        if waiting:
            words = (
                f"{len(waiting)} submission{'s' if len(waiting) > 1 else ''} of unknown outcome: U decides"
            )
        else:
            words = (
                marked_words(self.targets if self.table.marks else ())
                or self.snapshot.link.error
                or warning_words(self._at_risk.found.values(), self.now())
                or self.dashboard.banner
                or ""
            )
        self.query_one(StatusLine).rest(words)

    def _drop_marks(self) -> None:
        """Marks of batches that are no more are taken away, and that is said."""
        marks = self.table.marks
        known = frozenset(key for key in marks if self.listing.batches_of([key]))
        if known != marks:
            self.table.set_marks(known)
            self.say(f"{counted_batches(len(marks - known))} of the marked ones no longer exist here.")

    def _columns(self) -> tuple[Column, ...]:
        return list_columns(
            self._names,
            self.listing.order,
            ascii_only=self.dashboard.ascii_only,
            workspaces=self.dashboard.engines.watched,
        )

    def _shown(self) -> frozenset[str]:
        return frozenset(self._names[number] for number in self.table.shown_columns)

    def _drawing(self, row: Row | None = None) -> Drawing:
        """What is drawn with; for a row by the link of its workspace, and by what that teaches."""
        link, learned = self.snapshot.link, None
        if row is not None:
            link, learned = (
                self.snapshot.link_of(row.tracked.profile),
                self._learned.get(row.tracked.profile),
            )
        return Drawing(
            now=self.now(),
            link=link,
            downloads=self.snapshot.downloads,
            learned=learned or Turnarounds(),
            ascii_only=self.dashboard.ascii_only,
            shown=self._shown(),
            opened=self.listing.opened,
        )
