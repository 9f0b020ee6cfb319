"""ctrl+c while a command asks something that is paid or cannot be undone, in a real terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.slow


_IN_TERMINAL = """
import fcntl, runpy, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
runpy.run_module("claude_batch_tui", run_name="__main__", alter_sys=True)
"""


class Typed:
    """A `cbtui` in a terminal of its own."""

    def __init__(self, *words):
        self._master, slave = pty.openpty()
        self._process = subprocess.Popen(
            [sys.executable, "-c", _IN_TERMINAL, *map(str, words)],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        self.shown = ""

    def until(self, words):
        """Read until these words are shown."""
        deadline = time.monotonic() + 60
        while words not in self.shown:
            assert time.monotonic() < deadline, self.shown
            self.shown += os.read(self._master, 4096).decode()

    def type(self, text):
        """Type it."""
        os.write(self._master, text.encode())

    def wait(self):
        """The exit code."""
        code = self._process.wait(20)
        os.close(self._master)
        return code


@pytest.mark.parametrize("typed", ["", "ye"])
def test_the_first_ctrl_c_at_a_question_that_pays_ends_it_and_nothing_is_paid(
    simulator, requests_file, own_folders, typed
):
    asked = Typed("submit", requests_file())
    asked.until("Type yes to agree.")
    asked.type(typed + "\x03")
    assert asked.wait() == 130
    assert simulator.log.creates == []
    assert list((own_folders / "data" / "spool").iterdir()) == []


def test_the_first_ctrl_c_at_the_question_about_what_was_sent_before_ends_it(
    simulator, requests_file, own_folders
):
    path = requests_file()
    first = Typed("submit", path, "--yes")
    assert first.wait() == 0
    path.write_text("".join(f"{line}\n" for line in reversed(path.read_text().splitlines())))
    asked = Typed("submit", path)
    asked.until("anything else sends nothing")
    asked.type("all\x03")
    assert asked.wait() == 130
    assert len(simulator.log.creates) == 1
    assert len([*(own_folders / "data" / "spool").glob("*.body.json")]) == 1


@pytest.mark.parametrize("command", ["cancel", "delete"])
def test_the_first_ctrl_c_at_a_question_that_cannot_be_undone_ends_it(simulator, command):
    batch = simulator.batches.add(5, **({"duration": 1e9} if command == "cancel" else {"age": 99}))
    asked = Typed(command, batch.id)
    asked.until("Type yes to agree.")
    asked.type("\x03")
    assert asked.wait() == 130
    assert simulator.log.all("POST", "/cancel") == simulator.log.all("DELETE", "/batches") == []
