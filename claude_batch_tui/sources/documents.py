"""Documents and images: a folder, a glob or one file as a source, a request per file, and what each is as a block.

What the API takes: JPEG, PNG, GIF and WebP images, PDF and plain text documents, as base64, text, `url` or `file`
sources (contract of the Messages API, platform documentation, copies of 2026-09-26).
"""

from __future__ import annotations

import base64
import glob
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from claude_batch_tui.errors import SourceError
from claude_batch_tui.sources.rows import BadRow, Row

MediaKind = Literal["image", "document"]

MAX_FILE_BYTES = 24_000_000
"""Three quarters of the 32 MB a request may have: base64 makes a third more of it (platform overview)."""
_IMAGES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
_TEXT_SUFFIXES = frozenset({".txt", ".md", ".markdown", ".text"})
_ALL = "**/*"
COLUMNS = ("path", "name", "stem", "suffix", "size", "text")


def media_type(head: bytes) -> str | None:
    """What a file is by its first bytes: an image type or `application/pdf`; None for anything else."""
    for magic, name in _IMAGES:
        if head.startswith(magic):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return "application/pdf" if head.startswith(b"%PDF-") else None


def media_source(value: str, kind: MediaKind, folder: str) -> dict[str, Any]:
    """The `source` of a block: a URL as it is, a `file_…` id, or the bytes of a file below `folder` or absolute.

    Raises ValueError with a sentence where the file cannot be used.
    """
    given = value.strip()
    if not given:
        raise ValueError(f"the {kind} is empty in this row")
    if given.startswith(("https://", "http://")):
        return {"type": "url", "url": given}
    path = Path(folder, given).expanduser()
    if given.startswith("file_") and not path.exists():
        return {"type": "file", "file_id": given}
    return _file_source(path, given, kind)


def _file_source(path: Path, given: str, kind: MediaKind) -> dict[str, Any]:
    try:
        if path.is_file() and path.stat().st_size > MAX_FILE_BYTES:
            raise ValueError(
                f"{given} has {path.stat().st_size / 1e6:,.1f} MB; at most {MAX_FILE_BYTES / 1e6:.0f} MB fit into a request"
            )
        data = path.read_bytes()
    except OSError as error:
        raise ValueError(f"{given} cannot be read: {error.strerror}") from error
    name = media_type(data[:16])
    if kind == "image":
        if name is None or not name.startswith("image/"):
            raise ValueError(f"{given} is no PNG, JPEG, GIF or WebP image")
    elif name is None and path.suffix.lower() in _TEXT_SUFFIXES:
        try:
            return {"type": "text", "media_type": "text/plain", "data": data.decode("utf-8-sig")}
        except UnicodeDecodeError as error:
            raise ValueError(f"{given} is not UTF-8 text (byte offset {error.start})") from error
    elif name != "application/pdf":
        raise ValueError(f"{given} is no PDF and no .txt or .md text")
    return {"type": "base64", "media_type": name, "data": base64.b64encode(data).decode()}


class DocumentFolder:
    """All the files together, as one origin."""

    def __init__(self, path: str) -> None:
        """Find the files. Hidden ones are left out; raises SourceError where there are none, or one cannot be seen."""
        self.label = path
        self.folder, pattern = _split_pattern(Path(path).expanduser())
        try:
            found = _files_below(self.folder) if pattern == _ALL else self.folder.glob(pattern)
            shown = (one for one in found if one.is_file() and not self._is_hidden(one))
            self.paths = sorted(shown, key=self.name_of)
            self.size = sum(one.stat().st_size for one in self.paths)
        except OSError as error:
            raise SourceError(
                f"{path}: {error.filename} cannot be read: {error.strerror}. Name a folder or a pattern without it."
            ) from error
        if not self.paths:
            raise SourceError(
                f"{path}: there are no files. Check the path; a folder, a file and a pattern will do."
            )
        self.bytes_read = 0

    def _is_hidden(self, path: Path) -> bool:
        return any(part.startswith(".") for part in path.relative_to(self.folder).parts)

    def name_of(self, path: Path) -> str:
        """A file's path as seen from the folder, with slashes."""
        return path.relative_to(self.folder).as_posix()

    def sha256(self) -> str:
        """The hash of all names and contents, in hex."""
        digest = hashlib.sha256()
        for path in self.paths:
            with path.open("rb") as file:
                digest.update(
                    f"{self.name_of(path)}\0".encode() + hashlib.file_digest(file, "sha256").digest()
                )
        return digest.hexdigest()


def _split_pattern(path: Path) -> tuple[Path, str]:
    """The folder a path, a pattern or a folder begins with, and the pattern below it."""
    if path.is_dir():
        return path, _ALL
    if path.is_file():
        return path.parent, glob.escape(path.name)
    folder = path
    while glob.has_magic(str(folder)):
        folder = folder.parent
    return folder, str(path.relative_to(folder)) if folder != path else "*"


def _files_below(folder: Path) -> Iterator[Path]:
    """All files in a folder and those in it, but for hidden folders. Raises OSError where one cannot be listed."""

    def refused(error: OSError) -> None:
        raise error

    for path, folders, files in os.walk(folder, onerror=refused):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(path, name) for name in files)


class DocumentsSource:
    """Files as rows: `path` (from the folder), `name`, `stem`, `suffix`, `size` in bytes, and `text` where it is text."""

    columns = COLUMNS

    def __init__(self, path: str) -> None:
        self.file = DocumentFolder(path)

    def rows(self) -> Iterator[Row | BadRow]:
        """Every file in the order of the paths; one that cannot be sent is a bad row. One file is in memory at a time."""
        for number, path in enumerate(self.file.paths, 1):
            yield self._row(number, path)
            self.file.bytes_read += path.stat().st_size if path.exists() else 0

    def _row(self, number: int, path: Path) -> Row | BadRow:
        name = self.file.name_of(path)
        values: dict[str, Any] = {
            "path": name,
            "name": path.name,
            "stem": path.stem,
            "suffix": path.suffix,
            "size": 0,
            "text": "",
        }
        try:
            size = path.stat().st_size
            values["size"] = size
            if size == 0:
                return BadRow(number, "empty_file", f"{name} is empty", values)
            if size > MAX_FILE_BYTES:
                words = f"{name} has {size / 1e6:,.1f} MB; at most {MAX_FILE_BYTES / 1e6:.0f} MB fit into a request"
                return BadRow(number, "file_too_large", words, values)
            with path.open("rb") as file:
                if media_type(file.read(16)) is not None:
                    return Row(number, values)
            values["text"] = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            words = f"{name} is neither UTF-8 text nor a PDF, PNG, JPEG, GIF or WebP file"
            return BadRow(number, "unsupported_file", words, values)
        except OSError as error:
            return BadRow(number, "missing_file", f"{name} cannot be read: {error.strerror}", values)
        if "\0" in values["text"]:
            return BadRow(
                number, "unsupported_file", f"{name} is a binary file of no kind the API takes", values
            )
        return Row(number, values)


def kind_of_media(path: Path) -> MediaKind | None:
    """Whether a file is an image or a document (PDF), or None where it is text."""
    with path.open("rb") as file:
        name = media_type(file.read(16))
    if name is None:
        return None
    return "document" if name == "application/pdf" else "image"
