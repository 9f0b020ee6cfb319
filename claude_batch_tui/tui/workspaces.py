"""The workspaces the dashboard watches, an engine each, one or all of them on the screen. Their polls share one budget."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from claude_batch_tui.config import Config, of_profile
from claude_batch_tui.domain.tracked import Event, Snapshot
from claude_batch_tui.engine.budget import Budget
from claude_batch_tui.engine.engine import Engine
from claude_batch_tui.engine.together import Together
from claude_batch_tui.errors import DraftError


class Workspaces:
    """Engines by the name of their profile; where there are several, all are shown first."""

    def __init__(
        self,
        config: Config,
        beside: Sequence[Config],
        *,
        on_snapshot: Callable[[Snapshot], None],
        api_key: str | None = None,
    ) -> None:
        self._config = config
        self._on_snapshot = on_snapshot
        self._budget = Budget()
        self._engines: dict[str, Engine] = {}
        self._told: dict[str, Event] = {}
        self._is_connected = False
        home = config.profile or "default"
        self._add(home, config, api_key)
        for other in beside:
            self._add(other.profile or "default", other, None)
        self._together = Together(self._engines)
        self.shown: str | None = None if beside else home
        """The workspace on the screen; None where all are."""

    @property
    def engine(self) -> Engine | Together:
        """The engine of the workspace on the screen, or of all."""
        return self._together if self.shown is None else self._engines[self.shown]

    @property
    def sender(self) -> Engine:
        """The engine that a new submission goes through."""
        return self._together.home if self.shown is None else self._engines[self.shown]

    @property
    def snapshots(self) -> list[Snapshot]:
        """The newest word of every engine."""
        return [engine.snapshot for engine in self._engines.values()]

    @property
    def watched(self) -> list[str]:
        """The names of those that are watched."""
        return list(self._engines)

    def owner(self, batch_ids: Sequence[str]) -> Engine:
        """The engine that knows these batches, whichever is on the screen. Raises DraftError where no single one does."""
        if len(self._engines) == 1:
            return next(iter(self._engines.values()))
        # The one on the screen first: two profiles may be of one workspace.
        turn = sorted(self._engines, key=lambda name: name != self.shown)
        for engine in (self._engines[name] for name in turn):
            if batch_ids and all(engine.snapshot.find(batch_id) for batch_id in batch_ids):
                return engine
        raise DraftError(
            "No single one of the workspaces that are watched has these batches: send those of one at a time, from its list."
        )

    @property
    def names(self) -> list[str]:
        """Those watched, then those the settings name."""
        return list(dict.fromkeys([*self._engines, *self._config.profiles]))

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

    def show(self, name: str | None) -> None:
        """Put a workspace on the screen, None for all; one that was not watched is from now on. Raises CbtuiError."""
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
        self.shown = name
        if name is not None:
            self._together.home = self._engines[name]

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

    def _add(self, name: str, config: Config, api_key: str | None) -> Engine:
        self._budget.join()
        engine = Engine(
            config, on_snapshot=self._on_snapshot, api_key=api_key, budget=self._budget, workspace=name
        )
        self._engines[name] = engine
        return engine
