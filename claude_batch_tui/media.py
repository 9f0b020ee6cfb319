"""What the bytes of an image or a PDF are: type, pixels, pages. A PDF of 600 pages takes 50 ms: look at one in a thread."""

from __future__ import annotations

import binascii
import hashlib
import io
import logging
import re

from claude_batch_tui.domain.requests.media import MediaFacts

_IMAGES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
HEAD_BYTES = 2048
"""So many first bytes tell the type."""
_LATE_PDF = re.compile(rb".{1,1019}%PDF-\d\.\d.*?\d+ \d+ obj\b", re.DOTALL)
"""Readers of PDFs look for the header within 1,024 bytes. A text that speaks of it has no object behind it."""
_MOST_KEPT = 10_000
_pdfs: dict[bytes, MediaFacts] = {}
_PREFIX = re.compile(r"data:[^,]{0,100}[,;]")


def media_type(head: bytes) -> str | None:
    """What a file is by its first `HEAD_BYTES`: an image type that the API takes or `application/pdf`; None for anything else."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    found = next((name for magic, name in _IMAGES if head.startswith(magic)), None)
    is_pdf = head.startswith(b"%PDF-") or _LATE_PDF.match(head[:HEAD_BYTES])
    return found or ("application/pdf" if is_pdf else None)


def look_at(data: str) -> MediaFacts:
    """What base64 holds, as far as that can be told. Never an error: what is wrong is in the facts."""
    if _PREFIX.match(data):
        return MediaFacts(
            flaw="begins like an address (data:…;base64,): leave that out, base64 alone is data"
        )
    if re.search(r"\s", data):
        return MediaFacts(flaw="has blanks or line breaks in its base64: leave them out")
    try:
        content = binascii.a2b_base64(data, strict_mode=True)
    except (binascii.Error, ValueError) as error:
        return MediaFacts(flaw=f"is no base64 that can be read: {error}")
    kind = media_type(content)
    if kind is None:
        return MediaFacts(bytes=len(content))
    return _pdf(content) if kind == "application/pdf" else _image(content, kind)


def _image(content: bytes, kind: str) -> MediaFacts:
    import imagesize  # 50 ms that a file without images need not pay

    try:
        width, height = imagesize.get(io.BytesIO(content))
    except (ValueError, OSError, ArithmeticError):
        width = height = -1
    if width <= 0 or height <= 0:
        return MediaFacts(kind, len(content))
    return MediaFacts(kind, len(content), width, height)


def _pdf(content: bytes) -> MediaFacts:
    """A PDF is read once: many requests ask about the same, and a check comes before a count and a submission."""
    digest = hashlib.blake2b(content, digest_size=16).digest()
    facts = _pdfs.get(digest)
    if facts is None:
        if len(_pdfs) >= _MOST_KEPT:
            _pdfs.clear()
        facts = _pdfs[digest] = _read_pdf(content)
    return facts


def _read_pdf(content: bytes) -> MediaFacts:
    import pypdf  # 0.4 s that a file without PDFs need not pay

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # what it mends on the way is nobody's concern
    kind, size = "application/pdf", len(content)
    try:
        reader = pypdf.PdfReader(io.BytesIO(content))
        if reader.is_encrypted:
            return MediaFacts(kind, size, is_encrypted=True)
        return MediaFacts(kind, size, pages=len(reader.pages))
    except Exception:  # noqa: BLE001 — a broken file may raise anything in there
        return MediaFacts(kind, size, flaw="is a PDF that cannot be read: it is cut off or damaged")
