"""What a check found, by cause, and in the user's file: its rows and ids, not those of the requests file made of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from claude_batch_tui.domain.requests.draft import Problem, SourceRow
from claude_batch_tui.nesting import UNREADABLE
from claude_batch_tui.services.building.check import CheckReport
from claude_batch_tui.sources.jsonl import numbered_lines
from claude_batch_tui.sources.source_file import open_source

_LINE = re.compile(r"\bline (\d+)\b")
_NAMES_LINES = frozenset({"duplicate_custom_id", "duplicate_prompt"})
"""Problems whose sentences name another line of the requests file."""
_decode = msgspec.json.Decoder(SourceRow).decode


class ProblemGroup(msgspec.Struct, frozen=True):
    """Problems of one cause: `count` is exact, `problems` are the first of them."""

    code: str
    is_error: bool
    count: int
    problems: tuple[Problem, ...]

    @property
    def message(self) -> str:
        """What all of them say, or the first one."""
        return self.problems[0].message

    @property
    def is_of_rows(self) -> bool:
        """Whether there are rows to go to."""
        return any(problem.line is not None for problem in self.problems)


def grouped(problems: Iterable[Problem], counts: Mapping[str, int]) -> tuple[ProblemGroup, ...]:
    """The problems by cause: errors first, then what is most frequent."""
    groups: dict[tuple[str, bool], list[Problem]] = {}
    for problem in problems:
        groups.setdefault((problem.code, problem.is_error), []).append(problem)
    found = [
        ProblemGroup(code, is_error, max(counts.get(code, 0), len(each)), tuple(each))
        for (code, is_error), each in groups.items()
    ]
    return tuple(sorted(found, key=lambda group: (not group.is_error, -group.count)))


def in_source(found: CheckReport, rows: Path) -> CheckReport:
    """The same report about the source: the rows file `rows` tells where every request came from, and its own id.

    What cannot be told stays as it is. Raises SourceError where the rows cannot be read.
    """
    draft = found.draft
    wanted = {problem.line for problem in draft.problems if problem.line is not None}
    for problem in draft.problems:
        if problem.code in _NAMES_LINES:
            wanted |= {int(line) for line in _LINE.findall(problem.message)}
    if not wanted:
        return found
    places = _places(rows, wanted)
    problems = tuple(_placed(problem, places) for problem in draft.problems)
    return msgspec.structs.replace(found, draft=msgspec.structs.replace(draft, problems=problems))


def _places(rows: Path, wanted: set[int]) -> dict[int, SourceRow]:
    """Of each line of a requests file that is wanted, the row it came from: that is the same line of the rows file."""
    places: dict[int, SourceRow] = {}
    last = max(wanted)
    with open_source(str(rows)) as file:
        for line in numbered_lines(file):
            if line.number in wanted:
                try:
                    places[line.number] = _decode(line.data)
                except UNREADABLE:
                    continue
            if line.number >= last:
                break
    return places


def _placed(problem: Problem, places: Mapping[int, SourceRow]) -> Problem:
    def line(found: re.Match[str]) -> str:
        row = places.get(int(found[1]))
        return found[0] if row is None else f"line {row.line:,}"

    own = places.get(problem.line) if problem.line is not None else None
    if own is None:
        return problem
    return msgspec.structs.replace(
        problem,
        file=own.source,
        line=own.line,
        custom_id=own.id,
        message=_LINE.sub(line, problem.message) if problem.code in _NAMES_LINES else problem.message,
    )
