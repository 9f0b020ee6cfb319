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

import msgspec

from claude_batch_tui.errors import ConfigError, SourceError
from claude_batch_tui.sources.encodings import Encoding, guess_encoding, utf16_without_mark
from claude_batch_tui.sources.rows import Doubt, Reading

CHUNK_BYTES = 256 * 1024
_HASH_BYTES = 1 << 20
_TEXT_CHUNK_BYTES = 16 * 1024
"""One read of text. In a larger piece one emoji widens all characters of the piece to four bytes, which costs a
third more time."""
_HEAD_BYTES = 64 * 1024
_SEARCHED_BYTES = 64 << 20
"""So far is a file looked through for its first byte beyond ASCII, which says what encoding it has."""

_KINDS = (
    (b"PK\x03\x04", "a zip archive or an Excel workbook", "Export it as CSV first"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel or Word file (OLE2)", "Save it as CSV or XLSX first"),
    (b"{\\rtf", "rich text (RTF)", "Save it as plain text first"),
    (b"\x1f\x8b", "compressed with gzip", "Unpack it with gunzip first"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "Unpack it with unzstd first"),
    (b"%PDF-", "a PDF", "Name a text file"),
    (b"PAR1\x15", "a Parquet file", "Export it as CSV first"),
    (b"SQLite format 3\x00", "an SQLite database", "Export a table as CSV first"),
)
"""First bytes of files often given by mistake, from the specifications of those formats."""


_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\v\f\r\x1a\x1b\x1e")
_TEXT_BYTES_FOR_A_CONTROL = 200
"""A zero byte or another control character in so many is a damaged row; more of them are a binary file."""


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
        self.guess: Encoding | None = None
        """The encoding, where only a guess from the text says it."""
        self.encoding, self._begin = _encoding(head, label, encoding)
        self._codec = self.encoding
        if self._begin:
            self._codec = {
                "utf-16": "utf-16-le" if head[:1] == b"\xff" else "utf-16-be",
                "utf-8-sig": "utf-8",
            }.get(self.encoding, self.encoding)
        self.encoding_found = self.encoding
        """The encoding it had before it was made UTF-8."""
        self.has_zero_bytes = False
        """True from the moment on at which a zero byte was read as text."""
        if guess and encoding is None and self.encoding == "utf-8-sig":
            self._guess_encoding(head)
        elif encoding is None and self.encoding.endswith(("-le", "-be")) and not guess:
            raise SourceError(
                f"{label}: this looks like UTF-16 without a byte order mark. Say --encoding {self.encoding}, or convert "
                f"it: iconv -f {self.encoding.upper()} -t UTF-8."
            )

    def _guess_encoding(self, head: bytes) -> None:
        """Find out what a file is that is no UTF-8. Raises SourceError where two encodings fit equally."""
        sample = head
        while sample.isascii() and self.handle.tell() < _SEARCHED_BYTES and (chunk := self.read(CHUNK_BYTES)):
            # A character may lie over the end of a piece: only whole lines are looked at.
            sample = sample[sample.rfind(b"\n") + 1 :][-CHUNK_BYTES:] + chunk
        self.handle.seek(0)
        is_ascii = sample.isascii() and b"\x1b$" not in sample
        if is_ascii or not _is_hardly_utf8(sample):
            return
        is_whole = len(sample) == self.size
        if not is_whole:
            lines = sample[: sample.rfind(b"\n") + 1]
            sample = sample if lines.isascii() else lines
        found = guess_encoding(sample, is_whole=is_whole)
        if found is None:
            return
        if found.tied is not None:
            raise SourceError(
                f"{self.label}: the file is not UTF-8, and {found.name} and {found.tied} fit equally: "
                f"{found.spellings}. Say --encoding E."
            )
        self.guess, self.encoding, self._codec = found, found.name, found.name
        self.encoding_found = found.name

    def rewind(self) -> None:
        """Read from the start again, after byte order marks."""
        self.handle.seek(self._begin)
        self.bytes_read = self._begin

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
        self.rewind()
        wrapper = io.TextIOWrapper(
            cast("BinaryIO", _Bytes(self)), encoding=self._codec, errors="strict", newline=newline
        )
        try:
            yield wrapper
        except UnicodeDecodeError as error:
            raise self._undecodable(error) from error

    def head(self) -> str:
        """The first 64 KB as text, for guessing. Broken characters are replaced."""
        self.rewind()
        return self.handle.read(_HEAD_BYTES).decode(self._codec, "replace")

    @property
    def is_all_head(self) -> bool:
        """True where the head is all there is."""
        return self.size <= _HEAD_BYTES

    def text_apart(self, newline: str | None) -> io.TextIOWrapper:
        """The text once more, read from its start beside another reading that goes on."""
        return io.TextIOWrapper(
            cast("BinaryIO", _Apart(self.handle, self._begin)),
            encoding=self._codec,
            errors="replace",
            newline=newline,
        )

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
    """The raw side of the text: counts what is read, and tells of bytes that no text holds."""

    def __init__(self, source: SourceFile) -> None:
        self._source = source
        # UTF-16 and UTF-32 are full of zero bytes; in every other encoding one means a damaged row.
        self._zero_is_text = source.encoding.startswith(("utf-16", "utf-32"))

    def readable(self) -> bool:
        return True

    def read1(self, size: int = -1, /) -> bytes:  # noqa: ARG002  the text layer takes whatever comes
        chunk = self._source.read(_TEXT_CHUNK_BYTES)
        if not self._zero_is_text and b"\x00" in chunk:
            self._source.has_zero_bytes = True
        self._source.bytes_read += len(chunk)
        return chunk


class _Apart(io.BufferedIOBase):
    """A handle that others read too, from a place of its own."""

    def __init__(self, handle: BinaryIO, at: int) -> None:
        self._handle = handle
        self._at = at

    def readable(self) -> bool:
        return True

    def read1(self, size: int = -1, /) -> bytes:  # noqa: ARG002  the text layer takes whatever comes
        theirs = self._handle.tell()
        self._handle.seek(self._at)
        chunk = self._handle.read(_TEXT_CHUNK_BYTES)
        self._handle.seek(theirs)
        self._at += len(chunk)
        return chunk


def encoding_reading(file: SourceFile, reading: Reading) -> Reading:
    """How a file was understood, with its encoding, and whether that is a guess."""
    name, guess = file.encoding_found.removesuffix("-sig"), file.guess
    if guess is None:
        return msgspec.structs.replace(reading, encoding=name)
    spelled = f": {guess.spellings}" if guess.words else ""
    doubt = Doubt(
        "guessed_encoding",
        f"the file is not UTF-8 and was read as {name}{spelled}. If letters are wrong, say --encoding E",
        is_guess=True,
    )
    return msgspec.structs.replace(
        reading,
        encoding=name,
        encoding_guessed=True,
        changed_words=guess.words,
        other_encoding=guess.other,
        doubts=(doubt, *reading.doubts),
    )


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


@contextlib.contextmanager
def as_utf8(file: SourceFile) -> Iterator[SourceFile]:
    """The file itself, or what it says in UTF-8, kept for as long as the context lasts."""
    if file.encoding == "utf-8-sig":
        yield file
        return
    with tempfile.TemporaryFile() as spool, file.text(newline="") as text:
        while piece := text.read(CHUNK_BYTES):
            spool.write(piece.encode("utf-8", "surrogatepass"))
        converted = SourceFile(cast("BinaryIO", spool), file.label, "utf-8")
        converted.encoding_found, converted.guess = file.encoding_found, file.guess
        try:
            yield converted
        finally:
            converted.close()


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
    broken = text.count("\ufffd") - head.count(b"\xef\xbf\xbd")
    return b"\x1b$" in head if beyond == 0 else broken > beyond - broken


def _known(wanted: str) -> str:
    """The codec of a name. Raises ConfigError where Python has none."""
    try:
        found = codecs.lookup(wanted)
        "".encode(found.name)
    except LookupError as error:
        raise ConfigError(
            f"--encoding {wanted!r} is not known. Try utf-8, utf-16, cp1252 or latin-1."
        ) from error
    return "utf-8-sig" if found.name == "utf-8" else found.name


def _encoding(head: bytes, label: str, wanted: str | None) -> tuple[str, int]:
    """The codec to read with, and where text begins: the one asked for, else what a mark says, else UTF-8."""
    if wanted is not None:
        return _known(wanted), 0
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32", 0
    for mark, name in _MARKS:
        if head.startswith(mark):
            # Some programs write the mark twice.
            return name, len(mark) * (2 if head.startswith(mark * 2) else 1)
    for magic, kind, remedy in _KINDS:
        if head.startswith(magic):
            raise SourceError(f"{label}: this is {kind}, not text. {remedy}.")
    if b"\x00" in head:
        if (without_mark := utf16_without_mark(head)) is not None:
            return without_mark, 0
        controls = len(head) - len(head.translate(None, _CONTROLS))
        if controls > max(1, len(head) // _TEXT_BYTES_FOR_A_CONTROL) or controls * 4 > len(head):
            raise SourceError(f"{label}: this is a binary file, not text. Name a text file.")
    return "utf-8-sig", 0


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
