"""Problems for `--json`."""

from __future__ import annotations

from typing import Any

from claude_batch_tui.domain.requests.draft import Problem


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
