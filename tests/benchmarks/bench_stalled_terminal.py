"""A terminal that stops reading: do polls go on, is the screen right afterwards, what do signals do? Run by hand:

    python tests/benchmarks/bench_stalled_terminal.py [SECONDS]

Nobody reads for SECONDS (60), though keys keep coming that would paint much; a batch ends meanwhile. Exit code 1 where
polls do not go on, the screen afterwards differs from one painted anew, or a signal does not end it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator

from pty_app import PtyApp

from claude_batch_tui.simulator import Simulator

STALL = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
EXIT_CODES = {signal.SIGTERM: 143, signal.SIGHUP: 129, signal.SIGINT: 130}
failures: list[str] = []


def claim(text: str, *, holds: bool) -> None:
    """Print what was seen, and remember it where it should not be so."""
    print(f"{'ok    ' if holds else 'FAILED'} {text}", flush=True)
    if not holds:
        failures.append(text)


@contextlib.contextmanager
def dashboard() -> Iterator[tuple[PtyApp, Simulator, list[str]]]:
    """The dashboard on forty running batches, polled every second; the ids of the batches."""
    with tempfile.TemporaryDirectory() as folder, Simulator() as simulator:
        ids = [simulator.batches.add(500, duration=36_000).id for _ in range(40)]
        environ = {
            "ANTHROPIC_BASE_URL": simulator.base_url,
            "ANTHROPIC_API_KEY": simulator.key,
            "CBTUI_POLL_INTERVAL": "1",
            **{f"CBTUI_{name.upper()}_DIR": f"{folder}/{name}" for name in ("data", "state", "config")},
        }
        with PtyApp([sys.executable, "-m", "claude_batch_tui"], environ=environ) as app:
            app.wait_for("live", 60.0)
            app.idle(2)
            yield app, simulator, ids


def stall(app: PtyApp, seconds: float) -> None:
    """Press keys and read nothing."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        app.send("jjjjkkkk\x0c")
        time.sleep(0.2)


def stalled() -> None:
    """The long stall, what comes after it, and SIGTERM in another."""
    with dashboard() as (app, simulator, ids):
        before, since = len(simulator.log), time.monotonic()
        stall(app, STALL / 2)
        simulator.batches.finish(ids[-1])
        stall(app, STALL / 2)
        polls = (len(simulator.log) - before) / (time.monotonic() - since)
        claim(
            f"nobody reads for {STALL:.0f} s: {polls:.2f} polls a second at an interval of 1 s",
            holds=polls > 0.8,
        )
        started = time.monotonic()
        seen = app.see("1 new result", 20)
        claim(f"read again, the end is on the screen after {time.monotonic() - started:.1f} s", holds=seen)
        app.send("p")
        app.see("paused")
        app.idle(1)
        shown = app.text
        app.send("\x0c")
        app.idle(1)
        claim("the screen is the one a repaint gives", holds=app.text == shown)
        app.send("p")
        stall(app, 5)
        code, seconds = app.ended_by(signal.SIGTERM, reads=False)
        claim(f"SIGTERM while nobody reads: exit {code} after {seconds:.1f} s", holds=code == 143)


def reading(number: signal.Signals) -> None:
    """A signal while the terminal reads."""
    with dashboard() as (app, _, _):
        code, seconds = app.ended_by(number)
        claim(f"{number.name}: exit {code} after {seconds:.1f} s", holds=code == EXIT_CODES[number])


if __name__ == "__main__":
    os.environ.pop("NO_COLOR", None)
    for each in EXIT_CODES:
        reading(each)
    stalled()
    sys.exit(int(bool(failures)))
