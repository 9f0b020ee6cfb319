"""The driver in a real terminal: what happens when it stops reading, goes away, or a signal comes."""

from __future__ import annotations

import fcntl
import itertools
import os
import pty
import resource
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time

import pytest

pytestmark = pytest.mark.slow

APP = """
import fcntl, os, sys, termios, time
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from textual.app import App
from textual.binding import Binding
from textual.widgets import Static
from claude_batch_tui.tui.terminal.driver import TerminalDriver

class Ticking(App):
    BINDINGS = [
        Binding("ctrl+z", "suspend_process", priority=True), Binding("q", "quit"), Binding("m", "mouse"),
        Binding("b", "busy"), Binding("h", "hang"),
    ]
    def compose(self):
        yield Static("ready", markup=False)
    def on_mount(self):
        self.ticks = open(sys.argv[1], "a", buffering=1)
        self.set_interval(0.02, self.tick)
        self.app_resume_signal.subscribe(self, lambda _: self.refresh())
        self.busy = False
    def tick(self):
        self.ticks.write(f"{time.monotonic()}\\n")
        if self.busy:
            self.query_one(Static).update(f"{time.monotonic()} " + "x" * 1500)
    def action_busy(self):
        self.busy = not self.busy
        if not self.busy:
            self.query_one(Static).update("calm again")
    def action_hang(self):
        time.sleep(60)
    def action_mouse(self):
        self._driver.set_mouse(not self._driver.mouse)

app = Ticking(driver_class=TerminalDriver)
app.run()
sys.exit(app.return_code)
"""


class Terminal:
    """A program in a pty whose other end reads only while it is told to."""

    def __init__(self, tmp_path):
        self.ticks = tmp_path / "ticks"
        script = tmp_path / "app.py"
        script.write_text(APP)
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.before = termios.tcgetattr(self.slave)
        self.output = bytearray()
        self.reads = True
        environ = {
            **os.environ,
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "TEXTUAL_ANIMATIONS": "none",
        }
        self.process = subprocess.Popen(
            [sys.executable, str(script), str(self.ticks)],
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            env=environ,
            start_new_session=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while self.master >= 0:
            if not self.reads:
                time.sleep(0.02)
                continue
            try:
                if select.select([self.master], [], [], 0.05)[0]:
                    self.output += os.read(self.master, 65536)
            except (OSError, ValueError):
                return

    def wait_for(self, text, seconds=10.0):
        deadline = time.monotonic() + seconds
        while text not in self.output:
            assert time.monotonic() < deadline, f"{text!r} was not written: {bytes(self.output[-400:])!r}"
            time.sleep(0.02)

    def press(self, data):
        os.write(self.master, data)

    def exit_code(self, seconds):
        code = self.process.wait(seconds)
        time.sleep(0.1)
        return code

    def hang_up(self):
        os.close(self.slave)
        master, self.master, self.slave = self.master, -1, -1
        time.sleep(0.1)
        os.close(master)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.reads = False
        for descriptor in (self.master, self.slave):
            if descriptor >= 0:
                os.close(descriptor)
        self.master = -1


@pytest.fixture
def terminal(tmp_path):
    terminal = Terminal(tmp_path)
    yield terminal
    terminal.close()


def assert_restored(terminal):
    assert termios.tcgetattr(terminal.slave) == terminal.before
    for sequence in (
        b"\x1b[?1049l",
        b"\x1b[?1000l",
        b"\x1b[?1002l",
        b"\x1b[?2004l",
        b"\x1b[<u",
        b"\x1b[?25h",
    ):
        assert sequence in terminal.output, sequence


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT])
def test_a_signal_ends_the_app_and_gives_the_terminal_back(terminal, number):
    terminal.wait_for(b"ready")
    os.kill(terminal.process.pid, number)
    assert terminal.exit_code(4) == 128 + number
    assert_restored(terminal)


def test_a_terminal_that_stops_reading_stops_neither_the_loop_nor_a_signal(terminal):
    terminal.wait_for(b"ready")
    terminal.press(b"b")
    terminal.wait_for(b"xxxx")
    terminal.reads = False
    start = time.monotonic()
    time.sleep(3)
    stalled_until = time.monotonic()
    os.kill(terminal.process.pid, signal.SIGTERM)
    assert terminal.process.wait(3.5) == 143
    assert termios.tcgetattr(terminal.slave) == terminal.before
    ticks = [float(line) for line in terminal.ticks.read_text().split()]
    stalled = [tick for tick in ticks if start <= tick <= stalled_until]
    gaps = [after - before for before, after in itertools.pairwise(stalled)]
    assert len(stalled) > 20
    assert max(gaps) < 0.5
    terminal.reads = True
    terminal.wait_for(b"\x1b[?1049l")
    assert_restored(terminal)


def test_a_loop_that_hangs_cannot_outlive_a_signal(terminal):
    terminal.wait_for(b"ready")
    terminal.press(b"h")
    time.sleep(0.5)
    os.kill(terminal.process.pid, signal.SIGTERM)
    assert terminal.exit_code(5) == 143
    assert_restored(terminal)


def test_a_terminal_that_reads_again_is_painted_anew(terminal):
    terminal.wait_for(b"ready")
    terminal.press(b"b")
    terminal.wait_for(b"xxxx")
    terminal.reads = False
    time.sleep(1)
    terminal.press(b"b")
    time.sleep(0.3)
    terminal.reads = True
    terminal.wait_for(b"calm again")
    terminal.press(b"q")
    assert terminal.exit_code(4) == 0
    assert_restored(terminal)


def test_a_terminal_that_goes_away_ends_the_app_without_spinning(terminal):
    terminal.wait_for(b"ready")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    terminal.hang_up()
    assert terminal.process.wait(5) == 129
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert (now.ru_utime + now.ru_stime) - (used.ru_utime + used.ru_stime) < 3


def test_a_terminal_that_goes_away_ends_an_app_started_with_nohup(tmp_path):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        terminal = Terminal(tmp_path)
    finally:
        signal.signal(signal.SIGHUP, before)
    try:
        terminal.wait_for(b"ready")
        terminal.hang_up()
        assert terminal.process.wait(5) == 129
    finally:
        terminal.close()


def test_ctrl_z_gives_the_terminal_back_and_fg_takes_it_again(terminal):
    terminal.wait_for(b"ready")
    terminal.press(b"\x1a")
    os.waitid(os.P_PID, terminal.process.pid, os.WSTOPPED | os.WNOWAIT)
    time.sleep(0.1)
    assert_restored(terminal)
    terminal.output.clear()
    os.kill(terminal.process.pid, signal.SIGCONT)
    terminal.wait_for(b"\x1b[?1049h")
    terminal.wait_for(b"ready")
    terminal.press(b"q")
    assert terminal.exit_code(4) == 0
    assert_restored(terminal)


def test_the_mouse_reports_buttons_and_drags_and_can_be_turned_off(terminal):
    terminal.wait_for(b"\x1b[?1002h")
    terminal.wait_for(b"ready")
    terminal.press(b"m")
    terminal.wait_for(b"\x1b[?1002l")
    assert b"\x1b[?1003h" not in terminal.output
    terminal.press(b"q")
    assert terminal.exit_code(4) == 0


def test_a_window_that_changed_is_painted_whole_and_else_only_what_differs(terminal):
    terminal.wait_for(b"ready")
    painted = len(terminal.output)
    terminal.press(b"x")
    time.sleep(0.3)
    assert b"ready" not in terminal.output[painted:]
    fcntl.ioctl(terminal.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 90, 0, 0))
    terminal.process.send_signal(signal.SIGWINCH)
    deadline = time.monotonic() + 10
    while b"ready" not in terminal.output[painted:]:
        assert time.monotonic() < deadline
        time.sleep(0.02)
