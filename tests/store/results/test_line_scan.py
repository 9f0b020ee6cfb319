"""What is understood by the first bytes of a line is what reading the line exactly says."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from claude_batch_tui.domain.results.line import read_line
from claude_batch_tui.services.building.models import built_in_prices
from claude_batch_tui.services.exporting.rows import RowReader
from claude_batch_tui.store.results import index as results_index
from claude_batch_tui.store.results.columns import Additions, id_bytes, outcome_numbers
from claude_batch_tui.store.results.index import MARGIN, ResultsIndex
from claude_batch_tui.store.results.messages import read_message
from claude_batch_tui.store.results.parts import (
    Descriptions,
    Places,
    take_descriptions,
    take_places,
)
from claude_batch_tui.store.results.passes import index_file
from claude_batch_tui.store.results.range_worker import tell_ranges
from claude_batch_tui.store.results.ranges import Order

COLUMNS = [
    "offsets",
    "lengths",
    "outcomes",
    "stops",
    "classes",
    "errors",
    "models",
    "searches",
    "input_tokens",
    "cache_read_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
    "output_tokens",
]
ids = st.one_of(
    st.from_regex(r"[A-Za-z0-9_-]{0,70}", fullmatch=True),
    st.text(st.characters(codec="utf-8"), max_size=12),
    st.sampled_from(['a"b', "a\\b", "a b", "é", "a\nb", "x" * 100]),
)
numbers = st.one_of(st.none(), st.integers(-2, 5), st.sampled_from([2**31, 2**40, True, "7", 1.5]))
usages = st.one_of(
    st.none(),
    st.fixed_dictionaries(
        {},
        optional={
            "input_tokens": numbers,
            "output_tokens": numbers,
            "cache_creation_input_tokens": numbers,
            "cache_read_input_tokens": numbers,
            "cache_creation": st.one_of(
                st.none(),
                st.just({"ephemeral_5m_input_tokens": 3, "ephemeral_1h_input_tokens": 4}),
                st.just([]),
            ),
            "server_tool_use": st.sampled_from([None, {"web_search_requests": 2}, {}]),
            "inference_geo": st.sampled_from([None, "us", "global"]),
            "iterations": st.sampled_from(
                [None, [], [{"type": "advisor_message", "model": "claude-c", "input_tokens": 5}], "odd"]
            ),
        },
    ),
)
contents = st.sampled_from(
    [
        None,
        [],
        [{"type": "text", "text": "hi"}],
        [{"type": "text", "text": " "}],
        [{"type": "text", "text": "é"}],
        [{"type": "text", "text": "\ud800"}],
        [{"type": "thinking", "thinking": "hm"}],
        [{"type": "tool_use", "input": {"custom_id": "no", "result": {"type": "errored"}}}],
        "odd",
    ]
)
messages = st.one_of(
    st.none(),
    st.fixed_dictionaries(
        {},
        optional={
            "model": st.sampled_from(["claude-a", "claude-b", None, 7]),
            "stop_reason": st.sampled_from(["end_turn", "max_tokens", "refusal", "new", None, ""]),
            "content": contents,
            "usage": usages,
        },
    ),
)
results = st.one_of(
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(
                ["succeeded", "errored", "canceled", "expired", "new", "", "succeededx", 3]
            )
        },
        optional={
            "message": messages,
            "error": st.sampled_from([None, {}, {"error": {"type": "api_error"}}, {"error": None}, "odd"]),
        },
    ),
    st.sampled_from([None, [], "succeeded"]),
)


@st.composite
def lines(draw):
    value = {"custom_id": draw(ids), "result": draw(results)}
    match draw(st.integers(0, 9)):
        case 0:
            value = dict(reversed(value.items()))
        case 1:
            value = {"more": 1, **value}
        case 2:
            value["more"] = {"result": {"type": "expired"}}
    separators = draw(st.sampled_from([(",", ":"), (",", ":"), (", ", ": "), (" ,", ":")]))
    line = json.dumps(value, ensure_ascii=draw(st.booleans()), separators=separators)
    data = line.encode("utf-8", "surrogatepass")
    match draw(st.integers(0, 9)):
        case 0:
            data += b"\r"
        case 1:
            data = b"  " + data
        case 2:
            at = draw(st.integers(0, len(data)))
            data = data[:at] + draw(st.binary(max_size=3)) + data[at + draw(st.integers(0, 3)) :]
        case 3:
            data = data[: draw(st.integers(0, len(data)))]
        case 4:
            data += data
    return data.replace(b"\n", b"")


DOUBLE_KEYS = (
    b'{"custom_id":"a","result":{"type":"succeeded"},"custom_id":"other","result":{"type":"expired"}}'
)
files = st.lists(
    st.one_of(lines(), st.sampled_from([b"", b" ", b"{", b"}", b"[]", DOUBLE_KEYS]), st.binary(max_size=20)),
    min_size=1,
    max_size=12,
).map(lambda found: b"\n".join(line.replace(b"\n", b"") for line in found) + b"\n")


def scanned(data):
    """By the first bytes of all lines at once, then exactly, in blocks of about 200 bytes."""
    index = ResultsIndex()
    index.add(bytearray(data + bytes(MARGIN)), len(data))
    while index.described < index.count:
        start, size = index.undescribed(200, index.count)
        index.describe(data[start : start + size], start)
    index.finish()
    return index


@pytest.fixture(scope="module", autouse=True)
def every_block_is_scanned():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(results_index, "FEW_BYTES", -1)
        yield


def expected(data):
    """Line by line."""
    index = ResultsIndex()
    for line in data.split(b"\n")[:-1]:
        index._read(line + b"\n")
    index.finish()
    return index


@pytest.mark.slow
@given(files)
@example(DOUBLE_KEYS + b"\n" + DOUBLE_KEYS + b"\n")
@example(b'{"custom_id":"a",\n"result":{"type":"succeeded"}}\n')
@settings(deadline=None, max_examples=400)
def test_a_scan_gives_what_reading_every_line_gives(data):
    one, other = scanned(data), expected(data)
    assert one.complete
    assert other.complete
    assert one.all_ids() == other.all_ids()
    for position in range(other.count):
        assert one.entry(position) == other.entry(position)
        assert one.usage(position) == other.usage(position)
        assert one.model(position) == other.model(position)
    for name in COLUMNS:
        if name not in ("errors", "models"):
            assert list(getattr(one, name)) == list(getattr(other, name)), name


@pytest.mark.slow
@given(files, st.integers(1, 300), st.booleans())
@settings(deadline=None, max_examples=200)
def test_ranges_read_apart_and_put_together_give_what_reading_every_line_gives(
    tmp_path_factory, data, step, ends
):
    data = data if ends else data[:-1]
    path = tmp_path_factory.mktemp("ranges") / "x.jsonl"
    path.write_bytes(data)
    whole, index, told = ResultsIndex(), ResultsIndex(), io.BytesIO()
    with path.open("rb") as file:
        for _ in index_file(file.fileno(), whole):
            pass
        order = Order(file.fileno(), 0, len(data), step, 0, 1)
        tell_ranges(order, told)
    told.seek(0)
    for _ in order.ranges:
        take_places(index, read_message(told, Places))
        take_descriptions(index, read_message(told, Descriptions))
    assert told.read() == b""
    index.finish()
    assert index.all_ids() == whole.all_ids()
    assert bytes(index.id_starts) == bytes(whole.id_starts)
    for name in {*COLUMNS, "stop_reasons", "error_types"} - {"models"}:
        assert list(getattr(index, name)) == list(getattr(whole, name)), name
    for name in Additions.kinds.keys() - {"models"}:
        assert getattr(index.additions, name) == getattr(whole.additions, name)
    # Those whose tokens totals leave out get their numbers before the others of a block: numbers depend on where one ends.
    assert {*index.answered_by} == {*whole.answered_by}
    for one, other in ((index, whole), (index.additions, whole.additions)):
        found = [index.answered_by[number] for number in one.models]
        assert found == [whole.answered_by[number] for number in other.models]


@pytest.mark.slow
@given(files)
@settings(deadline=None)
def test_rows_of_many_lines_are_those_of_each_alone(data):
    raws = data.split(b"\n")[:-1]
    reader = RowReader(built_in_prices())
    alone = [RowReader(built_in_prices()).values(raw, "b") for raw in raws]
    assert reader.rows(raws, ["b"] * len(raws)) == alone
    assert reader.rows(raws, ["b"] * len(raws)) == alone  # what costs were kept are the same


@pytest.mark.slow
@given(files)
@settings(deadline=None)
def test_ids_and_outcomes_of_whole_lines_are_right_after_the_first_pass(data):
    index = ResultsIndex()
    index.add(bytearray(data + bytes(MARGIN)), len(data))
    for position in range(index.count):
        at = index.offsets[position]
        raw = data[at : at + index.lengths[position]]
        line = read_line(raw)
        if line.result.type != "unparsed" and raw != DOUBLE_KEYS and raw.count(b'"custom_id"') == 1:
            assert index.custom_id(position).encode() == id_bytes(line)
            assert index.outcomes[position] == outcome_numbers([line])[0]


def test_ids_of_every_length_are_found_by_the_scan():
    data = b"".join(
        b'{"custom_id":"%b","result":{"type":"expired"}}\n' % (b"x" * length) for length in range(1, 65)
    )
    index = ResultsIndex()
    index.add(bytearray(data + bytes(MARGIN)), len(data))
    assert not len(index._odd)
    assert index.all_ids() == ["x" * length for length in range(1, 65)]


def test_lines_as_json_dumps_writes_them_are_scanned_too():
    data = b"".join(
        json.dumps({"custom_id": f"r-{number}", "result": {"type": "canceled"}}).encode() + b"\r\n"
        for number in range(50)
    )
    index = ResultsIndex()
    index.add(bytearray(data + bytes(MARGIN)), len(data))
    assert not len(index._odd)
    assert index.all_ids() == [f"r-{number}" for number in range(50)]
