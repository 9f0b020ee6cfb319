"""The terminal driver: a terminal that stops reading, goes away or sends a signal never holds the app.

It touches private names of Textual 8.2, to which the project is pinned; tests/tui/terminal/test_driver.py holds it.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import selectors
import signal
import sys
import termios
import threading
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any

from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

from claude_batch_tui.domain.plain_text import clean_line
from claude_batch_tui.errors import ConfigError
from claude_batch_tui.tui.terminal.frames import Painted, compact
from claude_batch_tui.tui.terminal.writer import TerminalWriter

if TYPE_CHECKING:
    from textual.app import App

EXIT_SECONDS = 3.0
"""How long the app has to end after a signal or the loss of its terminal."""

DRAIN_SECONDS = 0.5
"""How long leaving waits for the terminal to take the last bytes."""

HANGUP = 128 + signal.SIGHUP
"""Exit code when the terminal is gone."""

_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGINT)
_MOUSE_MODES = ("1000", "1002", "1006")
"""Buttons, drags, SGR coordinates. Never 1003: a report for every motion is 600 kB a minute over SSH."""

_MOUSE_OFF = "".join(f"\x1b[?{mode}l" for mode in (*_MOUSE_MODES, "1003", "1015", "1016"))
_SAVE_TITLE, _RESTORE_TITLE = "\x1b[22;2t", "\x1b[23;2t"
_CLEAR = "\x1b[0m\x1b[2J\x1b[H"
"""Before leaving: tmux 3.3a carries lines of the alternate screen over to the shell's after a resize."""

_SYNC_START, _SYNC_END = "\x1b[?2026h", "\x1b[?2026l"
_REPAINT = "\x1b[?2026l\x1b[0m\x1b[?1049h\x1b[2J\x1b[?25l\x1b[?7l\x1b[?1004h\x1b[?2004h"
_RESTORE = (
    f"\x18\x1b[?2026l\x1b[0m\x1b[?2004l\x1b[?7h\x1b[?2048l\x1b[?1004l{_MOUSE_OFF}"
    f"\x1b[<u{_RESTORE_TITLE}\x1b[?1049l\x1b[?25h"
)
"""CAN first: it ends a sequence that was cut. The Kitty keyboard is popped before the alternate screen is left."""


class TerminalDriver(LinuxDriver):
    """Textual's driver for Unix terminals with output that never waits and an orderly way out."""

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        terminal = sys.__stderr__
        if terminal is None:
            raise ConfigError("The dashboard needs a terminal on standard error.")
        self._output_fd = terminal.fileno()
        self._output = TerminalWriter(self._output_fd, self._on_lost, self.repaint)
        self._encoding = terminal.encoding or "utf-8"
        self._painted = Painted()
        self._painting = threading.RLock()
        """Held from comparing a frame to queueing it; a signal handler may come in between."""
        self._begins_sync = False
        self._title: str | None = None
        self._is_suspended = False
        self._first_attributes: list[Any] | None = None
        self._deadline: threading.Timer | None = None
        self._handlers_before: dict[signal.Signals, Any] = {}

    @property
    def backlog(self) -> int:
        """Bytes the terminal has not taken yet."""
        return self._output.backlog

    @property
    def mouse(self) -> bool:
        """Whether the terminal reports the mouse."""
        return self._mouse

    def set_mouse(self, enabled: bool) -> None:
        """Turn mouse reporting on or off; off leaves selecting text to the terminal."""
        if enabled != self._mouse:
            self._mouse = True
            (self._enable_mouse_support if enabled else self._disable_mouse_support)()
            self._mouse = enabled

    def set_title(self, title: str) -> None:
        """Set the title of the terminal's window; it is put back on leaving."""
        self._title = clean_line(title, 100)
        self.write(f"\x1b]2;{self._title}\x07")

    def repaint(self) -> None:
        """Set the terminal's modes again and paint everything: what it showed is not known."""
        self.write(_REPAINT)
        self._enable_mouse_support()
        if self._title is not None:
            self.set_title(self._title)
        self._call(self._app.refresh)

    def write(self, data: str) -> None:
        """Queue output; returns at once. Of a frame only what changes the screen is sent."""
        with self._painting:
            if data == _SYNC_START:
                self._begins_sync = True
                return
            if data == _SYNC_END and self._begins_sync:
                self._begins_sync = False
                return
            frame = compact(self._painted.differing(data))
            if frame:
                start = _SYNC_START if self._begins_sync else ""
                self._begins_sync = False
                self._output.write((start + frame).encode(self._encoding, "replace"))

    def start_application_mode(self) -> None:
        """Take the terminal, and the signals that end us."""
        self._is_suspended = False
        if self._first_attributes is None:
            with contextlib.suppress(termios.error):
                self._first_attributes = termios.tcgetattr(self.fileno)
        if not self._handlers_before:
            for number in _SIGNALS:
                self._handlers_before[number] = signal.signal(number, self._on_signal)
        self.write(_SAVE_TITLE)
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self._title is not None:
            self.set_title(self._title)

    def stop_application_mode(self) -> None:
        """Give the terminal back."""
        self.write(_CLEAR)
        super().stop_application_mode()
        self.write(_RESTORE_TITLE)
        if not self._output.drain(DRAIN_SECONDS):
            self._restore()

    def suspend_application_mode(self) -> None:
        """Give the terminal back for a while."""
        self._is_suspended = True
        super().suspend_application_mode()

    def close(self) -> None:
        """Give back signals and threads, unless this is only a suspension."""
        super().close()
        if self._is_suspended:
            return
        self._output.drain(DRAIN_SECONDS)
        self._output.close()
        for number, handler in self._handlers_before.items():
            signal.signal(number, handler)
        self._handlers_before.clear()

    def run_input_thread(self) -> None:
        """Read keys until told to stop, or until the terminal is gone."""
        parser = XTermParser(self._debug)
        typed = (
            "utf-8" if self._encoding == "ascii" else self._encoding
        )  # ASCII has no letter more than UTF-8
        decode = codecs.getincrementaldecoder(typed)("replace").decode
        with selectors.DefaultSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(0.1):
                    try:
                        data = os.read(self.fileno, 4096)
                    except OSError:
                        data = b""
                    if not data:
                        self._on_lost()
                        return
                    for event in parser.feed(decode(data)):
                        self.process_message(event)
                for event in parser.tick():
                    self.process_message(event)
        with contextlib.suppress(EOFError, ParseError):
            for _ in parser.feed(""):
                pass

    def _enable_mouse_support(self) -> None:
        if self._mouse:
            self.write("".join(f"\x1b[?{mode}h" for mode in _MOUSE_MODES))

    def _disable_mouse_support(self) -> None:
        if self._mouse:
            self.write(_MOUSE_OFF)

    def _query_in_band_window_resize(self) -> None:
        """SIGWINCH tells of a resize; in-band reports would bring mouse positions in pixels with them."""

    def _get_terminal_size(self) -> tuple[int, int]:
        """Asked for whenever the window changes: what it showed may have been wrapped or cut."""
        with self._painting:
            self._painted.forget()
        for stream in (self.fileno, self._output_fd):
            with contextlib.suppress(OSError):
                size = os.get_terminal_size(stream)
                return size.columns or 80, size.lines or 24
        return 80, 24

    def _sigcont_application(self, *_: object) -> None:
        """After our own suspension take the terminal again; after a stop from outside only paint."""
        if self._is_suspended and self._auto_restart:
            self.resume_application_mode()
        if not self._is_suspended:
            self.repaint()

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        """Ask the app to end. A program we wait for while suspended has its own use for ctrl+c."""
        if not (self._is_suspended and number in {signal.SIGINT, signal.SIGQUIT}):
            self._leave(128 + number)

    def _on_lost(self) -> None:
        """The terminal is gone."""
        self._leave(HANGUP)

    def _leave(self, code: int) -> None:
        """End the app through its loop, and if that does not happen in time without it."""
        if self._deadline is not None:
            return
        self._deadline = threading.Timer(EXIT_SECONDS, self._end_process, (code,))
        self._deadline.daemon = True
        self._deadline.start()
        self._call(lambda: self._app.exit(return_code=code))

    def _call(self, function: Callable[[], object]) -> None:
        """Run in the app's loop, from any thread or signal handler; nothing where the loop has ended."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._run_in_app, function)

    def _run_in_app(self, function: Callable[[], object]) -> None:
        with self._app._context():  # noqa: SLF001  what Textual itself does to run outside a handler
            function()

    def _end_process(self, code: int) -> None:
        self._restore()
        os._exit(code)

    def _restore(self) -> None:
        """Terminal settings and modes as they were, as far as a terminal that may not read lets us."""
        # A background process that changes the terminal is stopped by SIGTTOU otherwise.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
        if self._first_attributes is not None:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(self.fileno, termios.TCSANOW, self._first_attributes)
        with contextlib.suppress(termios.error):
            termios.tcflush(self._output_fd, termios.TCOFLUSH)
        self._output.replace(_RESTORE.encode())
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
