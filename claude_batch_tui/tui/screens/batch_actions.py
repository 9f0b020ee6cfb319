"""What can be done with batches and runs from their list: each action asks what it has to, then tells the engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from claude_batch_tui.domain.batch_list import BatchList
from claude_batch_tui.domain.plain_text import clean_line
from claude_batch_tui.domain.tracked import LinkState, TrackedBatch
from claude_batch_tui.errors import ConfigError
from claude_batch_tui.tui.screens.batch_words import CANCELING
from claude_batch_tui.tui.screens.choosing_workspace import ChoosingWorkspace
from claude_batch_tui.tui.screens.retrying import ToRetry, retry_reason
from claude_batch_tui.tui.widgets.virtual_list import VirtualList
from claude_batch_tui.wording import counted_batches, duration, outcome_counts

_LISTED = 6


class BatchActions(ChoosingWorkspace):
    """The actions of the Batches screen that change a batch, or what is remembered of it."""

    def __init__(self) -> None:
        super().__init__()
        self.listing = BatchList()

    @property
    def table(self) -> VirtualList:
        """The list."""
        return self.query_one("#list", VirtualList)

    @property
    def targets(self) -> list[TrackedBatch]:
        """The marked batches, else the one under the cursor; a run stands for all of its batches."""
        return self.listing.batches_of(self.table.targets)

    def reason_disabled(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Why a key does nothing for the batch under the cursor."""
        if not self.is_mounted:
            return None
        if self.has_class("-events") and action in (*_FOR_BATCHES, "retry", "stop"):
            return "the list is not on the screen: E goes back to it"
        if action in _FOR_BATCHES and (reason := self._reason_about(action, self.targets)):
            return reason
        if action == "stop" and not any(key in self.snapshot.downloads for key in self.table.targets):
            return "nothing is being downloaded"
        if action == "unknown" and not self.snapshot.submissions:
            return "the outcome of every submission is known"
        if action == "older" and not self.snapshot.has_older:
            return "there are no older batches"
        return super().reason_disabled(action, parameters)

    def _reason_about(self, action: str, targets: Sequence[TrackedBatch]) -> str | None:
        """Why these batches do not take an action."""
        if not targets:
            return "there is no batch"
        if action == "cancel" and all(t.batch.processing_status != "in_progress" for t in targets):
            return (
                "this batch already ended" if targets[0].batch.has_ended else "it is being canceled already"
            )
        if action == "delete" and not any(tracked.batch.has_ended for tracked in targets):
            return "only an ended batch can be deleted; cancel it first"
        if action == "download" and not any(tracked.batch.has_ended for tracked in targets):
            return "results can be read when the batch has ended"
        if action == "adopt" and not any(tracked.run_id is None for tracked in targets):
            return "it has a run already"
        if action == "adopt" and self.spans_workspaces():
            return "they are of several workspaces: adopt those of one at a time"
        return None

    def action_add(self) -> None:
        """Watch a batch by its id."""
        if self.dashboard.workspaces.shown is None:
            self.ask_workspace("Watch a batch", self.action_add)
            return
        self._ask(
            "Watch a batch by its id",
            "It must be in the workspace of this key.",
            self.dashboard.engine.add,
            placeholder="msgbatch_…",
            needs_text=True,
        )

    def action_rename(self) -> None:
        """Name the batch or run under the cursor."""
        row = self.listing.row(self.table.cursor_key or "")
        if row is not None:
            self._ask(
                "Name this run" if row.members else "Name this batch",
                "Kept on this machine; the API has no names.",
                lambda name: self.dashboard.engine.rename(row.key, name or None),
                value=row.tracked.name or "",
            )

    def why_no_retry(self) -> str | None:
        """Why R does nothing."""
        if not self.is_mounted:
            return None
        if self.spans_workspaces():
            return "they are of several workspaces: send those of one at a time"
        return retry_reason(self.targets)

    def spans_workspaces(self) -> bool:
        """Whether what keys would work on is of more than one workspace."""
        return len({tracked.workspace for tracked in self.targets}) > 1

    def to_retry(self) -> ToRetry | None:
        """What failed of the marked batches, or of the one or the run under the cursor."""
        return self.all_failed([tracked for tracked in self.targets if tracked.batch.has_ended], self.now())

    def action_note(self) -> None:
        """Write a note on the batch or run under the cursor."""
        row = self.listing.row(self.table.cursor_key or "")
        if row is not None:
            self._ask(
                f"Note on {row.tracked.title}",
                "Kept on this machine; the filter note:word finds it.",
                lambda text: self.dashboard.engine.note(row.key, text or None),
                value=row.tracked.note or "",
            )

    def action_tag(self) -> None:
        """Tag the marked batches, or the one under the cursor."""
        targets = self.targets
        ids = [tracked.id for tracked in targets]
        if len({tracked.tags for tracked in targets}) == 1:
            before = set(targets[0].tags)

            def replace(text: str) -> None:
                wanted = {word.removeprefix("+") for word in text.split()}
                self.dashboard.engine.tag(ids, add=sorted(wanted - before), remove=sorted(before - wanted))

            body, value, use = "Blanks between tags. tag=NAME finds them.", " ".join(sorted(before)), replace
        else:

            def change(text: str) -> None:
                from claude_batch_tui.services.labels import tag_changes

                add, remove = tag_changes(text.split())
                self.dashboard.engine.tag(ids, add=add, remove=remove)

            body, value, use = "+NAME adds to all of them, -NAME takes away.", "", change
        self._ask(f"Tags of {counted_batches(len(ids))}", body, use, value=value, problem=_tag_problem)

    def action_archive(self) -> None:
        """Put the marked batches away, or the one under the cursor; or bring them back."""
        targets = self.targets
        ids = [tracked.id for tracked in targets]
        hides = any(tracked.hidden_at is None for tracked in targets)

        def put_away() -> None:
            self.dashboard.engine.hide(ids, hidden=hides)
            self.table.set_marks(())
            what = targets[0].title if len(ids) == 1 else counted_batches(len(ids))
            self.say(f"{what}: put away on this machine; H shows it." if hides else f"{what}: back.")

        if len(ids) == 1:
            put_away()
            return
        verb = "Put away" if hides else "Bring back"
        self._confirm(
            f"{verb} {counted_batches(len(ids))}?",
            [*_listed(targets, lambda _: ""), "", "Only this list changes; the API keeps them."],
            verb,
            put_away,
        )

    def action_adopt(self) -> None:
        """Make a run of the marked batches made elsewhere, or of the one under the cursor."""
        ids = [tracked.id for tracked in self.targets if tracked.run_id is None]

        def adopt(name: str) -> None:
            self.dashboard.engine.adopt(ids, name or None)
            self.table.set_marks(())

        together = "They become one run. " if len(ids) > 1 else ""
        body = f"{together}What was sent is not known of batches made elsewhere. A name, if you like:"
        self._ask(f"Adopt {counted_batches(len(ids))}", body, adopt)

    def action_cancel(self) -> None:
        """Cancel the marked batches, or the one under the cursor, after asking."""
        targets = [t for t in self.targets if t.batch.processing_status == "in_progress"]
        now = self.now()
        body = _listed(
            targets,
            lambda t: (
                f"{t.batch.request_counts.total:,} requests, running {duration(now - t.batch.created_at)}"
            ),
        )

        def cancel() -> None:
            for tracked in targets:
                self.dashboard.engine.cancel(tracked.id)
            what = targets[0].title if len(targets) == 1 else counted_batches(len(targets))
            self.say(f"{what}: cancel sent …")

        verb = "Cancel"
        self._confirm(
            f"Cancel {counted_batches(len(targets))}?",
            [*body, "", CANCELING],
            verb,
            cancel,
            no="Keep running",
        )

    def action_delete(self) -> None:
        """Delete the marked ended batches, or the one under the cursor, after their number was typed."""
        targets = [t for t in self.targets if t.batch.has_ended]
        unsaved = sum(t.results.value == "none" for t in targets)
        body = _listed(targets, lambda t: outcome_counts(t.batch.request_counts))
        body += ["", "The batch and its results are removed from the API for everybody."]
        if unsaved:
            body.append(f"The results of {unsaved} were never downloaded and would be lost.")
        requests = sum(t.batch.request_counts.total for t in targets)
        from claude_batch_tui.tui.dialogs.confirm import TypedConfirmDialog

        dialog = TypedConfirmDialog(
            f"Delete {counted_batches(len(targets))} from the API?",
            [*body, "", "Type the number of requests to delete."],
            yes=f"Delete {counted_batches(len(targets))}",
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
        for tracked in self.targets:
            if tracked.batch.results_readable(self.now()):
                self.dashboard.engine.download(tracked.id)

    def action_stop(self) -> None:
        """Stop the downloads of the marked batches, or of the one under the cursor."""
        for tracked in self.targets:
            self.dashboard.engine.stop_download(tracked.id)

    def action_unknown(self) -> None:
        """Decide about a submission of unknown outcome."""
        from claude_batch_tui.tui.dialogs.submission import SubmissionDialog

        submission = next(iter(self.snapshot.submissions), None)
        if submission is not None:
            self.app.push_screen(SubmissionDialog(submission_id=submission.submission_id))

    def action_copy(self) -> None:
        """Copy the ids."""
        self.dashboard.copy("\n".join(self.table.targets))

    def action_poll(self) -> None:
        """Ask the API now."""
        if self.snapshot.link.state is LinkState.NO_CREDENTIALS:
            self.say(self.snapshot.link.error or "No API key was found.", kind="error")
        self.dashboard.engine.refresh()

    def action_pause(self) -> None:
        """Pause or resume polling."""
        self.dashboard.engine.pause(self.snapshot.link.state is not LinkState.PAUSED)

    def action_older(self) -> None:
        """Load older batches."""
        self.dashboard.engine.load_older()

    def now(self) -> datetime:
        """The clock every age is measured by."""
        return self.dashboard.now()

    def _ask(
        self,
        title: str,
        body: str,
        use: Callable[[str], None],
        *,
        value: str = "",
        placeholder: str = "",
        needs_text: bool = False,
        problem: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        """Have a line typed, and use it; leaving without an answer does nothing."""

        def answered(text: str | None) -> None:
            if text or (text is not None and not needs_text):
                use(" ".join(text.split()))

        from claude_batch_tui.tui.dialogs.input import InputDialog

        dialog = InputDialog(clean_line(title), [body], value=value, placeholder=placeholder, problem=problem)
        self.app.push_screen(dialog, answered)

    def _confirm(
        self, title: str, body: Sequence[str], verb: str, do: Callable[[], None], *, no: str = "Keep"
    ) -> None:
        """Do it once it was agreed to."""
        from claude_batch_tui.tui.dialogs.confirm import ConfirmDialog

        dialog = ConfirmDialog(title, body, yes=title.rstrip("?") if verb in title else verb, no=no)
        self.app.push_screen(dialog, lambda agreed: do() if agreed else None)


_FOR_BATCHES = frozenset(
    ("cancel", "delete", "rename", "note", "tag", "archive", "adopt", "copy", "download")
)


def _listed(targets: Sequence[TrackedBatch], words: Callable[[TrackedBatch], str]) -> list[str]:
    """The first of them with a few words each, and how many more there are; of several workspaces each says which."""
    several = len({tracked.workspace for tracked in targets}) > 1

    def title(tracked: TrackedBatch) -> str:
        return f"{tracked.workspace}: {tracked.title}" if several else tracked.title

    lines = [f"{title(tracked)}   {words(tracked)}".rstrip() for tracked in targets[:_LISTED]]
    if len(targets) > _LISTED:
        lines.append(f"… and {len(targets) - _LISTED} more")
    return lines


def _tag_problem(text: str) -> str | None:
    from claude_batch_tui.services.labels import tag_changes

    try:
        tag_changes(text.split())
    except ConfigError as error:
        return str(error)
    return None
