"""Work on a file that ends with a report: its progress on the terminal meanwhile."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from claude_batch_tui.cli.command import Context
from claude_batch_tui.services.building.progress import SourceProgress
from claude_batch_tui.wording import size

_Report = TypeVar("_Report")


def reported(updates: Iterable[SourceProgress | _Report], noun: str, context: Context) -> _Report:
    """The report of a build or check; `noun` names what it counts."""
    reports: list[_Report] = []
    for update in updates:
        if isinstance(update, SourceProgress):
            done = f"{size(update.bytes_done)} of {size(update.total_bytes)}"
            context.diagnostics.progress(f"{update.rows:,} {noun} · {done} · ctrl+c stops")
        else:
            reports.append(update)
    return reports[0]
