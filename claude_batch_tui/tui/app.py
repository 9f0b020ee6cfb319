"""The dashboard: three screens on one engine. A switchboard; what is done is done by the engine and its services."""

from __future__ import annotations

import gc
import importlib
import logging
import sys
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer

from claude_batch_tui.config import Config
from claude_batch_tui.domain.batches.tracked import Snapshot
from claude_batch_tui.engine.group import EngineGroup
from claude_batch_tui.errors import CbtuiError
from claude_batch_tui.terminal import Profile
from claude_batch_tui.tui.base import CbtuiApp
from claude_batch_tui.tui.batches.screen import BatchesScreen
from claude_batch_tui.tui.screen import DashboardScreen
from claude_batch_tui.tui.widgets.key_line import hidden_key, key_name
from claude_batch_tui.wording.batches import standing_words

if TYPE_CHECKING:
    from claude_batch_tui.tui.dashboard import Dashboard
    from claude_batch_tui.tui.dialogs.help import HelpPage
    from claude_batch_tui.tui.results.screen import ResultsScreen
    from claude_batch_tui.tui.tour import Tour

_log = logging.getLogger(__name__)
_WITHOUT_BEING_SHOWN = (
    "dialogs.help",
    "dialogs.palette",
    "dialogs.questions",
    "results.screen",
    "build.screen",
    "results.compare",
    "results.error_groups_dialog",
    "results.ledger",
    "results.review",
    "results.score",
    "results.statistics",
    "widgets.markdown_lines",
    "batches.tabs",
    "history.screen",
    "history.costs",
    "submitting.dialog",
    "submitting.retry_dialog",
    "tour",
    "clipboard",
)
"""Modules of the dashboard that the first frame does not wait for, the likeliest first."""


CHANGES_SECONDS = 1.0
"""Least time between two pictures of what the engine says, on the slow profile."""


class FramePace:
    """Lets something happen at most once in so many seconds; the first time at once."""

    def __init__(self, seconds: float, clock: Callable[[], float] = monotonic) -> None:
        self.clock = clock
        self._seconds = seconds
        self._taken_at = float("-inf")

    def left(self) -> float:
        """Seconds until it may happen; 0 where it may now."""
        return max(self._taken_at + self._seconds - self.clock(), 0.0)

    def take(self) -> None:
        """It happens now."""
        self._taken_at = self.clock()


def _import_the_rest() -> None:
    """What a key may ask for: in a thread, so that the first such key need not wait for it."""
    for name in _WITHOUT_BEING_SHOWN:
        try:
            importlib.import_module(f"claude_batch_tui.tui.{name}")
        except Exception:  # noqa: BLE001  the screen that needs it says so; the others, and the polls, go on
            _log.exception("claude_batch_tui.tui.%s cannot be imported", name)


def _build() -> DashboardScreen:
    from claude_batch_tui.tui.build.screen import BuildScreen  # late: the first frame waits for neither

    return BuildScreen()


def _results() -> DashboardScreen:
    from claude_batch_tui.tui.results.screen import ResultsScreen

    return ResultsScreen()


_S = TypeVar("_S", bound=DashboardScreen)


class DashboardApp(CbtuiApp):
    """Batches, Build and Results on one engine, whose snapshots it hands to the screen that is shown."""

    CSS_PATH: ClassVar = "app.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        hidden_key("app.batches", "1", "show('batches')", "batches", "the batches"),
        hidden_key("app.build", "2", "show('build')", "build", "build requests from a file"),
        hidden_key("app.results", "3", "show('results')", "results", "the results"),
        hidden_key("app.tour", "ctrl+t", "tour", "tour", "the tour of five steps; on it: the next step"),
    ]
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        "batches": BatchesScreen,
        "build": _build,
        "results": _results,
    }

    class Arrived(Message):
        """The engine has a newer snapshot."""

        def can_replace(self, message: Message) -> bool:
            """Only the newest counts."""
            return isinstance(message, DashboardApp.Arrived)

    def __init__(
        self,
        config: Config,
        *,
        profile: Profile | None = None,
        api_key: str | None = None,
        results: Path | None = None,
        batch_id: str | None = None,
        banner: str | None = None,
        beside: Sequence[Config] = (),
        connects: bool = True,
        offers_tour: bool | None = None,
    ) -> None:
        """`offers_tour` says whether the tour is offered in any case, or where nothing is known yet (False), or never."""
        # The first screen is the first mode: going there from another would hold back what is drawn for 50 ms.
        self.DEFAULT_MODE = "batches" if results is None and batch_id is None else "results"  # type: ignore[misc]
        super().__init__(config, profile)
        self.engines = EngineGroup(config, beside, on_snapshot=self._arrived, api_key=api_key)
        self.snapshot = Snapshot()
        self.banner = banner
        self._opens = results
        self._opens_batch = batch_id
        self._connects = connects
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        """The clock every age is measured by."""
        self._standing = ""
        self.pace = FramePace(CHANGES_SECONDS if self.profile.slow else 0.0)
        """How often what the engine says is shown."""
        self._later: Timer | None = None
        self.saved = 0
        self._offers_tour = offers_tour

    def start(self) -> int:
        """Open the store, run until the user leaves, stop the engine; the exit code. Raises StoreError."""
        # Keys wait for threads that build, index and search: a slice of Python's usual 5 ms, several times a key.
        sys.setswitchinterval(0.0002)
        self.engines.start()
        try:
            return super().start()
        finally:
            self.engines.stop()

    def on_load(self) -> None:
        """What is known is there before the first screen is made."""
        self.snapshot = self.engines.snapshot
        self.update_keymap(self.config.keys)

    def on_mount(self) -> None:
        """Open what was asked for; the API is talked to only after the first frame."""
        self.set_terminal_title("cbtui")
        if self._opens is not None:
            self.open_file(self._opens)
        elif self._opens_batch is not None:
            self.open_batch(self._opens_batch)

    @cached_property
    def tour(self) -> Tour:
        """The tour."""
        from claude_batch_tui.tui.tour import Tour  # late: the first frame needs none of it

        return Tour(self)

    def begin(self) -> None:
        """The first frame is there: read the rest of the store and talk to the API."""
        if self._connects:
            self._connects = False
            if not gc.isenabled():  # turned off before anything was imported
                gc.freeze()
                gc.enable()
            threading.Thread(target=self._get_ready, name="cbtui-imports", daemon=True).start()

    def _get_ready(self) -> None:
        # One after the other: a key that is pressed now has to share the processor with one thread, not with two.
        _import_the_rest()
        if self.is_running:
            self.call_later(self.engines.connect)
            if self._offers_tour is not None:
                self.call_later(self.tour.offer, always=self._offers_tour)

    def takes_key(self, event: events.Key) -> bool:
        """Who types looks at the screen: where nothing runs, the engines poll sooner. `esc` may leave the tour."""
        self.engines.attend()
        return event.key == "escape" and self.tour.takes_escape()

    def on_dashboard_app_arrived(self) -> None:
        """Show the newest snapshot; on the slow profile at most one a second, the last one always."""
        wait = self.pace.left()
        if not wait:
            self._show_newest()
        elif self._later is None:
            self._later = self.set_timer(wait, self._show_later)

    def _show_later(self) -> None:
        self._later = None
        self.on_dashboard_app_arrived()

    def _show_newest(self) -> None:
        """Hand the newest snapshot to the screen, and say what happened."""
        self.pace.take()
        self.snapshot = self.engines.snapshot
        for screen in self.screen_stack:
            show = getattr(screen, "show_snapshot", None)
            if show is not None and screen.is_mounted:  # a dialog looks by itself once it is made
                show(self.snapshot)
        self._tell_events()
        self._show_standing()

    def action_show(self, mode: str) -> None:
        """Go to one of the three screens, out of one that lies over them. What is built is for one workspace: where all
        are shown it is asked which.
        """
        if len(self.screen_stack) > 1 and isinstance(self.screen, DashboardScreen):
            self.screen.dismiss(None)
            self.call_after_refresh(self.action_show, mode)
        elif mode == "build" and self.engines.shown is None and len(self.screen_stack) == 1:
            self._on_batches(lambda screen: screen.ask_workspace("Build", lambda: self.action_show("build")))
        elif self.current_mode != mode and len(self.screen_stack) == 1:
            self.switch_mode(mode)

    def action_next_workspace(self) -> None:
        """Show the next of the workspaces that are watched, and all of them after the last."""
        turn: list[str | None] = [*self.engines.watched, None]
        self.action_show_workspace(turn[(turn.index(self.engines.shown) + 1) % len(turn)])

    def action_show_workspace(self, name: str | None) -> None:
        """Show the batches of another workspace, None for all; the others are watched on."""
        try:
            self.engines.show(name)
        except CbtuiError as error:
            self.say(str(error), "error")
            return
        self.action_show("batches")
        if isinstance(self.screen, BatchesScreen):
            self.screen.show_workspace()
        self._show_newest()
        self.say(f"Workspace {name}." if name is not None else "All workspaces.")

    async def _check_bindings(self, key: str, priority: bool = False) -> bool:
        """As before it; a letter that is no key on this screen is not passed over in silence."""
        if await super()._check_bindings(key, priority):
            return True
        name = key_name(key)
        if (
            not priority
            and len(name) == 1
            and not self.is_typing
            and isinstance(self.screen, DashboardScreen)
        ):
            self.say(
                f"{name} does nothing here; {key_name(self.first_key('app.help'))} lists the keys.",
                seconds=2.0,
            )
        return False

    def action_tour(self) -> None:
        """Begin the tour; on it: the next step."""
        self.tour.begin()

    def first_key(self, id: str) -> str:  # noqa: A002  Textual's name
        """The first key of an action of the app or one of its three screens, by its id."""
        from claude_batch_tui.tui.build.keys import KEYS as BUILD_KEYS  # late, as the screens
        from claude_batch_tui.tui.results.keys import KEYS as RESULTS_KEYS

        every = (*CbtuiApp.BINDINGS, *self.BINDINGS, *BatchesScreen.BINDINGS, *BUILD_KEYS, *RESULTS_KEYS)
        declared = next(one.key for one in every if isinstance(one, Binding) and one.id == id)
        return self.config.keys.get(id, declared).partition(",")[0]

    def palette_actions(self) -> dict[str, str]:
        """A way to each of the other workspaces, to all that are watched, and what every app has."""
        others = [name for name in self.engines.names if name != self.engines.shown]
        ways = {
            f"workspace {name}": f"show_workspace({name!r})" for name in others
        } | super().palette_actions()
        if self.engines.shown is not None and len(self.engines.watched) > 1:
            ways["all workspaces"] = "show_workspace(None)"
        if self.current_mode != "results":  # where it has a key
            ways["open a results file"] = "open_file"
        return ways

    def action_open_file(self) -> None:
        """Ask for a results file, and show it."""
        self._on_results(lambda screen: screen.action_open())

    def open_batch(self, batch_id: str) -> None:
        """Show the results of a batch, downloading them where they are not here."""
        self._on_results(lambda screen: screen.opening.open_batch(batch_id))

    def open_run(self, run_id: str, batch_ids: Sequence[str], title: str) -> None:
        """Show the results of all these batches of a run as one."""
        self._on_results(lambda screen: screen.opening.open_run(run_id, batch_ids, title))

    def open_file(self, path: Path) -> None:
        """Show a results file."""
        self._on_results(lambda screen: screen.opening.open_file(path))

    def show_created(self, batch_id: str, run_id: str | None = None) -> None:
        """Go to the batches with the cursor on a new one, or on its run where that is named and has a row."""

        def go(screen: BatchesScreen) -> None:
            screen.go_to_new(batch_id)  # which opens its run: from there one key opens the answers of all
            if run_id is not None:
                screen.go_to(run_id)

        self._on_batches(go)

    def help_pages(self) -> list[HelpPage]:
        """The keys of all screens."""
        # Late: help is the first to ask for all of these.
        from claude_batch_tui.tui.build.screen import BuildScreen
        from claude_batch_tui.tui.dialogs.help import HelpPage
        from claude_batch_tui.tui.history.costs import CostsScreen
        from claude_batch_tui.tui.history.screen import HistoryScreen
        from claude_batch_tui.tui.results.screen import ResultsScreen
        from claude_batch_tui.tui.widgets.key_line import declared_hints

        screens = (BatchesScreen, BuildScreen, ResultsScreen, HistoryScreen, CostsScreen)
        return [
            HelpPage(screen.help_title, declared_hints(screen.BINDINGS, ascii_only=self.ascii_only))
            for screen in screens
        ]

    def _on_batches(self, work: Callable[[BatchesScreen], object]) -> None:
        """Go to the batches and do something there once they are drawn."""

        def go() -> None:
            screen = self.screen
            if isinstance(screen, BatchesScreen):
                self._once_mounted(screen, work)

        self.switch_mode("batches")
        self.call_after_refresh(go)

    def _on_results(self, work: Callable[[ResultsScreen], None]) -> None:
        """Go to the results and do something there once they are drawn, under a dialog that is open by then too."""

        def go() -> None:
            from claude_batch_tui.tui.results.screen import ResultsScreen  # it is there by now

            shown = next((screen for screen in self.screen_stack if isinstance(screen, ResultsScreen)), None)
            if shown is None:
                self._on_results(work)  # a key typed ahead has gone elsewhere
            else:
                self._once_mounted(shown, work)

        self.switch_mode("results")
        self.call_after_refresh(go)

    def _once_mounted(self, screen: _S, work: Callable[[_S], object]) -> None:
        """Do something on a screen as soon as its widgets are there."""
        if screen.is_mounted:
            work(screen)
        elif screen.is_running:
            self.call_after_refresh(self._once_mounted, screen, work)

    def _tell_events(self) -> None:
        """Say the newest event; ring once for what ended, by the ways the settings name."""
        fresh = list(self.engines.fresh_events())
        for event in fresh:
            self.tell(event.text, "error" if event.is_error else "note")
        ends = [event.text for event in fresh if event.rings]
        if not ends:
            return
        from claude_batch_tui.domain.batches.notices import words

        if "bell" in words(self.config.notify):
            self.bell()
        if "osc9" in words(self.config.notify):
            text = ends[0] if len(ends) == 1 else f"{ends[0]}, and {len(ends) - 1} more"
            self.run_worker(lambda: self._notify_terminal(f"cbtui: {text}"), thread=True, group="notify")

    def _notify_terminal(self, message: str) -> None:
        """Send OSC 9; in a thread, because tmux may have to be asked."""
        from claude_batch_tui.domain.batches.notices import terminal_notification
        from claude_batch_tui.services.watching.notify import osc9_way

        way = osc9_way(self.config.osc9, self._environ)
        if way != "no":
            sequence = terminal_notification(message, way)
            self.call_from_thread(self.write_terminal, sequence)

    def _show_standing(self) -> None:
        """The window's title, of all workspaces: how many run, how many ended unseen. Written only when that changes."""
        all_ = self.engines.snapshots
        unseen = [counts for snapshot in all_ for counts in snapshot.unseen]
        standing = standing_words(sum(snapshot.running for snapshot in all_), unseen)
        if standing != self._standing:
            self._standing = standing
            title = f"cbtui · {standing}" if standing else "cbtui"
            self.set_terminal_title(title.replace("·", "-") if self.ascii_only else title)

    def _arrived(self, _snapshot: Snapshot) -> None:
        """Called in the engine's thread; never waits for the screen."""
        if self.is_running:
            self.post_message(self.Arrived())


if TYPE_CHECKING:
    _dashboard: type[Dashboard] = DashboardApp  # mypy holds the app to what its screens may ask of it
