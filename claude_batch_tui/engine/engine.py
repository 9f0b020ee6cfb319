"""The engine of one workspace: what its screens ask to be done.

A `@command` or `@query` runs on the engine's own loop; what says "for a thread" reads in the thread of who calls it.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, NamedTuple, ParamSpec, TypeVar

from claude_batch_tui.config import Config, require_writable
from claude_batch_tui.domain.batches.tracked import Overlap, Snapshot, TrackedBatch
from claude_batch_tui.engine.board import Board
from claude_batch_tui.engine.clock import Clock
from claude_batch_tui.engine.loop_thread import LoopThread, command, query
from claude_batch_tui.errors import CbtuiError, DraftError, NotFoundError, unexpected
from claude_batch_tui.runtime import Runtime
from claude_batch_tui.store import batches, labels
from claude_batch_tui.store.store import Store
from claude_batch_tui.store.workspaces import Workspace

# What the first frame does not need is imported where it is called, or when the engine begins to work.
if TYPE_CHECKING:
    from claude_batch_tui.domain.batches.story import Story
    from claude_batch_tui.domain.results.failures import RetryRules
    from claude_batch_tui.domain.results.review import EntryKey, Review
    from claude_batch_tui.engine.budget import Budget
    from claude_batch_tui.engine.parts import Parts
    from claude_batch_tui.services.building.check import CheckReport
    from claude_batch_tui.services.building.trying import Trial, Tried
    from claude_batch_tui.services.keeping.pruning import Forgettable, Removable
    from claude_batch_tui.services.patience import Patience
    from claude_batch_tui.services.results.pilot_limit import PilotLimit
    from claude_batch_tui.services.results.triage import Triage
    from claude_batch_tui.services.submitting.order import Question, SendOrder
    from claude_batch_tui.services.submitting.retry import Choice, RetryPlan, Wanted
    from claude_batch_tui.services.submitting.steps import Step
    from claude_batch_tui.store.results.file import ResultsFile
    from claude_batch_tui.store.results.index import ResultsIndex

_log = logging.getLogger(__name__)
_T = TypeVar("_T")
_P = ParamSpec("_P")


def writing(
    method: Callable[Concatenate[Engine, _P], Coroutine[Any, Any, _T]],
) -> Callable[Concatenate[Engine, _P], Coroutine[Any, Any, _T]]:
    """A method that pays, deletes or labels: it raises ConfigError instead where all is read-only."""

    @functools.wraps(method)
    async def guarded(self: Engine, /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        require_writable(self.config)
        return await method(self, *args, **kwargs)

    return guarded


class Forecasted(NamedTuple):
    """A checked draft with all that is known of its cost, and the dollars in flight."""

    report: CheckReport
    in_flight: float


class Engine(LoopThread):
    """Runs polls, downloads and submissions on a background event loop. Thread-safe; state arrives as `Snapshot`s
    through `on_snapshot`.

    `start` opens the store and publishes what is known; it raises StoreError where the store cannot be used. `stop` ends
    polling and downloads; a POST that is under way becomes an unknown outcome, written down. A command returns at once,
    and what goes wrong with it is told as an event; a query gives a future, for a thread that can wait.
    """

    def __init__(
        self,
        config: Config,
        *,
        on_snapshot: Callable[[Snapshot], None],
        api_key: str | None = None,
        budget: Budget | None = None,
        profile: str | None = None,
        clock: Clock | None = None,
    ) -> None:
        """`profile` is the name its batches bear where several workspaces are watched."""
        super().__init__("cbtui-engine")
        self._clock = clock or Clock()
        self._profile = profile
        self._budget = budget
        self.config = config
        self._api_key = api_key
        self._on_snapshot = on_snapshot
        self.snapshot = Snapshot()

    @property
    def store(self) -> Store:
        """What is remembered on this machine, for reading in any thread. Once it has started."""
        return self._runtime.store

    @property
    def workspace(self) -> Workspace | None:
        """Whose batches these are in the store; None before the first answer of all."""
        return self._runtime.workspace

    # Polling.

    @command
    async def connect(self) -> None:
        """Begin to talk to the API; called after the first frame, because it imports the SDK."""
        from claude_batch_tui.services.threads import in_thread

        if (workspace := self._runtime.workspace) is not None:
            try:
                await self._board.load_rest(self._runtime.store, workspace)
            except Exception as error:  # noqa: BLE001 — logged and told; polling begins all the same
                self._report_error(error)
        self._parts.begin()
        await self._parts.downloader.index_leftovers()
        await in_thread(self._runtime.sweep_once_a_day)

    @command
    async def refresh(self) -> None:
        """Poll now, five seconds after the last poll at the earliest."""
        self._parts.poller.wake()

    @command
    async def attend(self) -> None:
        """Somebody typed: where nothing is running, poll sooner than in ten minutes."""
        self._parts.poller.attend()

    @command
    async def pause(self, paused: bool) -> None:
        """Stop polling, or go on."""
        self._parts.poller.pause(paused)

    @command
    async def load_older(self) -> None:
        """Fetch the next page of older batches."""
        from claude_batch_tui.services.watching.listing import load_older

        runtime, board, workspace = self._runtime, self._board, self._runtime.workspace
        if workspace is None:
            return
        page = await load_older(
            api=await runtime.connect(),
            store=runtime.store,
            scope_id=workspace.scope_id,
            after_id=board.older_after,
        )
        board.has_older, board.older_after = page.has_older, page.last_id
        board.catch_up(runtime.store.database, workspace.scope_id)
        board.touch()

    @command
    async def add(self, batch_id: str) -> None:
        """Fetch one batch by its id and show it."""
        from claude_batch_tui.services.watching.lookup import retrieve

        runtime = self._runtime
        found = await retrieve(
            batch_id,
            api=await runtime.connect(),
            store=runtime.store,
            hint=runtime.hint,
            now=runtime.now,
            sleep=runtime.sleep,
        )
        runtime.workspace = found.workspace
        self._board.put_batches([found.tracked])
        self._board.tell(f"{batch_id} is now watched", batch_id=batch_id)
        self._parts.poller.wake()

    # Batches that are there.

    @command
    @writing
    async def cancel(self, batch_id: str) -> None:
        """Ask the API to cancel a batch."""
        from claude_batch_tui.services.watching.cancel import cancel

        runtime, tracked = self._runtime, self._tracked(batch_id)
        canceled = await cancel(
            tracked,
            api=await runtime.connect(),
            store=runtime.store,
            hint=runtime.hint,
            now=runtime.now(),
        )
        self._board.put_batches([canceled])
        self._board.tell(f"{tracked.title}: cancel accepted by the API", batch_id=batch_id)
        self._parts.poller.wake()

    @command
    @writing
    async def delete(self, batch_id: str) -> None:
        """Delete an ended batch from the API."""
        from claude_batch_tui.services.watching.cancel import delete

        runtime, tracked = self._runtime, self._tracked(batch_id)
        await delete(
            tracked,
            api=await runtime.connect(),
            store=runtime.store,
            hint=runtime.hint,
            now=runtime.now(),
        )
        self._board.drop_batch(batch_id)
        self._board.tell(f"{tracked.title} deleted from the API")

    @command
    async def mark_seen(self, batch_id: str) -> None:
        """The user has looked at an ended batch."""
        batches.mark(self.store.database, self._runtime.known_workspace().scope_id, batch_id, seen=1)
        self._show_changes()

    @command
    @writing
    async def rename(self, target_id: str, name: str | None) -> None:
        """Name a batch or a run; None takes its name away."""
        labels.name(self.store, self._runtime.known_workspace(), target_id, name, self._runtime.now())
        self._show_changes()

    @command
    @writing
    async def note(self, target_id: str, text: str | None) -> None:
        """Write a note on a batch or a run; None takes it away."""
        labels.note(self.store, self._runtime.known_workspace(), target_id, text, self._runtime.now())
        self._show_changes()

    @command
    @writing
    async def review(self, key: EntryKey, said: Review) -> None:
        """Say what is thought of an answer."""
        from claude_batch_tui.store import reviews  # late: the first frame needs none of it

        reviews.review(self.store, key, said, self._runtime.now())

    @command
    @writing
    async def tag(self, batch_ids: Sequence[str], *, add: Sequence[str], remove: Sequence[str]) -> None:
        """Give batches tags, and take tags away."""
        workspace, now = self._runtime.known_workspace(), self._runtime.now()
        labels.tag(self.store, workspace, batch_ids, add=add, remove=remove, now=now)
        self._show_changes()

    @command
    @writing
    async def hide(self, batch_ids: Sequence[str], *, hidden: bool) -> None:
        """Hide batches on this machine, or bring them back."""
        workspace, now = self._runtime.known_workspace(), self._runtime.now()
        labels.hide(self.store, workspace, batch_ids, hidden=hidden, now=now)
        self._show_changes()

    @command
    @writing
    async def adopt(self, batch_ids: Sequence[str], name: str | None) -> None:
        """Make one run of batches made elsewhere."""
        from claude_batch_tui.services.watching.labels import adopt

        workspace = self._runtime.known_workspace()
        found = batches.find_all(self.store.database, workspace.scope_id, batch_ids)
        adopt(found, name=name, store=self.store, workspace=workspace, now=self._runtime.now())
        self._show_changes()

    @query
    @writing
    async def keep_sent(self, batch_id: str, requests: Path) -> str:
        """Adopt a batch with what another program sent as it, the id of its run. Its results are here.

        Raises DraftError where the file is not that, and SourceError where it is no requests file.
        """
        from claude_batch_tui.services.results.local_files import read_results
        from claude_batch_tui.services.watching.sent_elsewhere import keep_sent

        workspace = self._runtime.known_workspace()
        tracked = batches.find(self.store.database, workspace.scope_id, batch_id)
        results = read_results(batch_id, store=self.store, workspace=workspace)
        if tracked is None or results is None:
            raise DraftError(
                f"The results of {batch_id} are not on this machine, so no file can be held against them."
            )
        run_id = await keep_sent(
            tracked,
            requests,
            results,
            name=None,
            store=self.store,
            workspace=workspace,
            now=self._runtime.now(),
        )
        self._show_changes()
        return run_id

    @query
    async def story(self, batch_ids: Sequence[str]) -> Story | None:
        """What is remembered of a batch, or of several as one run; None of one unknown.

        A bill that was never made up is, where the results are here.
        """
        from claude_batch_tui.services.threads import in_thread
        from claude_batch_tui.services.watching.story import run_story, story_of

        runtime, workspace = self._runtime, self._runtime.workspace
        found = [tracked for batch_id in batch_ids if (tracked := self._board.find(batch_id)) is not None]
        if workspace is None or len(found) != len(batch_ids):
            return None
        known = await in_thread(
            lambda: [
                story_of(
                    tracked,
                    store=runtime.store,
                    workspace=workspace,
                    config=runtime.config,
                    now=runtime.now(),
                )
                for tracked in found
            ]
        )
        self._show_changes()
        return known[0] if len(known) == 1 else run_story(known)

    # What is kept.

    @query
    async def removable(self) -> list[Removable]:
        """What `prune` would remove now."""
        from claude_batch_tui.services.keeping.pruning import removable
        from claude_batch_tui.services.threads import in_thread

        runtime = self._runtime
        days = runtime.config.keep_days
        return await in_thread(lambda: removable(runtime.store, keep_days=days, now=runtime.now()))

    @command
    @writing
    async def prune(self, chosen: Sequence[Removable]) -> None:
        """Remove files that the user agreed to."""
        from claude_batch_tui.services.keeping.pruning import prune
        from claude_batch_tui.services.threads import in_thread
        from claude_batch_tui.wording.values import size

        freed = await in_thread(lambda: prune(chosen, self.store))
        self._board.tell(f"{size(freed)} freed.")

    @command
    async def backup(self, target: Path) -> None:
        """Write store, journal, what was sent and what came back into one file."""
        from claude_batch_tui.services.keeping.backup import backup
        from claude_batch_tui.services.threads import in_thread
        from claude_batch_tui.wording.values import counted, size

        *_, last = await in_thread(lambda: [*backup(self.store, target)])
        self._board.tell(f"{counted(last.files, 'file')}, {size(last.bytes)}, are in {target}.")

    @query
    async def forgettable(self, batch_ids: Sequence[str]) -> Forgettable:
        """What would be forgotten of batches. Raises ConfigError where one has not ended."""
        from claude_batch_tui.services.keeping.pruning import forgettable

        targets = [self._tracked(batch_id) for batch_id in batch_ids]
        return forgettable(targets, store=self.store, workspace=self._runtime.known_workspace())

    @command
    @writing
    async def forget(self, chosen: Forgettable, *, on_server: bool) -> None:
        """Remove the files of batches, hide them, and with `on_server` have the API delete them."""
        from claude_batch_tui.services.keeping.pruning import forget
        from claude_batch_tui.services.threads import in_thread
        from claude_batch_tui.services.watching.cancel import delete
        from claude_batch_tui.wording.values import counted_batches, size

        runtime, workspace = self._runtime, self._runtime.known_workspace()
        now = runtime.now()
        freed = await in_thread(lambda: forget(chosen, store=runtime.store, workspace=workspace, now=now))
        for tracked in chosen.batches if on_server else ():
            api = await runtime.connect()
            await delete(tracked, api=api, store=runtime.store, hint=runtime.hint, now=runtime.now())
        self._board.tell(f"{counted_batches(len(chosen.batches))} forgotten, {size(freed)} freed.")
        self._show_changes()

    # Downloads.

    @command
    async def download(self, batch_id: str) -> None:
        """Download the results of an ended batch."""
        await self._parts.downloader.download(batch_id)
        # The results may have shown that a batch taken for a lost submission is not it.
        self._parts.submitter.reload()

    @command
    async def stop_download(self, batch_id: str) -> None:
        """Stop a download; what has arrived is kept."""
        self._parts.downloader.stop(batch_id)

    def growing(self, batch_id: str) -> tuple[ResultsIndex, Path] | None:
        """The index and file of a download that is under way, for reading while it grows."""
        return self._parts.downloader.growing.get(batch_id) if self._has_parts else None

    # Submissions.

    @query
    async def submit(self, token: str, order: SendOrder) -> Question | Overlap | None:
        """Begin to send; progress is in the snapshots under `token`. Gives the question that `answer` is awaited to;
        what was sent before, where that ends it until another order says what becomes of it; or None where nothing is
        asked: what is shown then says why. Giving up on the question is a no.
        """
        from claude_batch_tui.services.submitting.run import submit

        runtime, submitter = self._runtime, self._parts.submitter

        def begin() -> AsyncGenerator[Step, None]:
            return submit(
                order,
                confirm=partial(submitter.confirm, token),
                send_cold=partial(submitter.send_cold, token),
                connect=runtime.connect,
                store=runtime.store,
                config=runtime.config,
                workspace=runtime.workspace,
                hint=runtime.hint,
                now=runtime.now,
                sleep=runtime.sleep,
                random=runtime.random,
            )

        asked = submitter.expect_question(token)
        self._spawn(submitter.follow(token, begin))
        try:
            return await asked
        except asyncio.CancelledError:
            submitter.answer(token, agreed=False)
            raise

    @command
    async def answer(self, token: str, agreed: bool) -> None:
        """What the user says to the question of a submission: only after a yes anything is sent."""
        self._parts.submitter.answer(token, agreed)

    def plan_retry(
        self, wanted: Sequence[Wanted], rules: RetryRules, choices: Sequence[Choice] = ()
    ) -> RetryPlan:
        """What would be sent again; reads the spool, for a thread. Raises DraftError where there is nothing."""
        from claude_batch_tui.services.submitting.retry import plan

        return plan(wanted, rules, store=self.store, choices=choices)

    def pilot_limit(self, run_id: str) -> PilotLimit | None:
        """What the pilot of a run says of the max_tokens of its rest, where that is known; for a thread."""
        from claude_batch_tui.services.results.pilot_limit import pilot_limit

        return pilot_limit(run_id, store=self.store, workspace=self.workspace)

    def triage(
        self,
        files: Sequence[tuple[str, ResultsFile]],
        positions: Mapping[str, Sequence[int]] | None = None,
    ) -> tuple[Triage, tuple[float | None, ...]]:
        """What of the batches of a run is not truly good, by cause, and what each group costs to send; for a thread."""
        from claude_batch_tui.services.results.triage import priced_triage

        runtime = self._runtime
        return priced_triage(
            files,
            store=self.store,
            config=runtime.config,
            hint=runtime.hint,
            now=runtime.now(),
            positions=positions,
        )

    @command
    async def look_again(self, submission_id: str) -> None:
        """Look for an open submission once."""
        await self._parts.submitter.look_again(submission_id)

    @command
    @writing
    async def decide(self, submission_id: str, batch_id: str, *, is_its: bool) -> None:
        """The user says that a batch is the one a submission made, or another's."""
        await self._parts.submitter.decide(submission_id, batch_id, is_its=is_its)

    @command
    @writing
    async def send_again(self, submission_id: str, token: str) -> None:
        """The user says an absent submission may be sent again."""
        await self._parts.submitter.send_again(submission_id, token)

    @command
    @writing
    async def abandon(self, submission_id: str) -> None:
        """The user gives a submission up."""
        self._parts.submitter.abandon(submission_id)

    @query
    async def forecast(self, path: Path, report: CheckReport, source: str | None) -> Forecasted:
        """Have the API count the input of a checked draft; see `count_and_price`."""
        from claude_batch_tui.services.building.models import read_prices
        from claude_batch_tui.services.building.requests_files import iter_request_lines
        from claude_batch_tui.services.submitting.price import cost_in_flight, count_and_price, not_counted

        runtime = self._runtime
        try:
            report = await count_and_price(
                report,
                lambda: iter_request_lines(path),
                connect=runtime.connect,
                store=runtime.store,
                workspace=runtime.workspace,
                prices=read_prices(runtime.config),
                source=source,
            )
        except CbtuiError as error:
            _log.info("The API did not count: %s", error)
            report = not_counted(report, str(error))
        return Forecasted(report, cost_in_flight(runtime.store, runtime.workspace))

    @query
    @writing
    async def try_request(self, chosen: Trial) -> Tried:
        """Send one request at once; see `services.building.trying`."""
        from claude_batch_tui.services.building.models import read_prices
        from claude_batch_tui.services.building.trying import tried
        from claude_batch_tui.services.submitting.limit import require_within_limit

        runtime, at_most = self._runtime, chosen.forecast.at_most.total
        require_within_limit(at_most, store=runtime.store, config=runtime.config, now=runtime.now())
        api = await runtime.connect()
        prices = read_prices(runtime.config)
        return await tried(chosen, api=api, store=runtime.store, prices=prices, now=runtime.now)

    # The loop.

    def _patience(self) -> Patience:
        """How long reads are tried again. Late: the first frame needs no API."""
        from claude_batch_tui.services.patience import Patience

        return Patience(self.config.timeout, self._tell, self._clock.monotonic, self._clock.sleep)

    async def _open(self) -> None:
        self._runtime = runtime = Runtime(self.config, api_key=self._api_key, patience=self._patience)
        runtime.now, runtime.sleep = self._clock.now, self._clock.sleep
        self._board = board = Board(self._publish, runtime.now, self._profile)
        with runtime.store.database.set_aside_if_damaged():
            board.load_newest(runtime.store, runtime.workspace)
        board.publish()
        self._spawn(board.keep_publishing())

    async def _close(self) -> None:
        await self._runtime.close()

    def _end_threads(self) -> None:
        if self._has_parts:
            self._parts.downloader.stop_all()

    def _tell(self, text: str) -> None:
        """Say that something happened."""
        self._board.tell(text)

    def _report_error(self, error: Exception) -> None:
        if isinstance(error, CbtuiError):
            self._board.tell(str(error), is_error=True)
            with contextlib.suppress(CbtuiError):  # where the store itself is the trouble, that has been said
                self._parts.submitter.reload()
        else:
            _log.error("A task of the engine failed", exc_info=error)
            self._board.tell(f"Something went wrong: {unexpected(error)}", is_error=True)

    @cached_property
    def _parts(self) -> Parts:
        """Made in the loop by whoever needs it first."""
        from claude_batch_tui.engine.parts import Parts

        return Parts(self._runtime, self._board, spawn=self._spawn, budget=self._budget, clock=self._clock)

    @property
    def _has_parts(self) -> bool:
        return "_parts" in self.__dict__

    def _publish(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        try:
            self._on_snapshot(snapshot)
        except Exception:  # noqa: BLE001 — logged; what a face cannot draw must not end the engine
            _log.exception("A face could not take a snapshot; the next one comes")

    def _tracked(self, batch_id: str) -> TrackedBatch:
        tracked = self._board.find(batch_id)
        if tracked is None:
            raise NotFoundError(f"{batch_id} is not known here.")
        return tracked

    def _show_changes(self) -> None:
        """Show what was written to the store."""
        self._board.catch_up(self.store.database, self._runtime.known_workspace().scope_id)
