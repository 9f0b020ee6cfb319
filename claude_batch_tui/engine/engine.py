"""The engine: one thread, one event loop, one mailbox of wishes, and snapshots out."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Collection, Coroutine, Sequence
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import msgspec

from claude_batch_tui.config import Config
from claude_batch_tui.domain.history import History
from claude_batch_tui.domain.notifying import Notice
from claude_batch_tui.domain.retrying import RetryRules
from claude_batch_tui.domain.story import SentRequests, Story
from claude_batch_tui.domain.tracked import ResultsState, Snapshot, TrackedBatch
from claude_batch_tui.engine.board import Board
from claude_batch_tui.engine.budget import Budget
from claude_batch_tui.engine.downloader import Downloader
from claude_batch_tui.engine.poller import Poller
from claude_batch_tui.engine.retrier import Wanted, checked, planned, priced
from claude_batch_tui.engine.submitter import Submitter
from claude_batch_tui.engine.warner import Warner
from claude_batch_tui.errors import CbtuiError, NotFoundError, StoreError
from claude_batch_tui.runtime import Runtime
from claude_batch_tui.services.cancel import cancel, delete
from claude_batch_tui.services.history import history_of
from claude_batch_tui.services.judging import Sent
from claude_batch_tui.services.labels import adopt
from claude_batch_tui.services.listing import load_older
from claude_batch_tui.services.notify import run_hook
from claude_batch_tui.services.retry import RetryPlan
from claude_batch_tui.services.retry import draft as retry_draft
from claude_batch_tui.services.retry import outgoing as retry_outgoing
from claude_batch_tui.services.run_results import RunResults, gather
from claude_batch_tui.services.spool import Outgoing, request_as_sent
from claude_batch_tui.services.story import first_requests, run_story, story_of
from claude_batch_tui.services.threads import in_thread
from claude_batch_tui.store import batches, ours
from claude_batch_tui.store.notifications import claim_once
from claude_batch_tui.store.rebuild import journal_name
from claude_batch_tui.store.results_index import ResultsIndex
from claude_batch_tui.store.scopes import Scope
from claude_batch_tui.store.store import Store

if TYPE_CHECKING:
    from claude_batch_tui.services.check import CheckReport
    from claude_batch_tui.services.trying import Trial, Tried

_log = logging.getLogger(__name__)
_STOP_WITHIN = 2.0
_FORECAST_WITHIN = 30.0
_FIRST_SHOWN = 120
"""Batches read before the first frame; the rest of a long history follows it."""
_LOADED_AT_ONCE = 500
_BETWEEN_LOADS = 0.005
_T = TypeVar("_T")


class Forecasted(NamedTuple):
    """A checked draft with all that is known of its cost; dollars in flight; why its count has to be typed, if so."""

    report: CheckReport
    in_flight: float
    over_limits: str | None


class Engine:
    """Polls, downloads and submits for a face. Every method may be called from any thread and returns at once."""

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
        self._workspace = workspace
        self._budget = budget
        self._config = config
        self._api_key = api_key
        self._on_snapshot = on_snapshot
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="cbtui-engine", daemon=True)
        self.failure: CbtuiError | None = None
        self.snapshot = Snapshot()

    def start(self) -> None:
        """Open the store and publish what is known. Raises StoreError where the store cannot be used."""
        self._thread.start()
        self._ready.wait()
        if self.failure is not None:
            raise self.failure

    def connect(self) -> None:
        """Begin to talk to the API; called after the first frame, because it imports the SDK."""
        self._wish(self._begin())

    def stop(self) -> None:
        """Stop polling and downloads; a POST that is under way becomes an unknown outcome, written down."""
        loop = self._loop
        if loop is not None and loop.is_running():
            loop.call_soon_threadsafe(self._end)
            self._thread.join(_STOP_WITHIN)

    def refresh(self) -> None:
        """Poll now, five seconds after the last poll at the earliest."""
        self._call(lambda: self._poller.wake())  # noqa: PLW0108 — the poller is made in the thread

    def pause(self, paused: bool) -> None:
        """Stop polling, or go on."""
        self._call(lambda: self._poller.pause(paused))

    def download(self, batch_id: str) -> None:
        """Download the results of an ended batch."""
        self._wish(self._downloader_download(batch_id))

    def stop_download(self, batch_id: str) -> None:
        """Stop a download; what has arrived is kept."""
        self._call(lambda: self._downloader.stop(batch_id))

    def cancel(self, batch_id: str) -> None:
        """Ask the API to cancel a batch."""
        self._wish(self._cancel(batch_id))

    def delete(self, batch_id: str) -> None:
        """Delete an ended batch from the API."""
        self._wish(self._delete(batch_id))

    def submit(self, token: str, outgoing: Outgoing, *, again: bool = False) -> None:
        """Freeze and send what the user confirmed; progress is in the snapshots under `token`."""
        self._wish(self._with_submitter(lambda submitter: submitter.submit(token, outgoing, again=again)))

    def plan_retry(self, wanted: Sequence[Wanted], rules: RetryRules) -> RetryPlan:
        """What would be sent again; reads the spool, for a thread. Raises DraftError where there is nothing."""
        return planned(self._runtime, wanted, rules)

    def check_retry(self, made: RetryPlan) -> Forecasted:
        """Check and price a retry; for a thread that can wait. Raises DraftError with the first problem."""
        with retry_draft(made, self._runtime.locations.spool) as portion:
            report = checked(self._runtime, made, portion.requests)
            asked = self.forecast(portion.requests, report, made.first.source)
            try:
                return asked.result(timeout=_FORECAST_WITHIN)
            except TimeoutError:
                runtime = self._runtime
                return Forecasted(report, runtime.in_flight(), runtime.over_limits(report.at_most))

    def retry(self, token: str, made: RetryPlan, report: CheckReport, *, again: bool = False) -> None:
        """Send a retry that the user confirmed; progress is in the snapshots under `token`."""
        outgoing = priced(retry_outgoing(made), report)
        self._wish(
            self._with_submitter(lambda submitter: submitter.submit(token, outgoing, again=again, retry=made))
        )

    def look_again(self, submission_id: str) -> None:
        """Look for an open submission once."""
        self._wish(self._with_submitter(lambda submitter: submitter.look_again(submission_id)))

    def attach(self, submission_id: str, batch_id: str) -> None:
        """The user says which batch a submission made."""
        self._wish(self._with_submitter(lambda submitter: submitter.attach(submission_id, batch_id)))

    def send_again(self, submission_id: str, token: str) -> None:
        """The user says an absent submission may be sent again."""
        self._wish(self._with_submitter(lambda submitter: submitter.send_again(submission_id, token)))

    def abandon(self, submission_id: str) -> None:
        """The user gives a submission up."""
        self._wish(self._with_submitter(lambda submitter: submitter.abandon(submission_id)))

    def mark_seen(self, batch_id: str) -> None:
        """The user has looked at an ended batch."""
        self._wish(self._mark_seen(batch_id))

    def rename(self, target_id: str, name: str | None) -> None:
        """Name a batch or a run; None takes its name away."""
        self._wish(
            self._label(lambda store, scope: journal_name(store, scope, target_id, name, self._runtime.now()))
        )

    def note(self, target_id: str, text: str | None) -> None:
        """Write a note on a batch or a run; None takes it away."""
        self._wish(
            self._label(lambda store, scope: ours.note(store, scope, target_id, text, self._runtime.now()))
        )

    def tag(self, batch_ids: Sequence[str], *, add: Sequence[str], remove: Sequence[str]) -> None:
        """Give batches tags, and take tags away."""
        self._wish(
            self._label(
                lambda store, scope: ours.tag(
                    store, scope, batch_ids, add=add, remove=remove, now=self._runtime.now()
                )
            )
        )

    def hide(self, batch_ids: Sequence[str], *, hidden: bool) -> None:
        """Put batches away on this machine, or bring them back."""
        self._wish(
            self._label(
                lambda store, scope: ours.hide(
                    store, scope, batch_ids, hidden=hidden, now=self._runtime.now()
                )
            )
        )

    def adopt(self, batch_ids: Sequence[str], name: str | None) -> None:
        """Make one run of batches made elsewhere."""

        def work(store: Store, scope: Scope) -> None:
            found = self._runtime.known(batch_ids)
            adopt(found, name=name, store=store, scope=scope, now=self._runtime.now())

        self._wish(self._label(work))

    def add(self, batch_id: str) -> None:
        """Fetch one batch by its id and show it."""
        self._wish(self._add(batch_id))

    def load_older(self) -> None:
        """Fetch the next page of older batches."""
        self._wish(self._load_older())

    def forecast(self, path: Path, report: CheckReport, source: str | None) -> Future[Forecasted]:
        """Have the API count the input of a checked draft; see `Runtime.forecast`. For a thread that can wait."""

        async def work() -> Forecasted:
            runtime = self._runtime
            try:
                report_now = await runtime.forecast(path, report, source=source)
            except CbtuiError as error:
                _log.info("The API did not count: %s", error)
                report_now = report
            at_most = report_now.at_most
            return Forecasted(report_now, runtime.in_flight(), runtime.over_limits(at_most))

        return self._asked(work())

    def try_request(self, chosen: Trial) -> Future[Tried]:
        """Send one request at once; see `services.trying`. For a thread that can wait."""
        from claude_batch_tui.services.trying import tried  # the first frame does not wait for it

        async def work() -> Tried:
            runtime = self._runtime
            api = await runtime.connect()
            return await tried(chosen, api=api, store=runtime.store, prices=runtime.prices(), now=runtime.now)

        return self._asked(work())

    def growing(self, batch_id: str) -> tuple[ResultsIndex, Path] | None:
        """The index and file of a download that is under way, for reading while it grows."""
        return self._downloader.growing.get(batch_id)

    @property
    def cache(self) -> Path:
        """The folder of what can be made again."""
        return self._runtime.locations.cache

    def results_file(self, batch_id: str) -> Path | None:
        """The results of a batch on this machine, or None."""
        return self._runtime.results_file(batch_id)

    def run_results(self, run_id: str, batch_ids: Sequence[str]) -> RunResults:
        """The results of these batches of a run in one file, made if need be; for a thread. Raises StoreError."""
        parts = [path for batch_id in batch_ids if (path := self.results_file(batch_id)) is not None]
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
        body = self._runtime.body_path(batch_id)
        return request_as_sent(body, custom_id) if body else None

    def story(self, batch_ids: Sequence[str]) -> Future[Story | None]:
        """What is remembered of a batch, or of several as one run; None of one unknown. For a thread that can wait.

        A bill that was never made up is, where the results are here.
        """

        async def work() -> Story | None:
            stories = [await self._story(batch_id) for batch_id in batch_ids]
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

        async def work() -> History:
            runtime = self._runtime
            scopes = {*beside, *(() if runtime.scope is None else (runtime.scope.scope_id,))}
            database = runtime.store.database
            return await in_thread(lambda: history_of(database, scopes, days=days, now=now))

        return self._asked(work())

    def first_requests(self, batch_ids: Sequence[str], count: int) -> SentRequests | None:
        """The first requests of the first of these batches that we submitted, or None; reads the disk."""
        return first_requests(batch_ids, count, store=self._runtime.store)

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except CbtuiError as error:
            self.failure = error
        except Exception:
            _log.exception("The engine has stopped")
            raise
        finally:
            self._ready.set()

    async def _main(self) -> None:
        self._runtime = runtime = Runtime(self._config, api_key=self._api_key)
        self._board = board = Board(self._publish, runtime.now, self._workspace)
        self._submitter = Submitter(runtime, board, spawn=self._spawn)
        self._downloader = Downloader(runtime, board)
        self._poller = Poller(runtime, board, self._submitter, on_ended=self._ended, budget=self._budget)
        self._poller.on_notice = self._hook
        self._submitter.on_created = self._poller.wake
        self._warner = Warner(runtime, board, save=self._save)
        self._stopping = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        if runtime.scope is not None:
            scope_id = runtime.scope.scope_id
            board.workspace_id = runtime.scope.workspace_id
            board.base_url = runtime.scope.base_url
            board.revision = batches.revision(runtime.store.database, scope_id)
            board.put_batches(batches.tracked(runtime.store.database, scope_id, limit=_FIRST_SHOWN))
            board.has_older = True  # until a page says that there are none
            board.link = type(board.link)(polled_at=batches.last_poll_at(runtime.store.database, scope_id))
        self._submitter.reload()
        board.publish()
        self._spawn(board.keep_publishing())
        self._ready.set()
        await self._stopping.wait()
        self._downloader.stop_all()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await runtime.close()

    async def _load_rest(self) -> None:
        """Everything the first frame did not need, a page at a time, so that keys are answered in between."""
        runtime, board = self._runtime, self._board
        while runtime.scope is not None and board.batches:
            page = batches.tracked(
                runtime.store.database,
                runtime.scope.scope_id,
                limit=_LOADED_AT_ONCE,
                older_than=board.batches[-1],
            )
            if not page:
                return
            board.put_batches(page)
            await asyncio.sleep(_BETWEEN_LOADS)

    async def _begin(self) -> None:
        await self._load_rest()
        self._submitter.wake_up()
        self._spawn(self._poller.run())
        self._spawn(self._warner.run())
        self._spawn(self._submitter.settle_open())
        self._spawn(self._read_what_is_here())

    async def _read_what_is_here(self) -> None:
        """Read results that a process which died did not read to their ends."""
        await self._explained(self._downloader.settle())

    def _publish(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        try:
            self._on_snapshot(snapshot)
        except Exception:  # noqa: BLE001 — logged; what a face cannot draw must not end the engine
            _log.exception("A face could not take a snapshot; the next one comes")

    def _ended(self, batch_id: str) -> None:
        if self._config.auto_download:
            self._save(batch_id)

    def _save(self, batch_id: str) -> None:
        self._spawn(self._downloader.download(batch_id))

    def _offer_auto_download(self) -> None:
        """Say once, after results were downloaded by hand, that this can be had without the key."""
        runtime = self._runtime
        if self._config.auto_download or runtime.scope is None:
            return
        offer = [("auto_download", "offered")]
        if claim_once(runtime.store.database, runtime.scope.scope_id, offer, runtime.now()):
            file = self._config.config_dir / "config.toml"
            self._board.tell(f"auto_download = true in {file} downloads results as batches end.")

    def _hook(self, notice: Notice) -> None:
        if self._config.hook and notice.matters(self._config.notify_on):
            self._spawn(self._explained(self._run_hook(self._config.hook, notice)))

    async def _run_hook(self, command: str, notice: Notice) -> None:
        trouble = await run_hook(command, notice, timeout=self._config.hook_timeout)
        if trouble is not None:
            _log.warning("%s", trouble)
            self._board.tell(trouble, is_error=True)

    async def _downloader_download(self, batch_id: str) -> None:
        await self._downloader.download(batch_id)
        self._offer_auto_download()
        # The results may have shown that a batch taken for a lost submission is not it.
        self._submitter.reload()

    async def _with_submitter(self, work: Callable[[Submitter], Coroutine[Any, Any, None]]) -> None:
        await work(self._submitter)

    async def _cancel(self, batch_id: str) -> None:
        runtime, tracked = self._runtime, self._tracked(batch_id)
        api = await runtime.connect()
        canceled = await cancel(tracked, api=api, store=runtime.store, hint=runtime.hint, now=runtime.now())
        self._board.put_batches([canceled])
        self._board.tell(f"{tracked.title}: cancel accepted by the API", batch_id=batch_id)
        self._poller.wake()

    async def _delete(self, batch_id: str) -> None:
        runtime, tracked = self._runtime, self._tracked(batch_id)
        api = await runtime.connect()
        await delete(tracked, api=api, store=runtime.store, hint=runtime.hint, now=runtime.now())
        self._board.drop_batch(batch_id)
        self._board.tell(f"{tracked.title} deleted from the API")

    async def _mark_seen(self, batch_id: str) -> None:
        scope = self._scope_id(batch_id)
        batches.mark(self._runtime.store.database, scope, batch_id, seen=1)
        self._show(scope, batch_id)

    async def _label(self, work: Callable[[Store, Scope], None]) -> None:
        """Write down what is ours, and show it."""
        scope = self._runtime.known_scope()
        work(self._runtime.store, scope)
        self._board.catch_up(self._runtime.store.database, scope.scope_id)

    async def _add(self, batch_id: str) -> None:
        self._board.put_batches([await self._runtime.retrieve(batch_id)])
        self._board.tell(f"{batch_id} is now watched", batch_id=batch_id)
        self._poller.wake()

    async def _load_older(self) -> None:
        runtime, board = self._runtime, self._board
        if runtime.scope is None:
            return
        api = await runtime.connect()
        page = await load_older(
            api=api, store=runtime.store, scope_id=runtime.scope.scope_id, after_id=board.older_after
        )
        board.has_older, board.older_after = page.has_older, page.last_id
        board.catch_up(runtime.store.database, runtime.scope.scope_id)
        board.touch()

    async def _story(self, batch_id: str) -> Story | None:
        runtime, tracked = self._runtime, self._board.find(batch_id)
        if runtime.scope is None or tracked is None:
            return None
        store, scope_id = runtime.store, runtime.scope.scope_id
        known = await in_thread(lambda: story_of(tracked, store=store, scope_id=scope_id))
        if known.spend is None and tracked.results is ResultsState.COMPLETE:
            results = runtime.results_file(batch_id)
            spend = await runtime.measure_spend(tracked, results) if results is not None else None
            if spend is not None:
                self._show(scope_id, batch_id)
                known = msgspec.structs.replace(known, spend=spend)
        return known

    def _scope_id(self, batch_id: str) -> int:
        if self._runtime.scope is None:
            raise NotFoundError(f"{batch_id} is not known here.")
        return self._runtime.scope.scope_id

    def _tracked(self, batch_id: str) -> TrackedBatch:
        tracked = self._board.find(batch_id)
        if tracked is None:
            raise NotFoundError(f"{batch_id} is not known here.")
        return tracked

    def _show(self, scope_id: int, batch_id: str) -> None:
        tracked = batches.find(self._runtime.store.database, scope_id, batch_id)
        if tracked is not None:
            self._board.put_batches([tracked])

    def _asked(self, work: Coroutine[Any, Any, _T]) -> Future[_T]:
        """An answer of the engine. Raises StoreError where it does not run."""
        loop = self._loop
        if loop is None or not loop.is_running():
            work.close()
            raise StoreError("The engine does not run.")
        return asyncio.run_coroutine_threadsafe(work, loop)

    def _wish(self, work: Coroutine[Any, Any, None]) -> None:
        loop = self._loop
        if loop is None or not loop.is_running():
            work.close()
            return
        loop.call_soon_threadsafe(lambda: self._spawn(self._explained(work)))

    async def _explained(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it; what goes wrong becomes an event, so that a wish can never end the engine."""
        try:
            await work
        except CbtuiError as error:
            self._board.tell(str(error), is_error=True)
            self._submitter.reload()
        except Exception as error:  # noqa: BLE001 — shown and logged; the engine goes on
            _log.exception("A wish failed")
            self._board.tell(f"Something went wrong: {type(error).__name__}: {error}", is_error=True)

    def _call(self, work: Callable[[], None]) -> None:
        loop = self._loop
        if loop is not None and loop.is_running():
            loop.call_soon_threadsafe(work)

    def _end(self) -> None:
        self._stopping.set()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
