"""What the Results screen has open, without the screen: whose results, the file with what is asked of it, the download.

Its methods are for the thread of the screen, which alone opens and closes files.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from enum import Enum, auto
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec

from claude_batch_tui.domain.batches.merging import title_of_run
from claude_batch_tui.domain.batches.tracked import Download, DownloadState, Snapshot
from claude_batch_tui.domain.filters.fields import Completion, complete
from claude_batch_tui.domain.money.pricing import PriceTable
from claude_batch_tui.domain.money.spend import Bill
from claude_batch_tui.domain.results.fields import AnswerFields, field_path
from claude_batch_tui.domain.results.lanes import Lane
from claude_batch_tui.engine.engine import Engine
from claude_batch_tui.services.exporting.export import Part
from claude_batch_tui.services.filters.finding import Finder
from claude_batch_tui.services.results.browse import EntryReader
from claude_batch_tui.services.results.costs import EntryCosts
from claude_batch_tui.services.results.lanes import keep_requests, own_lines
from claude_batch_tui.services.results.local_files import (
    bodies_of,
    read_results,
    request_as_sent,
    rows_path,
    sent_ids_of,
)
from claude_batch_tui.services.results.merged import attempts_of, merged_results
from claude_batch_tui.services.results.rows_file import RowsFile
from claude_batch_tui.services.results.schema_validation import Sent, validating_schemas
from claude_batch_tui.services.submitting.spool import ids_placed
from claude_batch_tui.services.submitting.spool import request_as_sent as request_in
from claude_batch_tui.store.results.file import Origin, ResultsFile
from claude_batch_tui.store.results.index import ResultsIndex
from claude_batch_tui.store.results.opening import opening
from claude_batch_tui.store.store import Store

DOWNLOAD_FAILED = "The download failed."
_WORTH_SHOWING_EVERY = 0.15
"""Seconds between two looks at a file that is being read."""
_NEED_FILE = (
    "filter",
    "quick",
    "sort",
    "error",
    "spread",
    "shift",
    "save",
    "ledger",
    "statistics",
    "compare",
    "review",
)
_NEED_ENTRY = ("tab", "entry", "zoom", "prompt", "wrap", "pager", "copy", "copy_id")
_NEED_WHOLE_FILE = {
    "ledger": "the file is still being read",
    "statistics": "the file is still being read",
    "compare": "the results are not whole yet",
    "review": "the results are not whole yet",
}

Step = TypeVar("Step")


class _StoppedError(Exception):
    """Whoever wanted the file read does not any more."""


class Next(Enum):
    """What follows from the state of a download."""

    NOTHING = auto()
    TAKE_ARRIVED = auto()
    """There is a file of results that have arrived, and another one or none is open."""
    SHOW_MORE = auto()
    """More of the open file has arrived."""
    READ_WHOLE = auto()
    """All results are on the disk and wait to be read."""
    SAY_FAILED = auto()
    """It failed, and there is nothing to show."""
    SAY_STOPPED = auto()
    """It ended before all results arrived; those that did stay open."""


class OpenFile:
    """A results file that is read: its results, what they cost, a finder for filters, a reader for single entries."""

    def __init__(self, results: ResultsFile, prices: PriceTable, reader: EntryReader) -> None:
        self.results = results
        self.prices = prices
        self.reader = reader
        self.costs = EntryCosts(results.index, prices)
        self.finder = Finder(results, self.costs)
        self.fields = AnswerFields()
        """The names in its JSON answers, as far as they were met."""
        self.spent: Bill | None = None
        """What all entries cost together, once that was summed up."""

    def close(self) -> None:
        """Read no more; threads go on with the duplicates they have."""
        self.reader.close()
        self.results.close()


class ToSave(msgspec.Struct, frozen=True):
    """Entries to be saved, what they are in words, and what the results they are of are called."""

    part: Part
    words: str
    title: str
    batch_id: str | None = None
    """The batch, where they are the results of one."""


class ReadingStep(NamedTuple):
    """A file that is being read, and the rows its requests were made from; `is_checked` once all is known of it."""

    results: ResultsFile
    rows: RowsFile | None
    is_checked: bool = False


class OpenResults:
    """The results of a batch, of several batches of a run, or of a file that belongs to no batch; at first of nothing."""

    def __init__(self, title: str = "", batch_ids: Sequence[str] = (), *, run_id: str | None = None) -> None:
        self.title = title
        self.batch_ids = tuple(batch_ids)
        """The batches these are the results of; none of a file that was opened by its path."""
        self.run_id = run_id
        """The run whose batches those are, where they were opened as one."""
        self.shows_all = False
        """Whether all attempts of a run are shown, and not the one that is kept of every id."""
        self.file: OpenFile | None = None
        """The file that is read; None until there is one."""
        self.path: Path | None = None
        """Where the whole of them is on the disk, once that is known."""
        self.rows_path: Path | None = None
        """The file of the rows the requests were made from, where there is one."""
        self.body_path: Path | None = None
        """What was sent, where a file of another lane says it, or somebody named its requests file."""
        self.lane = Lane.MESSAGES
        """Whose results they are."""
        self.note = ""
        """What is to be said of the file once it is shown."""
        self.is_growing = False
        """Whether the file is a download that is under way."""
        self.is_gathered = False
        """Whether the files of a run's batches are being put together, or have been."""
        self._arrived = (-1, -1)

    def follow_name(self, snapshot: Snapshot) -> None:
        """Take the name that the batch or run has now: it may be renamed while it is open."""
        members = [tracked for tracked in snapshot.batches if tracked.id in self.batch_ids]
        if members and self.run_id is None:
            self.title = members[0].title
        elif members:
            self.title = title_of_run(members) or self.title

    @property
    def batch_id(self) -> str | None:
        """The batch, where these are the results of one and not of a run."""
        return self.batch_ids[0] if self.batch_ids and self.run_id is None else None

    def is_showing(self, batch_ids: Sequence[str], run_id: str | None = None) -> bool:
        """Whether there is something to see of exactly these batches."""
        return self.file is not None and (self.batch_ids, self.run_id) == (tuple(batch_ids), run_id)

    def reads(self, results: ResultsFile) -> bool:
        """Whether this is the file that is read."""
        return self.file is not None and self.file.results is results

    def missing(self, engine: Engine) -> list[str]:
        """The batches whose results are not on this machine, or not read to their end. Reads the disk."""
        return [batch_id for batch_id in self.batch_ids if not _is_whole(_path_of(batch_id, engine))]

    def find_file(self, engine: Engine, *, whole: bool) -> bool:
        """Look for the results of the batch on the disk; False where they are not there, or, if they have to be
        `whole`, lack some. Reads the disk.
        """
        path = _path_of(self.batch_ids[0], engine)
        if path is None or (whole and not _is_whole(path)):
            return False
        self.path, self.rows_path = path, rows_path(self.batch_ids[0], engine.store)
        return True

    def take(
        self,
        results: ResultsFile,
        prices: PriceTable,
        store: Store,
        *,
        rows: RowsFile | None = None,
        growing: bool = False,
    ) -> OpenFile:
        """Read this file from now on, and close the one before. `rows` are those its requests were made from; it is
        `growing` where it is that of a download under way.
        """
        self.close()
        self.is_growing = growing
        if growing:
            self.path = None
        reader = EntryReader(
            results,
            rows=rows,
            request=lambda custom_id, origin: self._request(custom_id, origin, store),
            prices=prices,
        )
        self.file = OpenFile(results, prices, reader)
        return self.file

    def close(self) -> None:
        """Close the file, if there is one."""
        if self.file is not None:
            self.file.close()
        self.file = None

    def follow(self, download: Download, engine: Engine) -> Next:
        """What follows from the download of the batch that is open. Reads the disk when that has ended."""
        if download.is_going:
            arrived = engine.growing(download.batch_id)
            return Next.NOTHING if arrived is None else self._follow_arrived(arrived[0])
        if self.path is not None:
            return Next.NOTHING
        was_growing, self.is_growing = self.is_growing, False
        has_ended = download.state in (DownloadState.COMPLETE, DownloadState.PROBLEMS)
        if has_ended and self.find_file(engine, whole=False):
            return Next.READ_WHOLE
        if was_growing:
            return Next.SAY_STOPPED
        return Next.SAY_FAILED if download.state is DownloadState.FAILED else Next.NOTHING

    def open_arrived(self, engine: Engine) -> ResultsFile | None:
        """The file of what a download has brought so far; None where it has just got its own name, which the next
        snapshot says.
        """
        arrived = None if self.batch_id is None else engine.growing(self.batch_id)
        if arrived is None:
            return None
        index, part = arrived
        try:
            return ResultsFile(part, index)
        except FileNotFoundError:
            return None

    def waits_for(self, engine: Engine, downloads: Mapping[str, Download]) -> str | None:
        """What has to come before the results of a run can be put together, or why it does not; None where all are here.
        Reads the disk.
        """
        missing = self.missing(engine)
        for download in (downloads[batch_id] for batch_id in missing if batch_id in downloads):
            if download.state is DownloadState.FAILED:
                return download.error or DOWNLOAD_FAILED
        count = len(self.batch_ids)
        here = count - len(missing)
        return f"The results of {here} of {count} batches of {self.title} are here …" if missing else None

    def complete(self, text: str, cursor: int) -> Completion:
        """What can stand at the cursor of a filter; types of errors, names in JSON answers and their values are the file's."""

        def values(field: str) -> Sequence[str]:
            if self.file is None:
                return ()
            fields = self.file.fields
            match field:
                case "error":
                    return [value for value in self.file.results.index.error_types if value]
                case "json":
                    return fields.names
                case _:
                    name = next((each for each in fields.names if field_path(each) == field), "")
                    return fields.values(name)

        return complete(text, cursor, values)

    def why_not(self, action: str) -> str | None:
        """Why a key of the Results screen has nothing to work on, as the end of a sentence; None where it has."""
        if action == "retry":
            return self._why_no_retry()
        if action == "attempts":
            return None if self.run_id is not None else "only a run has several attempts at a request"
        if action not in (*_NEED_FILE, *_NEED_ENTRY):
            return None
        if self.file is None:
            return "no results are open"
        return None if self.file.results.index.complete else _NEED_WHOLE_FILE.get(action)

    def to_save(self, positions: Sequence[int], *, marked: bool, keeps_order: bool) -> ToSave | None:
        """These entries of the file, `marked` or all that a filter shows; it `keeps_order` where the user sorted them.
        None where no file is read.
        """
        if self.file is None:
            return None
        results = self.file.results
        name = results.path.name if self.run_id is not None else self.title
        stem = name.removesuffix(".gz").removesuffix(".out").removesuffix(".jsonl")
        part = Part(
            results.path, results.index, positions, self.batch_id or stem, self.rows_path, keeps_order
        )
        which = "marked " if marked else "shown "
        if len(positions) == results.index.count:
            which = ""
        words = f"{len(positions):,} {which}results"
        return ToSave(part, words, self.title.removesuffix(".jsonl"), self.batch_id)

    def sent(self, store: Store) -> Collection[str] | None:
        """The custom_ids that were sent, in their order; None where that is not known of all. Reads the disk."""
        if self.body_path is not None:
            return ids_placed(self.body_path)
        sent = [sent_ids_of(batch_id, store) for batch_id in self.batch_ids]
        if not sent or any(ids is None for ids in sent):
            return None
        return sent[0] if len(sent) == 1 else dict.fromkeys(one for ids in sent for one in ids or ())

    def _request(self, custom_id: str, origin: Origin | None, store: Store) -> bytes | None:
        """The request with that custom_id as it was sent, where that is known."""
        if self.body_path is not None:
            return request_in(self.body_path, custom_id)
        return request_as_sent(self.batch_ids if origin is None else (origin.batch_id,), custom_id, store)

    def take_lines(self, cache: Path, stopped: Callable[[], bool]) -> bool:
        """Have a file in another envelope or form read as lines of ours; False where it was stopped. For a thread.

        Raises SourceError for what is no results file.
        """

        def look(_: float) -> None:
            if stopped():
                raise _StoppedError

        if self.path is None or self.batch_ids:
            return True
        try:
            lines = own_lines(self.path, cache, look)
        except _StoppedError:
            return False
        self.path, self.body_path, self.lane, self.note = lines.path, lines.body, lines.lane, lines.words
        self.rows_path = lines.rows or self.rows_path
        return True

    def keep_requests(self, cache: Path, requests: Path) -> None:
        """Keep what a file was sent, for request, ledger and retry. Blocks; raises CbtuiErrors where it is not that."""
        if self.file is not None and self.path is not None:
            self.body_path = keep_requests(self.path, self.file.results.index.all_ids(), requests, cache)

    def _follow_arrived(self, index: ResultsIndex) -> Next:
        count = (index.count, index.described)
        if self.file is None or self.file.results.index is not index:
            follows = Next.TAKE_ARRIVED if index.count else Next.NOTHING
        else:
            follows = Next.NOTHING if count == self._arrived else Next.SHOW_MORE
        self._arrived = count
        return follows

    def _why_no_retry(self) -> str | None:
        if self.file is None or self.is_growing or not self.file.results.index.complete:
            return "its results are not all here yet"
        return None


def read_opened(opened: OpenResults, engine: Engine, stopped: Callable[[], bool]) -> Iterator[ReadingStep]:
    """Read what is open to its end, for a thread: the files of a run put together first, then the file with its first
    rows, again and again while it is indexed, and while its answers are held against the schemas they were asked for.

    Whoever gets a step has its file to close. Ends early where it was stopped. Raises CbtuiErrors.
    """
    if opened.run_id is not None:
        places = engine.store.locations
        attempts = attempts_of(
            opened.run_id, opened.batch_ids, store=engine.store, workspace=engine.workspace
        )
        whole = merged_results(
            opened.run_id, attempts, places.results / "runs", places.cache, every=opened.shows_all
        )
        opened.path, opened.rows_path = whole.results, whole.rows
    if opened.path is None:
        return
    cache, step, own = engine.store.locations.cache, None, None
    if not opened.take_lines(cache, stopped):
        return
    rows = None if opened.rows_path is None else RowsFile(opened.rows_path)
    for results in _worth_showing(opening(opened.path, cache), stopped):
        if step is None or results is not step.results:
            own, step = results.duplicate(), ReadingStep(results, rows)
        yield step
    if step is None or own is None or stopped():
        return
    with own:
        # The answers of a run are chosen by what they were found to be, each against what its own batch asked for.
        sent = Sent() if own.run is not None else bodies_of(opened.batch_ids, engine.store)
        if opened.body_path is not None:
            sent = Sent((opened.body_path,))
        for _ in _worth_showing(validating_schemas(own, sent, cache), stopped):
            yield step
    yield step._replace(is_checked=True)


def _path_of(batch_id: str, engine: Engine) -> Path | None:
    return read_results(batch_id, store=engine.store, workspace=engine.workspace)


def _worth_showing(steps: Iterator[Step], stopped: Callable[[], bool]) -> Iterator[Step]:
    """Each step that is another object than the one before, and the same one about seven times a second, until it was
    stopped. Between two steps other threads go first, that of the keys above all.
    """
    last, shown_at = None, float("-inf")
    for step in steps:
        if stopped():
            return
        if step is not last or time.monotonic() - shown_at >= _WORTH_SHOWING_EVERY:
            yield step
            last, shown_at = step, time.monotonic()
        time.sleep(0)


def _is_whole(path: Path | None) -> bool:
    return path is not None and path.suffix != ".incomplete"
