"""When to look again: by what is unfinished, how long such batches took, what others have seen; and the clocks of that."""

from __future__ import annotations

from datetime import datetime

from claude_batch_tui.domain.batches.batch import Batch
from claude_batch_tui.domain.batches.polling import IDLE, interval, jittered
from claude_batch_tui.domain.batches.tracked import TrackedBatch
from claude_batch_tui.domain.batches.turnaround import Forecast, Turnarounds
from claude_batch_tui.engine.board import Board
from claude_batch_tui.runtime import Runtime
from claude_batch_tui.services.watching.watch import heard_from_others
from claude_batch_tui.store import polls


class Schedule:
    """The times of the polls of one workspace."""

    def __init__(self, runtime: Runtime, board: Board) -> None:
        self._runtime = runtime
        self._board = board
        self._looked_at: datetime | None = None
        self._turnarounds = Turnarounds()
        self._learned: tuple[TrackedBatch, ...] = ()

    def looked(self) -> None:
        """A look begins now."""
        self._looked_at = self._runtime.now()

    def heard_from_others(self) -> float | None:
        """Seconds until a look is due where another process, a headless watch, has looked for us; else None."""
        runtime, workspace, planned = self._runtime, self._runtime.workspace, self._board.link.interval
        if workspace is None or self._looked_at is None or planned is None:
            return None
        now = runtime.now()
        if not heard_from_others(runtime.store, workspace, self._looked_at, now, planned):
            return None
        self._looked_at = polls.last_poll_at(runtime.store.database, workspace.scope_id) or now
        return max(planned - (now - self._looked_at).total_seconds(), 0.5)

    def interval(self, asked: float) -> float:
        """Seconds until the next poll, where the API asks to wait at least so many; `IDLE` where nothing is unfinished."""
        unfinished = [tracked.batch for tracked in self._board.unfinished]
        fixed = self._runtime.config.poll_interval
        planned = interval(unfinished, self._runtime.now(), fixed=fixed, likely=self._likely)
        if planned is None:
            return max(IDLE, asked)
        if fixed is not None:
            return planned
        return jittered(max(planned, asked), self._runtime.random())

    def _likely(self, batch: Batch) -> Forecast | None:
        """How long batches like this one took, as all ended ones known here teach it."""
        known = self._board.batches
        if known is not self._learned:
            self._turnarounds.learn(known)
            self._learned = known
        tracked = self._board.find(batch.id)
        return self._turnarounds.forecast(batch, tracked.model if tracked else None)
