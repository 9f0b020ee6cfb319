"""The batches of the workspace: from the store at once, then live."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget

from claude_batch_tui.batch_columns import COLUMNS, columns_of
from claude_batch_tui.domain.batch import BatchState
from claude_batch_tui.domain.batch_filter import batch_filter
from claude_batch_tui.domain.batch_list import Order, Row, order_of
from claude_batch_tui.domain.filtering import FilterError
from claude_batch_tui.domain.tracked import LinkState, Snapshot, SubmissionState
from claude_batch_tui.domain.turnaround import Turnarounds
from claude_batch_tui.domain.warnings import AtRisk
from claude_batch_tui.tui.dialogs.confirm import ConfirmDialog
from claude_batch_tui.tui.screens.batch_actions import BatchActions
from claude_batch_tui.tui.screens.batch_detail import BatchDetail, Memory
from claude_batch_tui.tui.screens.batch_rows import Drawing, list_columns, row_cells
from claude_batch_tui.tui.screens.batch_words import empty_words, marked_words, warning_words
from claude_batch_tui.tui.screens.history import HistoryScreen
from claude_batch_tui.tui.widgets.columns import Cell, Column
from claude_batch_tui.tui.widgets.filter_bar import FilterBar
from claude_batch_tui.tui.widgets.status_line import StatusLine
from claude_batch_tui.tui.widgets.title_line import TabsLine
from claude_batch_tui.tui.widgets.virtual_list import VirtualList
from claude_batch_tui.wording import STATE_WORDS, ago, counted_batches


class BatchesScreen(BatchActions):
    """List, detail, and what can be done with a batch."""

    help_title: ClassVar[str] = "Batches"
    number: ClassVar[int] = 1
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "slash", "filter", "filter", id="batches.filter", tooltip="filter: words, state=running, age<2d"
        ),
        Binding("o", "sort(1)", "sort", id="batches.sort", tooltip="sort by the next column"),
        Binding(
            "O", "reverse", "reverse", id="batches.reverse", show=False, tooltip="sort the other way round"
        ),
        Binding("x", "cancel", "cancel", id="batches.cancel", tooltip="cancel on the server (asks)"),
        Binding(
            "D", "delete", "delete", id="batches.delete", show=False, tooltip="delete from the server (asks)"
        ),
        Binding("n", "app.show('build')", "new", id="batches.new", tooltip="build requests from a file"),
        Binding("r,R", "poll", "poll", id="batches.poll", tooltip="ask the API now"),
        Binding("p", "pause", "pause", id="batches.pause", show=False, tooltip="pause or resume polling"),
        Binding("i", "add", "watch id", id="batches.add", show=False, tooltip="watch a batch by its id"),
        Binding(
            "e", "rename", "name", id="batches.rename", show=False, tooltip="give the batch a name of yours"
        ),
        Binding("t", "tag", "tag", id="batches.tag", show=False, tooltip="tags of yours"),
        Binding("N", "note", "note", id="batches.note", show=False, tooltip="a note of yours"),
        Binding(
            "a", "adopt", "adopt", id="batches.adopt", show=False, tooltip="adopt a batch made elsewhere"
        ),
        Binding(
            "A", "archive", "put away", id="batches.archive", show=False, tooltip="put away, or bring back"
        ),
        Binding("H", "hidden", "put away", id="batches.hidden", show=False, tooltip="show what was put away"),
        Binding(
            "W", "warned", "at risk", id="batches.warned", show=False, tooltip="mark what is about to be lost"
        ),
        Binding(
            "s", "download", "download", id="batches.download", show=False, tooltip="download the results"
        ),
        Binding("S", "stop", "stop", id="batches.stop", show=False, tooltip="stop the download"),
        Binding(
            "U",
            "unknown",
            "open submissions",
            id="batches.unknown",
            show=False,
            tooltip="submissions of unknown outcome",
        ),
        Binding("y", "copy", "copy id", id="batches.copy", show=False, tooltip="copy the id"),
        Binding("d", "detail", "detail", id="batches.detail", show=False, tooltip="detail on or off"),
        Binding(
            "right_square_bracket",
            "tab(1)",
            "next tab",
            id="batches.next-tab",
            show=False,
            tooltip="overview, timeline, requests, cost, polls",
        ),
        Binding(
            "left_square_bracket",
            "tab(-1)",
            "previous tab",
            id="batches.previous-tab",
            show=False,
            tooltip="the tab before",
        ),
        Binding(
            "J", "scroll(1)", "detail down", id="batches.detail-down", show=False, tooltip="scroll the detail"
        ),
        Binding("K", "scroll(-1)", "detail up", id="batches.detail-up", show=False, tooltip="scroll it back"),
        Binding(
            "T", "history", "history", id="batches.history", show=False, tooltip="history, drawn: time, spend"
        ),
        Binding("z", "zoom", "zoom", id="batches.zoom", show=False, tooltip="detail on the whole screen"),
        Binding("L", "older", "older", id="batches.older", show=False, tooltip="load older batches"),
        Binding("left,h", "fold", "fold", id="batches.fold", show=False, tooltip="close the run"),
        Binding("q", "back", "quit", id="batches.back", tooltip="leave"),
        Binding("escape", "up", "back", id="batches.up", show=False, tooltip="clear the filter or the marks"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._learned = Turnarounds()
        self._at_risk = AtRisk()
        self._names: tuple[str, ...] = ()
        self._filter_error: str | None = None

    def above(self) -> Iterable[Widget]:
        """The filter."""
        yield FilterBar(placeholder="words, state=running, tag=eval, age<2d, model:sonnet")

    def parts(self) -> Iterable[Widget]:
        """List and detail."""
        self._names = columns_of(self.dashboard.config.batches_columns)
        self.listing.order = order_of(self.dashboard.config.batches_sort)
        yield VirtualList(self._columns(), _Rows(self), id="list")
        engine = self.dashboard.engine
        memory = Memory(lambda ids: engine.story(ids).result(), engine.first_requests)
        yield BatchDetail(memory, id="detail")

    @property
    def detail(self) -> BatchDetail:
        """The batch or run under the cursor in full."""
        return self.query_one(BatchDetail)

    def go_to(self, batch_id: str) -> None:
        """Put the cursor on a batch; its run is opened."""
        if not self.table.go_to_key(batch_id):
            for tracked in self.listing.batches_of([batch_id]):
                if tracked.run_id is not None:
                    self._open(tracked.run_id)
                    self.table.go_to_key(batch_id)

    def title_left(self) -> str:
        """How many run, and how many ended unseen."""
        running, unseen = self.snapshot.running, len(self.snapshot.unseen)
        parts = [f"{running:,} running"] if running else []
        if unseen:
            parts.append(f"{unseen:,} new result{'s' if unseen > 1 else ''}")
        return ", ".join(parts)

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """List, detail and resting words as the engine has them; what did not change costs nothing."""
        super().show_snapshot(snapshot)
        changed = self.listing.update(snapshot.batches, self.now())
        self._learned.learn(changed)
        self._at_risk.update(snapshot.batches, changed, self.now())
        self._show_rows()
        self._drop_marks()
        self._show_detail()
        self._rest()
        self.refresh_bindings()

    def tick(self) -> None:
        """Ages have moved."""
        if self.is_current:
            if self.listing.depends_on_time:
                self.listing.choose(self.now())
            self._at_risk.update(self.snapshot.batches, (), self.now())
            self._rest()
            self._show_rows()
            self._show_detail()

    def cells(self, row: Row) -> Sequence[Cell | str]:
        """What a row of the list shows."""
        return row_cells(row, self._names, self._drawing())

    @on(VirtualList.Highlighted)
    def _highlighted(self, event: VirtualList.Highlighted) -> None:
        self._show_detail()
        self.refresh_bindings()
        is_live = self.snapshot.link.state in (LinkState.LIVE, LinkState.IDLE)
        if is_live and self.snapshot.has_older and 0 < event.index == len(self.listing.rows) - 1:
            self.action_older()

    @on(VirtualList.Opened)
    def _opened(self, event: VirtualList.Opened) -> None:
        row = self.listing.row(event.key)
        if row is None:
            return
        tracked, now = row.tracked, self.now()
        state = tracked.state(now)
        if row.members:
            self._open(row.key, is_open=row.key not in self.listing.opened)
        elif tracked.results.value != "none" or tracked.batch.results_readable(now):
            if not tracked.seen:
                self.dashboard.engine.mark_seen(tracked.id)
            self.dashboard.open_batch(tracked.id)
        elif state in (BatchState.ARCHIVED, BatchState.GONE):
            self.say(f"{tracked.title}: {STATE_WORDS[state]}.")
        else:
            self.say(f"{tracked.title} has not ended: results can be read when it has.")

    @on(VirtualList.MarkAllRequested)
    def _mark_all(self) -> None:
        self.table.set_marks(row.key for row in self.listing.rows if not row.is_child)

    @on(VirtualList.MarksChanged)
    def _marks_changed(self) -> None:
        self._show_tabs()
        self._rest()
        self.refresh_bindings()

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

    @on(FilterBar.Left)
    def _filter_left(self) -> None:
        self.table.focus()

    def action_filter(self) -> None:
        """Type a filter."""
        self.query_one(FilterBar).open()

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

    def action_up(self) -> None:
        """Clear the zoom, the filter or the marks, in this order; never leaves."""
        if self.has_class("-zoomed"):
            self.action_zoom()
        elif self.query_one(FilterBar).value:
            self.query_one(FilterBar).value = ""
        elif self.table.marks:
            self.table.set_marks(())

    def action_back(self) -> None:
        """Leave; asks while results are being downloaded."""
        if self.has_class("-zoomed"):
            self.action_zoom()
            return
        downloading = [d for d in self.snapshot.downloads.values() if d.state.value == "running"]
        if not downloading:
            self._leave()
            return
        dialog = ConfirmDialog(
            "Leave while results are being downloaded?",
            [f"{len(downloading)} download(s) stop; they start over the next time you open the batch."],
            yes="Leave",
            no="Stay",
        )
        self.app.push_screen(dialog, lambda leaves: self._leave() if leaves else None)

    def action_detail(self) -> None:
        """Detail on or off."""
        self.toggle_class("-no-detail")

    def action_tab(self, step: int) -> None:
        """Another tab of the detail, which comes into sight for it."""
        self.remove_class("-no-detail")
        self.detail.turn(step)
        if not self.detail.display:  # the screen is too low for both
            self.action_zoom()

    def action_scroll(self, rows: int) -> None:
        """Scroll the detail without leaving the list."""
        self.detail.view.action_scroll(rows)

    def action_history(self) -> None:
        """What the batches of the last days say together."""
        self.app.push_screen(HistoryScreen())

    def action_zoom(self) -> None:
        """Detail on the whole screen, and back."""
        self.toggle_class("-zoomed")
        (self.detail.view if self.has_class("-zoomed") else self.table).focus()

    def _leave(self) -> None:
        """Leave; without a key with the sentence and the exit code a command would end with."""
        link = self.snapshot.link
        if link.state is LinkState.NO_CREDENTIALS:
            self.app.exit(return_code=2, message=link.error)
        else:
            self.app.exit()

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
        elif self.snapshot.link.error:
            words = self.snapshot.link.error
        else:
            words = (
                marked_words(self.targets if self.table.marks else ())
                or warning_words(self._at_risk.found.values(), self.now())
                or self.dashboard.banner
                or ""
            )
        self.query_one(StatusLine).rest(words)

    def _show_detail(self) -> None:
        self.detail.show(self.listing.row(self.table.cursor_key or ""), self._drawing())

    def _drop_marks(self) -> None:
        """Marks of batches that are no more are taken away, and that is said."""
        marks = self.table.marks
        known = frozenset(key for key in marks if self.listing.batches_of([key]))
        if known != marks:
            self.table.set_marks(known)
            self.say(f"{counted_batches(len(marks - known))} of the marked ones no longer exist here.")

    def _columns(self) -> tuple[Column, ...]:
        return list_columns(self._names, self.listing.order, ascii_only=self.dashboard.ascii_only)

    def _shown(self) -> frozenset[str]:
        return frozenset(self._names[number] for number in self.table.shown_columns)

    def _drawing(self) -> Drawing:
        return Drawing(
            now=self.now(),
            link=self.snapshot.link,
            downloads=self.snapshot.downloads,
            learned=self._learned,
            ascii_only=self.dashboard.ascii_only,
            shown=self._shown(),
            opened=self.listing.opened,
        )


class _Rows:
    """The listing as the source of the list."""

    def __init__(self, screen: BatchesScreen) -> None:
        self._screen = screen

    def row_count(self) -> int:
        """How many rows there are now."""
        return len(self._screen.listing.rows)

    def key(self, index: int) -> str:
        """The key of a row."""
        return self._screen.listing.rows[index].key

    def cells(self, index: int) -> Sequence[Cell | str]:
        """What the row shows."""
        return self._screen.cells(self._screen.listing.rows[index])

    def find(self, key: str) -> int | None:
        """The row with that key, or None."""
        return self._screen.listing.find(key)
