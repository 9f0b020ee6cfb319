"""The dashboard: three screens on one engine. A switchboard; what is done is done by the engine and its services."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen

from claude_batch_tui.config import Config
from claude_batch_tui.domain.notifying import terminal_notification, words
from claude_batch_tui.domain.tracked import Event, Snapshot
from claude_batch_tui.engine.engine import Engine
from claude_batch_tui.services.notify import osc9_way
from claude_batch_tui.terminal import Profile
from claude_batch_tui.tui.base import CbtuiApp
from claude_batch_tui.tui.dialogs.help import HelpPage
from claude_batch_tui.tui.screens.batches import BatchesScreen
from claude_batch_tui.tui.screens.build import BuildScreen
from claude_batch_tui.tui.screens.frame import Frame
from claude_batch_tui.tui.screens.history import HistoryScreen
from claude_batch_tui.tui.screens.results import ResultsScreen
from claude_batch_tui.tui.widgets.key_names import declared_hints
from claude_batch_tui.wording import standing_words


class DashboardApp(CbtuiApp):
    """Batches, Build and Results on one engine, whose snapshots it hands to the screen that is shown."""

    CSS_PATH: ClassVar = "app.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "show('batches')", "batches", id="app.batches", show=False, tooltip="the batches"),
        Binding(
            "2", "show('build')", "build", id="app.build", show=False, tooltip="build requests from a file"
        ),
        Binding("3", "show('results')", "results", id="app.results", show=False, tooltip="the results"),
    ]
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        "batches": BatchesScreen,
        "build": BuildScreen,
        "results": ResultsScreen,
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
        connects: bool = True,
    ) -> None:
        super().__init__(config, profile)
        self.engine = Engine(config, on_snapshot=self._arrived, api_key=api_key)
        self.snapshot = Snapshot()
        self.banner = banner
        self._opens = results
        self._opens_batch = batch_id
        self._connects = connects
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        """The clock every age is measured by."""
        self._told: Event | None = None
        self._standing = ""

    def start(self) -> int:
        """Open the store, run until the user leaves, stop the engine; the exit code. Raises StoreError."""
        self.engine.start()
        try:
            return super().start()
        finally:
            self.engine.stop()

    def on_mount(self) -> None:
        """Show what is known; talk to the API only after the first frame."""
        super().on_mount()
        self.snapshot = self.engine.snapshot
        self.set_keymap(self.config.keys)
        self.switch_mode("results" if self._opens or self._opens_batch else "batches")
        self.set_terminal_title("cbtui")
        if self._connects:
            self.call_after_refresh(self.engine.connect)
        if self._opens is not None:
            self.open_file(self._opens)
        elif self._opens_batch is not None:
            self.open_batch(self._opens_batch)

    def on_dashboard_app_arrived(self) -> None:
        """Hand the newest snapshot to the screen, and say what happened."""
        self.snapshot = self.engine.snapshot
        for screen in self.screen_stack:
            show = getattr(screen, "show_snapshot", None)
            if show is not None:
                show(self.snapshot)
        self._tell_events()
        self._show_standing()

    def action_show(self, mode: str) -> None:
        """Go to one of the three screens."""
        if self.current_mode != mode and len(self.screen_stack) == 1:
            self.switch_mode(mode)

    def open_batch(self, batch_id: str) -> None:
        """Show the results of a batch, downloading them where they are not here."""
        self.switch_mode("results")
        self.call_after_refresh(lambda: self._results().open_batch(batch_id))

    def open_file(self, path: Path) -> None:
        """Show a results file."""
        self.call_after_refresh(lambda: self._results().open_file(path))

    def show_created(self, batch_id: str) -> None:
        """Go to the batches with the cursor on a new one."""
        self.switch_mode("batches")

        def go() -> None:
            screen = self.screen
            if isinstance(screen, BatchesScreen):
                screen.go_to(batch_id)

        self.call_after_refresh(go)

    def help_pages(self) -> list[HelpPage]:
        """The keys of all screens."""
        screens: tuple[type[Frame | HistoryScreen], ...] = (
            BatchesScreen,
            BuildScreen,
            ResultsScreen,
            HistoryScreen,
        )
        return [
            HelpPage(screen.help_title, declared_hints(screen.BINDINGS, ascii_only=self.ascii_only))
            for screen in screens
        ]

    def _results(self) -> ResultsScreen:
        screen = self.screen
        if not isinstance(screen, ResultsScreen):
            raise TypeError("the results screen is not shown")
        return screen

    def _tell_events(self) -> None:
        """Say the newest event; ring once for what ended, by the ways the settings name."""
        events = self.snapshot.events
        fresh = events[events.index(self._told) + 1 :] if self._told in events else events
        if not fresh:
            return
        self._told = fresh[-1]
        for event in fresh:
            self.say(event.text, "error" if event.is_error else "note")
        ends = [event.text for event in fresh if event.rings]
        if ends and "bell" in words(self.config.notify):
            self.bell()
        if ends and "osc9" in words(self.config.notify):
            text = ends[0] if len(ends) == 1 else f"{ends[0]}, and {len(ends) - 1} more"
            self.run_worker(lambda: self._notify_terminal(f"cbtui: {text}"), thread=True, group="notify")

    def _notify_terminal(self, message: str) -> None:
        """Send OSC 9; in a thread, because tmux may have to be asked."""
        way = osc9_way(self.config.osc9, self._environ)
        if way != "no":
            sequence = terminal_notification(message, in_tmux=way == "tmux")
            self.call_from_thread(self._write_terminal, sequence)

    def _show_standing(self) -> None:
        """The window's title: how many run, how many ended unseen. Written only when that changes."""
        standing = standing_words(self.snapshot.running, self.snapshot.unseen)
        if standing != self._standing:
            self._standing = standing
            title = f"cbtui · {standing}" if standing else "cbtui"
            self.set_terminal_title(title.replace("·", "-") if self.ascii_only else title)

    def _arrived(self, _snapshot: Snapshot) -> None:
        """Called in the engine's thread; never waits for the screen."""
        if self.is_running:
            self.post_message(self.Arrived())
