"""Results in other envelopes and forms than the API's: told by looking, and written once as lines of ours into the cache.

The plain path: what is read afterwards (index, filters, exports) knows one shape only. Files in the API's own lines are
read where they are. What the envelopes say of the requests is kept beside, as the spool keeps what was sent, so that
ledger, joins and a file of what to send again need no submission of ours.
"""

from __future__ import annotations

import contextlib
import gzip
import os
import tempfile
import zlib
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import islice
from pathlib import Path
from shlex import quote
from typing import Any, BinaryIO, Final, cast

import msgspec

from claude_batch_tui.domain.requests.draft import SourceRow
from claude_batch_tui.domain.results.failures import RetryRules, cause_of
from claude_batch_tui.domain.results.lanes import (
    LANES,
    PRICED,
    Lane,
    Parts,
    keyed,
    lane_of,
    own_line,
    parts_of,
    what_else,
)
from claude_batch_tui.errors import ExportError, SourceError, StoreError
from claude_batch_tui.services.building.requests_files import custom_id_of, iter_request_lines
from claude_batch_tui.services.submitting.known_requests import require_requests_of
from claude_batch_tui.services.submitting.spool import iter_sent, places_path
from claude_batch_tui.sources.json_values import JsonValues, form_of
from claude_batch_tui.sources.source_file import SourceFile, as_utf8
from claude_batch_tui.store.files import cache_name, written_whole
from claude_batch_tui.store.results.gzip import ANY_SIZE, MOST_TIMES, is_gzip, require_room
from claude_batch_tui.store.results.index import ResultsIndex

_VERSION: Final = 1
_HEAD: Final = 1 << 20
_LOOKED_AT: Final = 20
"""Values that are looked at to say whose they are."""
_EVERY: Final = 1 << 24
"""Bytes written between two looks at the room on the disk."""
_PIECE: Final = 1 << 20
_LINES, _ROWS, _BODY = ".jsonl", ".rows.jsonl", ".body.json"
"""What the names of the kept files end in."""
_MOST_FILES: Final = 200_000
_MANIFEST: Final = "manifest.json.out"
_ENDINGS: Final = (".jsonl.out", ".jsonl", ".json")
_BOM: Final = b"\xef\xbb\xbf"
_ZIP: Final = b"PK\x03\x04"
_TABLE: Final = (
    "this is a CSV of Vertex AI's results: export the table from BigQuery as JSON (newline delimited)"
)
_REQUEST_KEYS: Final = {
    Lane.MESSAGES: (b"custom_id", b"params"),
    Lane.BEDROCK: (b"recordId", b"modelInput"),
    Lane.VERTEX: (b"custom_id", b"request"),
}
"""What a lane whose requests can be known calls id and params in a line of them."""
_encode = msgspec.json.Encoder().encode


class OwnLines(msgspec.Struct, frozen=True):
    """Results as lines of ours: where they are, whose they are, and what is known of their requests.

    `rows` and `body` are a rows file and a body with its places, as those of a submission; None where the envelopes
    do not hold them. `path` is the file itself where it has our lines already.
    """

    path: Path
    lane: Lane = Lane.MESSAGES
    entries: int = 0
    rows: Path | None = None
    body: Path | None = None
    manifest: dict[str, int] = {}
    """What the manifest of a Bedrock job counts."""
    is_own: bool = True
    """Whether the file itself has our lines, so that nothing was written."""

    @property
    def is_priced(self) -> bool:
        """Whether the API's prices are those of this lane."""
        return self.lane in PRICED

    @property
    def words(self) -> str:
        """What the file is, its costs and what its manifest says otherwise, as sentences; empty for lines of ours."""
        if self.is_own:
            return ""
        entries = "1 entry" if self.entries == 1 else f"{self.entries:,} entries"
        said = [f"{LANES[self.lane]}, {entries}."]
        if not self.is_priced:
            said.append(f"Costs are not guessed: your prices.toml may have some for {self.lane}/MODEL.")
        total = self.manifest.get("totalRecordCount", self.entries)
        if total != self.entries:
            said.append(
                f"The job's manifest counts {total:,} records: {total - self.entries:,} are not here."
            )
        return " ".join(said)


class _Kept(msgspec.Struct, frozen=True):
    """What is written last, beside the lines: that they are whole, and what they are."""

    lane: Lane
    entries: int
    has_rows: bool
    has_body: bool
    manifest: dict[str, int]

    def at(self, stem: Path) -> OwnLines:
        """What is kept under the names that begin with `stem`."""
        return OwnLines(
            stem.with_suffix(_LINES),
            self.lane,
            self.entries,
            stem.with_suffix(_ROWS) if self.has_rows else None,
            stem.with_suffix(_BODY) if self.has_body else None,
            self.manifest,
            is_own=False,
        )


def is_results_folder(path: Path) -> bool:
    """Whether a folder has results of a job of another lane in it."""
    with contextlib.suppress(OSError):
        return path.is_dir() and any(_files_of(path))
    return False


def own_lines(path: Path, cache: Path, on_step: Callable[[float], None] = lambda _: None) -> OwnLines:
    """The results in a file or folder as lines of ours; `on_step` hears how far that is, and may raise to stop it.

    What `keep_requests` has kept is their body, where their envelopes hold none. Raises SourceError for what is no results
    file, with what it is and what to do.
    """
    found = _own_lines(path, cache, on_step)
    if found.body is not None or not found.path.is_file():
        return found
    body = _kept_body(found.path, cache)
    try:
        os.utime(body)  # what is opened again is not pruned
        os.utime(places_path(body))
    except OSError:
        return found
    return msgspec.structs.replace(found, body=body)


def keep_requests(results: Path, answered: Collection[str], requests: Path, cache: Path) -> Path:
    """Keep what a results file was sent, as a body with its places, until that file changes; the body.

    `results` is the file of lines of ours, `answered` are its custom_ids. Raises DraftError where a result is of none of the
    requests, SourceError where the file is no requests file, StoreError where the disk refuses.
    """
    require_requests_of(results.name, requests, answered)
    cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    body, at = _kept_body(results, cache), 0
    with written_whole(body) as bodies, written_whole(places_path(body)) as places:
        for line in iter_request_lines(requests):
            if _has_place(custom_id := custom_id_of(line)):
                bodies.write(line + b"\n")
                places.write(f"{custom_id}\t{at}\t{len(line)}\n".encode())
                at += len(line) + 1
    return body


def _kept_body(results: Path, cache: Path) -> Path:
    return cache / f"{cache_name('requests', results)}{_BODY}"


def _own_lines(path: Path, cache: Path, on_step: Callable[[float], None]) -> OwnLines:
    files = _files_of(path) if path.is_dir() else [path]
    if not files or not all(file.is_file() for file in files):
        return OwnLines(path)  # opening it says what is wrong
    if path.is_file() and _has_own_lines(path):
        return OwnLines(path)
    stem = cache / cache_name(f"lanes {_VERSION}", *files)
    known = _known(stem)
    if known is not None:
        return known
    found = _look(files, path)
    if found is None:
        return OwnLines(path)
    try:
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        return _write(files, path, found, stem, on_step)
    except StoreError as error:
        raise SourceError(str(error)) from error


def failed_ids(index: ResultsIndex, positions: Sequence[int], rules: RetryRules) -> set[str]:
    """The custom_ids of those of these entries that are to be sent again."""
    chosen: set[str] = set()
    for position in positions:
        entry = index.entry(position)
        cause = cause_of(index.class_of(position), entry.error_type, entry.stop_reason)
        if rules.decide(cause, is_changed=False) == "sent":
            chosen.add(entry.custom_id)
    return chosen


def write_again(body: Path, lane: Lane, custom_ids: Collection[str], target: Path) -> int:
    """Write the requests with these ids in the body of a lane's results as request lines of it, as they were sent; how many.

    Raises SourceError where they cannot be read any more, ExportError where the disk refuses.
    """
    id_key, params_key = _REQUEST_KEYS[lane]
    count = 0
    try:
        with written_whole(target, ExportError) as out:
            for request in iter_sent(body):
                parts = parts_of(request) or {}
                if _id_of(parts) in custom_ids:
                    out.write(
                        b'{"%s":%s,"%s":%s}\n' % (id_key, parts["custom_id"], params_key, parts["params"])
                    )
                    count += 1
    except OSError as error:
        raise SourceError(f"The requests in {body} cannot be read: open the results again.") from error
    return count


def _id_of(request: Parts) -> str:
    return msgspec.json.decode(request["custom_id"], type=str)


def _files_of(folder: Path) -> list[Path]:
    """The files of a folder that may hold results: those of one ending, by name."""
    names = sorted(entry.name for entry in islice(os.scandir(folder), _MOST_FILES) if entry.is_file())
    for ending in _ENDINGS:
        found = [name for name in names if name.endswith(ending) and not name.endswith(_MANIFEST)]
        if found:
            return [folder / name for name in found]
    return []


def _has_own_lines(path: Path) -> bool:
    """Whether the first line of a file, plain or gzipped, is one of ours."""
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            head = gzip.GzipFile(fileobj=file).read(_HEAD) if packed else file.read(_HEAD)
    except (OSError, EOFError, zlib.error):
        return True  # opening it says what is wrong
    line, newline, _ = head.removeprefix(_BOM).lstrip().partition(b"\n")
    if not line:
        return True
    if not newline and len(head) == _HEAD:
        return line.startswith((b'{"custom_id":', b'{"custom_id" ')) and b'"result"' in line
    return _is_own(line.strip())


def _known(stem: Path) -> OwnLines | None:
    """What was written before, where all of it is still there."""
    head = stem.with_suffix(".lane")
    try:
        known = msgspec.json.decode(head.read_bytes(), type=_Kept).at(stem)
        if not all(file is None or file.is_file() for file in (known.path, known.rows, known.body)):
            return None
        os.utime(head)  # what is opened again is not pruned
    except (OSError, ValueError):
        return None
    return known


def _look(files: Sequence[Path], path: Path) -> Lane | None:
    """Whose results these are; None where nobody knows, and for lines of ours, of which only the first may be none.

    Raises SourceError for what is no results file.
    """
    other: str | None = None
    for file in files[:_LOOKED_AT]:
        with _opened(file) as (source, is_converted):
            if path.is_file() and not is_converted and _begins_with_own_lines(source):
                return None
            if _is_table(source):
                other = other or _TABLE
            if form_of(source) == "body":  # whose items are requests as they stand
                other = other or what_else({"requests": b"[]"})
            for number, _, parts in islice(_values(source), _LOOKED_AT):
                lane = lane_of(parts) if parts is not None else None
                if parts is not None and lane is not None and own_line(parts, lane, number) is not None:
                    return lane
                other = other or (what_else(parts) if parts is not None else None)
    if other is not None:
        raise SourceError(f"{path} is not a results file: {other.replace('FILE', quote(str(path)))}.")
    return None


def _is_table(source: SourceFile) -> bool:
    """Whether a file is a CSV of Vertex AI's results, as BigQuery exports a table unless another format is asked for."""
    header = source.head().partition("\n")[0]
    return {"response", "status"} <= {name.strip(' \r"') for name in header.split(",")}


def _begins_with_own_lines(source: SourceFile) -> bool:
    """Whether the first line of a file that is a result of anybody is one of ours."""
    if form_of(source) != "lines":
        return False
    for line in islice(JsonValues(source, "lines"), _LOOKED_AT):
        parts = parts_of(line.data)
        if parts is not None and lane_of(parts) is not None:
            return _is_own(line.data)
    return False


def _is_own(line: bytes) -> bool:
    parts = parts_of(line) if line.endswith(b"}") else None
    return parts is not None and lane_of(parts) is Lane.MESSAGES


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[tuple[SourceFile, bool]]:
    """A file as UTF-8, unpacked where it is gzipped, and whether it had another encoding. Raises SourceError."""
    with contextlib.ExitStack() as stack:
        try:
            handle: BinaryIO = stack.enter_context(path.open("rb"))
            if is_gzip(path):
                handle = stack.enter_context(_unpacked(handle, path))
        except (OSError, EOFError, zlib.error) as error:
            raise SourceError(f"Cannot read {path}: {error}.") from error
        if handle.read(len(_ZIP)) == _ZIP:
            raise SourceError(
                f"{path} is a zip archive, as other tools hand out results: unpack it, and open the file of results in it."
            )
        try:
            source = SourceFile(handle, str(path), guess=True)
        except SourceError as error:
            what = str(error).removeprefix(f"{path}: ").partition(". ")[0].removesuffix(".")
            raise SourceError(
                f"{path} is not a results file: {what}. Results are read from lines of JSON, and from JSON files."
            ) from error
        stack.callback(source.close)
        yield stack.enter_context(as_utf8(source)), source.encoding != "utf-8-sig"


@contextlib.contextmanager
def _unpacked(packed: BinaryIO, path: Path) -> Iterator[BinaryIO]:
    """What a gzipped file holds, in a file without a name. Raises SourceError where it is more than results are."""
    most = max(ANY_SIZE, MOST_TIMES * path.stat().st_size)
    with tempfile.TemporaryFile() as spool, gzip.GzipFile(fileobj=packed) as unpacking:
        written = 0
        while piece := unpacking.read(_PIECE):
            written += len(piece)
            if written > most:
                raise SourceError(
                    f"{path} unpacks to more than {MOST_TIMES} times its size, as results do not."
                )
            spool.write(piece)
        spool.seek(0)
        yield cast("BinaryIO", spool)


def _values(source: SourceFile) -> Iterator[tuple[int, bytes, Parts | None]]:
    """Every value that may be a result, with its number from 1, its bytes, and its keys where it is an object."""
    number = 0
    for line in JsonValues(source, form_of(source)):
        parts = parts_of(line.data.rstrip(b","))
        inner = _held(parts) if parts is not None and lane_of(parts) is None else None
        if line.data in {b"[", b"]"}:
            continue
        for data, one in [(line.data, parts)] if inner is None else inner:
            number += 1
            yield number, data, one


def _held(parts: Parts) -> list[tuple[bytes, Parts]] | None:
    """The results in an object that holds them, in a list or by their custom_ids; None where it holds none."""
    for data in parts.values():
        if data.lstrip().startswith(b"["):
            with contextlib.suppress(ValueError, RecursionError):
                raws = [bytes(raw) for raw in msgspec.json.decode(data, type=list[msgspec.Raw])]
                listed = [(raw, one) for raw in raws if (one := parts_of(raw)) is not None]
                if listed and lane_of(listed[0][1]) is not None:
                    return listed
    found = [(data, keyed(key, data)) for key, data in parts.items()]
    named = [(data, one) for data, one in found if one is not None]
    return named if named and len(named) == len(found) else None


def _write(
    files: Sequence[Path], path: Path, lane: Lane, stem: Path, on_step: Callable[[float], None]
) -> OwnLines:
    """Write lines, rows and requests under the names that begin with `stem`, and last what they are."""
    body = stem.with_suffix(_BODY)
    names = (stem.with_suffix(_LINES), stem.with_suffix(_ROWS), body, places_path(body))
    with contextlib.ExitStack() as stack:
        entries = _Entries(*(stack.enter_context(written_whole(name, SourceError)) for name in names))
        for at, file in enumerate(files):
            with _opened(file) as (source, _):
                for number, data, value in _values(source):
                    entries.write(number if len(files) == 1 else entries.count + 1, data, value, path.name)
                    if entries.since_look > _EVERY:
                        entries.since_look = 0
                        require_room(stem.parent, path, _EVERY)
                        on_step((at + source.bytes_read / max(source.size, 1)) / len(files))
    kept = _Kept(lane, entries.count, bool(entries.rows), bool(entries.requests), _manifest_of(path))
    with written_whole(stem.with_suffix(".lane")) as out:
        out.write(_encode(kept))
    return kept.at(stem)


class _Entries:
    """Entries as they are written: lines, rows, and requests with their places; how many of each."""

    def __init__(self, lines: BinaryIO, rows: BinaryIO, body: BinaryIO, places: BinaryIO) -> None:
        self._lines, self._rows, self._body, self._places = lines, rows, body, places
        self.count = self.rows = self.requests = 0
        self.since_look = 0
        """Bytes since somebody looked at the room on the disk, and set it to 0."""
        self._at = 0

    def write(self, number: int, data: bytes, value: Parts | None, source: str) -> None:
        """Write an entry of the file `source`. What is no result stays the line it is."""
        lane = None if value is None else lane_of(value)
        made = None if value is None or lane is None else own_line(value, lane, number)
        line = data if made is None else made.line
        self._lines.write(line + b"\n")
        self.count += 1
        self.since_look += len(line)
        if made is None:
            return
        if made.row is not None:
            self._rows.write(_row_line(made.custom_id, source, number, made.row))
            self.rows += 1
        if made.params is not None and _has_place(made.custom_id):
            request = b'{"custom_id":' + _encode(made.custom_id) + b',"params":' + made.params + b"}"
            self._places.write(f"{made.custom_id}\t{self._at}\t{len(request)}\n".encode())
            self._body.write(request + b"\n")
            self._at += len(request) + 1
            self.since_look += len(request)
            self.requests += 1


def _has_place(custom_id: str) -> bool:
    """Whether a file of places can hold an id: without tabs, line ends and halves of characters."""
    return "\t" not in custom_id and custom_id.splitlines() == [custom_id] and _whole(custom_id) == custom_id


def _row_line(custom_id: str, source: str, number: int, row: dict[str, Any]) -> bytes:
    """A line of a rows file; values that no such file can hold are texts in it."""
    try:
        return _encode(SourceRow(custom_id, custom_id, source, number, row)) + b"\n"
    except (ValueError, OverflowError):
        texts = {_whole(key): None if value is None else _whole(str(value)) for key, value in row.items()}
        custom_id = _whole(custom_id)
        return _encode(SourceRow(custom_id, custom_id, _whole(source), number, texts)) + b"\n"


def _whole(text: str) -> str:
    """Text without halves of characters."""
    return text.encode("utf-8", "replace").decode()


def _manifest_of(path: Path) -> dict[str, int]:
    """The counts of the manifest in a folder, or in that of a file whose manifest speaks of it alone."""
    try:
        value = msgspec.json.decode((path / _MANIFEST).read_bytes(), type=dict[str, object])
    except (OSError, ValueError):
        return {}
    return {key: held for key, held in value.items() if isinstance(held, int)}
