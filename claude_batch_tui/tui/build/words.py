"""What Build shows: a request as rendered, what a check found, and what the confirmation says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import msgspec

from claude_batch_tui.domain.batches.tracked import Snapshot
from claude_batch_tui.domain.requests.draft import Problem
from claude_batch_tui.domain.requests.limits import MAX_BODY_BYTES, MAX_REQUESTS
from claude_batch_tui.services.building.build import BuildReport
from claude_batch_tui.services.building.check import CheckReport
from claude_batch_tui.services.building.preview import Preview, PreviewedRequest
from claude_batch_tui.services.building.problem_groups import ProblemGroup
from claude_batch_tui.services.building.trying import Trial, Tried
from claude_batch_tui.services.results.browse import first_words
from claude_batch_tui.sources.python_script import seen_words
from claude_batch_tui.tui.build.fields import in_fields
from claude_batch_tui.tui.widgets.text_rows import AnyLine, Line, labeled
from claude_batch_tui.wording.costs import cost_words, forecast_lines
from claude_batch_tui.wording.results import tried_words
from claude_batch_tui.wording.submissions import layout_words
from claude_batch_tui.wording.values import counted, size


def preview_lines(shown: Preview, row: int, *, as_json: bool, is_out: bool = False) -> list[Line]:
    """One request of a source: its system prompt and messages, or its JSON; and the row it came from."""
    lines: list[Line] = [(f" {in_fields(doubt.message)}", "warn") for doubt in shown.reading.doubts]
    if not shown.requests:
        return [*lines, (" There is no row to preview.", "warn")]
    request = shown.requests[0]
    lines.append(
        (f" row {row + 1:,} · line {request.line:,} · custom_id {request.custom_id or '?'}", "strong")
    )
    if is_out:
        lines.append((" left out by hand; x takes it in again", "warn"))
    if request.problem:
        lines.append((f" {in_fields(request.problem)}", "bad" if request.request is None else "warn"))
    if request.request is None:
        return [*lines, *_row_lines(request.row)]
    decoded = msgspec.json.decode(request.request)
    if as_json:
        return [
            *lines,
            *((line, None) for line in json.dumps(decoded, ensure_ascii=False, indent=2).split("\n")),
        ]
    params = decoded.get("params", {})
    if params.get("system"):
        lines += [("── system ──", "accent"), *_content_lines(params["system"])]
    for message in params.get("messages", []):
        lines += [(f"── {message.get('role')} ──", "accent"), *_content_lines(message.get("content"))]
    return [*lines, *_row_lines(request.row)]


def reading_words(shown: Preview) -> str:
    """How the source of a preview was understood, in a line."""
    words = [layout_words(shown.reading)] if layout_words(shown.reading) else []
    if shown.rows is not None:
        words.append(f"{'' if shown.rows_exact else 'about '}{counted(shown.rows, 'row')}")
    return " · ".join(words)


def check_lines(report: BuildReport, found: CheckReport | None, in_flight: float = 0.0) -> list[AnyLine]:
    """What a build and its check found, but for the problems."""
    errors, warnings = report.errors, report.warnings
    if found is not None:
        errors, warnings = max(errors, found.draft.errors), max(warnings, found.draft.warnings)
    lines: list[AnyLine] = [
        (f" {report.requests:,} requests of {report.rows:,} rows · {size(report.body_bytes)}", "strong"),
        (
            f" {counted(errors, 'error')}, {counted(warnings, 'warning')}",
            "bad" if errors else "warn" if warnings else "good",
        ),
    ]
    if report.left_out:
        words = "left out" if report.files is not None else "of no use, or left out"
        took = "" if report.left_out_lines == report.left_out else f" of {report.left_out_lines:,} lines"
        lines.append((f" {counted(report.left_out, 'row')}{took} {words}", "warn"))
    if found is not None:
        lines += [labeled(f" {line}") for line in forecast_lines(found.forecast, in_flight)]
    if report.cleaned_ids:
        words = f" {counted(report.cleaned_ids, 'id')} cleaned to the allowed form; exports have the original"
        lines.append((words, None))
    if words := layout_words(report.reading):
        lines.append((f" read as {words}", "dim"))
    share = 100 * report.body_bytes / MAX_BODY_BYTES
    limits = (
        f" {100 * report.requests / MAX_REQUESTS:.1f}% of {MAX_REQUESTS:,} requests, {share:.1f}% of 256 MB"
    )
    return [*lines, (limits, "dim")]


def group_line(group: ProblemGroup, *, is_open: bool, is_left_out: bool, ascii_only: bool) -> str:
    """`▸ ✗    29 rows  the user message is empty`: a cause, folded or not; its rows may be left out by now."""
    fold = (("-", "+") if ascii_only else ("▾", "▸"))[not is_open] if group.is_of_rows else " "
    sign = (("x", "!") if ascii_only else ("✗", "!"))[not group.is_error]
    many = f"{counted(group.count, 'row'):>10}" if group.is_of_rows else f"{'all':>10}"
    same = {problem.message for problem in group.problems}
    example = "" if len(same) == 1 else "e.g. "
    return f"{fold} {sign} {many}  {'left out: ' if is_left_out else ''}{example}{in_fields(group.message)}"


def problem_line(problem: Problem) -> str:
    """`      tickets.csv, line 2,011  T-90001  the user message is empty`: one row of a cause."""
    file = Path(problem.file).name if problem.file else ""
    place = f"{file}, line {problem.line:,}" if problem.line is not None else file
    name = f"  {problem.custom_id}" if problem.custom_id else ""
    return f"      {place}{name}  {in_fields(problem.message)}"


def script_lines(text: str) -> list[Line]:
    """A script, to be read before it is trusted."""
    head: list[Line] = [
        (" This script makes the requests. It runs as you, after you agree (enter).", "strong"),
        ("", None),
    ]
    return [*head, *((line, None) for line in text.split("\n"))]


def trial_lines(request: PreviewedRequest, chosen: Trial, snapshot: Snapshot) -> list[str]:
    """What is said before one row is sent alone."""
    return [
        f"row       line {request.line:,}, {request.custom_id or ''}",
        f"to        {snapshot.credential or ''} {snapshot.base_url or ''}",
        f"cost      {cost_words(chosen.forecast.at_most)}, the standard price: twice that of a batch",
        "",
        "It is sent once; a lost answer is not asked for again.",
    ]


def guess_lines(guesses: Sequence[str]) -> list[str]:
    """What is asked before a file is checked whose reading rests on a guess."""
    return [
        *(f"- {in_fields(guess)}." for guess in guesses),
        "",
        "Each request is made of what is read here.",
    ]


def trust_lines(path: Path, bytes_: int, digest: str, variables: Sequence[str]) -> list[str]:
    """What is said before a script is run; `digest` is the sha256 of its content, `variables` are those it is given."""
    return [
        f"{path.name}: {bytes_:,} bytes, sha256 {digest[:16]}…",
        "Its build_requests() runs as you, in a process of its own.",
        *seen_words(variables).split("; "),
        "Read it in the preview first.",
    ]


def tried_lines(answer: Tried) -> list[Line]:
    """The answer to one row that was sent alone."""
    text = answer.result.text or first_words(answer.result)
    return [
        (f" {tried_words(answer)}", "strong"),
        ("── answer ──", "accent"),
        *((line, None) for line in text.split("\n")),
    ]


def steps_words(place: str, *, has_source: bool, is_ready: bool, ascii_only: bool) -> str:
    """Where a draft is on its way: what is done, and what comes next."""
    done = "+" if ascii_only else "✓"
    steps = [
        ("source", has_source),
        ("preview", has_source and place != ""),
        ("check", is_ready),
        ("submit", False),
    ]
    return "  ".join(f"{name}{done}" if reached else name for name, reached in steps)


def _content_lines(content: object) -> list[Line]:
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False, indent=2)
    return [(line, None) for line in text.split("\n")]


def _row_lines(row: dict[str, object]) -> list[Line]:
    if not row:
        return []
    return [("── row ──", "accent"), *((f"{name}: {value}", "dim") for name, value in row.items())]
