"""Tells what is about to be lost, each thing once at each distance, whichever cbtui sees it first; saves it if told to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from claude_batch_tui.domain.batches.notices import AtRisk, LossWarning, Warned
from claude_batch_tui.domain.batches.tracked import TrackedBatch
from claude_batch_tui.engine.board import Board
from claude_batch_tui.runtime import Runtime
from claude_batch_tui.services.keeping.fetching import about_to_go, claimed
from claude_batch_tui.store.notifications import claim_once
from claude_batch_tui.wording.batches import no_room_words
from claude_batch_tui.wording.values import counted_batches, span

_LOOK_EVERY = 60.0
_LOOK_SOON = 1.0
"""Where nothing is known yet: the first answer of all may bring what is about to be lost."""
_RINGING = frozenset(("expiry", "results-12h"))


class Warner:
    """Looks over the board once a minute, and whenever it is asked to."""

    def __init__(self, runtime: Runtime, board: Board, *, save: Callable[[str], None]) -> None:
        self._runtime = runtime
        self._board = board
        self._save = save

    async def run(self) -> None:
        """Look for ever."""
        while True:
            self.look()
            await self._runtime.sleep(_LOOK_EVERY if self._board.batches else _LOOK_SOON)

    def look(self) -> None:
        """Tell what nobody has told yet; what can be saved by itself is saved instead, where the settings say so."""
        runtime, board, workspace = self._runtime, self._board, self._runtime.workspace
        if workspace is None:
            return
        now, told = runtime.now(), dict[str, list[tuple[LossWarning, TrackedBatch]]]()
        at_risk = AtRisk().update(board.batches, (), now)
        keeping = about_to_go(
            filter(None, map(board.find, at_risk)), store=runtime.store, config=runtime.config, now=now
        )
        kept = {tracked.id for tracked in keeping.fetched}
        for one in claimed(keeping.fetched, store=runtime.store, scope_id=workspace.scope_id, now=now):
            self._save(one.id)
        due = ((batch_id, warning.level) for batch_id, warning in at_risk.items())
        for batch_id in claim_once(runtime.store.database, workspace.scope_id, due, now):
            tracked, warning = board.find(batch_id), at_risk[batch_id]
            if tracked is None or batch_id in kept:
                continue
            if warning.about is Warned.RESULTS and runtime.config.auto_download:
                self._save(batch_id)
            else:
                told.setdefault(warning.level, []).append((warning, tracked))
        for level, found in told.items():
            self._tell(level, found)
            if no_room := [tracked for _, tracked in found if tracked in keeping.without_room]:
                words = no_room_words(no_room, keeping.needed_bytes, keeping.free_bytes)
                board.tell(words, batch_id=no_room[0].id, is_error=True)

    def _tell(self, level: str, found: list[tuple[LossWarning, TrackedBatch]]) -> None:
        about = found[0][0].about
        text, batch_id = warning_text(about, [tracked for _, tracked in found], self._runtime.now())
        self._board.tell(text, batch_id=batch_id, is_error=True, rings=level in _RINGING)


def warning_text(about: Warned, at_risk: Sequence[TrackedBatch], now: datetime) -> tuple[str, str]:
    """What is said of batches that are about to lose something, and the id of the first to lose it."""

    def lost_at(tracked: TrackedBatch) -> datetime:
        return tracked.batch.results_until if about is Warned.RESULTS else tracked.batch.deadline

    first = min(at_risk, key=lost_at)
    left = f"{'' if len(at_risk) == 1 else 'the first '}in {span(lost_at(first) - now)}"
    what = first.title if len(at_risk) == 1 else counted_batches(len(at_risk))
    if about is Warned.RESULTS:
        return (
            f"{what}: the API deletes the results {left}: W marks, s downloads",
            first.id,
        )
    return f"{what}: expires {left}; x ends it now and keeps what is finished", first.id
