"""The engines of the profiles that are watched: one or all of them on the screen, their polls on one budget."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from claude_batch_tui.config import Config, of_profile
from claude_batch_tui.domain.batches.merging import merge_batches, merge_snapshots
from claude_batch_tui.domain.batches.tracked import Event, LinkState, Snapshot, TrackedBatch
from claude_batch_tui.engine.budget import Budget
from claude_batch_tui.engine.engine import Engine
from claude_batch_tui.errors import DraftError

if TYPE_CHECKING:
    from claude_batch_tui.domain.batches.costs import By, Costs
    from claude_batch_tui.domain.batches.history import History


class EngineGroup:
    """An engine for each profile; where there are several, all are shown first.

    What is about one batch, run or open submission is asked of the engine that has it, `of(its id)`; what is about none
    of them, as a new submission, of `home`. Here is only what concerns several engines. For any thread.
    """

    def __init__(
        self,
        config: Config,
        beside: Sequence[Config] = (),
        *,
        on_snapshot: Callable[[Snapshot], None],
        api_key: str | None = None,
    ) -> None:
        """Engines for the profile of `config` and for those `beside` it; `api_key` is for the first alone."""
        self._config = config
        self._on_snapshot = on_snapshot
        self._budget = Budget()
        self._engines: dict[str, Engine] = {}
        self._told: dict[str, Event] = {}
        self._is_connected = False
        self._home = config.profile or "default"
        self._add(self._home, config, api_key)
        for other in beside:
            self._add(other.profile or "default", other, None)
        self.shown: str | None = None if beside else self._home
        """The profile on the screen; None where all are."""
        self._parts: list[tuple[TrackedBatch, ...]] = []
        self._merged: tuple[TrackedBatch, ...] = ()
        self._ids: dict[str, tuple[tuple[TrackedBatch, ...], frozenset[str]]] = {}
        """By profile: batches, and the ids of them and of their runs."""

    # Which engine.

    @property
    def home(self) -> Engine:
        """The engine of what is about no batch: the one on the screen, where all are the one that was there last."""
        return self._engines[self._home]

    def of(self, target_id: str) -> Engine:
        """The engine that has a batch, a run or an open submission, else `home`."""
        return next(
            (self._engines[name] for name in self._in_turn() if self._has(name, target_id)), self.home
        )

    def owner(self, batch_ids: Sequence[str]) -> Engine:
        """The engine that has all of these batches. Raises DraftError where no single one has.

        For what is paid: `home` may not stand in for it.
        """
        if len(self._engines) == 1:
            return self.home
        for name in self._in_turn():
            if batch_ids and all(self._has(name, batch_id) for batch_id in batch_ids):
                return self._engines[name]
        raise DraftError(
            "No single one of the workspaces that are watched has these batches: send those of one at a time, from its list."
        )

    def _in_turn(self) -> list[str]:
        """The profiles, the one on the screen first: two of them may be of one workspace."""
        return sorted(self._engines, key=lambda name: name != self.shown)

    def _has(self, name: str, target_id: str) -> bool:
        snapshot = self._engines[name].snapshot
        batches, ids = self._ids.get(name, ((), frozenset()))
        if batches is not snapshot.batches:
            ids = frozenset(
                one for tracked in snapshot.batches for one in (tracked.id, tracked.run_id) if one is not None
            )
            self._ids[name] = snapshot.batches, ids
        return target_id in ids or any(one.submission_id == target_id for one in snapshot.submissions)

    # What is shown.

    @property
    def watched(self) -> list[str]:
        """The profiles that are watched."""
        return list(self._engines)

    @property
    def names(self) -> list[str]:
        """Those watched, then those the settings name."""
        return list(dict.fromkeys([*self._engines, *self._config.profiles]))

    @property
    def snapshots(self) -> list[Snapshot]:
        """The newest snapshot of every engine."""
        return [engine.snapshot for engine in list(self._engines.values())]

    @property
    def snapshot(self) -> Snapshot:
        """The newest snapshot of the engine on the screen, or of all of them merged."""
        if self.shown is not None:
            return self.home.snapshot
        snapshots = {name: self._engines[name].snapshot for name in self.watched}
        parts = [snapshot.batches for snapshot in snapshots.values()]
        if len(parts) != len(self._parts) or any(
            now is not before for now, before in zip(parts, self._parts, strict=True)
        ):
            self._parts, self._merged = parts, merge_batches(parts)
        return merge_snapshots(snapshots, self._merged)

    def show(self, name: str | None) -> None:
        """Put a profile on the screen, None for all; one that was not watched is from now on. Raises CbtuiError."""
        if name is not None and name not in self._engines:
            engine = self._add(name, of_profile(self._config, name), None)
            try:
                engine.start()
            except Exception:
                del self._engines[name]
                self._budget.leave()
                raise
            if self._is_connected:
                engine.connect()
        self.shown, self._home = name, name or self._home

    def fresh_events(self) -> Iterator[Event]:
        """What happened since this was asked last; each says where, if several are watched."""
        for name, engine in self._engines.items():
            events, told = engine.snapshot.events, self._told.get(name)
            fresh = events[events.index(told) + 1 :] if told in events else events
            if fresh:
                self._told[name] = fresh[-1]
            for event in fresh:
                if event.is_quiet:
                    continue
                yield event if len(self._engines) == 1 else event.of(name)

    # All of them.

    def start(self) -> None:
        """Open the store for each. Raises StoreError."""
        for engine in self._engines.values():
            engine.start()

    def connect(self) -> None:
        """Begin to talk to the API."""
        self._is_connected = True
        for engine in self._engines.values():
            engine.connect()

    def stop(self) -> None:
        """Stop all."""
        for engine in self._engines.values():
            engine.stop()

    # Those on the screen.

    def refresh(self) -> None:
        """Poll now, one after the other."""
        for engine in self._on_screen():
            engine.refresh()

    def attend(self) -> None:
        """Somebody typed: those that poll seldom, because nothing runs there, poll sooner."""
        for engine in self._on_screen():
            if engine.snapshot.link.state is LinkState.IDLE:
                engine.attend()

    def pause(self, paused: bool) -> None:
        """Stop polling, or go on."""
        for engine in self._on_screen():
            engine.pause(paused)

    def load_older(self) -> None:
        """Fetch the next page of older batches, of each that has one."""
        for engine in self._on_screen():
            if engine.snapshot.has_older:
                engine.load_older()

    def history(self, days: int, now: datetime) -> History:
        """What their batches of the last `days` days say together; reads the store, for a thread."""
        from claude_batch_tui.services.watching.listing import history_of

        return history_of(self.home.store.database, self._scope_ids(), days=days, now=now)

    def costs(self, by: By, month: str | None) -> Costs:
        """What their batches cost, of a month or all that are known; reads the store, for a thread."""
        from claude_batch_tui.services.watching.listing import costs_of

        return costs_of(self.home.store.database, self._scope_ids(), by=by, month=month)

    def _scope_ids(self) -> set[int]:
        workspaces = [engine.workspace for engine in self._on_screen()]
        return {workspace.scope_id for workspace in workspaces if workspace is not None}

    def tag(self, batch_ids: Sequence[str], *, add: Sequence[str], remove: Sequence[str]) -> None:
        """Give batches tags, and take tags away; in each workspace for itself."""
        for engine, ids in self._by_engine(batch_ids):
            engine.tag(ids, add=add, remove=remove)

    def hide(self, batch_ids: Sequence[str], *, hidden: bool) -> None:
        """Hide batches on this machine, or bring them back; in each workspace for itself."""
        for engine, ids in self._by_engine(batch_ids):
            engine.hide(ids, hidden=hidden)

    def _on_screen(self) -> list[Engine]:
        return [self.home] if self.shown is not None else list(self._engines.values())

    def _by_engine(self, batch_ids: Sequence[str]) -> list[tuple[Engine, list[str]]]:
        found: dict[int, tuple[Engine, list[str]]] = {}
        for batch_id in batch_ids:
            engine = self.of(batch_id)
            found.setdefault(id(engine), (engine, []))[1].append(batch_id)
        return list(found.values())

    def _add(self, name: str, config: Config, api_key: str | None) -> Engine:
        self._budget.join()
        engine = Engine(
            config, on_snapshot=self._on_snapshot, api_key=api_key, budget=self._budget, profile=name
        )
        self._engines[name] = engine
        return engine
