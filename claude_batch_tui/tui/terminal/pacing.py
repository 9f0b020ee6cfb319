"""An app that paints no faster than its terminal reads, and lays out no faster than anybody can see.

On a thin link what the engine says is shown at most once a second; keys are answered at once everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any, Generic

from rich.console import RenderableType
from textual.app import ReturnType
from textual.screen import Screen

from claude_batch_tui.tui.terminal.driver import TerminalDriver
from claude_batch_tui.tui.terminal.safety import SafeApp

RESIZE_SECONDS = 0.1
"""Least time between two layouts while a window is being resized: 20 layouts a second are 500 kB."""

BACKLOG = 64 * 1024
"""Bytes the terminal has not taken above which frames are left out until it has caught up."""

CATCH_UP_SECONDS = 0.2


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


class PacedApp(SafeApp[ReturnType], Generic[ReturnType]):
    """Leaves frames and layouts out that would be out of date before they are seen."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._resized_at = -RESIZE_SECONDS
        self._frames_left_out = False

    def _check_resize(self) -> None:
        """Textual's, at most ten times a second; the last size always counts."""
        wait = self._resized_at + RESIZE_SECONDS - monotonic()
        if wait > 0 and self._resize_event is not None:
            if self._resize_timer is not None:
                self._resize_timer.stop()
            self._resize_timer = self.set_timer(wait, self._check_resize)
            return
        self._resized_at = monotonic()
        super()._check_resize()

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        """Textual's, but a terminal that is behind gets one new picture later instead of every frame."""
        driver = self._driver
        if isinstance(driver, TerminalDriver) and driver.backlog > BACKLOG:
            if not self._frames_left_out:
                self._frames_left_out = True
                self.set_timer(CATCH_UP_SECONDS, self._catch_up)
            return
        super()._display(screen, renderable)

    def _catch_up(self) -> None:
        driver = self._driver
        if isinstance(driver, TerminalDriver) and driver.backlog > BACKLOG // 16:
            self.set_timer(CATCH_UP_SECONDS, self._catch_up)
            return
        self._frames_left_out = False
        self.refresh()
