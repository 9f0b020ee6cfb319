"""Asking before something is paid or destroyed."""

from __future__ import annotations

import sys

from claude_batch_tui.cli.command import Context


def confirmed(question: str, *, yes: bool, context: Context) -> bool:
    """Whether the user agrees: by --yes, or by typing `yes` on a terminal. Anywhere else the answer is no."""
    if yes:
        return True
    if not sys.stdin.isatty():
        context.diagnostics.error(f"{question} Nothing was done: pass --yes to agree.")
        return False
    context.diagnostics.note(f"{question} Type yes to agree.")
    if sys.stdin.readline().strip().lower() == "yes":
        return True
    context.diagnostics.note("Nothing was done.")
    return False
