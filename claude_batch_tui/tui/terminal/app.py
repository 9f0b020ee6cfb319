"""The app that the dashboard is made of: Textual's, in which no foreign text acts on the terminal, and which paints no
faster than its terminal reads.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import sys
import traceback
from collections.abc import Iterable, Sequence
from pathlib import Path
from time import monotonic
from typing import Any

from rich.console import Console, RenderableType
from rich.text import Text
from textual.app import App, SystemCommand
from textual.css.stylesheet import Stylesheet
from textual.filter import LineFilter, Monochrome, NoColor
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.theme import Theme
from textual.widget import Widget
from textual.widgets import Static

from claude_batch_tui.domain.plain_text import clean, clean_line
from claude_batch_tui.errors import ConfigError
from claude_batch_tui.redaction import redact
from claude_batch_tui.tui.terminal.driver import TerminalDriver
from claude_batch_tui.tui.terminal.lending import edited, paged
from claude_batch_tui.tui.terminal.safety import AsciiFilter, SafeFilter

RESIZE_SECONDS = 0.1
"""Least time between two layouts while a window is being resized: 20 layouts a second are 500 kB."""

BACKLOG = 64 * 1024
"""Bytes the terminal has not taken above which frames are left out until it has caught up."""

CATCH_UP_SECONDS = 0.2

SHOWN_FRAMES = 3
"""Frames of a crash on the terminal; the file has all of them."""
_LARGEST_REPORTS = 1_000_000


class ThriftyStylesheet(Stylesheet):
    """Each new screen has Textual parse every style again; with the same theme and sources that changes nothing."""

    def set_variables(self, variables: dict[str, str]) -> None:
        """Another theme's variables make everything to be parsed anew; the same ones nothing."""
        if variables != self._variables:
            super().set_variables(variables)
            self._require_parse = True

    def reparse(self) -> None:
        """Parse if there is anything new, and remember what was parsed. Raises as Textual's does.

        Textual's parses in a copy and forgets it; a failure here leaves the rules as they were too.
        """
        if self._require_parse:
            self.parse()


class TerminalApp(App[None]):
    """An app on our driver, in one of Textual's themes or of those given. Foreign text acts neither on the screen nor in a
    notice nor in a crash report, which goes to `crash_log`. `ascii_only` draws without Unicode.

    At most 10 layouts a second while resizing; frames are dropped while over 64 kB is unsent. Raises ConfigError where
    the theme is not known.
    """

    has_themes = False
    """Whether they are known: Textual asks for the variables of its own theme before, for a style sheet that is never used."""

    def __init__(
        self,
        *,
        theme: str | None = None,
        themes: Sequence[Theme] = (),
        ascii_only: bool = False,
        crash_log: Path | None = None,
    ) -> None:
        super().__init__(driver_class=TerminalDriver)
        self.has_themes = True
        self.ascii_only = ascii_only
        self._crash_log = crash_log
        self._safe_filter = SafeFilter()
        self._ascii_filter = AsciiFilter(sys.stderr.encoding or "ascii")
        self._resized_at = -RESIZE_SECONDS
        self._frames_left_out = False
        self.animation_level = "none"
        for each in themes:
            self.register_theme(each)
        if theme is not None:
            if theme not in self.available_themes:
                names = ", ".join(["dark", "light", "ansi", *sorted(self.available_themes)])
                raise ConfigError(f"Unknown theme {theme!r}. Known: {names}.")
            self.theme = theme
        self.stylesheet = ThriftyStylesheet(variables=self.get_css_variables())

    def on_load(self) -> None:
        """Every task waits for its turn. From Python 3.12 on Textual has them begin at once: what the first screen is made of
        is then mounted before there is a screen, which ends the app.
        """
        asyncio.get_running_loop().set_task_factory(None)

    # The terminal.

    def set_terminal_title(self, title: str) -> None:
        """Set the title of the terminal's window or tmux pane."""
        if isinstance(self._driver, TerminalDriver):
            self._driver.set_title(title)

    def write_terminal(self, data: str) -> None:
        """Send a sequence of our own; what a frame shows is Textual's to paint."""
        if self._driver is not None:
            self._driver.write(data)

    def repaint_terminal(self) -> None:
        """Set the terminal's modes again and paint everything anew."""
        if isinstance(self._driver, TerminalDriver):
            self._driver.repaint()
        self.refresh()

    def toggle_mouse(self) -> bool | None:
        """Turn mouse reporting on or off; whether it is on now, None where this terminal is not ours."""
        if not isinstance(self._driver, TerminalDriver):
            return None
        self._driver.set_mouse(not self._driver.mouse)
        return self._driver.mouse

    def edit_text(self, text: str) -> str:
        """The text as the user leaves it in $VISUAL or $EDITOR. Raises ConfigError where that cannot be started."""
        return edited(self, text)

    def page_text(self, text: str) -> None:
        """Show text in $PAGER. Raises ConfigError where there is none or it cannot be started."""
        paged(self, text)

    # What Textual calls: what is painted.

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Where no color is wanted none is sent; nothing painted acts on the terminal, and in ASCII nothing of ours is more."""
        filters = [*super().get_line_filters(), self._safe_filter]
        if self.no_color:
            filters = [NoColor(), *(each for each in filters if not isinstance(each, (Monochrome, NoColor)))]
        return [*filters, self._ascii_filter] if self.ascii_only else filters

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
        if self._is_behind(BACKLOG):
            if not self._frames_left_out:
                self._frames_left_out = True
                self.set_timer(CATCH_UP_SECONDS, self._catch_up)
            return
        super()._display(screen, renderable)

    def _catch_up(self) -> None:
        if self._is_behind(BACKLOG // 16):
            self.set_timer(CATCH_UP_SECONDS, self._catch_up)
            return
        self._frames_left_out = False
        self.refresh()

    def _is_behind(self, most: int) -> bool:
        return isinstance(self._driver, TerminalDriver) and self._driver.backlog > most

    # What Textual calls: what is said beside the screens.

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:  # noqa: ARG002  Textual's signature
        """None of Textual's own: its screenshots would hold what is on the screen."""
        return ()

    def get_loading_widget(self) -> Widget:
        """A word instead of an animation that repaints sixteen times a second."""
        return Static("loading …", markup=False)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,  # noqa: ARG002  markup is never parsed
    ) -> None:
        """Show a notice as plain text."""
        super().notify(
            clean(message), title=clean_line(title), severity=severity, timeout=timeout, markup=False
        )

    def exit(self, result: None = None, return_code: int = 0, message: RenderableType | None = None) -> None:
        """Leave, with a message as plain text."""
        super().exit(
            result, return_code, None if message is None else Text(clean(_plain(message)).rstrip("\n"))
        )

    def panic(self, *renderables: RenderableType) -> None:
        """Leave with messages as plain text."""
        super().panic(*[Text(redact(clean(_plain(renderable))).rstrip("\n")) for renderable in renderables])

    def _fatal_error(self) -> None:
        """Leave with a short traceback without variables; all of it goes to a file."""
        error = self._exception or sys.exception()
        if error is None:
            return
        frames = "".join(traceback.format_list(traceback.extract_tb(error.__traceback__)[-SHOWN_FRAMES:]))
        sentence = "".join(traceback.format_exception_only(error))
        where = _write_report(self._crash_log, error)
        text = f"cbtui stopped because of a bug in it.\n{frames}{sentence}{where}"
        self._exit_renderables.append(Text(redact(clean(text)).rstrip("\n")))
        self._close_messages_no_wait()


def _plain(renderable: RenderableType) -> str:
    if isinstance(renderable, str):
        return renderable
    file = io.StringIO()
    Console(file=file, width=100, color_system=None, markup=False, highlight=False).print(renderable)
    return file.getvalue()


def _write_report(file: Path | None, error: BaseException) -> str:
    """Append the whole traceback to a file only the user can read; the sentence that says so, or nothing."""
    if file is None:
        return ""
    report = redact(clean("".join(traceback.format_exception(error))))
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if file.exists() and file.stat().st_size > _LARGEST_REPORTS:
            file.replace(file.with_name(f"{file.name}.1"))
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        with open(descriptor, "a", encoding="utf-8") as stream:  # noqa: PTH123  the descriptor carries the mode
            stream.write(report + "\n")
        log = file.with_name("cbtui.log")
        before = f"What happened before is in {log}\n" if log.exists() else ""
        return f"The whole report is in {file}\n{before}"
    return ""
