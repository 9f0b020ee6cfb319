"""Output to a terminal that may stop reading at any time: writing to it never waits.

A thread of its own carries what is queued to the terminal. A terminal that is gone is reported once.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import threading
from collections.abc import Callable
from time import monotonic

CAPACITY = 4 * 1024 * 1024
"""Queued bytes above which everything queued is dropped: by then the screen it describes is long out of date."""

_CHUNK = 64 * 1024
_LOOK_AGAIN = 1.0
"""Seconds after which a terminal that does not read is tried again, whatever poll says."""


class TerminalWriter:
    """Queues bytes for a terminal and writes them from a thread.

    `on_lost` is called once when the terminal is gone, `on_readable` each time the terminal reads again after
    queued output had to be dropped; both from the writing thread.
    """

    def __init__(self, fileno: int, on_lost: Callable[[], None], on_readable: Callable[[], None]) -> None:
        self.is_lost = False
        self._fd = _open_for_ourselves(fileno)
        self._on_lost = on_lost
        self._on_readable = on_readable
        self._queue = bytearray()
        self._dropped = False
        self._closing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="terminal-writer", daemon=True)
        self._thread.start()

    @property
    def backlog(self) -> int:
        """Bytes that the terminal has not taken yet."""
        return len(self._queue)

    def write(self, data: bytes) -> None:
        """Queue bytes; returns at once."""
        with self._changed:
            if self.is_lost or self._closing or self._dropped:
                return
            if len(self._queue) + len(data) > CAPACITY:
                self._queue.clear()
                self._dropped = True
            else:
                self._queue += data
            self._changed.notify_all()

    def drain(self, seconds: float) -> bool:
        """Wait until everything is written, at most so long. False where the terminal did not take it."""
        deadline = monotonic() + seconds
        with self._changed:
            while self._queue and not self.is_lost:
                left = deadline - monotonic()
                if left <= 0 or not self._changed.wait(left):
                    return False
        return not self.is_lost

    def replace(self, data: bytes) -> None:
        """Forget what is queued and write `data` as far as the terminal takes it now, from the calling thread."""
        with self._changed:
            self._queue.clear()
        with contextlib.suppress(OSError):
            os.write(self._fd, data)

    def close(self) -> None:
        """End the thread; what the terminal did not take is forgotten."""
        with self._changed:
            self._closing = True
            self._queue.clear()
            self._changed.notify_all()

    def _run(self) -> None:
        # Without it a background process that writes under `stty tostop` is stopped for good.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
        poll = select.poll()
        poll.register(self._fd, select.POLLOUT)
        while True:
            with self._changed:
                while not (self._queue or self._dropped or self._closing):
                    self._changed.wait()
                if self._closing:
                    return
                chunk = bytes(self._queue[:_CHUNK])
            try:
                if not chunk:
                    self._wait_after_drop(poll)
                    continue
                written = os.write(self._fd, chunk)
            except BlockingIOError:
                poll.poll(_LOOK_AGAIN * 1000)
            except OSError:
                self._lose()
                return
            else:
                with self._changed:
                    del self._queue[:written]
                    self._changed.notify_all()

    def _wait_after_drop(self, poll: select.poll) -> None:
        """The terminal may be in the middle of a sequence: CAN ends it, then the screen has to be painted anew."""
        events = poll.poll(_LOOK_AGAIN * 1000)
        if events and events[0][1] & (select.POLLERR | select.POLLHUP | select.POLLNVAL):
            raise OSError
        if events:
            os.write(self._fd, b"\x18")
            with self._changed:
                self._dropped = False
            self._on_readable()

    def _lose(self) -> None:
        with self._changed:
            self.is_lost = True
            self._queue.clear()
            self._changed.notify_all()
        self._on_lost()


def _open_for_ourselves(fileno: int) -> int:
    """A descriptor of our own for the same terminal, so that making it non-blocking changes nobody else's.

    Without a name for the terminal it is the descriptor itself: a write may then wait, but only in our thread.
    """
    try:
        return os.open(os.ttyname(fileno), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return os.dup(fileno)
