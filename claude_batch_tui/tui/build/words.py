"""What Build shows: a request as rendered, what a check found, and what the confirmation says."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from claude_batch_tui.domain.batches.tracked import Snapshot
from claude_batch_tui.domain.requests.limits import MAX_BODY_BYTES, MAX_REQUESTS
from claude_batch_tui.services.building.build import BuildReport
from claude_batch_tui.services.building.check import CheckReport
from claude_batch_tui.services.building.preview import Preview, PreviewedRequest
from claude_batch_tui.services.building.trying import Trial, Tried
from claude_batch_tui.services.results.browse import first_words
from claude_batch_tui.sources.python_script import seen_words
from claude_batch_tui.tui.build.fields import in_fields
from claude_batch_tui.tui.widgets.text_rows import Line
from claude_batch_tui.wording import (
    cost_words,
    counted,
    forecast_lines,
    layout_words,
    problem_lines,
    size,
    tried_words,
)

_EXAMPLES = 20
_SAMPLE_CHARACTERS = 40


def preview_lines(shown: Preview, row: int, *, as_json: bool, is_out: bool = False) -> list[Line]:
    """One request of a source: its system prompt and messages, or its JSON; and the row it came from."""
    lines = _source_lines(shown)
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


def _source_lines(shown: Preview) -> list[Line]:
    """The columns of a source, how it was understood, and what of that may be meant otherwise."""
    lines: list[Line] = []
    if shown.columns:
        facts = [f"columns: {', '.join(shown.columns)}"]
        if shown.prompt_column:
            facts.append(f"prompt: {shown.prompt_column}")
        lines.append((f" {' · '.join(facts)}", "dim"))
    if words := layout_words(shown.reading):
        about = "" if shown.rows_exact else "about "
        rows = f" · {about}{counted(shown.rows, 'row')}" if shown.rows is not None else ""
        lines.append((f" {words}{rows}", "dim"))
    return [*lines, *((f" {in_fields(doubt.message)}", "warn") for doubt in shown.reading.doubts)]


def check_lines(report: BuildReport, found: CheckReport | None, in_flight: float = 0.0) -> list[Line]:
    """What a build and its check found."""
    share = 100 * report.body_bytes / MAX_BODY_BYTES
    lines: list[Line] = [
        ("", None),
        (f" {report.requests:,} requests of {report.rows:,} rows · {size(report.body_bytes)}", "strong"),
        (
            f" {100 * report.requests / MAX_REQUESTS:.1f}% of {MAX_REQUESTS:,} requests, {share:.1f}% of 256 MB",
            "dim",
        ),
    ]
    if words := layout_words(report.reading):
        lines.append((f" read as {words}", "dim"))
    if report.cleaned_ids:
        lines.append(
            (
                f" {counted(report.cleaned_ids, 'id')} cleaned to the allowed form; exports have the original",
                None,
            )
        )
    if report.left_out:
        words = "left out" if report.files is not None else "of no use, or left out"
        took = "" if report.left_out_lines == report.left_out else f" of {report.left_out_lines:,} lines"
        lines.append((f" {counted(report.left_out, 'row')}{took} {words}", "warn"))
    errors, warnings = report.errors, report.warnings
    problems, counts = list(report.problems), dict(report.counts)
    if found is not None:
        lines += [("", None), *((f" {line}", None) for line in forecast_lines(found.forecast, in_flight))]
        known = {(p.code, p.line) for p in problems}
        problems += [p for p in found.draft.problems if (p.code, p.line) not in known]
        counts = {**found.draft.counts, **counts}
        errors, warnings = max(errors, found.draft.errors), max(warnings, found.draft.warnings)
    lines += [
        ("", None),
        (f" {counted(errors, 'error')}, {counted(warnings, 'warning')}", "bad" if errors else "good"),
    ]
    lines += [(f" {in_fields(line)}", None) for line in problem_lines(problems, counts, _EXAMPLES)]
    if report.files is None:
        lines += [
            ("", None),
            (
                " e goes to the next row with a problem, x leaves it out, X leaves out all with errors;",
                "strong",
            ),
            (" or mend the file and press enter.", "strong"),
        ]
    elif not errors:
        lines += [
            ("", None),
            (" enter asks whether to submit. P sends a sample first, W writes the file instead.", "strong"),
        ]
    return lines


def sample_lines(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Every column with its first values: `body: Hello there | fine`."""
    return [
        f"{name}: "
        + " | ".join(str(row.get(name, "")).replace("\n", " ")[:_SAMPLE_CHARACTERS] for row in rows)
        for name in columns
    ]


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
