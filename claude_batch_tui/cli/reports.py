"""What is said of requests that are built or checked: progress until there is a report, problems, and how a source was read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from claude_batch_tui.cli.command import Context
from claude_batch_tui.domain.requests.draft import Problem
from claude_batch_tui.services.building.progress import SourceProgress
from claude_batch_tui.wording.submissions import layout_words, problem_lines
from claude_batch_tui.wording.values import counted, size

if TYPE_CHECKING:
    from claude_batch_tui.services.building.build import BuildReport

_Report = TypeVar("_Report")


def show_progress(updates: Iterable[SourceProgress | _Report], noun: str, context: Context) -> _Report:
    """The report of a build or check; `noun` names what it counts."""
    reports: list[_Report] = []
    for update in updates:
        if isinstance(update, SourceProgress):
            done = f"{size(update.bytes_done)} of {size(update.total_bytes)}"
            context.diagnostics.progress(f"{update.rows:,} {noun} · {done} · ctrl+c stops")
        else:
            reports.append(update)
    return reports[0]


def problem_json(problem: Problem) -> dict[str, Any]:
    """A problem for `--json`."""
    return {
        "code": problem.code,
        "severity": problem.severity.value,
        "message": problem.message,
        "file": problem.file,
        "line": problem.line,
        "custom_id": problem.custom_id,
    }


def show_reading(report: BuildReport, examples: int, context: Context) -> None:
    """Say what is wrong with rows, so many of each kind, and how the source was read."""
    for line in problem_lines(report.problems, report.counts, examples):
        context.diagnostics.note(line)
    if words := layout_words(report.reading):
        context.diagnostics.note(f"read as: {words} · {counted(report.rows, 'row')}")
