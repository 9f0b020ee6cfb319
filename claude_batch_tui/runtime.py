"""Puts settings, store, API and clock together for one run of the program, and closes them after; nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import os
import random
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from claude_batch_tui.config import Config, own_key
from claude_batch_tui.errors import NotFoundError
from claude_batch_tui.first_import import uncollected
from claude_batch_tui.store import submissions, workspaces
from claude_batch_tui.store.locations import Locations
from claude_batch_tui.store.store import Store
from claude_batch_tui.store.workspaces import Workspace

# What services need is imported where they are called: a first frame, and a list from the store, wait for none of it.
if TYPE_CHECKING:
    from claude_batch_tui.api.protocol import BatchesApi
    from claude_batch_tui.services.patience import Patience


_SWEPT_EVERY = 86_400.0


class Runtime:
    """The parts of one run of the program."""

    def __init__(
        self, config: Config, *, api_key: str | None = None, patience: Callable[[], Patience] | None = None
    ) -> None:
        """`patience` is asked for with the first connection; without it a read that fails is not tried again."""
        self.config = config
        self._patience = patience
        self.store = Store(Locations(config.data_dir))
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        try:
            with self.store.database.set_aside_if_damaged():
                self.store.database.require_whole()
                if submissions.are_behind_journal(self.store):
                    # Late: a whole store needs none of it.
                    from claude_batch_tui.store.rebuild import complete

                    complete(self.store, self.now())
        except BaseException:
            self.store.close()
            raise
        self.sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
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
        """The API, its calls made once; after `connect` or `connect_once` has been awaited."""
        if self._api is None:
            raise RuntimeError("connect() comes first")
        return self._api

    def sweep_once_a_day(self) -> None:
        """Remove what processes that died have left in the data folder, where that was not done today. Blocks."""
        locations, now = self.store.locations, self.now()
        with contextlib.suppress(OSError):
            if now.timestamp() - locations.swept.stat().st_mtime < _SWEPT_EVERY:
                return
        from claude_batch_tui.services.keeping.sweeping import sweep_once_a_day  # late: once a day

        sweep_once_a_day(locations, now)

    async def connect(self) -> BatchesApi:
        """The API, its reads tried again where this run has the patience. Raises ConfigError without credentials."""
        api = await self.connect_once()
        return api if self._patience is None else patient(api, self._patience())

    async def connect_once(self) -> BatchesApi:
        """Import the SDK in a thread and make its clients, whose calls are made once: for who waits by itself.

        Raises ConfigError where there are no credentials.
        """
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

    async def close(self) -> None:
        """Give everything back."""
        self.renew()
        for api in self._retired:
            await api.close()
        self.store.close()


async def open_api(config: Config, api_key: str | None = None) -> BatchesApi:
    """The API alone. Raises ConfigError where there are no credentials."""
    from claude_batch_tui.services.threads import in_thread

    api_key = api_key or own_key(config)
    # Imported here and in a thread: a screen may be waiting, and where the SDK has to look for credentials for a second.
    is_loaded = "claude_batch_tui.api.client" in sys.modules
    with contextlib.nullcontext() if is_loaded else uncollected():
        module = await in_thread(lambda: importlib.import_module("claude_batch_tui.api.client"))
        api: BatchesApi = await in_thread(lambda: module.AnthropicApi(config, api_key=api_key))
        # After the SDK, which writes what ANTHROPIC_LOG asks for to stderr where nobody else logs.
        importlib.import_module("claude_batch_tui.logs").log_to_file(config)
    return api


def patient(api: BatchesApi, patience: Patience) -> BatchesApi:
    """The API with its reads tried again."""
    from claude_batch_tui.services.patience import PatientApi

    return PatientApi(api, patience)


@contextlib.asynccontextmanager
async def open_runtime(
    config: Config, *, api_key: str | None = None, patience: Callable[[], Patience] | None = None
) -> AsyncIterator[Runtime]:
    """A runtime that is closed afterwards. Raises StoreError where the data folder cannot be used.

    A store that turns out to be damaged is set aside: see `Database.set_aside_if_damaged`.
    """
    runtime = Runtime(config, api_key=api_key, patience=patience)
    try:
        with runtime.store.database.set_aside_if_damaged():
            yield runtime
        runtime.sweep_once_a_day()
    finally:
        await runtime.close()
