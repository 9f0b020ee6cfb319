from __future__ import annotations

import io
import sys

import pytest

from claude_batch_tui.cli import diagnostics as module
from claude_batch_tui.cli.diagnostics import Diagnostics
from claude_batch_tui.cli.output import Output


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("is_plain", [True, False])
def test_plain_lines_stand_and_progress_is_said_every_ten_seconds(monkeypatch, is_plain):
    seconds = iter(range(0, 99, 6))
    monkeypatch.setattr(module.time, "monotonic", lambda: float(next(seconds)))
    monkeypatch.setattr(sys, "stderr", Terminal())
    diagnostics = Diagnostics()
    diagnostics.is_plain = is_plain
    for number in range(4):
        diagnostics.progress(f"{number} of 4")
        diagnostics.block([f"a {number}"])
    diagnostics.note("done")
    shown = sys.stderr.getvalue()
    if is_plain:
        assert shown == "2 of 4\ndone\n"
    else:
        assert "\r" in shown


def test_data_on_a_terminal_stands_on_a_line_without_what_was_said_of_progress(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    diagnostics = Diagnostics()
    output = Output(terminal, diagnostics.end_progress)
    diagnostics.progress("1 kB of 2 kB sent")
    output.line("msgbatch_1")
    assert terminal.getvalue().endswith(f"\r{' ' * 17}\rmsgbatch_1\n")
    diagnostics.progress("reading")
    output.binary()
    assert terminal.getvalue().endswith(f"\r{' ' * 7}\r")
