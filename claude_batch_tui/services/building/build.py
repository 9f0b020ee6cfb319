"""Build: a file of the user becomes a requests file, with rows and recipe beside it; all of them under their names, or none."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import msgspec

from claude_batch_tui.domain.batches.tracked import Sweep
from claude_batch_tui.domain.requests.draft import Problem, Severity, SourceRow
from claude_batch_tui.domain.requests.limits import MAX_BODY_BYTES, MAX_REQUESTS, body_bytes
from claude_batch_tui.domain.requests.validation import ProblemList, RequestsCheck
from claude_batch_tui.errors import ExportError, SourceError
from claude_batch_tui.services.building.progress import ROWS_BETWEEN_LOOKS, Clock, SourceProgress, is_due
from claude_batch_tui.services.building.requests_files import RequestsFiles, beside
from claude_batch_tui.services.building.source_items import line_of, opened_items
from claude_batch_tui.sources.patience import USUAL, Patience
from claude_batch_tui.sources.recipe import BuildSpec, Recipe, recipe_toml, text_hashes
from claude_batch_tui.sources.request_maker import MadeRequest
from claude_batch_tui.sources.rows import BadRow, Reading, written
from claude_batch_tui.sources.source_file import SourceFile
from claude_batch_tui.store.files import Flusher, remove_abandoned, written_whole

_encode = msgspec.json.Encoder(enc_hook=written).encode
_NOTHING = {
    "csv": "there is a header line and no row below it.",
    "text": "all lines are blank.",
    "jsonl": "all lines are blank.",
    "sqlite": "the query gives no rows.",
    "custom": "build_requests() gives no requests.",
}


class _DroppedError(Exception):
    """Ends the writing so that nothing stays."""


class RequestsWriter:
    """Takes what the rows of a source became, and counts it. `bytes` are of the requests file.

    After the first bad row it only counts, unless bad rows are left out.
    """

    def __init__(
        self, files: RequestsFiles, source: str, *, skip_bad_rows: bool, recipe: Callable[[], bytes]
    ) -> None:
        """`recipe` is asked, when all is read, for what stands in the recipe's file."""
        self.rows = self.requests = self.bytes = self.left_out = self.left_out_lines = 0
        self._files = files
        self._recipe = recipe
        self._source = source
        self._flusher: Flusher
        self._skip_bad_rows = skip_bad_rows
        self._writing = True
        self._requests_file: BinaryIO
        self._rows_file: BinaryIO
        self._left_out_file: BinaryIO

    @property
    def is_worth_keeping(self) -> bool:
        """False where nothing will stay: an error that was not to be left out, or no request at all."""
        return self._writing and self.requests > 0

    def refuse(self) -> None:
        """Only count from here on: what was made is of no use to anybody."""
        self._writing = self._skip_bad_rows = False

    @contextlib.contextmanager
    def open(self) -> Iterator[None]:
        """Write inside this block. At its end the files get their names; on an error nothing stays."""
        files = self._files
        paths = (files.requests, files.rows, files.left_out, files.recipe)
        new = [path for path in paths if not path.exists()]
        try:
            for path in paths:
                remove_abandoned(path)
            with (
                written_whole(files.requests, ExportError) as self._requests_file,
                written_whole(files.rows, ExportError) as self._rows_file,
                tempfile.TemporaryFile() as self._left_out_file,
                ThreadPoolExecutor(1, "cbtui-write") as thread,
            ):
                self._flusher = Flusher(thread, self._requests_file.fileno(), self._rows_file.fileno())
                yield
                self._bring_to_disk()
        except _DroppedError:
            pass
        except ExportError:
            for path in new:
                path.unlink(missing_ok=True)
            raise

    def take(self, item: MadeRequest | BadRow) -> None:
        """Write one request, or count the row that became none."""
        count = item.count if isinstance(item, BadRow) else item.row.count
        self.rows += count
        if isinstance(item, BadRow):
            self.left_out += count
            self.left_out_lines += item.lines
            if self._skip_bad_rows:
                self._left_out_file.write(self._left_out_line(item))
            else:
                self._writing = False
            return
        self.requests += 1
        self.bytes += len(item.request) + 1
        if self._writing:
            self._requests_file.write(item.request + b"\n")
            row = item.row
            rows_line = _encode(SourceRow(item.custom_id, item.id, self._source, row.line, row.values))
            self._rows_file.write(rows_line + b"\n")
            self._flusher.written(self.bytes)

    def leave_out(self, item: MadeRequest | BadRow) -> None:
        """Leave a row out because the user said so."""
        count = item.count if isinstance(item, BadRow) else item.row.count
        self.rows += count
        self.left_out += count
        if isinstance(item, MadeRequest):
            item = BadRow(item.row.line, "left_out", "left out by hand", item.row.values, item.custom_id)
        self.left_out_lines += item.lines
        self._left_out_file.write(self._left_out_line(item))

    def _left_out_line(self, item: BadRow) -> bytes:
        line = {
            "source": self._source,
            "line": item.line,
            "code": item.code,
            "message": item.message,
            "custom_id": item.custom_id,
            "row": item.values,
        }
        return _encode(line) + b"\n"

    def _bring_to_disk(self) -> None:
        """Make both files safe on disk before either has its name, or drop them."""
        if not self.is_worth_keeping:
            raise _DroppedError
        self._flusher.wait_flushed()
        self._publish_left_out()
        with written_whole(self._files.recipe, ExportError) as file:
            file.write(self._recipe())
        for file in (self._requests_file, self._rows_file):
            file.flush()
            os.fsync(file.fileno())

    def _publish_left_out(self) -> None:
        if self.left_out:
            self._left_out_file.seek(0)
            with written_whole(self._files.left_out, ExportError) as file:
                shutil.copyfileobj(self._left_out_file, file, 1 << 20)
        else:
            # One of an earlier build would be mistaken for this one's.
            self._files.left_out.unlink(missing_ok=True)


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
    left_out_lines: int
    """How many lines of the source the rows take that were left out: one with a stray quote may take many."""
    cleaned_ids: int
    problems: tuple[Problem, ...]
    counts: dict[str, int]
    errors: int
    warnings: int
    hashes: dict[str, str]
    """Of what it was made from: `source`, and `template` and `system` where those are files."""
    reading: Reading = Reading()
    """How the source was understood."""


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
    sweep: Sweep | None = None,
    trust_script: bool = False,
    patience: Patience = USUAL,
    api_version: str | None = None,
    clock: Clock = time.monotonic,
) -> Iterator[BuildUpdate]:
    """Write the requests of `spec` to `out`, rows and recipe beside it; all, or nothing where there are errors.

    An iterator for a thread: progress about ten times a second, then one report. Leaving the loop early stops the work,
    and leaves nothing behind.
    The recipe there repeats this build, templates written out, with `name`, `betas` and `sweep` for its submission.
    `skip_bad_rows` writes what is good, and what was left out into X.left-out.jsonl, where the rows go too that begin on
    a line of `leave_out`. `force` overwrites.
    A script is run only where it is trusted; it and a query are stopped when `patience` ends. `api_version` is the
    anthropic-version the requests are to be sent under.

    Raises ConfigError for what no row could satisfy or an output that is there, SourceError for a source that cannot be
    read, ScriptError for a script that fails, and ExportError where the disk refuses.
    """
    files = beside(out)
    files.require_free(spec.path, force=force)
    problems = ProblemList(leave_out)
    with opened_items(
        spec, problems, trust_script=trust_script, patience=patience, api_version=api_version
    ) as source:
        file, items = source.origin, source.items

        def recipe() -> bytes:
            hashes = {"source": file.sha256()}
            recipe = Recipe(
                spec=spec, name=name, betas=betas, sweep=sweep, hashes=hashes, guesses=reading.guesses
            )
            return recipe_toml(recipe, None)

        reading = source.reading
        for doubt in reading.doubts:
            problems.add(Problem(doubt.code, doubt.message, Severity.WARNING, file.label))
        if isinstance(file, SourceFile):
            file.hash_beside()
        writer = RequestsWriter(files, file.label, skip_bad_rows=skip_bad_rows, recipe=recipe)
        look = is_due(clock)
        with writer.open():
            unchecked = source.maker is not None
            for number, item in enumerate(items, 1):
                if unchecked and isinstance(item, MadeRequest):
                    unchecked = False
                    _check_params(item, RequestsCheck(file.label, api_version=api_version), problems, writer)
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
            left_out_lines=writer.left_out_lines,
            cleaned_ids=source.cleaned_ids(),
            problems=tuple(problems.kept),
            counts=problems.counts,
            errors=problems.errors,
            warnings=problems.warnings,
            hashes={"source": file.sha256(), **text_hashes(spec)},
            reading=reading,
        )


def _check_params(
    item: MadeRequest, checked: RequestsCheck, problems: ProblemList, writer: RequestsWriter
) -> None:
    """Check what all requests share by one of them; an error of it is one of all, so nothing will be kept."""
    checked.add(item.row.line, item.request)
    for found in checked.problems.kept:
        problems.add(Problem(found.code, f"in every request: {found.message}", found.severity, found.file))
    if checked.problems.errors:
        writer.refuse()


def _warn_of_limits(problems: ProblemList, file: str, requests: int, size: int) -> None:
    """More than one batch takes is no error of a file: it can be parted."""
    if requests > MAX_REQUESTS:
        message = f"there are {requests:,} requests; one batch takes at most {MAX_REQUESTS:,}, so they become several of one run"
        problems.add(Problem("too_many_requests", message, Severity.WARNING, file))
    if size > MAX_BODY_BYTES:
        message = f"the requests make {size:,} bytes; one batch takes at most {MAX_BODY_BYTES:,}, so they become several of one run"
        problems.add(Problem("body_too_large", message, Severity.WARNING, file))
