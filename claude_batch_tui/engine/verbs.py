"""What is done with batches that are there: in the API, in the store, and on the board at once."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from claude_batch_tui.domain.batches.story import Story
from claude_batch_tui.domain.batches.tracked import ResultsState, TrackedBatch
from claude_batch_tui.engine.board import Board
from claude_batch_tui.errors import NotFoundError
from claude_batch_tui.runtime import Runtime
from claude_batch_tui.services.threads import in_thread
from claude_batch_tui.services.watching.cancel import cancel, delete
from claude_batch_tui.services.watching.listing import load_older
from claude_batch_tui.services.watching.story import story_of
from claude_batch_tui.store import batches
from claude_batch_tui.store.scopes import Scope
from claude_batch_tui.store.store import Store


class Verbs:
    """The wishes about batches; all of them run in the engine's loop. `poll` has somebody look at the API soon."""

    def __init__(self, runtime: Runtime, board: Board, *, poll: Callable[[], None]) -> None:
        self._runtime = runtime
        self._board = board
        self._poll = poll

    async def cancel(self, batch_id: str) -> None:
        """Ask the API to cancel a batch. Raises NotFoundError for one that is not known, and ApiErrors."""
        runtime, tracked = self._runtime, self._tracked(batch_id)
        api = await runtime.connect()
        canceled = await cancel(tracked, api=api, store=runtime.store, hint=runtime.hint, now=runtime.now())
        self._board.put_batches([canceled])
        self._board.tell(f"{tracked.title}: cancel accepted by the API", batch_id=batch_id)
        self._poll()

    async def delete(self, batch_id: str) -> None:
        """Delete an ended batch from the API. Raises NotFoundError for one that is not known, and ApiErrors."""
        runtime, tracked = self._runtime, self._tracked(batch_id)
        api = await runtime.connect()
        await delete(tracked, api=api, store=runtime.store, hint=runtime.hint, now=runtime.now())
        self._board.drop_batch(batch_id)
        self._board.tell(f"{tracked.title} deleted from the API")

    async def mark_seen(self, batch_id: str) -> None:
        """The user has looked at an ended batch. Raises NotFoundError before any was heard of."""
        scope = self._scope_id(batch_id)
        batches.mark(self._runtime.store.database, scope, batch_id, seen=1)
        self._show(scope, batch_id)

    async def label(self, work: Callable[[Store, Scope], None]) -> None:
        """Write down what is ours, and show it."""
        scope = self._runtime.known_scope()
        work(self._runtime.store, scope)
        self._board.catch_up(self._runtime.store.database, scope.scope_id)

    async def add(self, batch_id: str) -> None:
        """Fetch one batch by its id and show it. Raises NotFoundError where the API knows none."""
        self._board.put_batches([await self._runtime.retrieve(batch_id)])
        self._board.tell(f"{batch_id} is now watched", batch_id=batch_id)
        self._poll()

    async def load_older(self) -> None:
        """Fetch the next page of older batches. Raises ApiErrors."""
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

    async def story(self, batch_id: str) -> Story | None:
        """What is remembered of a batch, its bill made up where it can be; None where it is not known."""
        runtime, tracked = self._runtime, self._board.find(batch_id)
        if runtime.scope is None or tracked is None:
            return None
        store, scope_id = runtime.store, runtime.scope.scope_id
        known = await in_thread(lambda: story_of(tracked, store=store, scope_id=scope_id))
        if known.spend is None and tracked.results is ResultsState.COMPLETE:
            results = runtime.read_results(batch_id)
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
