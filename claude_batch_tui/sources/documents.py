"""Documents and images: a folder, a glob or one file as a source, a request per file, and what each is as a block.

What the API takes: JPEG, PNG, GIF and WebP images, PDF and plain text documents, as base64, text, `url` or `file`
sources (contract of the Messages API, platform documentation, copies of 2026-09-26).
"""

from __future__ import annotations

import base64
import binascii
import glob
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, unquote_to_bytes, urlsplit

from claude_batch_tui.errors import SourceError
from claude_batch_tui.home import expand_home
from claude_batch_tui.media import HEAD_BYTES, media_type
from claude_batch_tui.sources.document_text import SEEN_BYTES, DocumentText, is_html, kind_of_file, text_of
from claude_batch_tui.sources.rows import BadRow, Row

MediaKind = Literal["image", "document"]

MAX_FILE_BYTES = 24_000_000
"""Three quarters of the 32 MB a request may have: base64 makes a third more of it (platform overview)."""
_MEDIA_SUFFIXES = frozenset(
    {
        ".png",
        ".jpg",
        ".jpeg",
        ".jpe",
        ".gif",
        ".webp",
        ".bmp",
        ".tif",
        ".tiff",
        ".heic",
        ".avif",
        ".ico",
        ".pdf",
    }
)
"""Names that promise an image or a PDF: what is neither by its bytes is not sent as text."""
_ALL = "**/*"
COLUMNS = ("path", "name", "stem", "suffix", "size", "text")


def media_source(value: str, kind: MediaKind, folder: str, encoding: str | None = None) -> dict[str, Any]:
    """The `source` of a block: a URL as it is, a `file_…` id, or the bytes of a file below `folder`, absolute, `file://`
    or in a `data:` URL. `encoding` is that of texts, left out where it has to be found out.

    Raises ValueError with a sentence where the file cannot be used.
    """
    given = value.strip()
    if not given:
        raise ValueError(f"the {kind} is empty in this row")
    scheme = given[:8].lower()
    if scheme.startswith(("https://", "http://")):
        return {"type": "url", "url": given}
    if scheme.startswith("data:"):
        return _data_source(given, kind)
    if scheme.startswith("file://"):
        given = unquote(urlsplit(given).path)
    path = expand_home(Path(folder, given))
    if "\\" in given and not path.exists():
        # Written on Windows; there a drive may stand before it, which leads nowhere here.
        path = expand_home(Path(folder, given.replace("\\", "/")))
    if given.startswith("file_") and not path.exists():
        return {"type": "file", "file_id": given}
    return _file_source(path, given, kind, encoding)


def _data_source(url: str, kind: MediaKind) -> dict[str, Any]:
    """What a `data:` URL holds."""
    head, comma, body = url[5:].partition(",")
    if not comma:
        raise ValueError(f"the data: URL {url[:40]}… is damaged: there is no comma after its type")
    try:
        is_base64 = head.lower().replace(" ", "").endswith(";base64")
        packed = unquote_to_bytes(body)
        data = base64.b64decode(b"".join(packed.split()), validate=True) if is_base64 else packed
    except (ValueError, binascii.Error) as error:
        raise ValueError(f"the data: URL {url[:40]}… is damaged: {error}") from error
    name = media_type(data)
    if kind == "document" and name is None and head.lower().partition(";")[0] in {"", "text/plain"}:
        return _text_source(data.decode("utf-8", "replace"))
    if name is None or (name == "application/pdf") != (kind == "document"):
        raise ValueError(f"the data: URL {url[:40]}… holds no {_TAKEN[kind]}")
    return _base64_source(name, data)


_TAKEN = {"image": "PNG, JPEG, GIF or WebP image", "document": "PDF or text"}


def _file_source(path: Path, given: str, kind: MediaKind, encoding: str | None) -> dict[str, Any]:
    try:
        if path.is_file() and path.stat().st_size > MAX_FILE_BYTES:
            raise ValueError(
                f"{given} has {path.stat().st_size / 1e6:,.1f} MB; at most {MAX_FILE_BYTES / 1e6:.0f} MB fit into a request"
            )
        data = path.read_bytes()
    except OSError as error:
        raise ValueError(f"{given} cannot be read: {error.strerror}") from error
    name = media_type(data)
    if kind == "image":
        if name is None or not name.startswith("image/"):
            raise ValueError(f"{given} is no {_TAKEN[kind]}")
    elif name is None:
        return _text_source(document_text(path, given, encoding).text)
    elif name != "application/pdf":
        raise ValueError(f"{given} is an image, not a PDF or a text; name its column with --image-column")
    return _base64_source(name, data)


def _text_source(text: str) -> dict[str, Any]:
    return {"type": "text", "media_type": "text/plain", "data": text}


def _base64_source(name: str, data: bytes) -> dict[str, Any]:
    return {"type": "base64", "media_type": name, "data": base64.b64encode(data).decode()}


def document_text(path: Path, name: str, encoding: str | None) -> DocumentText:
    """The text of a file that is neither an image nor a PDF. Raises ValueError with a sentence where it has none."""
    if path.suffix.lower() in _MEDIA_SUFFIXES:
        with path.open("rb") as file:
            head = file.read(SEEN_BYTES)
        what = "an HTML page" if is_html(head) else kind_of_file(head) or "neither"
        raise ValueError(f"{name} has the name of an image or a PDF, and is {what}")
    found = text_of(path, name, encoding)
    if not found.text.strip():
        raise ValueError(f"{name} has no text")
    return found


class DocumentFolder:
    """All the files together, as one origin."""

    def __init__(self, path: str) -> None:
        """Find the files. Hidden ones are left out; raises SourceError where there are none, or one cannot be seen."""
        self.label = path
        self.folder, pattern = _split_pattern(expand_home(path))
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

    def __init__(self, path: str, encoding: str | None = None) -> None:
        self.file = DocumentFolder(path)
        self._encoding = encoding
        self.warnings: list[str] = []
        """What is to be said of the texts that were read so far."""

    def rows(self) -> Iterator[Row | BadRow]:
        """Every file in the order of the paths; one that cannot be sent is a bad row. One file is in memory at a time."""
        self.warnings = []
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
                if media_type(file.read(HEAD_BYTES)) is not None:
                    return Row(number, values)
            found = document_text(path, name, self._encoding)
        except ValueError as error:
            return BadRow(number, "unsupported_file", str(error), values)
        except OSError as error:
            return BadRow(number, "missing_file", f"{name} cannot be read: {error.strerror}", values)
        values["text"] = found.text
        if found.guessed:
            self.warnings.append(
                f"{name} is not UTF-8; it was read as {found.guessed}. Is it another --encoding?"
            )
        if found.pictures:
            self.warnings.append(f"{name} has pictures that are left out: {found.pictures}")
        return Row(number, values)


def kind_of_media(path: Path) -> MediaKind | None:
    """Whether a file is an image or a document (PDF), or None where it is text."""
    with path.open("rb") as file:
        name = media_type(file.read(HEAD_BYTES))
    if name is None:
        return None
    return "document" if name == "application/pdf" else "image"
