"""Images and PDFs in a request: what they are, how many tokens they make, and what the API refuses of them.

Sources: vision page and PDF page of the platform documentation, several copies up to 2026-11-29. An image costs its
pixels, after the model has scaled it down, and never the length of its base64; a page of a PDF its text and an image of
itself. How far a model scales is in `models.toml`; where nothing is known, the upper value holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import ceil
from typing import Any, NamedTuple

import msgspec

from claude_batch_tui.domain.requests.draft import Severity
from claude_batch_tui.domain.requests.models import ModelRules
from claude_batch_tui.domain.requests.param_rules import MEDIA_TYPES, Finding, shown

PIXELS_A_TOKEN = 750
TEXT_OF_A_PAGE = (1_500, 3_000)
"""Tokens of the text of a page, from and to."""
MAX_EDGE = 8_000
MANY_IMAGES, MAX_EDGE_OF_MANY = 20, 2_000
"""Above so many images in a request none may have an edge of more pixels than that."""
MAX_IMAGE_BYTES = 5 * 2**20
"""Of one image; as the API's own error counts them."""
SMALL_WINDOW = 200_000
"""The context window, in tokens, up to which the smaller limits hold."""
MAX_IMAGES = (100, 600)
MAX_PAGES = (100, 600)
"""In a request, for a small window and for others. 600 pages are said in one copy alone, so that above 100 is a warning."""
_UPPER = ModelRules(ids=())
_CODE = "media"


class MediaFacts(msgspec.Struct, frozen=True):
    """What the bytes of an image or a document are. `kind` is a media type, empty for none that the API takes.

    `bytes` are those of the file. Pixels and pages are None where they cannot be told; `flaw` says why nothing can, as a
    phrase.
    """

    kind: str = ""
    bytes: int = 0
    width: int | None = None
    height: int | None = None
    pages: int | None = None
    is_encrypted: bool = False
    flaw: str | None = None


Look = Callable[[str], MediaFacts]
"""Finds out what base64 holds."""


class Medium(NamedTuple):
    """An image or a document at a place of a request. `facts` are None where its bytes are not in the request."""

    place: str
    kind: str
    source: dict[str, Any]
    facts: MediaFacts | None


class MediaTokens(NamedTuple):
    """Tokens of all media of a request, likely and at most, and the bytes of base64 that they replace."""

    about: int = 0
    at_most: int = 0
    base64_bytes: int = 0


def find_media(params: dict[str, Any], look: Look | None) -> list[Medium]:
    """Every image and document of a request, in whatever block it stands."""
    return [
        Medium(place, str(block["type"]), source, _facts(source, look))
        for name in ("messages", "system")
        for place, block in _blocks(name, params.get(name))
        if isinstance(source := block.get("source"), dict)
    ]


def image_tokens(width: int, height: int, rules: ModelRules | None = None) -> int:
    """What an image of so many pixels costs a model, after its own scaling down."""
    known = rules or _UPPER
    scale = min(1.0, known.image_edge / max(width, height, 1))
    return min(ceil(width * scale * height * scale / PIXELS_A_TOKEN), known.image_tokens)


def page_tokens(pages: int, rules: ModelRules | None = None) -> tuple[int, int]:
    """What so many pages of a PDF cost, likely and at most: text, and an image each."""
    least, most = TEXT_OF_A_PAGE
    image = (rules or _UPPER).image_tokens
    return pages * ((least + most) // 2 + image), pages * (most + image)


def media_tokens(media: Sequence[Medium], rules: ModelRules | None) -> MediaTokens:
    """What media cost together. An image at an address costs what the largest does; of other files there nothing is known."""
    about = at_most = replaced = 0
    for one in media:
        if one.source.get("type") == "base64":
            replaced += len(str(one.source.get("data", "")))
        low = high = 0
        if one.kind == "image":
            low = high = _of_image(one.facts, rules)
        elif one.facts is not None:
            pages = one.facts.pages
            low = page_tokens(pages or 1, rules)[0]
            high = page_tokens(MAX_PAGES[not _is_small(rules)] if pages is None else pages, rules)[1]
        about, at_most = about + low, at_most + high
    return MediaTokens(about, at_most, replaced)


def media_findings(media: Sequence[Medium], rules: ModelRules | None) -> Iterator[Finding]:
    """What the API refuses of the media of a request."""
    images = [one for one in media if one.kind == "image"]
    most = MAX_IMAGES[not _is_small(rules)]
    if len(images) > most:
        yield Finding(
            "too_many_images", f"the request has {len(images):,} images; this model takes at most {most:,}"
        )
    edge = MAX_EDGE_OF_MANY if len(images) > MANY_IMAGES else MAX_EDGE
    for one in media:
        if one.facts is not None:
            yield from _of_facts(one, one.facts, edge)
    yield from _pages(media, rules)


def _of_facts(one: Medium, facts: MediaFacts, edge: int) -> Iterator[Finding]:
    said = one.source.get("media_type")
    if facts.flaw is not None:
        yield Finding(_CODE, f"the {one.kind} {one.place} {facts.flaw}")
    elif said in MEDIA_TYPES[one.kind] and facts.kind != said:
        what = facts.kind or "no image or PDF the API takes"
        yield Finding(_CODE, f"the {one.kind} {one.place} says it is {shown(said)}, and its bytes are {what}")
    if facts.is_encrypted:
        yield Finding(_CODE, f"the document {one.place} is an encrypted PDF: the API reads none; decrypt it")
    if facts.width is not None and facts.height is not None and max(facts.width, facts.height) > edge:
        many = f" where there are more than {MANY_IMAGES}" if edge == MAX_EDGE_OF_MANY else ""
        yield Finding(
            "image_too_large",
            f"the image {one.place} has {facts.width:,} by {facts.height:,} pixels; an edge may have {edge:,}{many}",
        )
    if one.kind == "image" and len(str(one.source["data"])) > MAX_IMAGE_BYTES:
        # Reports differ on whether the limit is of the file or of its base64.
        is_over = facts.bytes > MAX_IMAGE_BYTES
        message = (
            f"the image {one.place} has {facts.bytes:,} bytes, {len(str(one.source['data'])):,} as base64; the API "
            f"takes {MAX_IMAGE_BYTES:,}"
        )
        yield (
            Finding("image_too_large", message)
            if is_over
            else Finding("image_near_limit", message, Severity.WARNING)
        )


def _pages(media: Sequence[Medium], rules: ModelRules | None) -> Iterator[Finding]:
    pages = sum(one.facts.pages or 0 for one in media if one.facts is not None)
    small, large = MAX_PAGES
    if pages <= small:
        return
    message = f"the PDFs of the request have {pages:,} pages; the API takes {small}"
    if pages <= large and not _is_small(rules):
        message += f", and {large} where the model's context is larger than {SMALL_WINDOW:,} tokens"
        yield Finding("many_pages", message, Severity.WARNING)
    else:
        yield Finding("too_many_pages", f"{message}: split them")


def _of_image(facts: MediaFacts | None, rules: ModelRules | None) -> int:
    if facts is None or facts.width is None or facts.height is None:
        return (rules or _UPPER).image_tokens
    return image_tokens(facts.width, facts.height, rules)


def _is_small(rules: ModelRules | None) -> bool:
    window = rules.context if rules is not None else None
    return window is not None and window <= SMALL_WINDOW


def _facts(source: dict[str, Any], look: Look | None) -> MediaFacts | None:
    data = source.get("data")
    if look is None:
        return None
    return look(data) if source.get("type") == "base64" and isinstance(data, str) and data else None


def _blocks(place: str, value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every image and document block at any depth of messages, with its place; not within the input of tools."""
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _blocks(f"{place}[{number}]", item)
    elif isinstance(value, dict):
        if value.get("type") in MEDIA_TYPES:
            yield place, value
        source = value.get("source")
        if isinstance(source, dict) and source.get("type") == "content":
            yield from _blocks(f"{place}.source.content", source.get("content"))
        yield from _blocks(f"{place}.content", value.get("content"))
