"""Problems as lines of text: grouped by kind, errors first, with exact counts and the first few of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from claude_batch_tui.domain.problem import Problem


def problem_lines(problems: Iterable[Problem], counts: Mapping[str, int], examples: int) -> Iterator[str]:
    """A headline for each kind with its exact count, then at most `examples` places."""
    groups: dict[str, list[Problem]] = {}
    for problem in problems:
        groups.setdefault(problem.code, []).append(problem)
    for code, found in sorted(groups.items(), key=lambda group: not group[1][0].is_error):
        count = counts[code]
        yield f"{found[0].severity.value} {code}: {count:,} {'time' if count == 1 else 'times'}"
        for problem in found[:examples]:
            yield f"  {place(problem)}{problem.message}"
        if count > min(examples, len(found)):
            yield f"  … and {count - min(examples, len(found)):,} more"


def place(problem: Problem) -> str:
    """`file:line: `, as far as it is known."""
    if problem.file is None:
        return ""
    return f"{problem.file}:{problem.line}: " if problem.line else f"{problem.file}: "


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
