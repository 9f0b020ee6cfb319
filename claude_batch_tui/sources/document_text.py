"""The text of a file: plain text in any encoding, and Word documents and HTML pages as Markdown.

Those two need the extra `documents` (mammoth, lxml and markdownify). Pictures in them are no text and are left out.
"""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

from claude_batch_tui.errors import CbtuiError
from claude_batch_tui.nesting import MOST_LEVELS, TooDeepError
from claude_batch_tui.sources.source_file import open_source

_HTML = frozenset({".html", ".htm", ".xhtml"})
_HTML_HEAD = re.compile(rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)
_SVG_HEAD = re.compile(
    rb"\s*(?:<\?xml.*?\?>|<!--.*?-->|<!doctype[^>]*>|\s)*<svg\b", re.IGNORECASE | re.DOTALL
)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_XML_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
"""What XHTML may begin with, at which the parser of HTML warns."""
_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
SEEN_BYTES = 4_096
_MOST_UNPACKED = 200_000_000
"""What the text of a Word document may be unpacked; no text of that size fits into a request."""
_EXTRA = "pip install 'claude-batch-tui[documents]'"
_OFFICE = {
    "word/": "a Word document",
    "xl/": "an Excel workbook; `cbtui build spreadsheet` makes a request of each row",
    "ppt/": "a PowerPoint presentation; export it as PDF",
}
_MAGIC = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a document of Office 97 to 2003; save it as .docx or PDF"),
    (b"{\\rtf", "an RTF document; save it as .docx or PDF"),
    (b"\x1f\x8b", "compressed with gzip; unpack it"),
    (b"BM", "a BMP image; convert it to PNG"),
    (b"II*\x00", "a TIFF image; convert it to PNG"),
    (b"MM\x00*", "a TIFF image; convert it to PNG"),
    (b"8BPS", "a Photoshop image; convert it to PNG"),
)


class DocumentText(NamedTuple):
    """A text, the encoding that it was guessed to have, and how many pictures in it were left out."""

    text: str
    guessed: str | None = None
    pictures: int = 0


def kind_of_file(head: bytes) -> str | None:
    """What a file is by its first bytes that is neither plain text nor taken by the API, in words; None for anything else."""
    for magic, words in _MAGIC:
        if head.startswith(magic) and (magic != b"BM" or b"\0" in head[:64]):
            return words
    if head[4:8] == b"ftyp":
        heif = head[8:12] in {b"heic", b"heix", b"mif1", b"avif"}
        return "a HEIC or AVIF image; convert it to JPEG" if heif else "a video or a sound"
    if head.startswith(b"PK\x03\x04"):
        return "a zip archive or an Office document"
    if _SVG_HEAD.match(head):
        return "an SVG drawing; convert it to PNG, or call it .txt to send its source"
    return None


def is_html(head: bytes) -> bool:
    """True for an HTML page, whatever it is called."""
    return _HTML_HEAD.match(head) is not None


def text_of(path: Path, name: str, encoding: str | None = None) -> DocumentText:
    """The text of a file that is called `name` in sentences. Raises ValueError with a sentence where it has none."""
    with path.open("rb") as file:
        head = file.read(SEEN_BYTES)
    if head.startswith(b"PK\x03\x04"):
        return _of_word(path, name)
    if words := kind_of_file(head):
        raise ValueError(f"{name} is {words}")
    try:
        said = encoding or _declared(path, head)
        with open_source(str(path), said, guess=True) as source, source.text(None) as text:
            guess = source.guess
            plain = DocumentText(text.read(source.size + 1), guess.name if guess else None)
    except CbtuiError as error:
        raise ValueError(str(error).replace(str(path), name, 1).rstrip(".")) from error
    if plain.guessed and _CONTROL.search(plain.text):
        raise ValueError(f"{name} is a binary file, not text")
    if path.suffix.lower() in _HTML:
        return _of_html(plain, name)
    return plain


def _declared(path: Path, head: bytes) -> str | None:
    """The encoding that an HTML page names."""
    if path.suffix.lower() not in _HTML or head.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        return None
    found = _CHARSET.search(head)
    return found[1].decode("ascii") if found else None


def _of_word(path: Path, name: str) -> DocumentText:
    try:
        with zipfile.ZipFile(path) as archive:
            names = {info.filename: info.file_size for info in archive.infolist()}
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise ValueError(f"{name} is a damaged Word document or archive: {error}") from error
    if "word/document.xml" not in names:
        what = next(
            (words for start, words in _OFFICE.items() if any(one.startswith(start) for one in names)), None
        )
        raise ValueError(f"{name} is {what or 'a zip archive; unpack it'}")
    if sum(size for one, size in names.items() if one.endswith((".xml", ".rels"))) > _MOST_UNPACKED:
        raise ValueError(f"{name} unpacks to more text than a request can hold")
    try:
        import mammoth  # an extra: few need it
    except ImportError as error:
        raise ValueError(f"{name} is a Word document, which needs mammoth: {_EXTRA}") from error
    pictures = 0

    def left_out(_: Any) -> list[Any]:
        nonlocal pictures
        pictures += 1
        return []

    try:
        html = mammoth.convert_to_html(io.BytesIO(path.read_bytes()), convert_image=left_out).value
    except RecursionError as error:
        raise ValueError(f"{name} is a Word document that cannot be read: {TooDeepError()}") from error
    except Exception as error:  # whatever a damaged document makes of its parser is about this file
        raise ValueError(f"{name} is no Word document that can be read: {error}") from error
    return _of_html(DocumentText(html), name)._replace(pictures=pictures)


def _of_html(page: DocumentText, name: str) -> DocumentText:
    try:
        import lxml  # noqa: F401  the parser that BeautifulSoup is asked for below
        from bs4 import BeautifulSoup  # an extra: few need it
        from markdownify import MarkdownConverter
    except ImportError as error:
        raise ValueError(f"{name} is an HTML page, which needs lxml and markdownify: {_EXTRA}") from error
    # lxml closes what a page leaves open (paragraphs, items, cells), and would end at a zero byte.
    soup = BeautifulSoup(_XML_DECLARATION.sub("", page.text).replace("\0", "\ufffd"), "lxml")
    for part in soup(["script", "style", "template"]):
        part.decompose()
    for part in soup(["title", "option"]):
        part.insert(0, "\n")  # converted to nothing but its text, which would stick to what is beside it
        part.append("\n")
    pictures = 0
    for picture in soup("img"):
        if str(picture.get("src", "")).startswith("data:"):
            pictures += 1
            picture.replace_with(str(picture.get("alt", "")))
    if _levels(soup) > MOST_LEVELS:
        raise ValueError(f"{name} is an HTML page that cannot be read: {TooDeepError()}")
    text = MarkdownConverter(heading_style="ATX").convert_soup(soup).strip()
    return DocumentText(text, page.guessed, pictures)


def _levels(soup: Any) -> int:
    """How deep the elements of a page nest."""
    level, here = 0, [soup]
    while here := [
        child for one in here for child in one.children if getattr(child, "children", None) is not None
    ]:
        level += 1
    return level
