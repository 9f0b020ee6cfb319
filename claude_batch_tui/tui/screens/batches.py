"""The batches of the workspace: from the store at once, then live."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget

from claude_batch_tui.domain.batch import BatchState
from claude_batch_tui.domain.forecast import Forecast, durations_by_size, forecast
from claude_batch_tui.domain.tracked import LinkState, Snapshot, SubmissionState, TrackedBatch
from claude_batch_tui.tui.dialogs.confirm import ConfirmDialog, TypedConfirmDialog
from claude_batch_tui.tui.dialogs.input import InputDialog
from claude_batch_tui.tui.dialogs.submission import SubmissionDialog
from claude_batch_tui.tui.screens.batch_detail import BatchDetail, Memory, Shown
from claude_batch_tui.tui.screens.batch_rows import COLUMNS, row_cells
from claude_batch_tui.tui.screens.frame import Frame
from claude_batch_tui.tui.screens.history import HistoryScreen
from claude_batch_tui.tui.widgets.columns import Cell
from claude_batch_tui.tui.widgets.filter_bar import FilterBar
from claude_batch_tui.tui.widgets.row_source import SequenceSource
from claude_batch_tui.tui.widgets.status_line import StatusLine
from claude_batch_tui.tui.widgets.title_line import TabsLine
from claude_batch_tui.tui.widgets.virtual_list import VirtualList
from claude_batch_tui.wording import STATE_WORDS, duration, outcome_counts

_SORTS = ("newest", "name", "requests", "state")


class BatchesScreen(Frame):
    """List, detail, and what can be done with a batch."""

    help_title: ClassVar[str] = "Batches"
    number: ClassVar[int] = 1
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "filter", id="batches.filter", tooltip="filter by name, id or state"),
        Binding("o", "sort", "sort", id="batches.sort", tooltip="sort by age, name, size or state"),
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
            "J",
            "scroll_detail(1)",
            "detail down",
            id="batches.detail-down",
            show=False,
            tooltip="scroll the detail down",
        ),
        Binding(
            "K",
            "scroll_detail(-1)",
            "detail up",
            id="batches.detail-up",
            show=False,
            tooltip="scroll the detail up",
        ),
        Binding("z", "zoom", "zoom", id="batches.zoom", show=False, tooltip="detail on the whole screen"),
        Binding(
            "H",
            "history",
            "history",
            id="batches.history",
            show=False,
            tooltip="turnaround, spend and outcomes, drawn",
        ),
        Binding("L", "older", "older", id="batches.older", show=False, tooltip="load older batches"),
        Binding("q", "back", "quit", id="batches.back", tooltip="leave"),
        Binding("escape", "up", "back", id="batches.up", show=False, tooltip="clear the filter or the marks"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._source: SequenceSource[TrackedBatch] = SequenceSource(lambda tracked: tracked.id, self._cells)
        self._sort = _SORTS[0]
        self._durations: dict[int, list[timedelta]] = {}

    def above(self) -> Iterable[Widget]:
        """The filter."""
        yield FilterBar(placeholder="name, id or state")

    def parts(self) -> Iterable[Widget]:
        """List and detail."""
        yield VirtualList(COLUMNS, self._source, id="list")
        engine = self.dashboard.engine
        yield BatchDetail(
            Memory(lambda batch_id: engine.story(batch_id).result(), engine.first_requests), id="detail"
        )

    @property
    def table(self) -> VirtualList:
        """The list."""
        return self.query_one("#list", VirtualList)

    @property
    def detail(self) -> BatchDetail:
        """The batch under the cursor in full."""
        return self.query_one(BatchDetail)

    @property
    def current(self) -> TrackedBatch | None:
        """The batch under the cursor."""
        key = self.table.cursor_key
        return None if key is None else self.snapshot.find(key)

    def go_to(self, batch_id: str) -> None:
        """Put the cursor on a batch."""
        self.table.go_to_key(batch_id)

    def title_left(self) -> str:
        """How many run, and how many ended unseen."""
        batches = self.snapshot.batches
        running = sum(not tracked.batch.has_ended for tracked in batches)
        unseen = sum(not tracked.seen for tracked in batches)
        parts = [f"{running} running"] if running else []
        if unseen:
            parts.append(f"{unseen} new result{'s' if unseen > 1 else ''}")
        return ", ".join(parts)

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """List, detail and resting words as the engine has them."""
        super().show_snapshot(snapshot)
        self._durations = durations_by_size(tracked.batch for tracked in snapshot.batches)
        self._show_rows()
        self._show_detail()
        waiting = [each for each in snapshot.submissions if each.state is not SubmissionState.SENDING]
        line = self.query_one(StatusLine)
        if waiting:
            line.rest(
                f"{len(waiting)} submission{'s' if len(waiting) > 1 else ''} of unknown outcome: U decides"
            )
        elif snapshot.link.error:
            line.rest(snapshot.link.error)
        else:
            line.rest(self.dashboard.banner or "")
        self.refresh_bindings()

    def tick(self) -> None:
        """Ages have moved."""
        if self.is_current:
            self.table.rows_changed()
            self._show_detail()

    def reason_disabled(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Why a key does nothing for the batch under the cursor."""
        if not self.is_mounted:
            return None
        targets = [found for key in self.table.targets if (found := self.snapshot.find(key))]
        if action in ("cancel", "delete", "rename", "copy", "download") and not targets:
            return "there is no batch"
        if action == "cancel" and all(
            tracked.batch.processing_status != "in_progress" for tracked in targets
        ):
            return (
                "this batch already ended" if targets[0].batch.has_ended else "it is being canceled already"
            )
        if action == "delete" and not any(tracked.batch.has_ended for tracked in targets):
            return "only an ended batch can be deleted; cancel it first"
        if action == "download" and not any(tracked.batch.has_ended for tracked in targets):
            return "results can be read when the batch has ended"
        if action == "stop" and not any(key in self.snapshot.downloads for key in self.table.targets):
            return "nothing is being downloaded"
        if action == "unknown" and not self.snapshot.submissions:
            return "the outcome of every submission is known"
        if action == "older" and not self.snapshot.has_older:
            return "there are no older batches"
        return super().reason_disabled(action, parameters)

    @on(VirtualList.Highlighted)
    def _highlighted(self) -> None:
        self._show_detail()
        self.refresh_bindings()

    @on(VirtualList.Opened)
    def _opened(self, event: VirtualList.Opened) -> None:
        tracked = self.snapshot.find(event.key)
        if tracked is None:
            return
        state = tracked.state(self._now())
        if tracked.results.value != "none" or tracked.batch.results_readable(self._now()):
            if not tracked.seen:
                self.dashboard.engine.mark_seen(tracked.id)
            self.dashboard.open_batch(tracked.id)
        elif state in (BatchState.ARCHIVED, BatchState.GONE):
            self.say(f"{tracked.title}: {STATE_WORDS[state]}.")
        else:
            self.say(f"{tracked.title} has not ended: results can be read when it has.")

    @on(VirtualList.MarkAllRequested)
    def _mark_all(self) -> None:
        self.table.set_marks(self._source.key(index) for index in range(self._source.row_count()))

    @on(VirtualList.MarksChanged)
    def _marks_changed(self) -> None:
        self._show_tabs()
        self.refresh_bindings()

    @on(FilterBar.Changed)
    def _filter_changed(self) -> None:
        self._show_rows()

    @on(FilterBar.Left)
    def _filter_left(self) -> None:
        self.table.focus()

    def action_filter(self) -> None:
        """Type a filter."""
        self.query_one(FilterBar).open()

    def action_sort(self) -> None:
        """The next order."""
        self._sort = _SORTS[(_SORTS.index(self._sort) + 1) % len(_SORTS)]
        self._show_rows()
        self.say(f"Sorted by {self._sort}.", seconds=2.0)

    def action_up(self) -> None:
        """Clear the zoom, the filter or the marks, in this order; never leaves."""
        if self.has_class("-zoomed"):
            self.action_zoom()
        elif self.query_one(FilterBar).value:
            self.query_one(FilterBar).value = ""
            self._show_rows()
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

    def _leave(self) -> None:
        """Leave; without a key with the sentence and the exit code a command would end with."""
        link = self.snapshot.link
        if link.state is LinkState.NO_CREDENTIALS:
            self.app.exit(return_code=2, message=link.error)
        else:
            self.app.exit()

    def action_poll(self) -> None:
        """Ask the API now."""
        if self.snapshot.link.state is LinkState.NO_CREDENTIALS:
            self.say(self.snapshot.link.error or "No API key was found.", kind="error")
        self.dashboard.engine.refresh()

    def action_pause(self) -> None:
        """Pause or resume polling."""
        self.dashboard.engine.pause(self.snapshot.link.state is not LinkState.PAUSED)

    def action_add(self) -> None:
        """Watch a batch by its id."""

        def add(batch_id: str | None) -> None:
            if batch_id:
                self.dashboard.engine.add(batch_id)

        dialog = InputDialog(
            "Watch a batch by its id", ["It must be in the workspace of this key."], placeholder="msgbatch_…"
        )
        self.app.push_screen(dialog, add)

    def action_rename(self) -> None:
        """Name the batch under the cursor."""
        tracked = self.current
        if tracked is None:
            return

        def rename(name: str | None) -> None:
            if name is not None:
                self.dashboard.engine.rename(tracked.id, name or None)

        dialog = InputDialog(
            "Name this batch", ["Kept on this machine; the API has no names."], value=tracked.name or ""
        )
        self.app.push_screen(dialog, rename)

    def action_cancel(self) -> None:
        """Cancel the marked batches, or the one under the cursor, after asking."""
        targets = [t for t in self._targets() if t.batch.processing_status == "in_progress"]
        now = self._now()
        body = [
            f"{t.title}   {t.batch.request_counts.total:,} requests, running {duration(now - t.batch.created_at)}"
            for t in targets[:6]
        ]
        if len(targets) > 6:
            body.append(f"… and {len(targets) - 6} more")
        body += [
            "",
            _CANCELING,
        ]
        noun = "batch" if len(targets) == 1 else "batches"
        dialog = ConfirmDialog(
            f"Cancel {len(targets)} {noun}?", body, yes=f"Cancel {len(targets)} {noun}", no="Keep running"
        )

        def cancel(agreed: bool | None) -> None:
            for tracked in targets if agreed else ():
                self.dashboard.engine.cancel(tracked.id)
                self.say(f"{tracked.title}: cancel sent …")

        self.app.push_screen(dialog, cancel)

    def action_delete(self) -> None:
        """Delete the marked ended batches, or the one under the cursor, after their number was typed."""
        targets = [t for t in self._targets() if t.batch.has_ended]
        unsaved = [t for t in targets if t.results.value == "none"]
        body = [f"{t.title}   {outcome_counts(t.batch.request_counts)}" for t in targets[:6]]
        if len(targets) > 6:
            body.append(f"… and {len(targets) - 6} more")
        body += ["", "The batch and its results are removed from the API for everybody."]
        if unsaved:
            body.append(f"The results of {len(unsaved)} were never downloaded and would be lost.")
        requests = sum(t.batch.request_counts.total for t in targets)
        noun = "batch" if len(targets) == 1 else "batches"
        dialog = TypedConfirmDialog(
            f"Delete {len(targets)} {noun} from the API?",
            [*body, "", "Type the number of requests to delete."],
            yes=f"Delete {len(targets)} {noun}",
            expected=str(requests),
            label=f"requests ({requests:,})",
            no="Keep",
        )

        def delete(agreed: bool | None) -> None:
            for tracked in targets if agreed else ():
                self.dashboard.engine.delete(tracked.id)
            if agreed:
                self.table.set_marks(())

        self.app.push_screen(dialog, delete)

    def action_download(self) -> None:
        """Download the results of the marked batches, or of the one under the cursor."""
        for tracked in self._targets():
            if tracked.batch.results_readable(self._now()):
                self.dashboard.engine.download(tracked.id)

    def action_stop(self) -> None:
        """Stop the downloads of the marked batches, or of the one under the cursor."""
        for key in self.table.targets:
            self.dashboard.engine.stop_download(key)

    def action_unknown(self) -> None:
        """Decide about a submission of unknown outcome."""
        submission = next(iter(self.snapshot.submissions), None)
        if submission is not None:
            self.app.push_screen(SubmissionDialog(submission_id=submission.submission_id))

    def action_copy(self) -> None:
        """Copy the ids."""
        self.dashboard.copy("\n".join(self.table.targets))

    def action_detail(self) -> None:
        """Detail on or off."""
        self.toggle_class("-no-detail")

    def action_tab(self, step: int) -> None:
        """Another tab of the detail, which comes into sight for it."""
        self.remove_class("-no-detail")
        self.detail.turn(step)
        if not self.detail.display:  # the screen is too low for both
            self.action_zoom()

    def action_scroll_detail(self, rows: int) -> None:
        """Scroll the detail without leaving the list."""
        self.detail.view.action_scroll(rows)

    def action_zoom(self) -> None:
        """Detail on the whole screen, and back."""
        self.toggle_class("-zoomed")
        (self.detail.view if self.has_class("-zoomed") else self.table).focus()

    def action_history(self) -> None:
        """What the batches of the last days say together."""
        self.app.push_screen(HistoryScreen())

    def action_older(self) -> None:
        """Load older batches."""
        self.dashboard.engine.load_older()

    def _targets(self) -> list[TrackedBatch]:
        return [found for key in self.table.targets if (found := self.snapshot.find(key))]

    def _show_rows(self) -> None:
        """Filter, sort, and repaint what changed."""
        bar = self.query_one(FilterBar)
        wanted = bar.value.strip().lower()
        batches = self.snapshot.batches
        now = self._now()
        shown = [tracked for tracked in batches if not wanted or wanted in _searched(tracked, now)]
        match self._sort:
            case "name":
                shown.sort(key=lambda tracked: (tracked.name is None, tracked.title.lower()))
            case "requests":
                shown.sort(key=lambda tracked: -tracked.batch.request_counts.total)
            case "state":
                order = list(BatchState)
                shown.sort(key=lambda tracked: order.index(tracked.state(now)))
        self._source.replace(shown)
        self.table.empty = self._empty_words(wanted)
        self.table.rows_changed()
        self.set_class(not shown, "-no-rows")
        bar.show_count(len(shown), len(batches))
        self._show_tabs()

    def _show_tabs(self) -> None:
        marks = len(self.table.marks)
        words = f"{marks} marked   " if marks else ""
        shown, total = self._source.row_count(), len(self.snapshot.batches)
        words += f"{shown:,} of {total:,}   " if shown != total else f"{total:,} batches   "
        self.query_one(TabsLine).show(right=f"{words}sort: {self._sort}")

    def _empty_words(self, wanted: str) -> str:
        link = self.snapshot.link
        if wanted:
            return f"\n  No batch matches {wanted!r}: esc clears the filter."
        if link.state is LinkState.NO_CREDENTIALS:
            return _SET_UP
        if link.state is LinkState.CONNECTING:
            return "\n  Connecting to the API …"
        if link.state in (LinkState.OFFLINE, LinkState.REFUSED):
            return f"\n  {link.error}\n\n  r tries again."
        return _EMPTY

    def _show_detail(self) -> None:
        tracked, downloads = self.current, self.snapshot.downloads
        shown = (
            Shown(tracked, self._forecast(tracked), downloads.get(tracked.id), self.snapshot.link)
            if tracked is not None
            else None
        )
        self.detail.show(shown, self._now())

    def _cells(self, tracked: TrackedBatch) -> tuple[Cell | str, ...]:
        return row_cells(
            tracked,
            now=self._now(),
            forecast=self._forecast(tracked),
            download=self.snapshot.downloads.get(tracked.id),
            link=self.snapshot.link,
            ascii_only=self.dashboard.ascii_only,
        )

    def _forecast(self, tracked: TrackedBatch) -> Forecast | None:
        return forecast(tracked.batch, self._durations)

    def _now(self) -> datetime:
        return self.dashboard.now()


_CANCELING = (
    "Requests already finished are kept and billed. Requests in flight may still finish. It shows “canceling” until "
    "the API ends the batch. This cannot be undone; unfinished requests would need a new batch."
)
_EMPTY = """
              No batches in this workspace yet.

   n     build one from a file (CSV, text, ready requests)
   i     watch a batch made elsewhere: paste its msgbatch_… id

   Batches cost half the normal token price and may take up to 24 hours.
   Results can be read for 29 days; cbtui keeps a copy of those you open.

   Looking for batches you know exist? A key sees one workspace only.
   What cbtui knows:  cbtui info
"""
_SET_UP = """
              No API key was found.

   Set ANTHROPIC_API_KEY and start again:

       export ANTHROPIC_API_KEY=sk-ant-…
       cbtui

   or log in with a profile and pass  --profile NAME.
   Keys are read where the SDK reads them, and are never stored.

   Without a key:  cbtui demo   shows everything on a simulated workspace.
   n builds and checks requests from a file; that needs no key either.
"""


def _searched(tracked: TrackedBatch, now: datetime) -> str:
    """What the filter looks in."""
    words = (
        tracked.title,
        tracked.id,
        STATE_WORDS[tracked.state(now)],
        tracked.model or "",
        tracked.source or "",
    )
    return " ".join(words).lower()
