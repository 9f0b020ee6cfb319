from __future__ import annotations

import os
import pty
import select
import threading
import time
import tty

import pytest

from claude_batch_tui.tui.terminal.writer import CAPACITY, TerminalWriter


@pytest.fixture
def ends():
    master, slave = pty.openpty()
    tty.setraw(slave)
    yield master, slave
    for descriptor in (master, slave):
        try:
            os.close(descriptor)
        except OSError:
            continue


def test_what_is_queued_arrives_in_order(ends):
    master, slave = ends
    writer = TerminalWriter(slave, lambda: None, lambda: None)
    for number in range(100):
        writer.write(f"{number},".encode())
    assert writer.drain(5)
    got = b""
    while len(got) < 290:
        got += os.read(master, 4096)
    assert got == "".join(f"{number}," for number in range(100)).encode()
    writer.close()


def test_a_full_queue_is_dropped_and_the_return_of_the_terminal_reported(ends):
    master, slave = ends
    readable = threading.Event()
    writer = TerminalWriter(slave, lambda: None, readable.set)
    start = time.monotonic()
    for _ in range(10):
        writer.write(b"x" * (CAPACITY // 4))
    assert time.monotonic() - start < 1
    assert writer.backlog <= CAPACITY
    assert not readable.is_set()
    deadline = time.monotonic() + 10
    while not readable.is_set() and time.monotonic() < deadline:
        if select.select([master], [], [], 0.1)[0]:
            os.read(master, 65536)
    assert readable.is_set()
    writer.write(b"after")
    assert writer.drain(5)
    writer.close()


def test_draining_a_terminal_that_does_not_read_gives_up(ends):
    _, slave = ends
    writer = TerminalWriter(slave, lambda: None, lambda: None)
    writer.write(b"x" * 1_000_000)
    start = time.monotonic()
    assert not writer.drain(0.2)
    assert time.monotonic() - start < 2
    writer.close()


def test_the_loss_of_the_terminal_is_reported_once(ends):
    master, slave = ends
    lost = []
    writer = TerminalWriter(slave, lambda: lost.append(1), lambda: None)
    os.close(master)
    deadline = time.monotonic() + 5
    while not lost and time.monotonic() < deadline:
        writer.write(b"x")
        time.sleep(0.01)
    writer.write(b"x")
    assert lost == [1]
    assert writer.is_lost
