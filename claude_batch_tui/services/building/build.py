"""Build: a file of the user becomes a requests file, with rows and recipe beside it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from claude_batch_tui.domain.requests.draft import Problem, Severity
from claude_batch_tui.domain.requests.limits import MAX_BODY_BYTES, MAX_REQUESTS, body_bytes
from claude_batch_tui.domain.requests.validation import ProblemList, RequestsCheck
from claude_batch_tui.errors import SourceError
from claude_batch_tui.services.building.progress import ROWS_BETWEEN_LOOKS, Clock, SourceProgress, is_due
from claude_batch_tui.services.building.requests_files import RequestsFiles, beside
from claude_batch_tui.services.building.requests_writer import RequestsWriter
from claude_batch_tui.services.building.source_items import line_of, opened_items
from claude_batch_tui.sources.python_script import DEFAULT_SECONDS
from claude_batch_tui.sources.recipe import BuildSpec, Recipe, recipe_toml, text_hashes
from claude_batch_tui.sources.request_maker import MadeRequest
from claude_batch_tui.sources.rows import Origin
from claude_batch_tui.sources.source_file import SourceFile


class BuildReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a build did. `files` is None where nothing was written because of errors.

    `problems` are the first of each kind and `counts` exact, by code; `bytes` is the size of the requests file.
    """

    files: RequestsFiles | None
    rows: int
    requests: int
    bytes: int
    body_bytes: int
    left_out: int
    cleaned_ids: int
    problems: tuple[Problem, ...]
    counts: dict[str, int]
    errors: int
    warnings: int
    hashes: dict[str, str]
    """Of what it was made from: `source`, and `template` and `system` where those are files."""


BuildUpdate = SourceProgress | BuildReport


def build(
    spec: BuildSpec,
    *,
    out: Path,
    force: bool = False,
    skip_bad_rows: bool = False,
    leave_out: frozenset[int] = frozenset(),
    name: str | None = None,
    betas: tuple[str, ...] = (),
    trust_script: bool = False,
    script_seconds: float = DEFAULT_SECONDS,
    clock: Clock = time.monotonic,
) -> Iterator[BuildUpdate]:
    """Write the requests of `spec` to `out`, rows and recipe beside it; all, or nothing where there are errors.

    An iterator for a thread: progress about ten times a second, then one report. Leaving the loop early stops the work,
    and leaves nothing behind.
    The recipe there repeats this build, templates written out, with `name` and `betas` for its submission.
    `skip_bad_rows` writes what is good, and what was left out into X.left-out.jsonl, where the rows go too that begin on
    a line of `leave_out`. `force` overwrites.
    A script is run only where it is trusted, and stopped when it gives nothing for `script_seconds`.

    Raises ConfigError for what no row could satisfy or an output that is there, SourceError for a source that cannot be
    read, ScriptError for a script that fails, and ExportError where the disk refuses.
    """
    files = beside(out)
    files.require_free(spec.path, force=force)
    problems = ProblemList(leave_out)
    with opened_items(spec, problems, trust_script=trust_script, script_seconds=script_seconds) as source:
        file, items = source.origin, source.items

        def recipe() -> bytes:
            hashes = {"source": file.sha256()}
            return recipe_toml(Recipe(spec=spec, name=name, betas=betas, hashes=hashes), None)

        _say_guess(file, problems)
        if isinstance(file, SourceFile):
            file.hash_beside()
        writer = RequestsWriter(files, file.label, skip_bad_rows=skip_bad_rows, recipe=recipe)
        look = is_due(clock)
        with writer.open():
            unchecked = source.maker is not None
            for number, item in enumerate(items, 1):
                if unchecked and isinstance(item, MadeRequest):
                    unchecked = False
                    _check_params(item, file.label, problems, writer)
                if leave_out and line_of(item) in leave_out:
                    writer.leave_out(item)
                else:
                    writer.take(item)
                if number % ROWS_BETWEEN_LOOKS == 0 and look():
                    yield SourceProgress(writer.rows, file.bytes_read, file.size)
            if writer.rows == 0:
                raise SourceError(
                    f"{file.label}: {_NOTHING.get(spec.kind, 'there are no rows.')} There is nothing to make requests from."
                )
        size = body_bytes(writer.requests, writer.bytes - writer.requests)
        _warn_of_limits(problems, file.label, writer.requests, size)
        yield BuildReport(
            files=files if writer.is_worth_keeping else None,
            rows=writer.rows,
            requests=writer.requests,
            bytes=writer.bytes,
            body_bytes=size,
            left_out=writer.left_out,
            cleaned_ids=source.cleaned_ids(),
            problems=tuple(problems.kept),
            counts=problems.counts,
            errors=problems.errors,
            warnings=problems.warnings,
            hashes={"source": file.sha256(), **text_hashes(spec)},
        )


def _check_params(item: MadeRequest, label: str, problems: ProblemList, writer: RequestsWriter) -> None:
    """Check what all requests share by one of them; an error of it is one of all, so nothing will be kept."""
    checked = RequestsCheck(label)
    checked.add(item.row.line, item.request)
    for found in checked.problems.kept:
        problems.add(Problem(found.code, f"in every request: {found.message}", found.severity, label))
    if checked.problems.errors:
        writer.refuse()


_NOTHING = {
    "csv": "there is a header line and no row below it.",
    "text": "all lines are blank.",
    "jsonl": "all lines are blank.",
    "sqlite": "the query gives no rows.",
    "custom": "build_requests() gives no requests.",
}


def _say_guess(origin: Origin, problems: ProblemList) -> None:
    """A guessed encoding is said: it may be another."""
    guessed = getattr(origin, "guessed_encoding", None)
    if guessed is not None:
        message = f"the file is not UTF-8; it was read as {guessed}. If letters are wrong, name the right --encoding"
        problems.add(Problem("guessed_encoding", message, Severity.WARNING, origin.label))


def _warn_of_limits(problems: ProblemList, file: str, requests: int, size: int) -> None:
    """More than one batch takes is no error of a file: it can be parted."""
    if requests > MAX_REQUESTS:
        message = f"there are {requests:,} requests; one batch takes at most {MAX_REQUESTS:,}, so they become several of one run"
        problems.add(Problem("too_many_requests", message, Severity.WARNING, file))
    if size > MAX_BODY_BYTES:
        message = f"the requests make {size:,} bytes; one batch takes at most {MAX_BODY_BYTES:,}, so they become several of one run"
        problems.add(Problem("body_too_large", message, Severity.WARNING, file))
