from __future__ import annotations

import json

import pytest

from claude_batch_tui.config import load
from claude_batch_tui.domain.results.comparison import Agreement
from claude_batch_tui.services.prices import read_prices
from claude_batch_tui.services.results.compare import compare, compare_entries
from claude_batch_tui.store.results.opening import open_indexed


def answer(text, *, thinking=None, out=10, model="claude-haiku-4-5"):
    content = [{"type": "thinking", "thinking": thinking}] if thinking else []
    content.append({"type": "text", "text": text})
    usage = {"input_tokens": 100, "output_tokens": out}
    return {"type": "succeeded", "message": {"model": model, "content": content, "usage": usage}}


EXPIRED = {"type": "expired"}


@pytest.fixture
def opened(opened_lines):
    def write(name, *pairs):
        return opened_lines(({"custom_id": custom_id, "result": result} for custom_id, result in pairs), name)

    return write


def last(updates):
    *_, whole = updates
    return whole


def test_entries_are_joined_by_custom_id_in_the_order_of_the_first(opened):
    a = opened("a.jsonl", ("x", answer("1")), ("y", answer("2")), ("z", EXPIRED), ("only", EXPIRED))
    b = opened("b.jsonl", ("new", EXPIRED), ("z", EXPIRED), ("y", EXPIRED), ("x", answer(" 1\n")))
    whole = last(compare(a, b, prices=None))
    assert [whole.pair(number)[0] for number in range(whole.count)] == ["x", "y", "z", "only", "new"]
    assert [str(whole.pair(number).agreement) for number in range(whole.count)] == [
        "same",
        "one failed",
        "both failed",
        "only in A",
        "only in B",
    ]
    assert whole.is_whole


def test_thinking_says_nothing_of_agreement_but_tool_calls_do(opened):
    call = {"type": "tool_use", "id": "1", "name": "n", "input": {"a": 1}}
    other = {"type": "tool_use", "id": "2", "name": "n", "input": {"a": 2}}

    def calling(block):
        return {"type": "succeeded", "message": {"content": [block]}}

    a = opened("a.jsonl", ("t", answer("1", thinking="so")), ("c", calling(call)), ("d", calling(call)))
    b = opened("b.jsonl", ("t", answer("1")), ("c", calling({**call, "id": "9"})), ("d", calling(other)))
    counts = last(compare(a, b, prices=None)).agreed().counts
    assert (counts[Agreement.SAME], counts[Agreement.DIFFERENT]) == (2, 1)


def test_each_side_has_its_tokens_and_cost(opened, own_folders):
    prices = read_prices(load({})[0])
    a = opened("a.jsonl", ("x", answer("1", out=1_000_000)), ("y", answer("1", model="unheard-of")))
    b = opened("b.jsonl", ("x", answer("1", out=20)))
    agreed = last(compare(a, b, prices=prices)).agreed()
    assert (agreed.left.output_tokens, agreed.right.output_tokens) == (1_000_010, 20)
    assert agreed.left.usd == pytest.approx(2.5 + 0.00005)
    assert (agreed.left.succeeded, agreed.left.priced) == (2, 1)


def test_entries_without_an_id_are_never_joined_and_the_first_of_two_counts(opened, tmp_path):
    a = opened("a.jsonl", ("x", answer("1")), ("x", answer("2")))
    path = tmp_path / "b.jsonl"
    path.write_bytes(
        b"{broken\n" + json.dumps({"custom_id": "x", "result": answer("1")}).encode() + b"\n[]\n"
    )
    with open_indexed(path) as b:
        counts = last(compare(a, b, prices=None)).agreed().counts
    assert (counts[Agreement.SAME], counts[Agreement.ONLY_RIGHT]) == (1, 2)


def test_chosen_entries_limit_the_comparison(opened):
    a = opened("a.jsonl", ("x", answer("1")), ("y", answer("2")))
    b = opened("b.jsonl", ("y", answer("2")), ("z", answer("3")))
    whole = last(compare(a, b, prices=None, chosen=[1]))
    assert [whole.pair(number)[0] for number in range(whole.count)] == ["y"]


def test_two_entries_of_one_file_are_compared_too(opened):
    a = opened("a.jsonl", ("x", answer("1")), ("y", answer("2")))
    pair = compare_entries(a, 0, 1, None).pair(0)
    assert (pair.left, pair.right, pair.agreement) == (0, 1, Agreement.DIFFERENT)
