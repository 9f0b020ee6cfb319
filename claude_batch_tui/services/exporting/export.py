"""Taking results away: entries of one or several batches in any format, whole or not at all.

An iterator of updates for a thread: progress about ten times a second, then `Exported`. Entries come in the order of
the source where it is known, else in the order of the file, and memory does not grow with their number.
"""

from __future__ import annotations

import contextlib
import sys
import time
from array import array
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from datetime import datetime
from heapq import merge
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO

import msgspec

from claude_batch_tui.domain.money.pricing import PriceTable
from claude_batch_tui.domain.results.review import Review
from claude_batch_tui.errors import SourceError, StoreError
from claude_batch_tui.exports.table import CUSTOM_ID, ID, OURS, RESPONSE, Column, Values, Writer, all_columns
from claude_batch_tui.services.building.progress import is_due
from claude_batch_tui.services.exporting.picking import Picked, path_of, path_reader
from claude_batch_tui.services.exporting.row_making import CHUNK_ROWS, RowMaking, Wanted, with_more
from claude_batch_tui.services.exporting.row_processes import RowProcesses
from claude_batch_tui.services.exporting.rows import Columns, RowReader, Survey, answer_columns, plain
from claude_batch_tui.services.exporting.target import Options, writer_to
from claude_batch_tui.services.results.reviewing import Reviews
from claude_batch_tui.services.results.rows_file import RowsFile
from claude_batch_tui.store import downloads
from claude_batch_tui.store.database import Database
from claude_batch_tui.store.locations import Locations
from claude_batch_tui.store.results.file import Origin, ResultsFile
from claude_batch_tui.store.results.index import ResultsIndex

_CHUNK_BYTES = 1 << 21
_NOTHING_MORE_YET = _NO_ROW = -1
_ATTEMPT = "attempt"
"""The column that exports of a run have beside the others."""
_REVIEW = ("review", "corrected_label", "review_note")
"""The columns of what was said of answers, where something was."""
_NOWHERE = 2**63
"""The line of an entry without a row, after all that have one."""


class Part(msgspec.Struct, frozen=True):
    """The entries wanted of one results file. `rows` is its rows file where there is one."""

    path: Path
    index: ResultsIndex
    positions: Sequence[int]
    batch_id: str
    rows: Path | None = None
    keeps_order: bool = False
    """Whether the entries stay as they are given, rather than in the order of their source."""
    streamed: Iterator[Sequence[int]] | None = None
    """Instead of `positions`: those of a file that is still being read, as they become known. They keep their order,
    and no columns that a look at all entries would find are asked for."""
    reviews: Reviews | None = None
    """What was said of them, where something was."""


class ExportProgress(msgspec.Struct, frozen=True):
    """How far it is: entries of all (0 where that is not known yet), bytes of results read, seconds since the start, and what is being done."""

    entries: int
    of: int
    bytes: int
    seconds: float
    doing: str = "written"


class Exported(msgspec.Struct, frozen=True):
    """What was written: entries, and how many CSV cells were guarded against formulas."""

    entries: int
    guarded: int = 0


def mark_exported(parts: Iterable[Path], locations: Locations, now: datetime) -> None:
    """Write down that all results in these files, of a batch or of a run, are in a file of the user.

    What cannot be written down is asked about once more before it is removed.
    """
    ids = [path.name.partition(".")[0] for path in parts if path.is_relative_to(locations.results)]
    if ids:
        with contextlib.suppress(StoreError), contextlib.closing(Database(locations.database)) as database:
            downloads.mark_exported(database, ids, now)


def export(
    parts: Sequence[Part],
    target: Path | BinaryIO,
    options: Options,
    *,
    prices: PriceTable,
    limit: int | None = None,
    stopped: Callable[[], bool] = lambda: False,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[ExportProgress | Exported]:
    """Write the entries of all parts, at most `limit`, to a file, a folder or a stream. Where it was stopped, nothing
    is left and the last update is no `Exported`. What arrives is handed on to a stream at once.

    Raises ExportError with what to do where it cannot be written, and ConfigError where pyarrow is missing.
    """
    with contextlib.ExitStack() as stack:
        try:
            opened = [_Opened(part, stack) for part in parts]
        except OSError as error:
            raise SourceError(f"Cannot read the results: {error.strerror}.") from error
        work = _Work(opened, options, prices, limit, stopped, clock)
        with contextlib.suppress(_StoppedError):
            columns = Columns()
            if work.needs_survey:
                columns = yield from work.survey()
            all_ = work.columns(columns)
            picked = Picked(options.columns, all_, columns.paths) if options.columns else None
            options = msgspec.structs.replace(options, runs=work.runs)
            with writer_to(target, options, all_ if picked is None else picked.columns) as writer:
                flush = (lambda: None) if isinstance(target, Path) else target.flush
                yield from work.write(writer, columns, picked, flush)
            yield Exported(work.done, writer.guarded)


def _said(part: _Opened, custom_id: str, batch_id: str | None) -> tuple[str | None, ...]:
    """What was said of an entry, in the columns of a review."""
    review = Review() if part.reviews is None else part.reviews.of(custom_id, batch_id)
    return review.verdict, review.label, review.note


class _StoppedError(Exception):
    """The user has stopped it."""


class _Opened:
    """A part while it is exported: the file held open, the positions in order, the row of each."""

    def __init__(self, part: Part, stack: contextlib.ExitStack) -> None:
        self.results = stack.enter_context(ResultsFile(part.path, part.index))
        self.batch_id = plain(part.batch_id)  # the name of a file that is no batch's may hold any bytes
        self.keeps_order = part.keeps_order
        self.positions = part.positions
        self.streamed = part.streamed
        self.reviews = part.reviews
        self.rows: RowsFile | None = None
        self.numbers: Sequence[int] = array("q", [-1]) * len(part.positions)
        if part.rows is not None:
            self.rows = RowsFile(part.rows)
            ids = map(part.index.custom_id, part.positions)
            self.positions, self.numbers = self.rows.in_order(part.positions, ids, keeps=part.keeps_order)
            self.rows.forget_ids()  # memory stays flat while rows are written

    @property
    def stands_alone(self) -> bool:
        """Whether a row of it is made of its line alone."""
        return self.rows is None and self.results.run is None and not self.reviews

    @property
    def source(self) -> str | None:
        """What its rows were read from."""
        return self.rows.row(0).source if self.rows is not None and len(self.rows) else None

    def entries(self) -> Iterator[_Placed]:
        """The line in the source, the part, the position and the number of the row of every entry."""
        for some in self.streamed or ():
            yield from ((_NOWHERE, self, position, _NO_ROW) for position in some)
            yield _NOWHERE, self, _NOTHING_MORE_YET, _NO_ROW
        lines = self.rows.lines if self.rows is not None else ()
        for position, number in zip(self.positions, self.numbers, strict=True):
            yield (lines[number] if number >= 0 else _NOWHERE), self, position, number


_Line = tuple[bytes, _Opened, int, int]
"""The bytes, the part, the number of the row, and the position."""
_Placed = tuple[int, _Opened, int, int]


class _Work:
    """What the two passes over the entries share."""

    def __init__(
        self,
        parts: Sequence[_Opened],
        options: Options,
        prices: PriceTable,
        limit: int | None,
        stopped: Callable[[], bool],
        clock: Callable[[], float],
    ) -> None:
        self._parts = parts
        self._options = options
        self._prices = prices
        self._reader = RowReader(prices)
        self._stopped = stopped
        self._clock = clock
        self._limit = limit
        self._waits = any(part.streamed is not None for part in parts)
        count = sum(len(part.positions) for part in parts)
        self._of = count if limit is None else min(count, limit)
        self._source = tuple(
            dict.fromkeys(
                name
                for part in parts
                if part.rows is not None and len(part.rows)
                for name in part.rows.row(0).row
            )
        )
        self._of_run: tuple[str, ...] = (_ATTEMPT,) if any(part.results.run for part in parts) else ()
        self._of_review = _REVIEW if any(part.reviews for part in parts) else ()
        self.done = self._bytes = 0
        self._started = clock()
        self._is_due = is_due(clock)

    @property
    def runs(self) -> tuple[tuple[str, ...], ...]:
        """The batches of each run of which one answer stands for an id, and not all attempts are written."""
        return tuple(
            tuple(piece.batch_id for piece in run.pieces)
            for part in self._parts
            if (run := part.results.run) is not None and part.results.index.count == sum(run.classes.values())
        )

    def columns(self, found: Columns) -> tuple[Column, ...]:
        """All columns, with the kinds a survey has found."""
        source = [Column(name, "int") for name in self._of_run]
        source += [Column(name, "text") for name in self._of_review]
        source += [Column(name, found.source.get(name, "any")) for name in self._source]
        return all_columns(source, (Column(name, kind) for name, kind in found.answer.items()))

    @property
    def needs_survey(self) -> bool:
        """Whether columns, or kinds that the format has to know, are in the entries alone."""
        if self._options.spread:
            return True
        paths = (name for name in self._options.columns if path_of(name) is not None)
        return self._options.form.name == "parquet" and bool(self._source or any(paths))

    def survey(self) -> Generator[ExportProgress, None, Columns]:
        """Read everything once, to know the columns of the answers and the kinds of all."""
        source, answer, paths = Survey(), Survey(), Survey()
        read = path_reader(self._options.columns)
        ours = len(OURS) + len(self._of_run) + len(self._of_review)
        for chunk in self._chunks(Columns(), look=lambda line: paths.add(read(line))):
            for row in chunk:
                source.add(zip(self._source, row[ours:], strict=True))
                if self._options.spread:
                    answer.add(answer_columns(row[RESPONSE]).items())
            if self._is_due():
                yield self._progress("looked at")
        self.done = self._bytes = 0
        return Columns(source.kinds(), answer.kinds(), paths.kinds())

    def write(
        self, writer: Writer, columns: Columns, picked: Picked | None, flush: Callable[[], None]
    ) -> Iterator[ExportProgress]:
        """Write everything, of all columns those that were picked; `flush` is called where more has to be waited for."""
        for _ in self._steps(writer, columns, picked):
            if self._waits:
                flush()
            if self._is_due():
                yield self._progress("written")
        writer.finish()

    def _steps(self, writer: Writer, columns: Columns, picked: Picked | None) -> Iterator[None]:
        """Write everything, some hundreds of entries a step."""
        if self._options.form.name == "jsonl":
            for lines in self._lines():
                writer.write([line for line, *_ in lines])
                yield
        elif all(part.stands_alone for part in self._parts):
            yield from self._write_files(writer, columns, picked)
        else:
            for rows in self._chunks(columns, picked):
                writer.write(rows)
                yield

    def _write_files(self, writer: Writer, columns: Columns, picked: Picked | None) -> Iterator[None]:
        """The same where rows are made of their lines alone: by other processes, where there are many."""
        left = sys.maxsize if self._limit is None else self._limit
        for part in self._parts:
            wanted = Wanted(
                self._options.form.name,
                self.columns(columns),
                self._options.columns,
                columns,
                self._options.csv_raw,
                part.batch_id,
            )
            making = RowMaking(wanted, self._reader, picked)
            with RowProcesses(part.results, wanted, self._prices) as processes:
                for positions in (part.positions,) if part.streamed is None else part.streamed:
                    some = positions[:left]
                    left -= len(some)
                    for places, packed in processes.packed(some):
                        self._count(len(places.lengths), sum(places.lengths))
                        if packed is None:
                            for rows in making.rows(part.results.lines(places)):
                                writer.write(rows)
                        for one in packed or ():
                            writer.write_packed(one)
                        yield
                    if not left:
                        return

    def _chunks(
        self,
        columns: Columns,
        picked: Picked | None = None,
        look: Callable[[bytes], object] | None = None,
    ) -> Iterator[list[Values]]:
        """Rows of values, some hundreds at a time; `look` sees every line."""
        more = self._source or columns.answer or self._of_run or self._of_review or picked
        for lines in self._lines():
            origins = [part.results.origin(position) for _, part, _, position in lines]
            batch_ids = [
                part.batch_id if origin is None else origin.batch_id
                for origin, (_, part, *_) in zip(origins, lines, strict=True)
            ]
            rows = self._reader.rows([line for line, *_ in lines], batch_ids)
            if more:
                taken = zip(rows, lines, origins, strict=True)
                rows = [self._with_more(row, line, origin, columns, picked) for row, line, origin in taken]
            if look is not None:
                for line, *_ in lines:
                    look(line)
            yield rows

    def _with_more(
        self, ours: Values, placed: _Line, origin: Origin | None, columns: Columns, picked: Picked | None
    ) -> Values:
        """Our columns of an entry with all others; of them those that were picked."""
        line, part, number, _ = placed
        values = ours
        if self._of_run:
            values.append(None if origin is None else origin.attempt)
        if self._of_review:
            values += _said(part, values[CUSTOM_ID], None if origin is None else origin.batch_id)
        if part.rows is not None and number >= 0:
            row = part.rows.row(number)
            values[ID] = row.id
            values += [row.row.get(name) for name in self._source]
        else:
            values += [None] * len(self._source)
        return with_more(values, line, columns, picked)

    def _lines(self) -> Iterator[list[_Line]]:
        """The line of every entry in order, with its part and the number of its row."""
        if len(self._parts) == 1 and self._parts[0].rows is None:
            yield from self._lines_of_file(self._parts[0])
            return
        lines: list[_Line] = []
        size, left = 0, -1 if self._limit is None else self._limit
        for _, part, position, number in self._in_order():
            if position == _NOTHING_MORE_YET:
                if lines:
                    yield self._counted(lines, size)
                lines, size = [], 0
                continue
            line = part.results.line(position)
            size += len(line)
            lines.append((line, part, number, position))
            left -= 1
            if len(lines) >= CHUNK_ROWS or size >= _CHUNK_BYTES or not left:
                yield self._counted(lines, size)
                lines, size = [], 0
            if not left:
                return
        if lines:
            yield self._counted(lines, size)

    def _lines_of_file(self, part: _Opened) -> Iterator[list[_Line]]:
        """The same of one file without rows, whose lines are read many at once."""
        left = sys.maxsize if self._limit is None else self._limit
        for positions in (part.positions,) if part.streamed is None else part.streamed:
            for some, places in part.results.blocks(positions[:left], CHUNK_ROWS, _CHUNK_BYTES):
                lines = part.results.lines(places)
                left -= len(some)
                found = [(line, part, _NO_ROW, position) for line, position in zip(lines, some, strict=True)]
                yield self._counted(found, sum(map(len, lines)))
            if not left:
                return

    def _in_order(self) -> Iterator[_Placed]:
        """All entries; those of several batches of one source by its lines, so that a sample lies among the rest."""
        streams = [part.entries() for part in self._parts]
        if len(streams) == 1:
            return streams[0]
        sources = {part.source for part in self._parts}
        apart = self._waits or len(sources) > 1 or any(part.keeps_order for part in self._parts)
        return chain.from_iterable(streams) if apart else merge(*streams, key=itemgetter(0))

    def _counted(self, lines: list[_Line], size: int) -> list[_Line]:
        self._count(len(lines), size)
        return lines

    def _count(self, entries: int, size: int) -> None:
        """Count what is written next, unless that was stopped."""
        if self._stopped():
            raise _StoppedError
        self.done += entries
        self._bytes += size

    def _progress(self, doing: str) -> ExportProgress:
        return ExportProgress(self.done, self._of, self._bytes, self._clock() - self._started, doing)
