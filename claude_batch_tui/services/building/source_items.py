"""A source item by item: what every row of it, every ready request, or every request of a script became."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator
from typing import Any, NamedTuple

import msgspec

from claude_batch_tui.domain.requests.draft import Problem, Severity
from claude_batch_tui.domain.requests.validation import ProblemList, RequestsCheck
from claude_batch_tui.errors import ConfigError, SourceError
from claude_batch_tui.nesting import UNREADABLE
from claude_batch_tui.sources.custom_ids import GivenIds
from claude_batch_tui.sources.jsonl import numbered_lines
from claude_batch_tui.sources.open_rows import open_rows
from claude_batch_tui.sources.patience import USUAL, Patience
from claude_batch_tui.sources.python_script import PythonScript
from claude_batch_tui.sources.recipe import BuildSpec
from claude_batch_tui.sources.request_maker import MadeRequest, RequestMaker
from claude_batch_tui.sources.rows import BadRow, LateColumns, Origin, Row, RowRefusedError, RowSource
from claude_batch_tui.sources.source_file import SourceFile, open_source

Items = Generator[MadeRequest | BadRow]


class _Loose(msgspec.Struct):
    custom_id: Any = None


_decode_loose = msgspec.json.Decoder(_Loose).decode
_encode = msgspec.json.Encoder().encode


class OpenedItems(NamedTuple):
    """A source with what becomes of it, item by item, in the order of its lines.

    `rows` and `maker` are None for ready requests and those of a script.
    """

    origin: Origin
    items: Items
    rows: RowSource | None = None
    maker: RequestMaker | None = None
    cleaned: Callable[[], int] = lambda: 0

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
) -> Iterator[OpenedItems]:
    """Open a source for as long as the context lasts; what is wrong with an item goes to `problems` as it is read.

    `tag` makes the tag of ids by position from the recipe; left out, from the source's hash too. A script is run only where it is trusted; it
    and a query are stopped when `patience` ends. Raises SourceError for a source that cannot be read.
    """
    if spec.kind == "jsonl":
        with open_source(spec.path) as file:
            yield OpenedItems(file, _ready(file, problems))
    elif spec.kind == "custom":
        script = PythonScript(spec.path, spec.script_env, trusted=trust_script, patience=patience)
        ids = GivenIds("custom_id", spec.run_prefix or "")
        items = _scripted(script, ids, problems)
        with contextlib.closing(items):
            yield OpenedItems(script.file, items, cleaned=lambda: ids.cleaned)
    else:
        with open_rows(spec, patience) as source:
            maker = _maker(spec, source, tag)
            yield OpenedItems(source.file, _made(maker, source, problems), source, maker)


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
    for position, row in enumerate(source.rows(), 1):
        item: MadeRequest | BadRow
        if isinstance(row, BadRow):
            item = row
        else:
            item = maker.make(row, position)
            if row.doubt is not None:
                problems.add(Problem("doubtful_row", row.doubt, Severity.WARNING, label, row.line))
        if isinstance(item, BadRow):
            problems.add(Problem(item.code, item.message, Severity.ERROR, label, item.line, item.custom_id))
        elif item.warning is not None:
            problems.add(
                Problem("empty_column", item.warning, Severity.WARNING, label, row.line, item.custom_id)
            )
        yield item


def _ready(file: SourceFile, problems: ProblemList) -> Items:
    """Ready requests as they are, each checked."""
    checked = RequestsCheck(file.label, problems=problems)
    for line in numbered_lines(file):
        custom_id = checked.add(line.number, line.data)
        if custom_id is None and (found := problems.last_error) is not None:
            yield BadRow(line.number, found.code, found.message, {}, found.custom_id)
        elif custom_id is not None:
            yield MadeRequest(custom_id, custom_id, line.data, Row(line.number, {}))


def _scripted(script: PythonScript, ids: GivenIds, problems: ProblemList) -> Items:
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
        except RowRefusedError as error:
            problems.add(Problem(error.code, str(error), Severity.ERROR, label, number, error.custom_id))
            yield BadRow(number, error.code, str(error), {}, error.custom_id)
            continue
        except UNREADABLE:
            pass  # the check says what is wrong with it
        custom_id_checked = checked.add(number, request)
        if custom_id_checked is not None:
            yield MadeRequest(custom_id_checked, own_id or custom_id_checked, request, Row(number, {}))
        elif (found := problems.last_error) is not None:
            yield BadRow(number, found.code, found.message, {}, found.custom_id)
