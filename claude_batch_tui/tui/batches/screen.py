"""The batches of the workspace: from the store at once, then live."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical

from claude_batch_tui.domain.batches.batch import BatchState
from claude_batch_tui.domain.batches.batch_list import Row, in_parts, order_of
from claude_batch_tui.domain.batches.story import SentRequests
from claude_batch_tui.domain.batches.tracked import LinkState, Snapshot
from claude_batch_tui.tui.batches.browsing import BatchBrowsing
from claude_batch_tui.tui.batches.detail import BatchDetail, Memory
from claude_batch_tui.tui.batches.events import BatchEvents
from claude_batch_tui.tui.batches.keys import KEYS
from claude_batch_tui.tui.batches.rows import row_cells
from claude_batch_tui.tui.widgets.columns import Cell
from claude_batch_tui.tui.widgets.filter_bar import FilterBar
from claude_batch_tui.tui.widgets.key_line import KeyLine
from claude_batch_tui.tui.widgets.line_input import LineInput
from claude_batch_tui.tui.widgets.status_line import StatusLine
from claude_batch_tui.tui.widgets.title_line import TabsLine, TitleLine
from claude_batch_tui.tui.widgets.virtual_list import VirtualList
from claude_batch_tui.wording import STATE_WORDS, counted_batches


class BatchesScreen(BatchBrowsing):
    """List, detail, and what can be done with a batch."""

    help_title: ClassVar[str] = "Batches"
    BINDINGS: ClassVar[list[BindingType]] = KEYS
    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-high"), (40, "-tall")]  # noqa: RUF012 — an instance variable in Textual

    def compose(self) -> ComposeResult:
        """Filter, list and detail, and what happened."""
        self.choose_columns()
        self.listing.order = order_of(self.dashboard.config.batches_sort)
        memory = Memory(
            lambda ids: self.dashboard.engine.story(ids).result(),
            self._first_requests,
        )
        yield TitleLine("BATCHES")
        yield TabsLine(1)
        yield FilterBar(placeholder="words, state=running, tag=eval, age<2d, model:sonnet")
        yield Vertical(
            VirtualList(self._columns(), _Rows(self), id="list"),
            BatchDetail(memory, id="detail"),
            id="main",
        )
        yield BatchEvents(self.now, id="events")
        yield StatusLine()
        yield KeyLine()

    def on_mount(self) -> None:
        """Redraw ages every 20 seconds."""
        self.set_interval(20.0, self._redraw_ages)

    def _first_requests(self, ids: Sequence[str], count: int) -> SentRequests | None:
        return self.dashboard.engine.first_requests(ids, count)

    @property
    def events(self) -> BatchEvents:
        """What happened."""
        return self.query_one(BatchEvents)

    @property
    def detail(self) -> BatchDetail:
        """The batch or run under the cursor in full."""
        return self.query_one(BatchDetail)

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
        self.learn(changed)
        self._at_risk.update(snapshot.batches, changed, self.now())
        self._show_rows()
        self._drop_marks()
        self._show_detail()
        self.events.show(snapshot.events)
        self._rest()
        self.refresh_bindings()

    def _redraw_ages(self) -> None:
        if self.is_current:
            if self.listing.depends_on_time:
                self.listing.choose(self.now())
            self._at_risk.update(self.snapshot.batches, (), self.now())
            self._rest()
            self._show_rows()
            self._show_detail()

    def cells(self, row: Row) -> Sequence[Cell | str]:
        """What a row of the list shows."""
        return row_cells(row, self._names, self._drawing(row))

    @on(VirtualList.Highlighted)
    def _highlighted(self, event: VirtualList.Highlighted) -> None:
        self._show_detail()
        self.refresh_bindings()
        is_live = self.snapshot.link.state in (LinkState.LIVE, LinkState.IDLE)
        if is_live and self.snapshot.has_older and 0 < event.index == len(self.listing.rows) - 1:
            self.action_older()

    @on(BatchEvents.Chosen)
    def _event_chosen(self, event: BatchEvents.Chosen) -> None:
        """From an event to its batch."""
        if event.batch_id is None:
            self.say("This event is about no batch.")
            return
        self._leave_events()
        if not self.go_to(event.batch_id):
            self.say("That batch is not in the list: it was deleted, or the filter hides it.")

    @on(VirtualList.Opened, "#list")
    def _opened(self, event: VirtualList.Opened) -> None:
        row = self.listing.row(event.key)
        if row is None:
            return
        tracked, now = row.tracked, self.now()
        state = tracked.state(now)
        if row.members and row.key in self.listing.opened:
            self._open_run(row)
        elif row.members:
            self._open(row.key)
        elif tracked.results.value != "none" or tracked.batch.results_readable(now):
            if not tracked.seen:
                self.dashboard.engine.mark_seen(tracked.id)
            self.dashboard.open_batch(tracked.id)
        elif state in (BatchState.ARCHIVED, BatchState.GONE):
            self.say(f"{tracked.title}: {STATE_WORDS[state]}.")
        else:
            self.say(f"{tracked.title} has not ended: results can be read when it has.")

    def _open_run(self, row: Row) -> None:
        """The results of all batches of a run that have any, as one."""
        now = self.now()
        readable = [
            tracked
            for tracked in in_parts(row.members)
            if tracked.results.value != "none" or tracked.batch.results_readable(now)
        ]
        if not readable:
            self.say(f"No batch of {row.tracked.title} has results that can be read.")
            return
        for tracked in readable:
            if not tracked.seen:
                self.dashboard.engine.mark_seen(tracked.id)
        if len(readable) < len(row.members):
            self.say(
                f"Results of {len(readable)} of {counted_batches(len(row.members))}: the others have none."
            )
        self.dashboard.open_run(row.key, [tracked.id for tracked in readable], row.tracked.title)

    @on(VirtualList.MarkAllRequested)
    def _mark_all(self) -> None:
        self.table.set_marks(row.key for row in self.listing.rows if not row.is_child)

    @on(VirtualList.MarksChanged)
    def _marks_changed(self) -> None:
        self._show_tabs()
        self._rest()
        self.refresh_bindings()

    @on(FilterBar.Left)
    def _filter_left(self) -> None:
        self.table.focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A slash typed into the filter is a slash."""
        if action == "filter" and isinstance(self.focused, LineInput):
            return False
        return super().check_action(action, parameters)

    def action_filter(self) -> None:
        """Type a filter."""
        self.query_one(FilterBar).open()

    def action_up(self) -> None:
        """Clear the events, the zoom, the filter or the marks, in this order; never leaves."""
        if self._leave_events():
            return
        if self.has_class("-zoomed"):
            self.action_zoom()
        elif self.query_one(FilterBar).value:
            self.query_one(FilterBar).value = ""
        elif self.table.marks:
            self.table.set_marks(())

    def action_back(self) -> None:
        """Leave; asks while results are being downloaded."""
        if self._leave_events():
            return
        if self.has_class("-zoomed"):
            self.action_zoom()
            return
        downloading = [d for d in self.snapshot.downloads.values() if d.state.value in ("waiting", "running")]
        if not downloading:
            self._leave()
            return
        from claude_batch_tui.tui.dialogs.confirm import ConfirmDialog

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
        from claude_batch_tui.tui.history.screen import HistoryScreen  # the first frame does not wait for it

        self.app.push_screen(HistoryScreen())

    def action_events(self) -> None:
        """To the events, on the whole screen where they have no place of their own; and back."""
        if self._leave_events():
            return
        if not self.events.display:
            self.add_class("-events")
        self.events.table.focus()
        self.refresh_bindings()

    def _leave_events(self) -> bool:
        """Back to the list; False where the events have neither the screen nor the keys."""
        if not (self.has_class("-events") or self.focused is self.events.table):
            return False
        self.remove_class("-events")
        self.table.focus()
        self.refresh_bindings()
        return True

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

    def _show_detail(self) -> None:
        row = self.listing.row(self.table.cursor_key or "")
        self.detail.show(row, self._drawing(row))


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
