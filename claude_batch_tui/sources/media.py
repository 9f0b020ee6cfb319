"""Images and documents as content blocks: from a file, a URL, or the id of an uploaded file.

What the API takes: JPEG, PNG, GIF and WebP images, PDF and plain text documents, as base64, text, `url` or `file`
sources (contract of the Messages API, platform documentation, copies of 2026-09-26).
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any, Literal

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
