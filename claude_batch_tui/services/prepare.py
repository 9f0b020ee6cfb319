"""Build and check: a file of the user becomes requests, and requests become a priced draft.

Both are iterators of updates for a thread: progress about ten times a second, then one report. Leaving the loop
early stops the work, and leaves nothing behind.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Generator, Iterator
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, cast

import msgspec

from claude_batch_tui.domain.draft import Draft
from claude_batch_tui.domain.limits import MAX_BODY_BYTES, MAX_REQUESTS, body_bytes
from claude_batch_tui.domain.models import Models
from claude_batch_tui.domain.pricing import Cost, Forecast, OutputHistory, PriceTable, forecast
from claude_batch_tui.domain.problem import Problem, Severity
from claude_batch_tui.domain.validation import ProblemList, RequestsCheck
from claude_batch_tui.errors import SourceError
from claude_batch_tui.services.requests_files import (
    RequestsFiles,
    beside,
    iter_request_lines,
    rows_match,
)
from claude_batch_tui.services.requests_writer import RequestsWriter
from claude_batch_tui.sources.csv import CsvSource
from claude_batch_tui.sources.custom_ids import PREVIEW_TAG, GivenIds, IdRefusedError
from claude_batch_tui.sources.jsonl import numbered_lines
from claude_batch_tui.sources.opening import open_rows
from claude_batch_tui.sources.python_script import DEFAULT_SECONDS, PythonScript
from claude_batch_tui.sources.recipe import BuildSpec, Recipe, recipe_toml, text_hashes
from claude_batch_tui.sources.request_maker import MadeRequest, RequestMaker
from claude_batch_tui.sources.rows import AnyRow, BadRow, Origin, Row, RowSource
from claude_batch_tui.sources.source_file import SourceFile, open_source

__all__ = ["BuildSpec", "beside", "build", "check", "iter_request_lines", "preview", "rows_match"]

_PROGRESS_SECONDS = 0.1
_ROWS_BETWEEN_LOOKS = 256
"""Rows between two looks at the clock."""

PROCESSING = timedelta(hours=24)
"""How long a batch may take before it expires (batch guide)."""
Clock = Callable[[], float]


class Progress(msgspec.Struct, frozen=True):
    """How far the source has been read."""

    rows: int
    bytes_done: int
    total_bytes: int


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


class CheckReport(msgspec.Struct, frozen=True):
    """A draft and what it will cost, as far as it is known without asking anybody."""

    draft: Draft
    forecast: Forecast

    @property
    def at_most(self) -> Cost:
        """The cost at most."""
        return self.forecast.at_most


class PreviewedRequest(msgspec.Struct, frozen=True):
    """A request as it would be sent, or the problem that keeps it from being one."""

    line: int
    custom_id: str | None
    request: bytes | None
    row: dict[str, Any]
    problem: str | None = None


class Preview(msgspec.Struct, frozen=True):
    """Some requests of a source, and how its file was understood."""

    columns: tuple[str, ...]
    prompt_column: str | None
    delimiter: str | None
    encoding: str
    first: int
    requests: tuple[PreviewedRequest, ...]


BuildUpdate = Progress | BuildReport
CheckUpdate = Progress | CheckReport
_Items = Generator[MadeRequest | BadRow]


class _Loose(msgspec.Struct):
    custom_id: Any = None


_decode_loose = msgspec.json.Decoder(_Loose).decode
_encode = msgspec.json.Encoder().encode


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

    The recipe there repeats this build, templates written out, with `name` and `betas` for its submission.
    `skip_bad_rows` writes what is good, and what was left out into X.left-out.jsonl, where the rows go too that begin on
    a line of `leave_out`. `force` overwrites.
    A script is run only where it is trusted, and stopped when it gives nothing for `script_seconds`.
    """
    files = beside(out)
    files.require_free(spec.path, force=force)
    problems = ProblemList(leave_out)
    with _opened(spec, problems, trust_script=trust_script, script_seconds=script_seconds) as source:
        file, items = source.origin, source.items

        def recipe() -> bytes:
            hashes = {"source": file.sha256()}
            return recipe_toml(Recipe(spec=spec, name=name, betas=betas, hashes=hashes), None)

        _say_guess(file, problems)
        if isinstance(file, SourceFile):
            file.hash_beside()
        writer = RequestsWriter(files, file.label, skip_bad_rows=skip_bad_rows, recipe=recipe)
        look = _every(_PROGRESS_SECONDS, clock)
        with writer.open():
            unchecked = source.maker is not None
            for number, item in enumerate(items, 1):
                if unchecked and isinstance(item, MadeRequest):
                    unchecked = False
                    _check_params(item, file.label, problems, writer)
                if leave_out and _line_of(item) in leave_out:
                    writer.leave_out(item)
                else:
                    writer.take(item)
                if number % _ROWS_BETWEEN_LOOKS == 0 and look():
                    yield Progress(writer.rows, file.bytes_read, file.size)
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


def check(
    path: Path,
    *,
    prices: PriceTable,
    models: Models | None = None,
    betas: tuple[str, ...] = (),
    api_version: str | None = None,
    deadline: date | None = None,
    history: Callable[[str | None], OutputHistory | None] | None = None,
    clock: Clock = time.monotonic,
) -> Iterator[CheckUpdate]:
    """Check every request of a file, made by us or not; see `RequestsCheck` for what is known of models and time.

    `history` tells how long answers of a model were before.
    """
    checked = RequestsCheck(str(path), models=models, betas=betas, api_version=api_version, deadline=deadline)
    look = _every(_PROGRESS_SECONDS, clock)
    with open_source(str(path)) as file:
        for line in numbered_lines(file):
            checked.add(line.number, line.data)
            if checked.requests % _ROWS_BETWEEN_LOOKS == 0 and look():
                yield Progress(checked.requests, file.bytes_read, file.size)
    draft = checked.draft()
    yield CheckReport(
        draft, forecast(draft.models, prices, history=history(draft.model) if history else None)
    )


def preview(spec: BuildSpec, first: int, count: int, *, line: int | None = None) -> Preview:
    """`count` requests from the row with the 0-based number `first`, or from the one that begins on `line`.

    Ids by position have no tag yet.
    """
    problems = ProblemList()
    with _opened(spec, problems, tag=lambda _: PREVIEW_TAG) as opened:
        source, maker = opened.rows, opened.maker
        with contextlib.closing(opened.items):
            if line is None:
                skipped = sum(1 for _ in islice(opened.items, first))
                shown = [_previewed(item) for item in islice(opened.items, count)]
            else:
                skipped, shown = 0, []
                for item in opened.items:
                    if _line_of(item) >= line:
                        shown = [_previewed(item), *map(_previewed, islice(opened.items, count - 1))]
                        break
                    skipped += 1
        return Preview(
            columns=source.columns if source else (),
            prompt_column=maker.prompt_column if maker else None,
            delimiter=source.delimiter if isinstance(source, CsvSource) else None,
            encoding=getattr(opened.origin, "encoding", "utf-8-sig"),
            first=skipped,
            requests=tuple(shown),
        )


def sample_rows(spec: BuildSpec, count: int) -> tuple[tuple[str, ...], list[dict[str, Any]]]:
    """The columns of a source and its first rows, whatever is to become of them."""
    with (
        open_rows(spec) as source,
        contextlib.closing(cast("Generator[AnyRow | BadRow]", source.rows())) as rows,
    ):
        return source.columns, [row.values for row in islice(rows, count)]


class _Opened(NamedTuple):
    """A source with what becomes of it, item by item. `rows` and `maker` are None for ready requests."""

    origin: Origin
    items: _Items
    rows: RowSource | None = None
    maker: RequestMaker | None = None
    cleaned: Callable[[], int] = lambda: 0

    def cleaned_ids(self) -> int:
        return self.maker.cleaned_ids if self.maker else self.cleaned()


@contextlib.contextmanager
def _opened(
    spec: BuildSpec,
    problems: ProblemList,
    *,
    tag: Callable[[bytes], str] | None = None,
    trust_script: bool = False,
    script_seconds: float = DEFAULT_SECONDS,
) -> Iterator[_Opened]:
    if spec.kind == "jsonl":
        with open_source(spec.path) as file:
            yield _Opened(file, _ready(file, problems))
    elif spec.kind == "custom":
        script = PythonScript(spec.path, trusted=trust_script, seconds=script_seconds)
        ids = GivenIds("custom_id", spec.run_prefix or "")
        items = _scripted(script, ids, problems)
        with contextlib.closing(items):
            yield _Opened(script.file, items, cleaned=lambda: ids.cleaned)
    else:
        with open_rows(spec) as source:
            maker = RequestMaker(spec, source, tag)
            yield _Opened(source.file, _made(maker, source, problems), source, maker)


def _made(maker: RequestMaker, source: RowSource, problems: ProblemList) -> _Items:
    """What every row of the source became."""
    label = source.file.label
    for position, row in enumerate(source.rows(), 1):
        item = row if isinstance(row, BadRow) else maker.make(row, position)
        if isinstance(item, BadRow):
            problems.add(Problem(item.code, item.message, Severity.ERROR, label, item.line, item.custom_id))
        elif item.warning is not None:
            problems.add(
                Problem("empty_column", item.warning, Severity.WARNING, label, row.line, item.custom_id)
            )
        yield item


def _line_of(item: MadeRequest | BadRow) -> int:
    return item.line if isinstance(item, BadRow) else item.row.line


def _check_params(item: MadeRequest, label: str, problems: ProblemList, writer: RequestsWriter) -> None:
    """Check what all requests share by one of them; an error of it is one of all, so nothing will be kept."""
    checked = RequestsCheck(label)
    checked.add(item.row.line, item.request)
    for found in checked.problems.kept:
        problems.add(Problem(found.code, f"in every request: {found.message}", found.severity, label))
    if checked.problems.errors:
        writer.refuse()


def _ready(file: SourceFile, problems: ProblemList) -> _Items:
    """Ready requests as they are, each checked."""
    checked = RequestsCheck(file.label, problems=problems)
    for line in numbered_lines(file):
        custom_id = checked.add(line.number, line.data)
        if custom_id is None and (found := problems.last_error) is not None:
            yield BadRow(line.number, found.code, found.message, {}, found.custom_id)
        elif custom_id is not None:
            yield MadeRequest(custom_id, custom_id, line.data, Row(line.number, {}))


def _scripted(script: PythonScript, ids: GivenIds, problems: ProblemList) -> _Items:
    """Requests of a script: their ids cleaned where needed, each checked. There are no lines, so they are numbered."""
    label = script.file.label
    checked = RequestsCheck(label, problems=problems)
    for number, data in enumerate(script.requests(), 1):
        own_id, request = None, data
        try:
            loose = _decode_loose(data)
            if isinstance(loose.custom_id, str):
                given = ids.assign(loose.custom_id, number)
                own_id = given.id
                if given.custom_id != own_id:
                    request = _encode({**msgspec.json.decode(data), "custom_id": given.custom_id})
        except IdRefusedError as error:
            problems.add(Problem(error.code, str(error), Severity.ERROR, label, number, error.custom_id))
            yield BadRow(number, error.code, str(error), {}, error.custom_id)
            continue
        except msgspec.DecodeError:
            pass  # the check says what is wrong with it
        custom_id_checked = checked.add(number, request)
        if custom_id_checked is not None:
            yield MadeRequest(custom_id_checked, own_id or custom_id_checked, request, Row(number, {}))
        elif (found := problems.last_error) is not None:
            yield BadRow(number, found.code, found.message, {}, found.custom_id)


def _previewed(item: MadeRequest | BadRow) -> PreviewedRequest:
    if isinstance(item, BadRow):
        return PreviewedRequest(item.line, item.custom_id, None, item.values, item.message)
    return PreviewedRequest(item.row.line, item.custom_id, item.request, item.row.values, item.warning)


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


def _every(seconds: float, clock: Clock) -> Callable[[], bool]:
    """A look at the clock that is true once in so many seconds."""
    due = clock() + seconds

    def look() -> bool:
        nonlocal due
        now = clock()
        if now < due:
            return False
        due = now + seconds
        return True

    return look
