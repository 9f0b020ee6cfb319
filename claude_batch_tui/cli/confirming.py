"""Asking before something is paid or destroyed."""

from __future__ import annotations

import sys

from claude_batch_tui.cli.command import Context


def confirmed(question: str, *, yes: bool, context: Context) -> bool:
    """Whether the user agrees: by --yes, or by typing `yes` on a terminal. Anywhere else the answer is no."""
    return yes or _typed(question, "yes", "pass --yes to agree", context)


def confirmed_count(question: str, why: str, *, count: int, said: int | None, context: Context) -> bool:
    """Whether the user agrees to something above a limit: by saying its `count`, as an option or on a terminal.

    `why` is what asks for it, as a phrase.
    """
    if said == count:
        return True
    if said is not None:
        context.diagnostics.error(f"There are {count:,} requests, not {said:,}. Nothing was done.")
        return False
    return _typed(f"{question} Note: {why}.", str(count), f"pass --requests {count} to agree", context)


def _typed(question: str, expected: str, hint: str, context: Context) -> bool:
    if not sys.stdin.isatty():
        context.diagnostics.error(f"{question} Nothing was done: {hint}.")
        return False
    context.diagnostics.note(f"{question} Type {expected} to agree.")
    if sys.stdin.readline().strip().lower().replace(",", "") == expected:
        return True
    context.diagnostics.note("Nothing was done.")
    return False
