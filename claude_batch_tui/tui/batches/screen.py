"""The batches of the workspace: from the store at once, then live.

filter
list                                  ── detail ──
── events, where there is room ──
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.events import Key

from claude_batch_tui.domain.batches.batch_list import SORTABLE, Order
from claude_batch_tui.domain.batches.tracked import LinkState, Snapshot, TrackedBatch
from claude_batch_tui.tui.batches import actions
from claude_batch_tui.tui.batches.detail import BatchDetail
from claude_batch_tui.tui.batches.events import BatchEvents
from claude_batch_tui.tui.batches.keys import KEYS, needs_list, why_not
from claude_batch_tui.tui.batches.table import BatchTable
from claude_batch_tui.tui.batches.view import BatchesView, list_words, resting_words
from claude_batch_tui.tui.screen import DashboardScreen
from claude_batch_tui.tui.submitting.retrying import retry_batches
from claude_batch_tui.tui.widgets.inputs import FilterBar, LineInput
from claude_batch_tui.tui.widgets.key_line import KeyLine
from claude_batch_tui.tui.widgets.lines import TABS_WIDTH, LetterMenu, StatusLine, TabsLine, TitleLine
from claude_batch_tui.tui.widgets.list_canvas import GUTTER
from claude_batch_tui.tui.widgets.virtual_list import VirtualList
from claude_batch_tui.wording.batches import COLUMNS
from claude_batch_tui.wording.values import counted, counted_batches

if TYPE_CHECKING:
    from claude_batch_tui.domain.filters.fields import Completion

_FEW_EVENTS = 3
_BESIDE = 168
"""Cells from which the detail stands beside the list, which then still has all of its columns."""


class BatchesScreen(DashboardScreen):
    """List, detail, events, and what can be done with a batch; how the list is looked at is in `view`."""

    CSS_PATH: ClassVar = "screen.tcss"
    help_title: ClassVar[str] = "Batches"
    pane_titles: ClassVar = {"list": "Batches", "detail": "Detail", "events": "Events"}
    BINDINGS: ClassVar[list[BindingType]] = KEYS
    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-high"), (40, "-tall")]  # noqa: RUF012 — an instance variable in Textual

    table = getters.query_one("#list", BatchTable)
    detail = getters.query_one(BatchDetail)
    events = getters.query_one(BatchEvents)
    filter_bar = getters.query_one(FilterBar)

    def __init__(self) -> None:
        super().__init__()
        dashboard = self.dashboard
        self.view = BatchesView(
            dashboard.config,
            now=dashboard.now,
            ascii_only=dashboard.ascii_only,
            shown=lambda: self.table.shown_columns,
        )
        self._letters = LetterMenu(self)

    def compose(self) -> ComposeResult:
        """Filter, list and detail, events."""
        dashboard = self.dashboard
        self._begin_anew()
        yield TitleLine("BATCHES")
        yield TabsLine(1)
        yield FilterBar(
            completer=self._complete_filter,
            placeholder="words, state=running, tag=eval, age<2d, model:sonnet",
        )
        yield Vertical(
            BatchTable(self.view, lambda: dashboard.engines.watched, id="list"),
            BatchDetail(id="detail"),
            id="main",
        )
        yield BatchEvents(dashboard.now, id="events")
        yield StatusLine()
        yield KeyLine()

    def on_compose(self) -> None:
        """Have the class for the detail beside the list before there are widgets, too."""
        self.set_class(self.app.size.width >= _BESIDE, "-beside")

    def on_resize(self) -> None:
        """The detail moves beside the list, or below it."""
        self.set_class(self.size.width >= _BESIDE, "-beside")

    def on_mount(self) -> None:
        """Every 20 s: redraw ages."""
        self.set_interval(20.0, self._redraw_ages)

    # What the app asks for.

    def go_to(self, batch_id: str) -> bool:
        """Put the cursor on a batch; its run is opened. False where it is not in the list."""
        if self.table.go_to_key(batch_id):
            return True
        self.view.open_around(batch_id)
        self._show_rows()
        return self.table.go_to_key(batch_id)

    def go_to_new(self, batch_id: str) -> None:
        """Put the cursor on a batch that was made just now; a filter that hides it is cleared."""
        if not self.go_to(batch_id) and self.filter_bar.value:
            self.filter_bar.value = ""
            self.view.filter_by("")
            self._show_rows()
            self.go_to(batch_id)

    def show_workspace(self) -> None:
        """Another workspace is shown, or all."""
        self._begin_anew()
        self._unmark()
        self.table.show_columns()

    def ask_workspace(self, what: str, then: Callable[[], None]) -> None:
        """Ask which workspace something is for, show that one alone, and go on there."""
        actions.ask_workspace(self, self._letters, what, then)

    def title_left(self) -> str:
        """How many run, and how many ended unseen."""
        running, unseen = self.snapshot.running, len(self.snapshot.unseen)
        parts = [f"{running:,} running"] if running else []
        if unseen:
            parts.append(counted(unseen, "new result"))
        return ", ".join(parts)

    def reason_disabled(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Why a key does nothing for what is marked or under the cursor."""
        if not self.is_mounted:
            return None
        keys: list[str] = []
        if needs_list(action):  # each of forty keys is asked about at every snapshot
            if self.has_class("-events"):
                return "the list is not on the screen: E goes back to it"
            keys = self.table.targets
        reason = why_not(
            action,
            targets=self.view.listing.batches_of(keys),
            keys=keys,
            snapshot=self.snapshot,
            watched=len(self.dashboard.engines.watched),
        )
        if reason is None and action in ("origin", "next_step"):
            row, listing = self.table.row, self.view.listing
            look = listing.origin if action == "origin" else listing.made_from
            if row is None or not look(row):
                reason = (
                    "its rows are no answers of a run that is listed"
                    if action == "origin"
                    else "no run that is listed is made of its answers"
                )
        return reason or super().reason_disabled(action, parameters)

    @property
    def awaits_letter(self) -> bool:
        """Whether the next key is a letter that was asked for."""
        return self._letters.is_open

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A slash typed into the filter is a slash; q leaves only from the list, and says so."""
        if action == "filter" and isinstance(self.focused, LineInput):
            return False
        if action in ("back", "close") and (action == "close") != self._covers_list:
            return False
        return super().check_action(action, parameters)

    # Showing what is known.

    def draw_snapshot(self, snapshot: Snapshot) -> None:
        """List, detail and resting words as the engine has them; what did not change costs nothing."""
        super().draw_snapshot(snapshot)
        self.view.update(snapshot)
        self._show_rows()
        if gone := self.table.drop_marks():
            self._show_list_words()
            self.say(f"No longer here, and no longer marked: {counted_batches(gone)}.")
        self._show_detail()
        self.events.show(snapshot.events)
        count = len(snapshot.events)
        self.events.update_classes({"-eventful": count > 0, "-few": count <= _FEW_EVENTS})
        self._rest()
        self.refresh_bindings()

    def _redraw_ages(self) -> None:
        if self.is_current:
            self.view.look_again()
            self._rest()
            self._show_rows()
            self._show_detail()

    def _begin_anew(self) -> None:
        self.view.begin_anew(with_workspace=self.dashboard.engines.shown is None)

    def _show_rows(self) -> None:
        """Repaint what changed."""
        listing, bar = self.view.listing, self.filter_bar
        self.table.show_rows()
        self.set_class(not listing.rows, "-no-rows")
        if self.view.filter_error is None:
            bar.show_count(listing.shown, listing.total)
        else:
            bar.show_error(self.view.filter_error)
        self._show_list_words()

    def _show_list_words(self) -> None:
        room = self.size.width - TABS_WIDTH
        self.query_one(TabsLine).show(right=list_words(self.view, len(self.table.marks), room))

    def _rest(self) -> None:
        """What the status line says while nothing happens."""
        words = resting_words(self.view, self.table.marks, self.dashboard.banner)
        self.query_one(StatusLine).rest(words)

    def _show_detail(self) -> None:
        row = self.table.row
        self.detail.show(row, self.view.drawing_in_full(row))

    # What the widgets tell.

    def _complete_filter(self, text: str, cursor: int) -> Completion:
        from claude_batch_tui.domain.batches.filter import complete_filter  # late: on demand

        return complete_filter(text, cursor, self.snapshot.batches)

    @on(FilterBar.Changed)
    def _filter_changed(self, event: FilterBar.Changed) -> None:
        here = self.table.cursor_key
        self.view.filter_by(event.value)
        self._show_rows()
        if self.table.cursor_key != here:  # it is filtered out: what was looked for is read from the top
            self.table.go_to(0)
        self._rest()

    @on(FilterBar.Left)
    def _filter_left(self) -> None:
        self.table.focus()

    @on(VirtualList.Highlighted)
    def _highlighted(self, event: VirtualList.Highlighted) -> None:
        self._show_detail()
        self.refresh_bindings()
        is_live = self.snapshot.link.state in (LinkState.LIVE, LinkState.IDLE)
        if is_live and self.snapshot.has_older and 0 < event.index == self.view.row_count() - 1:
            self.action_older()

    @on(VirtualList.Opened, "#list")
    def _opened(self, event: VirtualList.Opened) -> None:
        row = self.view.row(event.key)
        if row is None:
            return
        if row.members and row.key not in self.view.listing.opened:
            self.view.open(row.key)
            self._show_rows()
        elif row.variants:
            actions.compare_rows(self, [row])
        else:
            actions.open_results(self, row)

    @on(VirtualList.TitleClicked, "#list")
    def _title_clicked(self, event: VirtualList.TitleClicked) -> None:
        self.view.sort_by_column(event.column)
        self._show_sorted()

    @on(VirtualList.MarksChanged)
    def _marks_changed(self) -> None:
        self._show_list_words()
        self._rest()
        if self.table.marks:  # what keys would do to them is newer
            self.query_one(StatusLine).yield_note()
        self.refresh_bindings()

    @on(BatchEvents.Chosen)
    def _event_chosen(self, event: BatchEvents.Chosen) -> None:
        """From an event to its batch."""
        if event.batch_id is None:
            self.say("This event is about no batch.")
            return
        self._leave_events()
        if not self.go_to(event.batch_id):
            self.say("That batch is not in the list: it was deleted, or the filter hides it.")

    def on_key(self, event: Key) -> None:
        """A letter that was asked for."""
        self._letters.take(event)

    # Keys: how the list is looked at.

    def action_filter(self) -> None:
        """Type a filter."""
        self.filter_bar.open()

    def action_sort(self, step: int) -> None:
        """Sort by the next column that is shown."""
        self.view.sort_by_next(step)
        self._show_sorted()

    def action_reverse(self) -> None:
        """Sort the other way round."""
        self.view.reverse()
        self._show_sorted()

    def action_columns(self) -> None:
        """Choose columns, and what to sort by."""
        from claude_batch_tui.tui.batches.columns_dialog import (
            Choice,
            ColumnsDialog,
        )  # the first frame does not wait

        def take(choice: Choice | None) -> None:
            if choice is not None:
                view.wanted_columns = choice.names
                if choice.order != view.listing.order:
                    view.sort_by(choice.order)
                    self._show_sorted()
                else:
                    self._show_columns()

        view = self.view
        room = self.table.size.width - GUTTER - 1

        def without_room(names: Sequence[str], order: Order) -> frozenset[str]:
            return view.without_room(names, order, room)

        dialog = ColumnsDialog(
            view.wanted_columns,
            view.listing.order,
            without_room=without_room,
            ascii_only=self.dashboard.ascii_only,
        )
        self.app.push_screen(dialog, take)

    def _show_sorted(self) -> None:
        order = self.view.listing.order
        self._show_columns()
        self.table.go_to(0)  # what the order is for stands at the top
        other_way = "" if order.is_reversed else " O turns it round, c sorts by any field."
        self.say(
            f"Sorted by {order.field}{', reversed' if order.is_reversed else ''}.{other_way}", seconds=3.0
        )

    def _show_columns(self) -> None:
        self.table.show_columns()
        self._show_rows()

    def action_hidden(self) -> None:
        """Show hidden batches among the others, or not."""
        is_shown = self.view.turn_hidden()
        self._show_rows()
        self.say("Hidden batches are shown." if is_shown else "Hidden batches are no longer shown.")

    def action_warned(self) -> None:
        """Mark what is about to be lost."""
        at_risk = list(self.view.at_risk.found)
        if not at_risk:
            self.say("Nothing is about to be lost.")
            return
        self.table.set_marks(at_risk)
        self.go_to(at_risk[0])

    def action_fold(self) -> None:
        """Close the run the cursor is in."""
        run_id = self.view.close_around(self.table.cursor_key)
        if run_id is not None:
            self._show_rows()
            self.table.go_to_key(run_id)

    def action_origin(self) -> None:
        """Go to the run whose answers are the rows of this one."""
        if (row := self.table.row) is not None:
            self._go_to_one(self.view.listing.origin(row), "The run whose answers its rows are")

    def action_next_step(self) -> None:
        """Go to the run whose rows are the answers of this one; of several the one that is chosen."""
        if (row := self.table.row) is not None:
            self._go_to_one(self.view.listing.made_from(row), "The runs whose rows are its answers")

    def _go_to_one(self, found: Sequence[TrackedBatch], title: str) -> None:
        runs = {tracked.run_id or tracked.id: tracked for tracked in found}
        if len(runs) > 1:
            from claude_batch_tui.tui.dialogs.picking import (  # the first frame does not wait
                Choice,
                PickDialog,
            )

            choices = [Choice(tracked.id, tracked.title, tracked.model or "") for tracked in runs.values()]
            self.app.push_screen(
                PickDialog(title, choices), lambda batch_id: self._go_or_say(batch_id) if batch_id else None
            )
        for tracked in runs.values() if len(runs) == 1 else ():
            self._go_or_say(tracked.id)

    def _go_or_say(self, batch_id: str) -> None:
        if not self.go_to(batch_id):
            self.say("That batch is not in the list: the filter hides it.")

    def action_workspace(self) -> None:
        """Show the next workspace, or all."""
        self.dashboard.action_next_workspace()

    # Keys: detail, events, history, and the way back.

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

    def action_zoom(self) -> None:
        """Detail on the whole screen, and back."""
        self.toggle_class("-zoomed")
        (self.detail.view if self.has_class("-zoomed") else self.table).focus()
        self.refresh_bindings()

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

    def action_history(self) -> None:
        """What the batches of the last days say together."""
        from claude_batch_tui.tui.history.screen import HistoryScreen  # the first frame does not wait for it

        self.app.push_screen(HistoryScreen())

    def action_costs(self) -> None:
        """What batches cost, by day, model, tag or run."""
        from claude_batch_tui.tui.history.costs import CostsScreen  # late, as the history

        self.app.push_screen(CostsScreen())

    def action_up(self) -> None:
        """Clear the events, the zoom, the filter or the marks, in this order; never leaves."""
        if self._leave_events():
            return
        if self.has_class("-zoomed"):
            self.action_zoom()
        elif self.filter_bar.value:
            self.filter_bar.value = ""
        elif self.table.marks:
            self._unmark()

    def action_back(self) -> None:
        """Leave; asks while results are being downloaded."""
        actions.leave(self)

    def action_close(self) -> None:
        """Out of the events or the zoom, back to the list."""
        if not self._leave_events():
            self.action_zoom()

    @property
    def _covers_list(self) -> bool:
        """Whether the keys are with something over the list or beside it."""
        return self.is_mounted and (
            bool(self.classes & {"-events", "-zoomed"}) or self.focused is self.events.table
        )

    # Keys: what is done with batches; `actions` asks first where something is to be asked.

    def action_cancel(self) -> None:
        """Cancel the marked batches, or the one under the cursor."""
        actions.cancel_batches(self, self.table.batches, self._unmark)

    def action_delete(self) -> None:
        """Delete the marked ended batches, or the one under the cursor."""
        actions.delete_batches(self, self.table.batches, self._unmark)

    def palette_actions(self) -> dict[str, str]:
        """Actions without a key: what takes files away."""
        found = {
            "free disk space: caches, leftovers, what is older than keep_days (asks)": "screen.prune",
            "back up: store, journal, what was sent and what came back, as one file (asks where)": "screen.backup",
        }
        targets = self.table.batches
        if (
            targets
            and all(tracked.batch.has_ended for tracked in targets)
            and len({tracked.profile for tracked in targets}) == 1
        ):
            found["forget on this machine: bodies and results (asks)"] = "screen.forget(False)"
            found["forget here and on the server (asks)"] = "screen.forget(True)"
        return found

    def palette_choices(self) -> dict[str, str]:
        """Every field as an order and as a column, for whom types one."""
        shown = self.view.wanted_columns
        orders = {f"sort by {name}": f"screen.sort_by('{name}')" for name in SORTABLE}
        return orders | {
            f"{'hide' if name in shown else 'show'} the column {name}": f"screen.turn_column('{name}')"
            for name in COLUMNS
        }

    def action_sort_by(self, field: str) -> None:
        """Sort by a field, shown or not; the other way round where that is done already."""
        self.view.sort_by_field(field)
        self._show_sorted()

    def action_turn_column(self, name: str) -> None:
        """Show a column, or not; the last one stays."""
        self.view.turn_column(name)
        self._show_columns()

    def action_prune(self) -> None:
        """Remove files that are made again or past their time."""
        actions.prune_files(self)

    def action_backup(self) -> None:
        """Write all that is kept into one file."""
        actions.back_up(self)

    def action_forget(self, on_server: bool) -> None:
        """Forget the marked batches, or the one under the cursor."""
        actions.forget_batches(self, self.table.batches, on_server=on_server, done=self._unmark)

    def action_hide(self) -> None:
        """Hide the marked batches, or the one under the cursor; or bring them back."""
        actions.hide_batches(self, self.table.batches, self._unmark)

    def action_adopt(self) -> None:
        """Make a run of the marked batches made elsewhere, or of the one under the cursor."""
        actions.adopt_batches(self, self.table.batches, self._unmark)

    def action_tag(self) -> None:
        """Tag the marked batches, or the one under the cursor."""
        actions.tag_batches(self, self.table.batches)

    def action_rename(self) -> None:
        """Name the batch or run under the cursor."""
        if (row := self.table.row) is not None:
            actions.rename_row(self, row)

    def action_note(self) -> None:
        """Write a note on the batch or run under the cursor."""
        if (row := self.table.row) is not None:
            actions.note_row(self, row)

    def action_add(self) -> None:
        """Track a batch by its id."""
        if self.dashboard.engines.shown is None:
            self.ask_workspace("Track a batch", self.action_add)
        else:
            actions.add_batch(self)

    def action_compare(self) -> None:
        """Compare the results of the two that are marked: A is the upper one."""
        keys, listing = self.table.targets, self.view.listing
        places = sorted(place for key in keys if (place := listing.find(key)) is not None)
        if len(places) < len(keys):
            self.say("A marked batch is not in sight: clear the filter with esc, or open its run.")
            return
        actions.compare_rows(self, [listing.rows[place] for place in places])
        if self.app.screen is not self:  # they were marked for this
            self._unmark()

    def action_retry(self) -> None:
        """Send again what failed of the marked batches, or of the one or the run under the cursor."""
        ended = [tracked for tracked in self.table.batches if tracked.batch.has_ended]
        retry_batches(self, ended, self.dashboard.now(), self._unmark)

    def action_unknown(self) -> None:
        """Decide about a submission of unknown outcome."""
        actions.decide_submission(self)

    def action_download(self) -> None:
        """Download the results of the marked batches, or of the one under the cursor."""
        for tracked in self.table.batches:
            if tracked.batch.results_readable(self.dashboard.now()):
                self.dashboard.engines.of(tracked.id).download(tracked.id)

    def action_stop(self) -> None:
        """Stop the downloads of the marked batches, or of the one under the cursor."""
        for tracked in self.table.batches:
            self.dashboard.engines.of(tracked.id).stop_download(tracked.id)

    def action_copy(self) -> None:
        """Copy the ids."""
        self.dashboard.copy("\n".join(self.table.targets))

    def action_poll(self) -> None:
        """Ask the API now."""
        if self.snapshot.link.state is LinkState.NO_CREDENTIALS:
            self.say(self.snapshot.link.error or "No API key was found.", kind="error")
        self.dashboard.engines.refresh()

    def action_pause(self) -> None:
        """Pause or resume polling."""
        self.dashboard.engines.pause(self.snapshot.link.state is not LinkState.PAUSED)

    def action_older(self) -> None:
        """Load older batches."""
        self.dashboard.engines.load_older()

    def _unmark(self) -> None:
        self.table.set_marks(())
