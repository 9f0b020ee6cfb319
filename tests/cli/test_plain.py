from __future__ import annotations

import io
import sys

import pytest

from claude_batch_tui.cli import diagnostics as module
from claude_batch_tui.cli.diagnostics import Diagnostics


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
