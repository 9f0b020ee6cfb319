"""Puts settings, store, API and clock together for one run of the program, and closes them after; nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib
import os
import random
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from claude_batch_tui.config import Config, own_key
from claude_batch_tui.domain.batches.tracked import Submission, SubmissionState
from claude_batch_tui.errors import CbtuiError, NotFoundError
from claude_batch_tui.store import submissions, usage, workspaces
from claude_batch_tui.store.locations import Locations
from claude_batch_tui.store.store import Store
from claude_batch_tui.store.workspaces import Workspace

# What services need is imported where they are called: a first frame, and a list from the store, wait for none of it.
if TYPE_CHECKING:
    from claude_batch_tui.api.protocol import BatchesApi
    from claude_batch_tui.domain.money.pricing import Cost, OutputHistory
    from claude_batch_tui.services.building.check import CheckReport
    from claude_batch_tui.services.submit import Guard, SubmitUpdate


class Runtime:
    """The parts of one run of the program."""

    def __init__(self, config: Config, *, api_key: str | None = None) -> None:
        self.config = config
        self.store = Store(Locations(config.data_dir))
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        try:
            if submissions.are_behind_journal(self.store):
                from claude_batch_tui.store.rebuild import complete  # late: a whole store needs none of it

                complete(self.store, self.now())
        except BaseException:
            self.store.close()
            raise
        self.sleep = asyncio.sleep
        self.random = random.random
        self._api_key = api_key
        self._api: BatchesApi | None = None
        self._retired: list[BatchesApi] = []
        """Kept open for calls that still use them."""
        self._connecting = asyncio.Lock()
        self._workspace: Workspace | None = None

    @property
    def workspace(self) -> Workspace | None:
        """The workspace that the API answered from last; None before the first answer of all, whoever had it.

        Kept once it is known: another profile of the same workspace takes its hint over in the store.
        """
        if self._workspace is None:
            self._workspace = workspaces.recall(self.store.database, self.hint)
        return self._workspace

    @workspace.setter
    def workspace(self, heard: Workspace) -> None:
        self._workspace = heard

    def known_workspace(self) -> Workspace:
        """The same. Raises NotFoundError before the first answer of all."""
        if self.workspace is None:
            raise NotFoundError("No batch of this workspace is known here yet: `cbtui list` asks for them.")
        return self.workspace

    @property
    def hint(self) -> str:
        """What tells this user's workspace before the first answer. Not a secret."""
        return workspaces.hint_of(self.config, os.environ, self._api_key)

    @property
    def api(self) -> BatchesApi:
        """The API, once `connect` has been awaited."""
        if self._api is None:
            raise RuntimeError("connect() comes first")
        return self._api

    async def connect(self) -> BatchesApi:
        """Import the SDK in a thread and make its clients. Raises ConfigError where there are no credentials."""
        # One at a time: poller and submitter may both be the first.
        async with self._connecting:
            if self._api is None:
                self._api = await open_api(self.config, self._api_key)
            return self.api

    def renew(self) -> None:
        """Have the next call make new connections: those from before a sleep of the machine may be dead."""
        if self._api is not None:
            self._retired.append(self._api)
            self._api = None

    def in_flight(self) -> float:
        """What the batches that have not ended may cost at most, in US dollars."""
        workspace = self.workspace
        return 0.0 if workspace is None else usage.at_most_in_flight(self.store.database, workspace.scope_id)

    def history(self, model: str | None, source: str | None) -> OutputHistory | None:
        """How long answers were in earlier batches like this one, as far as their results are known here."""
        workspace = self.workspace
        if workspace is None or model is None:
            return None
        from claude_batch_tui.domain.money.pricing import output_history

        return output_history(
            usage.usage_like(self.store.database, workspace.scope_id, model=model, source=source)
        )

    async def forecast(self, path: Path, report: CheckReport, *, source: str | None) -> CheckReport:
        """The report with its input counted by the API and its answers as long as in earlier batches like it."""
        from claude_batch_tui.domain.money.pricing import forecast
        from claude_batch_tui.services.building.check import CheckReport
        from claude_batch_tui.services.building.count_tokens import count_input
        from claude_batch_tui.services.prices import read_prices

        counted = await count_input(path, api=await self.connect())
        known = forecast(
            report.draft.models,
            read_prices(self.config),
            counted=counted,
            history=self.history(report.draft.model, source),
        )
        return CheckReport(report.draft, known)

    def checked(self, path: Path, betas: tuple[str, ...]) -> CheckReport:
        """The check that comes before every submission; see `check_file`. Blocks."""
        from claude_batch_tui.services.building.check import check_file, report_of  # late, as in `forecast`

        return report_of(check_file(path, self.config, self.now(), hint=self.hint, betas=betas))

    def over_limits(self, at_most: Cost) -> str | None:
        """Why a submission asks for its count to be typed, as a phrase; None where it does not."""
        from claude_batch_tui.domain.money.confirmation import over_limits

        return over_limits(at_most, self.in_flight(), self.config)

    async def send(
        self, submission: Submission, guard: Guard = lambda _: None
    ) -> AsyncIterator[SubmitUpdate]:
        """Send a prepared submission; see `services.submit.send`. What never left leaves nothing in the spool, and what
        was to be sent again and did not leave is absent as before.
        """
        from claude_batch_tui.services.reconcile import put_back
        from claude_batch_tui.services.spool import discard
        from claude_batch_tui.services.submit import send

        is_new = submissions.find(self.store, submission.submission_id) is None
        try:
            api = await self.connect()
            async for update in send(
                submission,
                api=api,
                store=self.store,
                hint=self.hint,
                now=self.now,
                sleep=self.sleep,
                random=self.random,
                guard=guard,
            ):
                yield update
        except BaseException as error:  # the end of the program, too, may come before anything is sent
            known = submissions.find(self.store, submission.submission_id)
            if not is_new:
                put_back(submission, error, store=self.store, now=self.now())
            elif isinstance(error, CbtuiError) and (known is None or known.state is SubmissionState.PREPARED):
                discard(submission)
            raise

    async def look(self, submission: Submission) -> Submission:
        """Look once for a submission whose answer was lost; see `services.reconcile.look`."""
        from claude_batch_tui.services import reconcile

        api = await self.connect()
        return await reconcile.look(
            submission,
            api=api,
            store=self.store,
            hint=self.hint,
            now=self.now(),
            settle=self.config.settle,
        )

    async def settled(self, submission: Submission) -> AsyncIterator[Submission]:
        """Look until it is known, or absent; see `services.reconcile.settled`."""
        from claude_batch_tui.services import reconcile

        api = await self.connect()
        async for looked in reconcile.settled(
            submission,
            api=api,
            store=self.store,
            hint=self.hint,
            now=self.now,
            sleep=self.sleep,
            settle=self.config.settle,
        ):
            yield looked

    async def close(self) -> None:
        """Give everything back."""
        self.renew()
        for api in self._retired:
            await api.close()
        self.store.close()


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Without garbage collections, and with what is there at the end passed over by later ones. For a first import.

    Modules stay, and a full collection that looks at those of the SDK and of Textual stops every thread for 0.1 s.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


async def open_api(config: Config, api_key: str | None = None) -> BatchesApi:
    """The API alone. Raises ConfigError where there are no credentials."""
    from claude_batch_tui.services.threads import in_thread

    api_key = api_key or own_key(config)
    # Imported here and in a thread: it costs about a second and 85 MB, and a screen may be waiting.
    is_loaded = "claude_batch_tui.api.client" in sys.modules
    with contextlib.nullcontext() if is_loaded else _uncollected():
        module = await in_thread(lambda: importlib.import_module("claude_batch_tui.api.client"))
        api: BatchesApi = await in_thread(lambda: module.AnthropicApi(config, api_key=api_key))
    return api


@contextlib.asynccontextmanager
async def open_runtime(config: Config, *, api_key: str | None = None) -> AsyncIterator[Runtime]:
    """A runtime that is closed afterwards. Raises StoreError where the data folder cannot be used."""
    runtime = Runtime(config, api_key=api_key)
    try:
        yield runtime
    finally:
        await runtime.close()
