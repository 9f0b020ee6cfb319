"""A file of the user, opened for reading: what it is, how it is encoded, and one clear sentence where it is neither.

A pipe (`-`, a FIFO) is spooled into a temporary file without a name, because sources are read more than once:
to guess their dialect, to hash them, and to build.
"""

from __future__ import annotations

import codecs
import contextlib
import hashlib
import io
import os
import shutil
import stat
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from claude_batch_tui.errors import ConfigError, SourceError

CHUNK_BYTES = 256 * 1024
_HASH_BYTES = 1 << 20
_TEXT_CHUNK_BYTES = 16 * 1024
"""One read of text. In a larger piece one emoji widens all characters of the piece to four bytes, which costs a
third more time."""
_HEAD_BYTES = 64 * 1024
_LIKELY = [
    "cp1252",
    "cp1250",
    "cp1251",
    "koi8_r",
    "cp1253",
    "cp1254",
    "cp1255",
    "cp1256",
    "iso8859_2",
    "mac_roman",
    "cp932",
    "euc_jp",
    "gb18030",
    "big5",
    "cp949",
    "cp874",
]

_KINDS = (
    (b"PK\x03\x04", "a zip archive or an Excel workbook", "Export it as CSV first"),
    (b"\x1f\x8b", "compressed with gzip", "Unpack it with gunzip first"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "Unpack it with unzstd first"),
    (b"%PDF-", "a PDF", "Name a text file"),
    (b"PAR1\x15", "a Parquet file", "Export it as CSV first"),
    (b"SQLite format 3\x00", "an SQLite database", "Export a table as CSV first"),
)
"""First bytes of files often given by mistake, from the specifications of those formats."""


class SourceFile:
    """An open file. `label` names it in sentences, `size` is in bytes, `bytes_read` counts as text is read."""

    def __init__(
        self, handle: BinaryIO, label: str, encoding: str | None = None, *, guess: bool = False
    ) -> None:
        """`guess` finds out an encoding that is neither said nor UTF-8."""
        self.handle = handle
        self.label = label
        self.size = handle.seek(0, io.SEEK_END)
        self.bytes_read = 0
        self._hashing: threading.Thread | None = None
        self._hash_error: OSError | None = None
        self._is_closed = False
        self._sha256: str | None = None
        handle.seek(0)
        head = self.read(_HEAD_BYTES)
        if not head:
            raise SourceError(f"{label}: the file is empty. There is nothing to make requests from.")
        self.encoding = _encoding(head, label, encoding)
        self.guessed_encoding: str | None = None
        """The encoding, where only a guess from the text says it."""
        if guess and encoding is None and self.encoding == "utf-8-sig" and _is_hardly_utf8(head):
            self.guessed_encoding = _guess(head)
            self.encoding = self.guessed_encoding or self.encoding

    def read(self, size: int) -> bytes:
        """The next bytes, at most `size`. Raises SourceError where the disk or the network refuses."""
        try:
            return self.handle.read(size)
        except OSError as error:
            raise self._read_error(error) from error

    def _read_error(self, error: OSError | None) -> SourceError:
        reason = error.strerror if error else "it was closed"
        return SourceError(f"{self.label}: reading failed: {reason}. Try again.")

    def hash_beside(self) -> None:
        """Begin to hash the file in a thread, while it is read here: `sha256` then has less to wait for."""
        if self._hashing is None and self._sha256 is None:
            self._hashing = threading.Thread(target=self._hash, name="cbtui-hash", daemon=True)
            self._hashing.start()

    def sha256(self) -> str:
        """The hash of all its bytes, in hex; read once."""
        self.hash_beside()
        if self._hashing is not None:
            self._hashing.join()
        if self._sha256 is None:
            raise self._read_error(self._hash_error)
        return self._sha256

    def close(self) -> None:
        """End the hashing. The handle belongs to whoever opened it."""
        self._is_closed = True
        if self._hashing is not None:
            self._hashing.join()

    def _hash(self) -> None:
        digest, offset = hashlib.sha256(), 0
        try:
            while not self._is_closed and (chunk := os.pread(self.handle.fileno(), _HASH_BYTES, offset)):
                digest.update(chunk)
                offset += len(chunk)
        except OSError as error:
            self._hash_error = error
            return
        if not self._is_closed:
            self._sha256 = digest.hexdigest()

    @contextlib.contextmanager
    def text(self, newline: str | None) -> Iterator[io.TextIOWrapper]:
        """The file decoded from its start; `newline` as in `open`. Bytes that are no text raise SourceError."""
        self.handle.seek(0)
        self.bytes_read = 0
        wrapper = io.TextIOWrapper(
            cast("BinaryIO", _Bytes(self)), encoding=self.encoding, errors="strict", newline=newline
        )
        try:
            yield wrapper
        except UnicodeDecodeError as error:
            raise self._undecodable(error) from error

    def head(self) -> str:
        """The first 64 KB as text, for guessing. Broken characters are replaced."""
        self.handle.seek(0)
        return self.handle.read(_HEAD_BYTES).decode(self.encoding, "replace")

    def line_at(self, offset: int) -> int:
        """The 1-based line that holds the byte at `offset`."""
        self.handle.seek(0)
        line, left = 1, offset
        while left > 0 and (chunk := self.handle.read(min(CHUNK_BYTES, left))):
            line += chunk.count(b"\n")
            left -= len(chunk)
        return line

    def _undecodable(self, error: UnicodeDecodeError) -> SourceError:
        # The decoder saw the last bytes read, after what it still held back: both end where reading stands.
        offset = self.bytes_read - len(error.object) + error.start
        byte = f"0x{error.object[error.start]:02X}" if error.start < len(error.object) else "the end"
        place = f"{self.label}:{self.line_at(offset)}"
        if self.encoding not in {"utf-8", "utf-8-sig"}:
            return SourceError(
                f"{place}: {byte} at byte offset {offset} is not {self.encoding}. Name the right --encoding."
            )
        return SourceError(
            f"{place}: {byte} at byte offset {offset} is not UTF-8. If the file comes from Excel, "
            f"try --encoding cp1252, or convert it: iconv -f WINDOWS-1252 -t UTF-8."
        )


class _Bytes(io.BufferedIOBase):
    """The raw side of the text: counts what is read and stops at bytes that no text holds."""

    def __init__(self, source: SourceFile) -> None:
        self._source = source
        # UTF-16 and UTF-32 are full of zero bytes; in every other encoding one means a binary file.
        self._zero_is_text = source.encoding.startswith(("utf-16", "utf-32"))

    def readable(self) -> bool:
        return True

    def read1(self, size: int = -1, /) -> bytes:  # noqa: ARG002  the text layer takes whatever comes
        chunk = self._source.read(_TEXT_CHUNK_BYTES)
        if not self._zero_is_text and b"\x00" in chunk:
            offset = self._source.bytes_read + chunk.index(b"\x00")
            line = self._source.line_at(offset)
            raise SourceError(
                f"{self._source.label}:{line}: a zero byte at byte offset {offset}: "
                f"the file is binary or damaged. Name a text file."
            )
        self._source.bytes_read += len(chunk)
        return chunk


@contextlib.contextmanager
def open_source(path: str, encoding: str | None = None, *, guess: bool = False) -> Iterator[SourceFile]:
    """Open the file at `path`, or standard input for `-`. Raises SourceError where it cannot be used."""
    label = "standard input" if path == "-" else path
    with contextlib.ExitStack() as stack:
        handle = cast("BinaryIO", sys.stdin.buffer) if path == "-" else stack.enter_context(_open(path))
        if not stat.S_ISREG(_mode(handle)):
            spool = stack.enter_context(tempfile.TemporaryFile())
            shutil.copyfileobj(handle, spool, CHUNK_BYTES)
            handle = cast("BinaryIO", spool)
        source = SourceFile(handle, label, encoding, guess=guess)
        try:
            yield source
        finally:
            source.close()


def _open(path: str) -> BinaryIO:
    try:
        return Path(path).open("rb")
    except FileNotFoundError as error:
        raise SourceError(f"{path}: there is no such file. Check the path.") from error
    except IsADirectoryError as error:
        raise SourceError(f"{path}: this is a folder. Name a file in it.") from error
    except PermissionError as error:
        raise SourceError(f"{path}: you may not read this file. Check its permissions.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SourceError(f"{path!r}: the file cannot be opened: {reason}. Check the path.") from error


def _mode(handle: BinaryIO) -> int:
    try:
        return os.fstat(handle.fileno()).st_mode
    except (OSError, ValueError):
        return 0


def _is_hardly_utf8(head: bytes) -> bool:
    """True where more bytes are broken than characters beyond ASCII are whole: another encoding, not damage."""
    text = head.decode("utf-8", "replace")
    beyond = len(text) - len(text.encode("ascii", "ignore"))
    broken = text.count("\ufffd")
    return broken > beyond - broken and broken > 1


def _guess(head: bytes) -> str | None:
    """What the text looks like of the encodings that spreadsheets and old systems write, or None."""
    from charset_normalizer import from_bytes  # 20 ms that a UTF-8 file need not pay

    best = from_bytes(head, cp_isolation=_LIKELY).best()
    return codecs.lookup(best.encoding).name if best is not None else None


def _encoding(head: bytes, label: str, wanted: str | None) -> str:
    """The codec to read with: the one asked for, else what a byte order mark says, else UTF-8."""
    if wanted is not None:
        try:
            found = codecs.lookup(wanted)
            "".encode(found.name)
        except LookupError as error:
            raise ConfigError(
                f"--encoding {wanted!r} is not known. Try utf-8, utf-16, cp1252 or latin-1."
            ) from error
        return "utf-8-sig" if found.name == "utf-8" else found.name
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for magic, kind, remedy in _KINDS:
        if head.startswith(magic):
            raise SourceError(f"{label}: this is {kind}, not text. {remedy}.")
    if b"\x00" in head:
        if head[1:200:2].count(0) > 50 or head[0:200:2].count(0) > 50:
            order = "utf-16-le" if head[1:200:2].count(0) > 50 else "utf-16-be"
            raise SourceError(
                f"{label}: this looks like UTF-16 without a byte order mark. Say --encoding {order}."
            )
        raise SourceError(f"{label}: this is a binary file, not text. Name a text file.")
    return "utf-8-sig"


class WholeFile:
    """The file rows come from. Whoever reads it moves `bytes_read`."""

    def __init__(self, path: str) -> None:
        """Raise SourceError where there is no such file."""
        if not Path(path).is_file():
            is_folder = Path(path).is_dir()
            what = (
                "this is a folder. Name a file in it"
                if is_folder
                else "there is no such file. Check the path"
            )
            raise SourceError(f"{path}: {what}.")
        self.label = path
        self.size = Path(path).stat().st_size
        self.bytes_read = 0

    def sha256(self) -> str:
        """The hash of its bytes, in hex."""
        with Path(self.label).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
