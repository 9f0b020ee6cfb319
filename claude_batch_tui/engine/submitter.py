"""Submissions of the engine, and the search for those whose answer was lost."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import msgspec

from claude_batch_tui.domain.tracked import Submission, SubmissionState, Submitting
from claude_batch_tui.engine.board import Board
from claude_batch_tui.errors import ApiError, CbtuiError, DraftError
from claude_batch_tui.runtime import Runtime
from claude_batch_tui.services.submitting import reconcile
from claude_batch_tui.services.submitting.overlap import overlap
from claude_batch_tui.services.submitting.pilot import Portion, rest, sample
from claude_batch_tui.services.submitting.retry import RetryPlan, draft, still_to_send
from claude_batch_tui.services.submitting.send import Guard
from claude_batch_tui.services.submitting.spool import Outgoing, discard, freeze, not_sent_meanwhile, repeats
from claude_batch_tui.services.threads import in_thread
from claude_batch_tui.store import batches, submissions

_log = logging.getLogger(__name__)


class Submitter:
    """Sends, looks, and does what the user decides about open submissions."""

    def __init__(
        self,
        runtime: Runtime,
        board: Board,
        *,
        spawn: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._runtime = runtime
        self._board = board
        self.on_created: Callable[[], None] = lambda: None
        """Called when a batch was created, so that somebody looks at it."""
        self._spawn = spawn
        self._settling: set[str] = set()

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
        self._board.submissions = submissions.unsettled(self._runtime.store, self._runtime.scope)
        self._board.touch()

    async def submit(
        self, token: str, outgoing: Outgoing, *, again: bool, retry: RetryPlan | None = None
    ) -> None:
        """Freeze and send; progress under `token`. The same bytes are refused unless `again`.

        Of a `retry` the requests come from the spool, and what was sent meanwhile stops it.
        """
        runtime = self._runtime
        self._show(Submitting(token, note="preparing"))
        try:
            if retry is not None:
                reconcile.require_here(retry.first, runtime.known_scope())
            prepared = await self._frozen(outgoing, retry)
            missing = prepared
            if not again:
                before = repeats(prepared, store=runtime.store, now=runtime.now())
                missing = before.missing
                kept = {one.submission_id for one in missing}
                discard(*(one for one in prepared if one.submission_id not in kept))
                if before.known and (before.open is not None or not missing):
                    discard(*missing)
                    repeat = before.open or before.known[0]
                    self._show(Submitting(token, prepared[0], repeat_of=repeat, is_finished=True))
                    return
                partly = await in_thread(lambda: overlap(prepared[0], store=runtime.store, now=runtime.now()))
                if partly is not None and not before.known:
                    discard(*missing)
                    self._show(Submitting(token, prepared[0], repeat_of=partly.earlier, is_finished=True))
                    return
            await self._send_all(token, missing, self._guard(prepared, retry, again=again))
        except CbtuiError as error:
            before_error = self._board.submitting[token]
            self._show(
                msgspec.structs.replace(before_error, error=str(error), waiting_until=None, is_finished=True)
            )
            self._board.tell(str(error), is_error=True)
            self.reload()

    def _guard(self, prepared: tuple[Submission, ...], retry: RetryPlan | None, *, again: bool) -> Guard:
        """What is looked at right before each batch is sent: somebody else may have sent it meanwhile."""
        store, own = self._runtime.store, frozenset(one.submission_id for one in prepared)

        def guard(submission: Submission) -> None:
            if not again:
                not_sent_meanwhile(submission, own, store=store, now=self._runtime.now())
            if retry is not None:
                still_to_send(retry, submissions.of_run(store, retry.run_id), own)

        return guard

    async def _frozen(self, outgoing: Outgoing, retry: RetryPlan | None) -> tuple[Submission, ...]:
        """What is to be sent, on disk: all of it, a sample, what a run has not sent yet, or what failed."""
        runtime = self._runtime
        folder = runtime.locations.spool
        run: tuple[Submission, ...] = ()
        if outgoing.rest_of is not None:
            run = submissions.of_run(runtime.store, outgoing.rest_of)

        def work() -> tuple[Submission, ...]:
            now = runtime.now()
            if retry is not None:
                with draft(retry, folder) as portion:
                    files = msgspec.structs.replace(outgoing, requests=portion.requests, rows=portion.rows)
                    return freeze(files, store=runtime.store, now=now)
            if outgoing.pilot is not None:
                with sample(
                    outgoing.requests, outgoing.rows, count=outgoing.pilot, seed=0, folder=folder
                ) as portion:
                    return freeze(_of_portion(outgoing, portion, "pilot"), store=runtime.store, now=now)
            if outgoing.rest_of is not None:
                with rest(outgoing.requests, outgoing.rows, run=run, folder=folder) as portion:
                    joined = msgspec.structs.replace(outgoing, run_id=outgoing.rest_of)
                    return freeze(_of_portion(joined, portion, "rest"), store=runtime.store, now=now)
            return freeze(outgoing, store=runtime.store, now=now)

        return await in_thread(work)

    async def _send_all(self, token: str, missing: tuple[Submission, ...], guard: Guard) -> None:
        """Send one after the other; what comes after one that was not created stays unsent."""
        for number, prepared in enumerate(missing):
            rest = missing[number + 1 :]
            try:
                last = await self._send(token, prepared, guard, is_last=not rest)
            except CbtuiError:
                discard(*rest)
                raise
            if rest and last.state is not SubmissionState.CREATED:
                discard(*rest)
                self._board.tell(
                    f"{len(rest)} batches of the run were not sent; submitting the same file again sends them",
                    is_error=True,
                )
                self._show(msgspec.structs.replace(self._board.submitting[token], is_finished=True))
                return

    async def _send(
        self, token: str, prepared: Submission, guard: Guard = lambda _: None, *, is_last: bool = True
    ) -> Submission:
        last = prepared
        async for update in self._runtime.send(prepared, guard):
            last = update.submission
            self._show(
                Submitting(
                    token,
                    last,
                    sent_bytes=update.sent_bytes,
                    waiting_until=update.waiting_until,
                    note=update.note,
                    error=last.error if last.state is SubmissionState.REFUSED else None,
                )
            )
        if is_last:
            self._show(msgspec.structs.replace(self._board.submitting[token], is_finished=True))
        self._settled(last)
        return last

    def _settled(self, submission: Submission) -> None:
        """Show how a submission ended, and look for it where that is open."""
        board = self._board
        self.reload()
        title = submission.name or submission.batch_id or submission.submission_id
        match submission.state:
            case SubmissionState.CREATED:
                board.tell(
                    f"{title} created, {submission.requests:,} requests, {submission.batch_id}",
                    batch_id=submission.batch_id,
                )
                self._show_batch(submission)
                self.on_created()
            case SubmissionState.REFUSED:
                board.tell(f"The API refused {title}: {submission.error}", is_error=True)
            case SubmissionState.UNKNOWN:
                board.tell(f"{title}: it is not known whether the batch was created; looking", is_error=True)
                self._spawn(self.settle(submission.submission_id))
            case SubmissionState.ABSENT:
                board.tell(f"{title}: no batch was created, as far as the list shows", is_error=True)
            case _:
                pass

    async def settle_open(self) -> None:
        """Look for every submission that is unknown."""
        for submission in self._board.submissions:
            if submission.state is SubmissionState.UNKNOWN:
                await self.settle(submission.submission_id)

    async def settle(self, submission_id: str) -> None:
        """Look until it is found, or absent."""
        runtime = self._runtime
        submission = submissions.find(runtime.store, submission_id)
        if submission is None or submission_id in self._settling:
            return
        self._settling.add(submission_id)
        try:
            async for looked in runtime.settled(submission):
                submission = looked
                self.reload()
            self._settled(submission)
        except (ApiError, DraftError) as error:
            # Every later poll looks again, so nothing is lost by giving up here.
            _log.warning("Looking for %s failed: %s", submission_id, error)
        finally:
            self._settling.discard(submission_id)

    async def look_at_absent(self) -> None:
        """Look once more for every open submission nobody is looking for; called after each poll."""
        for submission in submissions.unsettled(self._runtime.store, self._runtime.scope):
            if submission.state is SubmissionState.SENDING or submission.submission_id in self._settling:
                continue
            await self.look_again(submission.submission_id)

    async def look_again(self, submission_id: str) -> None:
        """One look."""
        runtime = self._runtime
        submission = submissions.find(runtime.store, submission_id)
        if submission is None:
            return
        looked = await runtime.look(submission)
        if looked.state is not submission.state:
            self._settled(looked)
        self.reload()

    async def attach(self, submission_id: str, batch_id: str) -> None:
        """The user says which batch it is."""

        async def decide(submission: Submission) -> Submission:
            api = await self._runtime.connect()
            runtime = self._runtime
            return await reconcile.attach(
                submission, batch_id, api=api, store=runtime.store, hint=runtime.hint, now=runtime.now()
            )

        await self._decide(submission_id, decide)

    async def abandon(self, submission_id: str) -> None:
        """The user gives it up."""

        async def decide(submission: Submission) -> Submission:
            return reconcile.abandon(submission, store=self._runtime.store, now=self._runtime.now())

        await self._decide(submission_id, decide)

    async def send_again(self, submission_id: str, token: str) -> None:
        """The user says it is not there: send the same body again."""
        submission = submissions.find(self._runtime.store, submission_id)
        if submission is None:
            return
        try:
            prepared = reconcile.prepare_again(submission, store=self._runtime.store, now=self._runtime.now())
            self.reload()
            await self._send(token, prepared)
        except CbtuiError as error:
            self.reload()
            self._show(Submitting(token, submission, error=str(error), is_finished=True))
            self._board.tell(str(error), is_error=True)

    async def _decide(
        self, submission_id: str, decide: Callable[[Submission], Awaitable[Submission]]
    ) -> None:
        submission = submissions.find(self._runtime.store, submission_id)
        if submission is None:
            return
        self._settled(await decide(submission))

    def _show_batch(self, submission: Submission) -> None:
        runtime = self._runtime
        if runtime.scope is None:
            runtime.recall_scope()
        if runtime.scope is None or submission.batch_id is None:
            return
        tracked = batches.find(runtime.store.database, runtime.scope.scope_id, submission.batch_id)
        if tracked is not None:
            self._board.put_batches([tracked])

    def _show(self, submitting: Submitting) -> None:
        self._board.submitting[submitting.token] = submitting
        self._board.touch()


def _of_portion(outgoing: Outgoing, portion: Portion, kind: str) -> Outgoing:
    """What goes out of a part of the file, with its share of the cost."""
    share = portion.count / max(portion.of, 1)
    return msgspec.structs.replace(
        outgoing,
        requests=portion.requests,
        rows=portion.rows,
        name=f"{outgoing.name} {kind}" if outgoing.name else None,
        cost_at_most=None if outgoing.cost_at_most is None else outgoing.cost_at_most * share,
        kind=kind,
    )
