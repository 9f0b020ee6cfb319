"""A terminal that stops reading for a while: do polls go on, and what do SIGTERM and SIGHUP do? Run by hand:

.venv/bin/python tests/benchmarks/bench_stalled_terminal.py [SECONDS]
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import tempfile
import termios
import time

from claude_batch_tui.simulator import Simulator

STALL = float(sys.argv[1]) if len(sys.argv) > 1 else 20.0


def read_for(descriptor: int, seconds: float) -> int:
    """Read what comes for a while; how many bytes that were."""
    total, end = 0, time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if select.select([descriptor], [], [], left)[0]:
            try:
                total += len(os.read(descriptor, 1 << 16))
            except OSError:
                break
    return total


def wait_for(pid: int, descriptor: int, seconds: float, *, reads: bool) -> tuple[int | None, float]:
    """The exit code of a process and how long it took; None where it goes on."""
    started = time.monotonic()
    while time.monotonic() - started < seconds:
        if reads:
            read_for(descriptor, 0.02)
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status), time.monotonic() - started
        time.sleep(0.02)
    return None, seconds


def round_(number: signal.Signals, *, stalled: bool) -> None:
    with tempfile.TemporaryDirectory() as folder, Simulator() as simulator:
        for _ in range(40):
            simulator.batches.add(500, duration=3600)
        pid, descriptor = pty.fork()
        if pid == 0:
            environment = {
                **os.environ,
                "TERM": "xterm-256color",
                "ANTHROPIC_BASE_URL": simulator.base_url,
                "ANTHROPIC_API_KEY": simulator.key,
                "CBTUI_DATA_DIR": f"{folder}/data",
                "CBTUI_STATE_DIR": f"{folder}/state",
                "CBTUI_CONFIG_DIR": f"{folder}/config",
                "CBTUI_POLL_INTERVAL": "1",
            }
            os.execve(sys.executable, [sys.executable, "-m", "claude_batch_tui"], environment)
        fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        modes = termios.tcgetattr(descriptor)
        first = read_for(descriptor, 5.0)
        before = len(simulator.log)
        idle = read_for(descriptor, 5.0)
        if stalled:
            # Nobody reads; keys keep coming, so that there would be much to paint.
            end = time.monotonic() + STALL
            before, since = len(simulator.log), time.monotonic()
            while time.monotonic() < end:
                os.write(descriptor, b"jjjjkkkk\x0c")
                time.sleep(0.2)
            polls = (len(simulator.log) - before) / (time.monotonic() - since)
            print(f"stalled {STALL:.0f} s: {polls:.2f} polls a second (interval 1 s)")
        os.kill(pid, number)
        code, seconds = wait_for(pid, descriptor, 10.0, reads=not stalled)
        state = "stalled" if stalled else "reading"
        print(
            f"{number.name:<8} {state}: exit {code} after {seconds:.1f} s; first frames {first:,} B, "
            f"5 idle seconds {idle:,} B, modes restored {termios.tcgetattr(descriptor)[3] == modes[3]}"
        )
        os.close(descriptor)


if __name__ == "__main__":
    for each in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        round_(each, stalled=False)
    round_(signal.SIGTERM, stalled=True)
