"""Writes a requests file and its rows file: both under their names, or neither."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO

import msgspec

from claude_batch_tui.domain.requests.draft import SourceRow
from claude_batch_tui.errors import ExportError
from claude_batch_tui.services.building.requests_files import RequestsFiles
from claude_batch_tui.sources.request_maker import MadeRequest
from claude_batch_tui.sources.rows import BadRow
from claude_batch_tui.store.files import Flusher, remove_abandoned, written_whole

_encode = msgspec.json.Encoder().encode


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
        self.rows = self.requests = self.bytes = self.left_out = 0
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
                self._settle()
        except _DroppedError:
            pass
        except ExportError:
            for path in new:
                path.unlink(missing_ok=True)
            raise

    def take(self, item: MadeRequest | BadRow) -> None:
        """Write one request, or count the row that became none."""
        self.rows += 1
        if isinstance(item, BadRow):
            self.left_out += 1
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
        self.rows += 1
        self.left_out += 1
        if isinstance(item, MadeRequest):
            item = BadRow(item.row.line, "left_out", "left out by hand", item.row.values, item.custom_id)
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

    def _settle(self) -> None:
        """Make both files safe on disk before either has its name, or drop them."""
        if not self.is_worth_keeping:
            raise _DroppedError
        self._flusher.settle()
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
