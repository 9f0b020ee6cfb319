"""Submissions of the engine, and the search for those whose answer was lost."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any

import msgspec

from claude_batch_tui.domain.batches.tracked import Overlap, Submission, SubmissionState, Submitting
from claude_batch_tui.engine.board import Board
from claude_batch_tui.errors import (
    ApiError,
    CbtuiError,
    DraftError,
    ResultsUnavailableError,
    StoreError,
)
from claude_batch_tui.runtime import Runtime
from claude_batch_tui.services.submitting import reconcile, steps
from claude_batch_tui.services.submitting.adoption import settle_found
from claude_batch_tui.services.submitting.order import Question
from claude_batch_tui.services.submitting.run import send_one
from claude_batch_tui.store import batches, submissions
from claude_batch_tui.wording.submissions import unprimed_words
from claude_batch_tui.wording.values import counted_batches

_log = logging.getLogger(__name__)


class Submitter:
    """Shows how submissions go, looks for lost ones, and does what the user decides about those."""

    def __init__(
        self, runtime: Runtime, board: Board, *, spawn: Callable[[Coroutine[Any, Any, None]], None]
    ) -> None:
        """`spawn` begins something whose errors are reported."""
        self._runtime = runtime
        self._board = board
        self._spawn = spawn
        self.on_created: Callable[[], None] = lambda: None
        """Called when a batch was created, so that somebody looks at it."""
        self._asked: dict[str, asyncio.Future[Question | Overlap | None]] = {}
        """What is asked about each submission on its way, by its token; None where there is nothing to ask."""
        self._answers: dict[str, asyncio.Future[bool]] = {}
        """What the user says to that."""
        self._looking: set[str] = set()
        """Submissions that somebody is looking for until it is known what became of them."""
        self._told: set[str] = set()
        """Those of them of which it was told meanwhile how they ended."""
        self._weighed: set[str] = set()
        """Adopted submissions whose results were held against what was sent: they do not say more the next time."""

    def recover_interrupted(self) -> None:
        """Find submissions whose process died, and show what is open."""
        died = reconcile.recover_interrupted(self._runtime.store, self._runtime.now())
        if died:
            self._board.tell(
                f"{died} submission(s) were cut off while being sent: looking for them", is_error=True
            )
        self.reload()

    def reload(self) -> None:
        """Show the open submissions as they are written down."""
        self._board.submissions = submissions.unsettled(self._runtime.store, self._runtime.workspace)
        self._board.touch()

    def expect_question(self, token: str) -> asyncio.Future[Question | Overlap | None]:
        """What will be asked about a submission that is about to begin, or what of it was sent before and ends it; None
        where there turns out to be nothing to ask.
        """
        loop = asyncio.get_running_loop()
        self._answers[token] = loop.create_future()
        asked: asyncio.Future[Question | Overlap | None] = loop.create_future()
        self._asked[token] = asked
        return asked

    async def confirm(self, token: str, question: Question) -> bool:
        """Hand the question on to who waits for it, and wait for the answer to it.

        Where others of the run were sent before and looked for, nobody waits any more: a no, and it is told.
        """
        asked = self._asked[token]
        if asked.done() and not asked.cancelled():
            self._tell_unsent(question.batches)
            return False
        self._ask(token, question)
        return await self._answers[token]

    async def send_cold(self, token: str, primed: steps.Primed) -> bool:
        """Show that a prime did not warm the cache, and wait for what the user says to sending the others without it."""
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._answers[token] = answer
        self._show(token, note=unprimed_words(primed), waiting_until=None, asks_cold=True)
        self._board.tell(
            f"{unprimed_words(primed)} Send the others?", batch_id=primed.submission.batch_id, is_error=True
        )
        agreed = await answer
        self._show(token, asks_cold=False)
        return agreed

    def _ask(self, token: str, question: Question | Overlap | None) -> None:
        asked = self._asked.get(token)
        if asked is not None and not asked.done():
            asked.set_result(question)

    def answer(self, token: str, agreed: bool) -> None:
        """What the user says to the question of a submission, or will have said to it."""
        answer = self._answers.get(token)
        if answer is not None and not answer.done():
            answer.set_result(agreed)

    async def follow(
        self,
        token: str,
        begin: Callable[[], AsyncGenerator[steps.Step, None]],
        submission: Submission | None = None,
    ) -> None:
        """Show every step under `token`, and the error that ends them. `expect_question` comes before, and `answer`
        meanwhile, where a question is among them. Leaving it leaves the steps.
        """
        self._board.submitting[token] = Submitting(token, submission, note="preparing")
        self._board.touch()
        error: CbtuiError | None = None
        try:
            async with contextlib.aclosing(begin()) as taken:
                async for step in taken:
                    self._take(token, step)
        except CbtuiError as raised:
            error = raised
            self._board.tell(str(error), is_error=True)
        finally:
            shown = self._board.submitting[token]
            if shown.submission is not None:
                self._looking.discard(shown.submission.submission_id)
            words = shown.error if error is None else str(error)
            self._show(token, error=words, waiting_until=None, is_finished=True, held=0)
            self._ask(token, None)
            self._asked.pop(token, None)
            self._answers.pop(token, None)
            with contextlib.suppress(StoreError):  # it may be what went wrong
                self.reload()

    def _take(self, token: str, step: steps.Step) -> None:
        """Show one step of a submission."""
        match step:
            case steps.Prepared(submissions=prepared):
                self._show(token, submission=prepared[0])
            case steps.SentBefore(earlier):
                self._show(token, repeat_of=earlier)
                self._ask(token, None)  # it may be looked for, for minutes
            case steps.Overlaps(overlap, is_left_out=False):
                self._ask(token, overlap)
            case steps.Sending(submission, sent_bytes):
                self._show(
                    token,
                    submission=submission,
                    sent_bytes=sent_bytes,
                    waiting_until=None,
                    note="sending",
                    held=0,
                )
            case steps.Queued(submission) | steps.Waiting(submission) | steps.NoRoom(submission):
                self._show(
                    token,
                    submission=submission,
                    sent_bytes=0,
                    waiting_until=step.until,
                    note=step.note,
                    held=step.requests if isinstance(step, steps.NoRoom) else 0,
                )
            case steps.Priming(submission, until):
                words = "Waiting for the prime; the others are sent once it has ended."
                self._show(token, submission=submission, waiting_until=until, note=words)
            case steps.LeftCold(submission, requests):
                self._show(
                    token, error=f"{requests:,} requests were not sent; submitting the same again sends them."
                )
            case steps.Looking() | steps.Looked():
                self._show_look(token, step)
            case steps.Ended(submission):
                self._show_end(token, step)
            case _:
                pass

    def _show_look(self, token: str, step: steps.Looking | steps.Looked) -> None:
        """Show that a batch is looked for, and what is known after a look."""
        submission = step.submission
        self._looking.add(submission.submission_id)
        self._show(token, submission=submission)
        if isinstance(step, steps.Looking):
            self._board.tell(
                f"{_title(submission)}: it is not known whether the batch was created; looking",
                is_error=True,
            )
        elif self._board.submitting[token].repeat_of is not None:
            self._show(token, repeat_of=submission)
        self.reload()

    def _show_end(self, token: str, ended: steps.Ended) -> None:
        """Show how one batch ended, and what was not sent because of that."""
        submission = ended.submission
        refused = submission.error if submission.state is SubmissionState.REFUSED else None
        self._show(token, submission=submission, error=refused, is_finished=ended.is_last)
        self._looking.discard(submission.submission_id)
        if submission.submission_id in self._told:
            self._told.discard(submission.submission_id)
            self.reload()
        else:
            self._tell_end(submission)
        if not ended.is_created and not ended.is_last:
            self._tell_unsent(ended.of - ended.number)

    def _tell_unsent(self, count: int) -> None:
        self._board.tell(
            f"{counted_batches(count)} of the run were not sent; submitting the same file again sends them",
            is_error=True,
        )

    def _tell_end(self, submission: Submission) -> None:
        """Say how a submission ended, and show what it made."""
        board, title = self._board, _title(submission)
        self.reload()
        match submission.state:
            case SubmissionState.CREATED if submission.is_adopted:
                board.tell(
                    f"{submission.batch_id} was found for {title}; that it is its batch is not proven: U decides, or its results",
                    batch_id=submission.batch_id,
                    is_error=True,
                )
                self._show_batch(submission)
                self.on_created()
            case SubmissionState.CREATED:
                board.tell(
                    f"{title} created, {submission.requests:,} requests, {submission.batch_id}",
                    batch_id=submission.batch_id,
                )
                self._show_batch(submission)
                self.on_created()
            case SubmissionState.REFUSED:
                board.tell(f"The API refused {title}: {submission.error}", is_error=True)
            case SubmissionState.ABSENT:
                board.tell(f"{title}: no batch was created, as far as the list shows", is_error=True)
            case _:
                pass

    async def resolve_open(self) -> None:
        """Look for every submission that is unknown."""
        for submission in self._board.submissions:
            if submission.state is SubmissionState.UNKNOWN:
                await self._resolve(submission)

    async def _resolve(self, submission: Submission) -> None:
        """Look until it is found, or absent."""
        runtime, submission_id = self._runtime, submission.submission_id
        if submission_id in self._looking:
            return
        self._looking.add(submission_id)
        try:
            async for looked in reconcile.resolve_unknown(
                submission,
                connect=runtime.connect,
                store=runtime.store,
                hint=runtime.hint,
                now=runtime.now,
                sleep=runtime.sleep,
                settle=runtime.config.settle,
            ):
                submission = looked
                self.reload()
            self._tell_end(submission)
        except (ApiError, DraftError) as error:
            # Every later poll looks again, so nothing is lost by giving up here.
            _log.warning("Looking for %s failed: %s", submission_id, error)
        finally:
            self._looking.discard(submission_id)

    async def look_at_open(self) -> None:
        """Look once more for every open submission nobody is looking for, and settle what was found for one once it has
        ended; called after each poll.
        """
        for submission in submissions.unsettled(self._runtime.store, self._runtime.workspace):
            if submission.state is SubmissionState.SENDING or submission.submission_id in self._looking:
                continue
            if self._can_be_settled(submission) and submission.submission_id not in self._weighed:
                self._spawn(self._settle(submission))
            elif not submission.is_adopted:
                await self._look(submission)

    async def look_again(self, submission_id: str) -> None:
        """One look, at the results of what was found too."""
        submission = submissions.find(self._runtime.store, submission_id)
        if submission is None:
            return
        if self._can_be_settled(submission):
            await self._settle(submission)
        elif not submission.is_adopted:
            await self._look(submission)

    async def _look(self, submission: Submission) -> None:
        runtime = self._runtime
        looked = await reconcile.look(
            submission,
            api=await runtime.connect(),
            store=runtime.store,
            hint=runtime.hint,
            now=runtime.now(),
            settle=runtime.config.settle,
        )
        if looked.state is not submission.state:
            self._show_outcome(looked)
        self.reload()

    def _can_be_settled(self, submission: Submission) -> bool:
        """Whether every batch that was found for a submission has ended, so that its results can tell whose it is."""
        found: tuple[str, ...] = ()
        if submission.is_adopted or submission.state is SubmissionState.CONFLICT:
            found = (submission.batch_id,) if submission.batch_id else submission.candidates
        known = [self._board.find(batch_id) for batch_id in found]
        return bool(known) and all(tracked is not None and tracked.batch.has_ended for tracked in known)

    async def _settle(self, found: Submission) -> None:
        """Hold the results of the batches that were found for a submission against what was sent."""
        runtime, board = self._runtime, self._board
        if found.submission_id in self._looking:
            return
        self._looking.add(found.submission_id)
        try:
            api = await runtime.connect()
            settled = await settle_found(
                found, api=api, store=runtime.store, hint=runtime.hint, now=runtime.now()
            )
        except (ApiError, ResultsUnavailableError) as error:
            # The next poll tries again.
            _log.warning("The results of what was found could not be looked at: %s", error)
            return
        finally:
            self._looking.discard(found.submission_id)
        self._weighed.add(found.submission_id)
        if settled.is_certain:
            board.tell(f"{settled.batch_id} is the batch of {_title(found)}, as its results show")
            self._show_batch(settled)
        elif settled == found:
            board.tell(
                f"The results of what was found do not show whether it is the batch of {_title(found)}: U decides",
                batch_id=found.batch_id,
                is_error=True,
            )
        await self._show_decided(settled)

    async def _show_decided(self, submission: Submission) -> None:
        """Show a submission after it was settled or decided whether its batch is its own; look on where it is not."""
        runtime = self._runtime
        if runtime.workspace is not None:
            self._board.catch_up(runtime.store.database, runtime.workspace.scope_id)
        if submission.state is SubmissionState.UNKNOWN:
            self._weighed.discard(submission.submission_id)
        self._show_submission(submission)
        self.reload()
        if submission.state is SubmissionState.UNKNOWN:
            self._board.tell(f"{_title(submission)}: {submission.error} Looking again", is_error=True)
            await self._resolve(submission)

    async def decide(self, submission_id: str, batch_id: str, *, is_its: bool) -> None:
        """The user says that a batch is the one a submission made, or another's."""
        runtime = self._runtime
        submission = submissions.find(runtime.store, submission_id)
        if submission is None:
            return
        decided = await reconcile.decide(
            submission,
            is_its=is_its,
            batch_id=batch_id,
            api=await runtime.connect(),
            store=runtime.store,
            hint=runtime.hint,
            now=runtime.now(),
        )
        if decided.is_certain:
            self._show_outcome(decided)
        await self._show_decided(decided)

    def abandon(self, submission_id: str) -> None:
        """The user gives a submission up."""
        submission = submissions.find(self._runtime.store, submission_id)
        if submission is not None:
            self._show_outcome(
                reconcile.abandon(submission, store=self._runtime.store, now=self._runtime.now())
            )

    async def send_again(self, submission_id: str, token: str) -> None:
        """The user says it is not there: send the same body again."""
        runtime = self._runtime
        absent = submissions.find(runtime.store, submission_id)
        if absent is None:
            return
        await self.follow(
            token,
            lambda: send_one(
                reconcile.prepare_again(absent, store=runtime.store, now=runtime.now()),
                resend=False,
                connect=runtime.connect,
                store=runtime.store,
                hint=runtime.hint,
                config=runtime.config,
                now=runtime.now,
                sleep=runtime.sleep,
                random=runtime.random,
            ),
            absent,
        )

    def _show_outcome(self, ended: Submission) -> None:
        """Show what was found out or decided about a submission beside the sending of it."""
        if ended.submission_id in self._looking:
            self._told.add(ended.submission_id)
        self._show_submission(ended)
        self._tell_end(ended)

    def _show_submission(self, submission: Submission) -> None:
        """Show a submission as it is now under every token that shows it."""
        for token, shown in list(self._board.submitting.items()):
            if shown.submission is not None and shown.submission.submission_id == submission.submission_id:
                self._show(token, submission=submission)

    def _show_batch(self, submission: Submission) -> None:
        workspace = self._runtime.workspace
        if workspace is None or submission.batch_id is None:
            return
        tracked = batches.find(self._runtime.store.database, workspace.scope_id, submission.batch_id)
        if tracked is not None:
            self._board.put_batches([tracked])

    def _show(self, token: str, **facts: Any) -> None:
        """Change what is shown of a submission."""
        self._board.submitting[token] = msgspec.structs.replace(self._board.submitting[token], **facts)
        self._board.touch()


def _title(submission: Submission) -> str:
    return submission.name or submission.batch_id or submission.submission_id
