"""Small images and PDFs of any size in pixels and pages, as base64 blocks of a request."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from typing import Any

import pypdf


def png(width: int, height: int, padding: int = 0) -> bytes:
    """A PNG that says it has so many pixels; `padding` bytes follow."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunk = b"IHDR" + head
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", len(head))
        + chunk
        + struct.pack(">I", zlib.crc32(chunk))
        + bytes(padding)
    )


def pdf(pages: int, password: str | None = None) -> bytes:
    """A PDF of so many empty pages."""
    writer = pypdf.PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(100, 100)
    if password is not None:
        writer.encrypt(password, algorithm="RC4-128")
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def block(kind: str, media_type: str, data: bytes | str) -> dict[str, Any]:
    """A content block with these bytes, or with this text as if it were base64."""
    text = data if isinstance(data, str) else base64.b64encode(data).decode()
    return {"type": kind, "source": {"type": "base64", "media_type": media_type, "data": text}}


def image(width: int, height: int, padding: int = 0) -> dict[str, Any]:
    """An image block."""
    return block("image", "image/png", png(width, height, padding))


def document(pages: int) -> dict[str, Any]:
    """A document block."""
    return block("document", "application/pdf", pdf(pages))
