"""A submission as it goes: sending, created, refused, and what the user decides where the outcome is unknown."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from textual.app import App
from textual.binding import BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from claude_batch_tui.domain.batches.tracked import (
    Overlap,
    Snapshot,
    Submission,
    SubmissionState,
    Submitting,
)
from claude_batch_tui.domain.plain_text import clean
from claude_batch_tui.services.submitting.order import Question, SendOrder
from claude_batch_tui.tui.dashboard import dashboard_of
from claude_batch_tui.tui.dialogs.questions import Box, ConfirmDialog, paid_question
from claude_batch_tui.tui.submitting.overlap_dialog import OverlapDialog
from claude_batch_tui.tui.widgets.key_line import shown_key
from claude_batch_tui.wording.submissions import question_lines, sent_before_words, submission_words
from claude_batch_tui.wording.values import local_clock, size

if TYPE_CHECKING:
    from claude_batch_tui.engine.engine import Engine


class SubmissionDialog(Box[str | None]):
    """Follows one submission, by the token of its asker or by its id. Gives the batch id where one was created.

    Closing it stops nothing: the engine goes on, and what is unknown stays listed on the batches screen.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key(
            "submission.attach",
            "y",
            "decide(True)",
            "that is it",
            "take the batch shown as this submission's",
        ),
        shown_key(
            "submission.reject", "n", "decide(False)", "not it", "the batch shown is another's: look on"
        ),
        shown_key("submission.look", "r", "look", "look again", "look at the list again"),
        shown_key("submission.again", "a", "again", "send again", "send again: it was not created"),
        shown_key("submission.give-up", "G", "give_up", "give up", "look no more for it"),
        shown_key("submission.close", "escape,q", "close", "close", "close; the work goes on"),
    ]

    def __init__(
        self,
        *,
        token: str | None = None,
        submission_id: str | None = None,
        send_same_again: Callable[[], object] | None = None,
        engine: Engine | None = None,
    ) -> None:
        """`engine` is the one that sends; without it, the one on the screen. `send_same_again` is for what was sent
        before: it begins anew, with a question of its own.
        """
        super().__init__("Submission")
        self._token = token
        self._submission_id = submission_id
        self._send_same_again = send_same_again
        self._sender = engine

    def content(self) -> list[Widget]:
        """One text, rewritten with every snapshot."""
        return [Static("", id="words", markup=False)]

    def on_mount(self) -> None:
        """Show what is known."""
        self.show_snapshot(self._snapshot)

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Where the submission is now."""
        snapshot = snapshot if self._sender is None else self._sender.snapshot
        lines = self._words(snapshot)
        self.query_one("#words", Static).update(Content(clean("\n".join(lines))))
        submission = self._submission(snapshot)
        if submission is not None and submission.is_certain and self._token:
            submitting = self._submitting(snapshot)
            is_all = submitting is None or submitting.is_finished or submission.part == submission.parts
            if is_all and (submitting is None or submitting.repeat_of is None):
                self.dismiss(submission.batch_id)
                return
        self.refresh_bindings()

    def reason_disabled(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """What can be decided depends on what is known."""
        snapshot = self._snapshot
        submitting, submission = self._submitting(snapshot), self._submission(snapshot)
        state = submission.state if submission else None
        if action == "again":
            if _is_known_repeat(submitting) or state is SubmissionState.ABSENT:
                return None
            return "only after 3 minutes of looking in vain"
        if action == "decide":
            if submitting is not None and submitting.asks_cold:
                return None
            return None if submission and _found_for(submission) else "no batch that could be it was found"
        if action in ("look", "give_up"):
            open_states = (SubmissionState.UNKNOWN, SubmissionState.ABSENT, SubmissionState.CONFLICT)
            is_open = state in open_states or (action == "look" and submission and submission.is_adopted)
            return None if is_open else "there is nothing to look for"
        return super().reason_disabled(action, parameters)

    def action_decide(self, is_its: bool) -> None:
        """Say of the batch that was found, or of the newest candidate, whether it is this submission's."""
        snapshot = self._snapshot
        submitting, submission = self._submitting(snapshot), self._submission(snapshot)
        if submitting is not None and submitting.asks_cold:
            self._engine.answer(submitting.token, agreed=is_its)
        elif submission is not None and (batch_id := _found_for(submission)):
            self._engine.decide(submission.submission_id, batch_id, is_its=is_its)

    def action_look(self) -> None:
        """Look once more."""
        submission = self._submission(self._snapshot)
        if submission is not None:
            self._engine.look_again(submission.submission_id)

    def action_again(self) -> None:
        """Send the same again: after a loss that was looked for in vain, or because the user wants it twice."""
        snapshot = self._snapshot
        submitting, submission = self._submitting(snapshot), self._submission(snapshot)
        if _is_known_repeat(submitting) and self._send_same_again is not None:
            self.dismiss(None)
            self._send_same_again()
        elif submission is not None:
            self._token = f"again-{submission.submission_id}-{submission.attempt}"
            self._engine.send_again(submission.submission_id, self._token)

    def action_give_up(self) -> None:
        """Look no more."""
        submission = self._submission(self._snapshot)
        if submission is not None:
            self._engine.abandon(submission.submission_id)
            self.dismiss(None)

    def action_close(self) -> None:
        """Close; the work goes on."""
        self.dismiss(None)

    @property
    def _engine(self) -> Engine:
        submission = self._submission(self._snapshot)
        return self._sender or dashboard_of(self).engines.of(submission.submission_id if submission else "")

    @property
    def _snapshot(self) -> Snapshot:
        return dashboard_of(self).snapshot if self._sender is None else self._sender.snapshot

    def _submitting(self, snapshot: Snapshot) -> Submitting | None:
        return snapshot.submitting.get(self._token) if self._token else None

    def _submission(self, snapshot: Snapshot) -> Submission | None:
        submitting = self._submitting(snapshot)
        wanted = (
            submitting.submission.submission_id
            if submitting and submitting.submission
            else self._submission_id
        )
        # The list of open submissions is newer than what the sending left behind.
        for submission in snapshot.submissions:
            if submission.submission_id == wanted:
                return submission
        return submitting.submission if submitting else None

    def _words(self, snapshot: Snapshot) -> list[str]:
        submitting, submission = self._submitting(snapshot), self._submission(snapshot)
        if submitting is not None and submitting.repeat_of is not None:
            return _repeat_words(submitting.repeat_of, submission)
        if submission is None:
            if submitting is not None and submitting.error:
                return [submitting.error, "", "Nothing was sent."]
            if self._submission_id and submitting is None:
                return ["This submission is settled."]
            return ["Preparing the body …"]
        of = f", batch {submission.part} of {submission.parts}" if submission.parts > 1 else ""
        head = [f"{submission.name or submission.source or submission.submission_id}", ""]
        head.append(
            f"{submission.requests:,} requests, {size(submission.body_bytes)}{of}: {submission_words(submission)}"
        )
        if submission.state in (SubmissionState.UNKNOWN, SubmissionState.ABSENT, SubmissionState.CONFLICT):
            return [*head, "", *_unknown_words(submission)]
        if submission.is_adopted:
            return [*head, "", *_adopted_words(submission)]
        if submitting is not None and not submitting.is_finished:
            return [*head, *_under_way(submitting, submission)]
        return [*head, "", submitting.error if submitting and submitting.error else submission.error or ""]


def _under_way(submitting: Submitting, submission: Submission) -> list[str]:
    """What a submission that goes on is doing, below its head."""
    if submitting.asks_cold:
        return ["", submitting.note, "", "y sends the others now, without the cache; n leaves them."]
    if submitting.waiting_until is not None:
        until = local_clock(submitting.waiting_until)
        is_prime = submission.kind == "prime" and submission.is_certain
        return ["", submitting.note, f"Until {until} at most." if is_prime else f"Trying again at {until}."]
    if submission.state is SubmissionState.PREPARED:
        return ["", submitting.note]
    return [f"{size(submitting.sent_bytes)} sent"]


def _is_known_repeat(submitting: Submitting | None) -> bool:
    """Whether the same was sent before, for certain: it can be paid once more on purpose."""
    return submitting is not None and submitting.repeat_of is not None and submitting.repeat_of.is_certain


def _found_for(submission: Submission) -> str | None:
    """The batch that may be a submission's: the one that was found for it, or the newest candidate."""
    if submission.is_adopted:
        return submission.batch_id
    return next(iter(submission.candidates), None)


def _repeat_words(repeat_of: Submission, submission: Submission | None) -> list[str]:
    """That the same was sent before; `submission` is newer where it is the same one."""
    is_same = submission is not None and submission.submission_id == repeat_of.submission_id
    earlier = submission if is_same and submission is not None else repeat_of
    words = [sent_before_words(earlier), ""]
    if earlier.is_certain:
        return [*words, "Nothing was sent now. a sends them once more, and is paid once more."]
    open_words = _adopted_words(earlier) if earlier.is_adopted else _unknown_words(earlier)
    return [*words, *open_words, "", "Nothing was sent now."]


def _adopted_words(submission: Submission) -> list[str]:
    return [
        "No good answer came, and one batch of this size was created at that time:",
        f"   {submission.batch_id}",
        "It may be somebody else's. Once it has ended, its results are held against what was sent; nothing is sent meanwhile.",
        "",
        "y takes it as this one, n says that it is not, r looks at its results now.",
    ]


def _unknown_words(submission: Submission) -> list[str]:
    words = [
        "The request to create the batch was sent, but no good answer came:",
        submission.error or "",
        "It may or may not exist. Sending again could pay twice, so cbtui did not.",
        "",
    ]
    if submission.last_looked_at is not None:
        words.append(f"Looked {submission.looks} times, last at {local_clock(submission.last_looked_at)}.")
    if submission.candidates:
        words += [
            "Batches of this size since then:",
            *(f"   {batch_id}" for batch_id in submission.candidates[:5]),
        ]
        words.append("y takes the first as this one, n says that it is not.")
    elif submission.state is SubmissionState.ABSENT:
        words.append("The list shows no batch of this size. a sends it again.")
    else:
        words.append("It is looked for now, for 3 minutes.")
    return words


def ask_and_follow(
    app: App[Any],
    engine: Engine,
    token: str,
    order: SendOrder,
    question: Question | Overlap | None,
    *,
    anew: Callable[[SendOrder], object],
    created: Callable[[str], object],
) -> None:
    """Ask the question that is paid, and after a yes show what becomes of the submission; where some of it was sent
    before, ask about that, and where nothing is asked, show why. `anew` begins anew with another order; `created` gets
    the batch.
    """

    def end(batch_id: str | None) -> None:
        if batch_id:
            created(batch_id)

    def begin(chosen: SendOrder | None) -> None:
        if chosen is not None:
            anew(chosen)

    def follow() -> None:
        again = partial(anew, msgspec.structs.replace(order, again=True))
        app.push_screen(SubmissionDialog(token=token, engine=engine, send_same_again=again), end)

    def answer(agreed: bool | None) -> None:
        engine.answer(token, agreed=bool(agreed))
        if agreed:
            follow()

    if question is None:
        follow()
    elif isinstance(question, Overlap):
        app.push_screen(OverlapDialog(order, question), begin)
    else:
        app.push_screen(_paid_question(order, question, engine.snapshot), answer)


def _paid_question(order: SendOrder, question: Question, snapshot: Snapshot) -> ConfirmDialog:
    to = " · ".join(part for part in (snapshot.workspace_id, snapshot.credential, snapshot.base_url) if part)
    is_retry = question.prepared.kind == "retry"
    return paid_question(
        f"Send {question.requests:,} requests again?"
        if is_retry
        else f"Submit {question.requests:,} requests?",
        list(question_lines(question, order, to)),
        count=question.requests,
        why=question.why_typed,
        yes="Send again" if is_retry else "Submit",
    )
