"""The cost at most is at most: requests are priced, answered by the simulator at their limits, and billed."""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claude_batch_tui.domain.money.pricing import Usage, cost_about, cost_at_most, entry_cost
from claude_batch_tui.domain.requests.draft import Draft
from claude_batch_tui.domain.requests.validation import RequestsCheck
from claude_batch_tui.media import look_at
from claude_batch_tui.services.building.models import built_in_prices, known_models
from claude_batch_tui.simulator.answers import Asked
from claude_batch_tui.simulator.params import Rejection, Rules, read
from media_files import document, image

PRICES = built_in_prices()
MODELS = [name for price in PRICES.model for name in price.ids]
DENSEST = 2.0
"""Bytes a token where text is as dense as it can be."""

texts = st.text(st.sampled_from('ab 019.éж語😀"\\\n'), min_size=1, max_size=600).filter(
    lambda text: text.strip()
)
cached = st.sampled_from([None, {"type": "ephemeral"}, {"type": "ephemeral", "ttl": "1h"}])
pixels = st.integers(1, 4_000)
media = st.builds(image, pixels, pixels, st.integers(0, 5_000)) | st.builds(document, st.integers(1, 3))


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    text: dict[str, Any] = {"type": "text", "text": draw(texts)}
    system: dict[str, Any] = {"type": "text", "text": draw(texts) * draw(st.sampled_from([1, 40, 400]))}
    if (control := draw(cached)) is not None:
        system["cache_control"] = control
    body: dict[str, Any] = {
        "model": draw(st.sampled_from(MODELS)),
        "max_tokens": draw(st.integers(1, 40)),
        "messages": [{"role": "user", "content": [*draw(st.lists(media, max_size=2)), text]}],
        "system": [system],
    }
    if draw(st.booleans()):
        body["tools"] = [{"name": "t", "input_schema": {"type": "object"}}]
    return body


def _draft(body: dict[str, Any]) -> tuple[Draft, bytes]:
    line = json.dumps({"custom_id": "a", "params": body}, ensure_ascii=False).encode()
    check = RequestsCheck("r.jsonl", look=look_at)
    check.add(1, line)
    return check.draft(), json.dumps(body, ensure_ascii=False).encode()


@pytest.mark.slow
@given(bodies(), st.integers(0, 2**64), st.sampled_from([None, "us"]))
@settings(deadline=None, max_examples=150)
def test_no_answer_costs_more_than_what_was_said_before(
    body: dict[str, Any], seed: int, geo: str | None
) -> None:
    if geo is not None and "4-5" not in body["model"]:
        body["inference_geo"] = geo
    draft, raw = _draft(body)
    found = read(raw, Rules())
    assert not isinstance(found, Rejection), found
    digest = blake2b(raw, digest_size=24, key=str(seed).encode()[:64]).digest()
    asked = Asked(*found[:1], raw, found[1], digest)
    asked.per_token = DENSEST
    answer = msgspec.json.decode(asked.message(tier=b"batch", refused=False, thinks=seed % 2 == 0))
    usage = msgspec.convert(
        answer["usage"] | {"output_tokens": body["max_tokens"], "inference_geo": body.get("inference_geo")},
        Usage,
    )
    bill = entry_cost(usage, body["model"], PRICES)
    assert bill is not None
    assert bill <= cost_at_most(draft.models, PRICES).batch + 1e-12
    assert cost_about(draft.models, PRICES).batch <= cost_at_most(draft.models, PRICES).batch


def _with_advisor(tmp_path, **limits: Any) -> Draft:
    from datetime import UTC, datetime

    tool = {"type": "advisor_20260301", "name": "advisor", "model": "claude-opus-5-5", **limits}
    params = {
        "model": "claude-haiku-5-5",
        "max_tokens": 500,
        "messages": [{"role": "user", "content": "hi"}],
        "tools": [tool],
    }
    check = RequestsCheck("r.jsonl", models=known_models(tmp_path, "", datetime(2026, 11, 29, tzinfo=UTC)))
    for number in range(3):
        check.add(number + 1, json.dumps({"custom_id": f"{number}", "params": params}).encode())
    return check.draft()


def test_a_limited_advisor_is_in_the_cost_at_most_and_one_without_a_limit_makes_it_unknown(tmp_path) -> None:
    limited = _with_advisor(tmp_path, max_uses=2, max_tokens=2_000)
    assert limited.model == "claude-haiku-5-5"
    cost = cost_at_most(limited.models, PRICES)
    advice = 3 * 2 * (1_000_000 * 4 + 2_000 * 20) / 2 / 1e6
    assert advice < cost.batch < advice + 0.01
    assert cost.open_ended == 0
    assert cost_about(limited.models, PRICES).batch < 0.01
    # The worked answer of the advisor's page: 100,823 tokens read and 1,612 written.
    iteration = {
        "type": "advisor_message",
        "model": "claude-opus-5-5",
        "input_tokens": 100_823,
        "output_tokens": 1_612,
    }
    usage = msgspec.convert({"input_tokens": 500, "output_tokens": 500, "iterations": [iteration]}, Usage)
    assert 3 * (entry_cost(usage, "claude-haiku-5-5", PRICES) or 0) < cost.batch
    for unlimited in ({}, {"max_tokens": 2_000}, {"max_uses": 2, "model": "mine"}):
        assert cost_at_most(_with_advisor(tmp_path, **unlimited).models, PRICES).open_ended == 3
