"""What images and PDFs cost and what the API refuses of them, with the files that people have."""

from __future__ import annotations

import base64
import json
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from claude_batch_tui.domain.money.pricing import cost_forecast
from claude_batch_tui.domain.requests.draft import Draft, Severity
from claude_batch_tui.domain.requests.media import image_tokens, page_tokens
from claude_batch_tui.domain.requests.models import load_models
from claude_batch_tui.domain.requests.validation import RequestsCheck
from claude_batch_tui.media import look_at
from claude_batch_tui.services.building.models import built_in_prices
from media_files import block, document, image, pdf, png

MODELS = load_models((resources.files("claude_batch_tui.domain") / "models.toml").read_bytes())
CASES = Path(__file__).parents[2] / "cases"
OLD, NEW = "claude-sonnet-4-6", "claude-opus-5"


def checked(*blocks: dict[str, Any], model: str = NEW, max_tokens: int = 1) -> Draft:
    content = [*blocks, {"type": "text", "text": "What is it?"}]
    params = {"model": model, "max_tokens": max_tokens, "messages": [{"role": "user", "content": content}]}
    check = RequestsCheck("r.jsonl", models=MODELS, deadline=date(2026, 11, 30), look=look_at)
    check.add(1, json.dumps({"custom_id": "a", "params": params}).encode())
    return check.draft()


def said(*blocks: dict[str, Any], model: str = NEW) -> list[tuple[str, str]]:
    return [(problem.code, problem.message) for problem in checked(*blocks, model=model).problems]


def of_file(path: Path, kind: str, media_type: str) -> dict[str, Any]:
    return block(kind, media_type, path.read_bytes())


@pytest.mark.parametrize(
    ("pixels", "old", "new"),
    [
        ((200, 200), 54, 54),
        ((1000, 1000), 1_334, 1_334),
        ((1092, 1092), 1_590, 1_590),
        ((1500, 1500), 1_600, 3_000),  # the flat picture of the cases
        ((3000, 2000), 1_600, 4_784),
        ((2576, 300), 382, 1_031),  # 1568 by 183 after the scaling of older models
        ((8000, 100), 41, 111),
    ],
)
def test_an_image_costs_its_pixels_after_the_models_own_scaling(
    pixels: tuple[int, int], old: int, new: int
) -> None:
    for model, tokens in ((OLD, old), (NEW, new)):
        group = checked(image(*pixels, padding=400_000), model=model).models[0]
        assert group.media_tokens == pytest.approx(tokens, rel=0.1)
        assert group.media_tokens == image_tokens(*pixels, MODELS.find(model))
        assert group.params_bytes < 400  # what is base64 is no text


def test_a_photo_is_a_few_thousand_tokens_and_601_pages_are_no_two_cents() -> None:
    flat = of_file(CASES / "72-image-cost/docs/flat.png", "image", "image/png")
    photo = cost_forecast(checked(flat).models, built_in_prices())
    assert 3_000 <= photo.about.input_tokens <= photo.at_most.input_tokens < 3_400
    long = of_file(CASES / "43-pdf-limits/docs/pages601.pdf", "document", "application/pdf")
    low, high = page_tokens(601, MODELS.find(NEW))
    cost = cost_forecast(checked(long).models, built_in_prices())
    assert (low, high) == (601 * (2_250 + 4_784), 601 * (3_000 + 4_784))
    assert cost.about.batch == pytest.approx(low * 2.5e-6, rel=0.01)
    assert cost.at_most.batch == pytest.approx(high * 2.5e-6, rel=0.01)


@pytest.mark.parametrize(
    "source", [{"type": "url", "url": "https://x"}, {"type": "file", "file_id": "file_1"}]
)
def test_an_image_that_is_not_in_the_request_costs_what_the_largest_does(source: dict[str, str]) -> None:
    group = checked({"type": "image", "source": source}).models[0]
    assert (group.media_tokens, group.open_ended) == (4_784, 0)


def test_an_image_whose_pixels_cannot_be_told_costs_what_the_largest_does() -> None:
    assert checked(block("image", "image/jpeg", b"\xff\xd8\xff")).models[0].media_tokens == 4_784


def test_media_within_tool_results_and_documents_of_blocks_are_counted_too() -> None:
    inner = {"type": "tool_result", "tool_use_id": "t", "content": [image(750, 100)]}
    outer = {"type": "document", "source": {"type": "content", "content": [image(750, 200)]}}
    assert checked(inner, outer).models[0].media_tokens == 300


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("42-image-too-big/docs/tall.png", "has 400 by 8,570 pixels; an edge may have 8,000"),
        ("42-image-too-big/docs/wide8001.jpg", "has 8,001 by 16 pixels; an edge may have 8,000"),
    ],
)
def test_an_image_over_8000_pixels_is_an_error(file: str, words: str) -> None:
    kind = "image/png" if file.endswith("png") else "image/jpeg"
    assert said(of_file(CASES / file, "image", kind)) == [
        ("image_too_large", f"the image messages[0].content[0] of 'a' {words}")
    ]


def test_above_20_images_the_edge_is_2000_pixels_and_there_are_so_many_at_most() -> None:
    small, large = image(10, 10), image(10, 2001)
    assert said(*[small] * 19, large) == []
    assert said(*[small] * 20, large) == [
        (
            "image_too_large",
            "the image messages[0].content[20] of 'a' has 10 by 2,001 pixels; an edge may have 2,000 where there are more than 20",
        )
    ]
    assert said(*[small] * 101) == []
    assert said(*[small] * 101, model="claude-haiku-4-5") == [
        ("too_many_images", "the request has 101 images; this model takes at most 100")
    ]


def test_an_image_over_the_byte_limit_is_an_error_and_one_whose_base64_is_over_it_a_warning() -> None:
    problems = [*checked(image(9, 9, 6_000_000)).problems, *checked(image(9, 9, 4_000_000)).problems]
    assert [(problem.code, problem.severity) for problem in problems] == [
        ("image_too_large", Severity.ERROR),
        ("image_near_limit", Severity.WARNING),
    ]


PAGES = "the PDFs of the request have {} pages; the API takes 100"


@pytest.mark.parametrize(
    ("file", "model", "expected"),
    [
        ("ok.pdf", NEW, []),
        ("upper.PDF", NEW, []),
        ("bom.pdf", NEW, []),
        ("junk-first.pdf", NEW, []),
        ("cut.pdf", NEW, [("media", "is a PDF that cannot be read: it is cut off or damaged")]),
        ("locked.pdf", NEW, [("media", "is an encrypted PDF: the API reads none; decrypt it")]),
        ("html.pdf", NEW, [("media", "says it is 'application/pdf', and its bytes are no image or PDF the API takes")]),
        ("pages101.pdf", "claude-haiku-4-5", [("too_many_pages", f"{PAGES.format(101)}: split them")]),
        ("pages101.pdf", NEW, [
            ("many_pages",
             f"{PAGES.format(101)}, and 600 where the model's context is larger than 200,000 tokens")
        ]),
        ("pages601.pdf", NEW, [("too_many_pages", f"{PAGES.format(601)}: split them")]),
    ],
)  # fmt: skip
def test_pdfs_that_people_have_are_what_they_are(
    file: str, model: str, expected: list[tuple[str, str]]
) -> None:
    found = said(of_file(CASES / "43-pdf-limits/docs" / file, "document", "application/pdf"), model=model)
    found = [one for one in found if one[0] != "prompt_too_long"]
    place = "the document messages[0].content[0] of 'a' "
    assert [(code, message.removeprefix(place)) for code, message in found] == expected


def test_the_pages_of_all_pdfs_of_a_request_are_added_up() -> None:
    assert [code for code, _ in said(document(60), document(60))] == ["many_pages"]


def test_a_prompt_longer_than_the_context_is_warned_of() -> None:
    assert said(document(99), model="claude-haiku-4-5") == [
        ("prompt_too_long", "the prompt has about 381,214 tokens, and claude-haiku-4-5 reads at most 200,000")
    ]


GOOD = base64.b64encode(png(9, 9)).decode()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (f"data:image/png;base64,{GOOD}", "begins like an address (data:…;base64,): leave that out, base64 alone is data"),
        (f"{GOOD[:20]}\n{GOOD[20:]}", "has blanks or line breaks in its base64: leave them out"),
        (f"{GOOD[:20]} {GOOD[20:]}", "has blanks or line breaks in its base64: leave them out"),
        (GOOD[:-3], "is no base64 that can be read: "),
        ("not*base64", "is no base64 that can be read: "),
    ],
)  # fmt: skip
def test_base64_that_the_api_refuses_is_said_for_what_it_is(data: str, words: str) -> None:
    ((code, message),) = said(block("image", "image/png", data))
    assert code == "media"
    assert message.startswith(f"the image messages[0].content[0] of 'a' {words}")


@pytest.mark.parametrize(
    ("kind", "media_type", "data", "what"),
    [
        ("image", "image/jpeg", png(9, 9), "image/png"),
        ("image", "image/png", pdf(1), "application/pdf"),
        ("document", "application/pdf", png(9, 9), "image/png"),
        ("image", "image/gif", b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        ("image", "image/png", b"<svg/>", "no image or PDF the API takes"),
    ],
)
def test_a_media_type_that_the_bytes_deny_is_an_error(
    kind: str, media_type: str, data: bytes, what: str
) -> None:
    message = f"the {kind} messages[0].content[0] of 'a' says it is {media_type!r}, and its bytes are {what}"
    assert said(block(kind, media_type, data)) == [("media", message)]
