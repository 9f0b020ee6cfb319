"""The fast ways to filter let through what the plain way does, whatever the entries and the filter are.

The plain way asks every condition of every entry, and decodes every answer for it. The fast ways are masks of numpy over
the columns of an index (`selecting`), and raw bytes that rule lines out before they are decoded (`search_nodes`,
`raw_lines`).
"""

from __future__ import annotations

import json
from typing import assert_never

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claude_batch_tui.domain.filters.json_path import compared, find_values, parse_path
from claude_batch_tui.domain.filters.text_match import id_test, name_test, text_test
from claude_batch_tui.domain.filters.tree import ORDERING, Both, Condition, Either, Filter, Not
from claude_batch_tui.domain.results.result import CLASSES, OUTCOMES, STOP_REASONS
from claude_batch_tui.services.building.models import built_in_prices
from claude_batch_tui.services.filters.finding import Finder, find_all
from claude_batch_tui.services.results.answers import NO_DOCUMENT, answer_document, answer_text
from claude_batch_tui.services.results.costs import EntryCosts
from claude_batch_tui.store.results.file import ResultsFile
from claude_batch_tui.store.results.index import ResultsIndex


def plain_positions(wanted: Filter, results: ResultsFile, costs: EntryCosts) -> list[int]:
    """The positions of all entries that a filter lets through. The index has to be complete."""
    return [at for at in range(results.index.count) if _holds(wanted, at, results, costs)]


def _holds(wanted: Filter, position: int, results: ResultsFile, costs: EntryCosts) -> bool:
    match wanted:
        case Both(left, right):
            return _holds(left, position, results, costs) and _holds(right, position, results, costs)
        case Either(left, right):
            return _holds(left, position, results, costs) or _holds(right, position, results, costs)
        case Not(inner):
            return not _holds(inner, position, results, costs)
        case Condition():
            return _asked(wanted, position, results, costs)
        case _:
            assert_never(wanted)


def _asked(wanted: Condition, position: int, results: ResultsFile, costs: EntryCosts) -> bool:
    op, value, entry = wanted.op, wanted.value, results.index.entry(position)
    match wanted.field:
        case "id":
            return id_test(op, value)(entry.custom_id)
        case "text":
            return text_test(wanted)(answer_text(results.line(position)))
        case "json":
            document = answer_document(results.line(position))
            found = () if document is NO_DOCUMENT else find_values(document, parse_path(wanted.path))
            return any(map(compared(op, value), found))
        case "in" | "out":
            tokens = entry.input_tokens if wanted.field == "in" else entry.output_tokens
            return bool(ORDERING[op](tokens, int(value)))
        case "cost":
            cost = costs.of(position)
            return cost is not None and bool(ORDERING[op](cost, float(value)))
        case name:
            names = {
                "outcome": str(entry.outcome),
                "class": results.index.class_of(position),
                "stop": entry.stop_reason,
                "error": entry.error_type,
            }
            return name_test(op, value)(names[name])


words = st.text(st.sampled_from('abAB é退\ud800"\\n1'), max_size=4)
ids = st.text(st.sampled_from("ab1-"), min_size=1, max_size=4)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2**70) | st.just(float("nan")) | words,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("vw"), inner, max_size=2),
    max_leaves=4,
)
blocks = (
    st.builds(lambda text: {"type": "text", "text": text}, words | st.none())
    | st.builds(lambda value: {"type": "text", "text": json.dumps(value)}, values)
    | st.builds(lambda value: {"type": "tool_use", "name": "t", "input": value}, values)
    | st.just({"type": "thinking", "thinking": "ab"})
    | st.builds(lambda text: {"type": "compaction", "content": text}, words | st.none())
    | st.builds(lambda text: {"type": "advisor_tool_result", "content": {"text": text}}, words)
    | st.builds(
        lambda name: {"type": "mcp_tool_listing", "mcp_server_name": name, "tools": [{"name": name}, 1]},
        words,
    )
)
messages = st.fixed_dictionaries(
    {
        "content": st.lists(blocks, max_size=2) | st.none() | words,
        "model": st.sampled_from(["claude-haiku-4-5", "unknown", None]),
        "stop_reason": st.sampled_from([*STOP_REASONS[1:], "tired", None]),
        "usage": st.fixed_dictionaries(
            {"input_tokens": st.integers(0, 3), "output_tokens": st.integers(0, 3)}
        ),
    }
)
results = (
    st.builds(lambda message: {"type": "succeeded", "message": message}, messages)
    | st.builds(
        lambda kind, words, details: {
            "type": "errored",
            "error": {"error": {"type": kind, "message": words, "details": details}},
        },
        st.sampled_from(["api_error", "aB"]),
        words,
        st.none() | st.dictionaries(st.sampled_from("ab"), values, max_size=2),
    )
    | st.sampled_from([{"type": "expired"}, {"type": "canceled"}, {"type": "new"}, {}])
)
lines = st.builds(
    lambda custom_id, result, ascii_only: json.dumps(
        {"custom_id": custom_id, "result": result}, ensure_ascii=ascii_only
    ).encode("utf-8", "surrogatepass"),
    ids,
    results,
    st.booleans(),
) | st.sampled_from([b"not a line", b"{}", b'{"custom_id":"a","result":{"type":"succeeded"'])
equal, ordered = st.sampled_from(["=", "!=", ":", "~"]), st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
leaves = (
    st.builds(Condition, st.just("id"), equal, ids)
    | st.builds(
        Condition, st.just("id"), st.just("glob"), ids | st.sampled_from(["a*", "?b", "*1*", "[ab]?"])
    )
    | st.builds(Condition, st.just("outcome"), equal, st.sampled_from([str(one) for one in OUTCOMES]))
    | st.builds(Condition, st.just("class"), equal, st.sampled_from(CLASSES))
    | st.builds(Condition, st.just("stop"), equal, st.sampled_from(STOP_REASONS))
    | st.builds(Condition, st.just("error"), equal, st.sampled_from(["api_error", "ab", ""]))
    | st.builds(Condition, st.sampled_from(["in", "out"]), ordered, st.sampled_from("0123"))
    | st.builds(Condition, st.just("cost"), ordered, st.sampled_from(["0", "0.0000015", "0.1"]))
    | st.builds(Condition, st.just("text"), st.sampled_from([":", "="]), words.filter(bool))
    | st.builds(Condition, st.just("text"), st.just("~"), st.sampled_from(["a.", "(?i)b", "^$", "[^a]é"]))
    | st.builds(
        Condition, st.just("json"), st.sampled_from(["=", ":"]), words, st.sampled_from(["$.v", "$[0]", "$"])
    )
    | st.builds(
        Condition,
        st.just("json"),
        st.sampled_from(["<", ">="]),
        st.sampled_from(["1", "1e30"]),
        st.just("$.v"),
    )
    | st.builds(Condition, st.just("json"), st.just("exists"), st.just(""), st.just("$.v.w"))
)
filters = st.recursive(
    leaves,
    lambda inner: st.builds(Not, inner) | st.builds(Both, inner, inner) | st.builds(Either, inner, inner),
    max_leaves=4,
)


@pytest.mark.slow
@given(st.lists(lines, max_size=10), filters, filters)
@settings(deadline=None, max_examples=300)
def test_what_is_found_is_what_the_plain_way_lets_through(tmp_path_factory, made, wanted, before):
    path = tmp_path_factory.mktemp("plain") / "r.jsonl"
    path.write_bytes(b"".join(line + b"\n" for line in made))
    index = ResultsIndex()
    index.feed(path.read_bytes())
    index.finish()
    costs = EntryCosts(index, built_in_prices())
    with ResultsFile(path, index) as opened:
        expected = plain_positions(wanted, opened, costs)
        assert list(find_all(opened, wanted, costs)) == expected
        # The same after another filter, whose entries may be used.
        finder = Finder(opened, costs)
        list(finder.find(before))
        *_, last = finder.find(Both(before, wanted))
        assert list(last.positions) == plain_positions(Both(before, wanted), opened, costs)
