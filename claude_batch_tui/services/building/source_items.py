"""A source item by item: what every row of it, every ready request, or every request of a script became."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import NamedTuple

import msgspec

from claude_batch_tui.domain.requests.draft import Problem, Severity
from claude_batch_tui.domain.requests.validation import ProblemList, RequestsCheck
from claude_batch_tui.errors import ConfigError, SourceError
from claude_batch_tui.sources.custom_ids import PositionIds, ReadyIds, build_tag, clean_id
from claude_batch_tui.sources.documents import DocumentsSource
from claude_batch_tui.sources.jsonl import NumberedLine
from claude_batch_tui.sources.open_rows import open_rows
from claude_batch_tui.sources.overrides import Override, read_overrides, with_overrides
from claude_batch_tui.sources.patience import USUAL, Patience
from claude_batch_tui.sources.python_script import PythonScript
from claude_batch_tui.sources.ready import ReadyRequests
from claude_batch_tui.sources.recipe import BuildSpec
from claude_batch_tui.sources.request_maker import MadeRequest, RequestMaker, prompt_column_of
from claude_batch_tui.sources.rows import (
    BadRow,
    LateColumns,
    Origin,
    Reading,
    Row,
    RowRefusedError,
    RowSource,
    reading_of,
)
from claude_batch_tui.sources.rows_together import RowsTogether, kept_row
from claude_batch_tui.sources.source_file import open_source

Items = Generator[MadeRequest | BadRow]


class OpenedItems(NamedTuple):
    """A source with what becomes of it, item by item, in the order of its lines.

    `rows` and `maker` are None for ready requests and those of a script. `reading` is how the source was understood.
    """

    origin: Origin
    items: Items
    rows: RowSource | None = None
    maker: RequestMaker | None = None
    cleaned: Callable[[], int] = lambda: 0
    reading: Reading = Reading()

    def cleaned_ids(self) -> int:
        """How many ids of the user's were made legal so far."""
        return self.maker.cleaned_ids if self.maker else self.cleaned()


@contextlib.contextmanager
def opened_items(
    spec: BuildSpec,
    problems: ProblemList,
    *,
    tag: Callable[[bytes], str] | None = None,
    trust_script: bool = False,
    patience: Patience = USUAL,
    api_version: str | None = None,
) -> Iterator[OpenedItems]:
    """Open a source for as long as the context lasts; what is wrong with an item goes to `problems` as it is read.

    `tag` makes the tag of ids by position from the recipe; left out, from the source's hash too. A script is run only where
    it is trusted; it and a query are stopped when `patience` ends. `api_version` is the anthropic-version of the requests.
    Raises SourceError for a source that cannot be read.
    """

    def check_of(origin: Origin) -> RequestsCheck:
        return RequestsCheck(origin.label, problems=problems, api_version=api_version)

    if spec.kind in {"jsonl", "custom"}:
        overrides = read_overrides(spec.set, model=spec.model, max_tokens=spec.max_tokens)
    if spec.kind == "jsonl":
        with open_source(spec.path) as file:
            requests = ReadyRequests(file, overrides, spec.surrogates)
            ids = (
                ReadyIds(spec.run_prefix or "", lambda: _positions(spec, file, tag))
                if spec.clean_ids
                else None
            )
            items = _ready(requests, ids, check_of(file))
            yield OpenedItems(
                file,
                items,
                cleaned=lambda: ids.cleaned if ids else 0,
                reading=requests.reading,
            )
    elif spec.kind == "custom":
        script = PythonScript(spec.path, spec.script_env, trusted=trust_script, patience=patience)
        script_ids = ReadyIds(spec.run_prefix or "")
        items = _scripted(script, script_ids, overrides, check_of(script.file))
        with contextlib.closing(items):
            yield OpenedItems(script.file, items, cleaned=lambda: script_ids.cleaned)
    else:
        with open_rows(spec, patience) as source:
            together = _together(spec, source)
            read = together or source
            maker = _maker(together.spec if together else spec, read, tag)
            if together is not None:
                problems.add(Problem("rows_together", together.sentence, Severity.WARNING, source.file.label))
            items = _times(_made(maker, read, problems), spec.times)
            yield OpenedItems(source.file, items, source, maker, reading=reading_of(source))


def _together(spec: BuildSpec, source: RowSource) -> RowsTogether | None:
    """The rows of a source, several at a time, where a request is to have several."""
    if spec.rows_per_request is None:
        return None
    return RowsTogether(source, spec, prompt_column_of(spec, source))


def _positions(spec: BuildSpec, origin: Origin, tag: Callable[[bytes], str] | None) -> PositionIds:
    """Ids for requests that have none, from their lines."""
    return PositionIds(tag(b"ready") if tag else build_tag(origin.sha256(), b"ready"), spec.run_prefix or "")


def line_of(item: MadeRequest | BadRow) -> int:
    """The line its row begins on, from 1."""
    return item.line if isinstance(item, BadRow) else item.row.line


def _maker(spec: BuildSpec, source: RowSource, tag: Callable[[bytes], str] | None) -> RequestMaker:
    """What makes the requests. A source whose columns are not all known yet is read for them where one is missing."""
    try:
        return RequestMaker(spec, source, tag)
    except (ConfigError, SourceError):
        if isinstance(source, LateColumns) and source.read_all_columns():
            return RequestMaker(spec, source, tag)
        raise


def _made(maker: RequestMaker, source: RowSource, problems: ProblemList) -> Items:
    """What every row of the source became."""
    label = source.file.label
    is_together, position = isinstance(source, RowsTogether), 1
    for row in source.rows():
        item: MadeRequest | BadRow
        if isinstance(row, BadRow):
            item = row
        else:
            item = maker.make(row, position)
            if is_together and isinstance(item, MadeRequest):
                item = msgspec.structs.replace(item, row=kept_row(item.row))
            if row.doubt is not None:
                problems.add(Problem("doubtful_row", row.doubt, Severity.WARNING, label, row.line))
        position += row.count
        if isinstance(item, BadRow):
            problems.add(Problem(item.code, item.message, Severity.ERROR, label, item.line, item.custom_id))
        elif item.warning is not None:
            problems.add(Problem(item.code, item.warning, Severity.WARNING, label, row.line, item.custom_id))
        yield item
    if isinstance(source, DocumentsSource):
        for warning in source.warnings:
            problems.add(Problem("document", warning, Severity.WARNING, label))


class _Request(msgspec.Struct):
    custom_id: str
    params: msgspec.Raw


_decode_request = msgspec.json.Decoder(_Request).decode
_encode_request = msgspec.json.Encoder().encode


def _times(items: Items, times: int | None) -> Items:
    """Every request so many times: of `x` the requests `x-1`, `x-2` and so on, which differ in their ids alone."""
    if times is None:
        yield from items
        return
    if times < 1:
        raise ConfigError(f"--times {times}: a request is made once or more often.")
    for item in items:
        if isinstance(item, BadRow):
            yield item
            continue
        request = _decode_request(item.request)
        for number in range(1, times + 1):
            request.custom_id = clean_id(f"{item.custom_id}-{number}")
            row = item.row if number == 1 else msgspec.structs.replace(item.row, count=0)
            yield MadeRequest(
                request.custom_id,
                f"{item.id}-{number}",
                _encode_request(request),
                row,
                item.warning,
                item.code,
            )


def _ready(requests: ReadyRequests, ids: ReadyIds | None, check: RequestsCheck) -> Items:
    """Ready requests, converted where they are another platform's, each checked."""
    label, problems = requests.file.label, check.problems
    for line in requests:
        if not isinstance(line, NumberedLine):
            number, error = line
            yield _refused(problems, label, number, error)
            continue
        data, own_id = line.data, None
        if ids is not None:
            try:
                data, own_id = ids.cleaned_line(line.data, line.number)
            except RowRefusedError as error:
                yield _refused(problems, label, line.number, error)
                continue
        yield _checked(check, line.number, data, own_id)
    for key in requests.surplus():
        message = f"`{key}` stands beside `requests` in the body, belongs to no request, and is left out"
        problems.add(Problem("surplus_key", message, Severity.WARNING, label))


def _scripted(
    script: PythonScript, ids: ReadyIds, overrides: Sequence[Override], check: RequestsCheck
) -> Items:
    """Requests of a script: their ids cleaned where needed, each checked. There are no lines, so they are numbered."""
    label, problems = script.file.label, check.problems
    for number, data in enumerate(script.requests(), 1):
        request, own_id = data, None
        try:
            if overrides:
                request = with_overrides(request, overrides)
            request, own_id = ids.cleaned_line(request, number)
        except RowRefusedError as error:
            yield _refused(problems, label, number, error)
            continue
        yield _checked(check, number, request, own_id)


def _refused(problems: ProblemList, label: str, number: int, error: RowRefusedError) -> BadRow:
    problems.add(Problem(error.code, str(error), Severity.ERROR, label, number, error.custom_id))
    return BadRow(number, error.code, str(error), {}, error.custom_id)


def _checked(check: RequestsCheck, number: int, data: bytes, own_id: str | None) -> MadeRequest | BadRow:
    """A ready request, or what the check has against it."""
    custom_id = check.add(number, data)
    if custom_id is not None:
        return MadeRequest(custom_id, own_id or custom_id, data, Row(number, {}))
    found = check.problems.last_error
    if found is None:
        raise AssertionError("a request without an id has an error")
    return BadRow(number, found.code, found.message, {}, found.custom_id)
