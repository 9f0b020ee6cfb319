"""The engine: one thread, one event loop, one mailbox of wishes, and snapshots out."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Coroutine, Sequence
from concurrent.futures import Future
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from claude_batch_tui.config import Config
from claude_batch_tui.domain.tracked import Snapshot
from claude_batch_tui.engine.board import Board
from claude_batch_tui.engine.loop_thread import LoopThread
from claude_batch_tui.engine.opening import load_rest, show_newest
from claude_batch_tui.errors import CbtuiError, StoreError
from claude_batch_tui.runtime import Runtime

# What the first frame does not need is imported when it is called, or when the engine begins to work.
if TYPE_CHECKING:
    from claude_batch_tui.domain.history import History
    from claude_batch_tui.domain.notifying import Notice
    from claude_batch_tui.domain.retrying import RetryRules
    from claude_batch_tui.domain.story import SentRequests, Story
    from claude_batch_tui.engine.budget import Budget
    from claude_batch_tui.engine.parts import Parts
    from claude_batch_tui.services.check import CheckReport
    from claude_batch_tui.services.judging import Sent
    from claude_batch_tui.services.run_results import RunResults
    from claude_batch_tui.services.submitting.order import Question, SendOrder
    from claude_batch_tui.services.submitting.retry import RetryPlan, Wanted
    from claude_batch_tui.services.trying import Trial, Tried
    from claude_batch_tui.store.results_index import ResultsIndex
    from claude_batch_tui.store.scopes import Scope
    from claude_batch_tui.store.store import Store

_log = logging.getLogger(__name__)


class Forecasted(NamedTuple):
    """A checked draft with all that is known of its cost, and the dollars in flight."""

    report: CheckReport
    in_flight: float


class Engine(LoopThread):
    """Polls, downloads and submits for a face. Every method may be called from any thread. Those that ask for something
    to be done return at once; those that answer read the disk, or give a future, and are for a thread that can wait.

    `start` opens the store and publishes what is known; it raises StoreError where the store cannot be used. `stop` ends
    polling and downloads; a POST that is under way becomes an unknown outcome, written down.
    """

    def __init__(
        self,
        config: Config,
        *,
        on_snapshot: Callable[[Snapshot], None],
        api_key: str | None = None,
        budget: Budget | None = None,
        workspace: str | None = None,
    ) -> None:
        """`workspace` is the name its batches bear where several workspaces are watched."""
        super().__init__("cbtui-engine")
        self._workspace = workspace
        self._budget = budget
        self._config = config
        self._api_key = api_key
        self._on_snapshot = on_snapshot
        self.snapshot = Snapshot()

    def connect(self) -> None:
        """Begin to talk to the API; called after the first frame, because it imports the SDK."""
        self._wish(self._begin())

    def refresh(self) -> None:
        """Poll now, five seconds after the last poll at the earliest."""
        self._call(lambda: self._parts.poller.wake())  # noqa: PLW0108  the parts are made in the loop

    def pause(self, paused: bool) -> None:
        """Stop polling, or go on."""
        self._call(lambda: self._parts.poller.pause(paused))

    def download(self, batch_id: str) -> None:
        """Download the results of an ended batch."""
        self._wish(self._downloader_download(batch_id))

    def stop_download(self, batch_id: str) -> None:
        """Stop a download; what has arrived is kept."""
        self._call(lambda: self._parts.downloader.stop(batch_id))

    def cancel(self, batch_id: str) -> None:
        """Ask the API to cancel a batch."""
        self._wish(self._with(lambda parts: parts.verbs.cancel(batch_id)))

    def delete(self, batch_id: str) -> None:
        """Delete an ended batch from the API."""
        self._wish(self._with(lambda parts: parts.verbs.delete(batch_id)))

    def submit(self, token: str, order: SendOrder) -> Future[Question | None]:
        """Begin to send; progress is in the snapshots under `token`. The question that `answer` is awaited to, or None
        where nothing is asked: what is shown then says why. For who can wait; giving up on the question is a no.
        """

        async def work() -> Question | None:
            submitter = self._parts.submitter
            asked = submitter.expect_question(token)
            self._spawn(self._explained(submitter.submit(token, order)))
            try:
                return await asked
            except asyncio.CancelledError:
                submitter.answer(token, agreed=False)
                raise

        return self._asked(work())

    def answer(self, token: str, agreed: bool) -> None:
        """What the user says to the question of a submission: only after a yes anything is sent."""
        self._call(lambda: self._parts.submitter.answer(token, agreed))

    def plan_retry(self, wanted: Sequence[Wanted], rules: RetryRules) -> RetryPlan:
        """What would be sent again; reads the spool, for a thread. Raises DraftError where there is nothing."""
        from claude_batch_tui.services.submitting.retry import plan

        return plan(wanted, rules, store=self._runtime.store)

    def look_again(self, submission_id: str) -> None:
        """Look for an open submission once."""
        self._wish(self._with(lambda parts: parts.submitter.look_again(submission_id)))

    def attach(self, submission_id: str, batch_id: str) -> None:
        """The user says which batch a submission made."""
        self._wish(self._with(lambda parts: parts.submitter.attach(submission_id, batch_id)))

    def send_again(self, submission_id: str, token: str) -> None:
        """The user says an absent submission may be sent again."""
        self._wish(self._with(lambda parts: parts.submitter.send_again(submission_id, token)))

    def abandon(self, submission_id: str) -> None:
        """The user gives a submission up."""
        self._wish(self._with(lambda parts: parts.submitter.abandon(submission_id)))

    def mark_seen(self, batch_id: str) -> None:
        """The user has looked at an ended batch."""
        self._wish(self._with(lambda parts: parts.verbs.mark_seen(batch_id)))

    def rename(self, target_id: str, name: str | None) -> None:
        """Name a batch or a run; None takes its name away."""
        from claude_batch_tui.store.rebuild import journal_name

        self._label(lambda store, scope: journal_name(store, scope, target_id, name, self._runtime.now()))

    def note(self, target_id: str, text: str | None) -> None:
        """Write a note on a batch or a run; None takes it away."""
        from claude_batch_tui.store import ours

        self._label(lambda store, scope: ours.note(store, scope, target_id, text, self._runtime.now()))

    def tag(self, batch_ids: Sequence[str], *, add: Sequence[str], remove: Sequence[str]) -> None:
        """Give batches tags, and take tags away."""
        from claude_batch_tui.store import ours

        self._label(
            lambda store, scope: ours.tag(
                store, scope, batch_ids, add=add, remove=remove, now=self._runtime.now()
            )
        )

    def hide(self, batch_ids: Sequence[str], *, hidden: bool) -> None:
        """Put batches away on this machine, or bring them back."""
        from claude_batch_tui.store import ours

        self._label(
            lambda store, scope: ours.hide(store, scope, batch_ids, hidden=hidden, now=self._runtime.now())
        )

    def adopt(self, batch_ids: Sequence[str], name: str | None) -> None:
        """Make one run of batches made elsewhere."""
        from claude_batch_tui.services.labels import adopt

        def work(store: Store, scope: Scope) -> None:
            found = self._runtime.known(batch_ids)
            adopt(found, name=name, store=store, scope=scope, now=self._runtime.now())

        self._label(work)

    def add(self, batch_id: str) -> None:
        """Fetch one batch by its id and show it."""
        self._wish(self._with(lambda parts: parts.verbs.add(batch_id)))

    def load_older(self) -> None:
        """Fetch the next page of older batches."""
        self._wish(self._with(lambda parts: parts.verbs.load_older()))

    def forecast(self, path: Path, report: CheckReport, source: str | None) -> Future[Forecasted]:
        """Have the API count the input of a checked draft; see `count_and_price`. For a thread that can wait."""
        from claude_batch_tui.services.requests_files import iter_request_lines
        from claude_batch_tui.services.submitting.price import cost_in_flight, count_and_price

        async def work() -> Forecasted:
            runtime, known = self._runtime, report
            try:
                known = await count_and_price(
                    report,
                    lambda: iter_request_lines(path),
                    connect=runtime.connect,
                    store=runtime.store,
                    hint=runtime.hint,
                    prices=runtime.prices(),
                    source=source,
                )
            except CbtuiError as error:
                _log.info("The API did not count: %s", error)
            return Forecasted(known, cost_in_flight(runtime.store, runtime.hint))

        return self._asked(work())

    def try_request(self, chosen: Trial) -> Future[Tried]:
        """Send one request at once; see `services.trying`. For a thread that can wait."""
        from claude_batch_tui.services.trying import tried

        async def work() -> Tried:
            runtime = self._runtime
            api = await runtime.connect()
            return await tried(chosen, api=api, store=runtime.store, prices=runtime.prices(), now=runtime.now)

        return self._asked(work())

    def growing(self, batch_id: str) -> tuple[ResultsIndex, Path] | None:
        """The index and file of a download that is under way, for reading while it grows."""
        return self._parts.downloader.growing.get(batch_id) if self._has_parts else None

    @property
    def cache(self) -> Path:
        """The folder of what can be made again."""
        return self._runtime.locations.cache

    def results_file(self, batch_id: str) -> Path | None:
        """The results of a batch on this machine, or None."""
        return self._runtime.results_file(batch_id)

    def read_results(self, batch_id: str) -> Path | None:
        """The results of a batch on this machine that were read to their end, or None; reads the disk."""
        return self._runtime.read_results(batch_id)

    def run_results(self, run_id: str, batch_ids: Sequence[str]) -> RunResults:
        """The results of these batches of a run in one file, made if need be; for a thread. Raises StoreError."""
        from claude_batch_tui.services.run_results import gather

        found = {batch_id: self.read_results(batch_id) for batch_id in batch_ids}
        parts = [path for path in found.values() if path is not None]
        if len(parts) != len(found):
            lacking = next(batch_id for batch_id, path in found.items() if path is None)
            raise StoreError(
                f"The results of {lacking} are not whole on this machine: open {run_id} again to download them."
            )
        rows = [self.rows_path(batch_id) for batch_id in batch_ids]
        return gather(run_id, parts, rows, self._runtime.locations.results / "runs")

    def rows_path(self, batch_id: str) -> Path | None:
        """The rows file of a batch we submitted, or None."""
        return self._runtime.rows_path(batch_id)

    def sent(self, batch_id: str) -> Collection[str] | None:
        """The custom_ids sent for a batch, in their order, or None; reads the disk."""
        return self._runtime.sent(batch_id)

    def asked(self, batch_ids: Sequence[str]) -> Sent:
        """The files that say what was asked for in these batches; reads the disk."""
        return self._runtime.asked(batch_ids)

    def request_as_sent(self, batch_id: str, custom_id: str) -> bytes | None:
        """A request of a batch we submitted, or None; reads the disk."""
        from claude_batch_tui.services.submitting.spool import request_as_sent

        body = self._runtime.body_path(batch_id)
        return request_as_sent(body, custom_id) if body else None

    def story(self, batch_ids: Sequence[str]) -> Future[Story | None]:
        """What is remembered of a batch, or of several as one run; None of one unknown. For a thread that can wait.

        A bill that was never made up is, where the results are here.
        """
        from claude_batch_tui.services.story import run_story

        async def work() -> Story | None:
            stories = [await self._parts.verbs.story(batch_id) for batch_id in batch_ids]
            known = [story for story in stories if story is not None]
            if len(known) != len(stories):
                return None
            return known[0] if len(known) == 1 else run_story(known)

        return self._asked(work())

    @property
    def scope_id(self) -> int | None:
        """The workspace in the store; None before the first answer of all."""
        return self._runtime.scope.scope_id if self._runtime.scope is not None else None

    def history(self, days: int, now: datetime, beside: Collection[int] = ()) -> Future[History]:
        """What the batches of the last days say together, those of other scopes too; for a thread that can wait."""
        from claude_batch_tui.services.history import history_of
        from claude_batch_tui.services.threads import in_thread

        async def work() -> History:
            runtime = self._runtime
            scopes = {*beside, *(() if runtime.scope is None else (runtime.scope.scope_id,))}
            database = runtime.store.database
            return await in_thread(lambda: history_of(database, scopes, days=days, now=now))

        return self._asked(work())

    def first_requests(self, batch_ids: Sequence[str], count: int) -> SentRequests | None:
        """The first requests of the first of these batches that we submitted, or None; reads the disk."""
        from claude_batch_tui.services.story import first_requests

        return first_requests(batch_ids, count, store=self._runtime.store)

    async def _open(self) -> None:
        self._runtime = runtime = Runtime(self._config, api_key=self._api_key)
        self._board = board = Board(self._publish, runtime.now, self._workspace)
        show_newest(board, runtime)
        board.publish()
        self._spawn(board.keep_publishing())

    async def _close(self) -> None:
        await self._runtime.close()

    def _end_threads(self) -> None:
        if self._has_parts:
            self._parts.downloader.stop_all()

    def _complain(self, error: Exception) -> None:
        if isinstance(error, CbtuiError):
            self._board.tell(str(error), is_error=True)
            with contextlib.suppress(CbtuiError):  # where the store itself is the trouble, that has been said
                self._parts.submitter.reload()
        else:
            self._board.tell(f"Something went wrong: {type(error).__name__}: {error}", is_error=True)

    @cached_property
    def _parts(self) -> Parts:
        """Made in the loop by whoever needs it first."""
        from claude_batch_tui.engine.parts import Parts

        return Parts(
            self._runtime,
            self._board,
            spawn=self._spawn,
            budget=self._budget,
            auto_download=self._config.auto_download,
            on_notice=self._hook,
        )

    @property
    def _has_parts(self) -> bool:
        return "_parts" in self.__dict__

    async def _begin(self) -> None:
        await self._explained(load_rest(self._board, self._runtime))
        self._parts.begin()
        self._spawn(self._read_what_is_here())

    async def _read_what_is_here(self) -> None:
        """Read results that a process which died did not read to their ends."""
        await self._explained(self._parts.downloader.settle())

    def _publish(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        try:
            self._on_snapshot(snapshot)
        except Exception:  # noqa: BLE001 — logged; what a face cannot draw must not end the engine
            _log.exception("A face could not take a snapshot; the next one comes")

    def _offer_auto_download(self) -> None:
        """Say once, after results were downloaded by hand, that this can be had without the key."""
        runtime = self._runtime
        if self._config.auto_download or runtime.scope is None:
            return
        from claude_batch_tui.store.notifications import claim_once

        offer = [("auto_download", "offered")]
        if claim_once(runtime.store.database, runtime.scope.scope_id, offer, runtime.now()):
            file = self._config.config_dir / "config.toml"
            self._board.tell(
                f"To have results downloaded as batches end, put auto_download = true into {file}."
            )

    def _hook(self, notice: Notice) -> None:
        if self._config.hook and notice.matters(self._config.notify_on):
            self._spawn(self._explained(self._run_hook(self._config.hook, notice)))

    async def _run_hook(self, command: str, notice: Notice) -> None:
        from claude_batch_tui.services.notify import run_hook

        trouble = await run_hook(command, notice, timeout=self._config.hook_timeout)
        if trouble is not None:
            _log.warning("%s", trouble)
            self._board.tell(trouble, is_error=True)

    async def _downloader_download(self, batch_id: str) -> None:
        await self._parts.downloader.download(batch_id)
        self._offer_auto_download()
        # The results may have shown that a batch taken for a lost submission is not it.
        self._parts.submitter.reload()

    def _label(self, work: Callable[[Store, Scope], None]) -> None:
        self._wish(self._with(lambda parts: parts.verbs.label(work)))

    async def _with(self, work: Callable[[Parts], Coroutine[Any, Any, None]]) -> None:
        await work(self._parts)
