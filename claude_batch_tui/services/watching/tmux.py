"""Asking the tmux we run in."""

from __future__ import annotations

import subprocess

_SECONDS = 1.0


def ask_tmux(*words: str) -> str:
    """What tmux answers, or nothing where it does not answer within a second. Blocks."""
    try:
        answer = subprocess.run(  # noqa: S603 — our own words
            ["tmux", *words],  # noqa: S607 — the user's own tmux
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.decode("utf-8", "replace").strip()
