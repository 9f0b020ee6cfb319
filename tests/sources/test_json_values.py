"""JSON values as the bytes they are, wherever the pieces of a file are cut."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_batch_tui.errors import SourceError
from claude_batch_tui.sources import json_values
from claude_batch_tui.sources.json_values import JsonValues, form_of
from claude_batch_tui.sources.source_file import open_source

VALUES = [
    {
        "custom_id": f"r{count}",
        "params": {"text": 'he said "x" \\ {[ \n é\\' * count, "tools": [{"a": [1, {}]}]},
    }
    for count in (0, 1, 2, 7)
]
FORMS = {
    "array": json.dumps(VALUES),
    "array, pretty": json.dumps(VALUES, indent=2, ensure_ascii=False),
    "body": json.dumps({"betas": ["x"], "requests": VALUES, "more": {"requests": [1]}}),
    "body, pretty": json.dumps({"requests": VALUES}, indent=1),
    "values": "".join(json.dumps(value) for value in VALUES),
    "values, pretty": "\n".join(json.dumps(value, indent=4) for value in VALUES),
    "lines": "\n".join(map(json.dumps, VALUES)),
}


@pytest.mark.parametrize(("form", "text"), FORMS.items(), ids=FORMS)
def test_every_value_is_found_wherever_the_pieces_are_cut(tmp_path, monkeypatch, form, text):
    path = tmp_path / "x.json"
    path.write_text(text, "utf-8")
    for step in (*range(1, 30), 1 << 20):
        monkeypatch.setattr(json_values, "_READ_BYTES", step)
        with open_source(str(path)) as file:
            assert form_of(file) == form.partition(",")[0]
            read = list(JsonValues(file, form_of(file)))
        assert [json.loads(one.data) for one in read] == VALUES
        assert all(b"\n" not in one.data for one in read)


json_objects = st.dictionaries(
    st.text(max_size=5),
    st.recursive(
        st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=8,
    ),
    min_size=1,
    max_size=4,
)


@pytest.mark.slow
@given(st.lists(json_objects, min_size=2, max_size=5), st.sampled_from([None, 1, 4]))
def test_objects_written_one_behind_the_other_come_back(tmp_path_factory, objects, indent):
    path = tmp_path_factory.getbasetemp() / "values.json"
    path.write_text("".join(json.dumps(one, indent=indent) for one in objects), "utf-8")
    with open_source(str(path)) as file:
        assert [json.loads(one.data) for one in JsonValues(file, "values")] == objects


def test_a_value_is_told_with_the_line_it_begins_on(tmp_path):
    path = tmp_path / "x.json"
    path.write_text('[\n\n{"a":\n1},\n5,\n"x", {"b": 2}]')
    with open_source(str(path)) as file:
        assert [*JsonValues(file, "array")] == [(3, b'{"a":1}'), (5, b"5"), (6, b'"x"'), (6, b'{"b": 2}')]


@pytest.mark.parametrize("text", ['[{"a": 1}, {"a": ', '{"requests": [{"custom_id": "a"}', '{"a": [\n'])
def test_json_that_breaks_off_is_said_with_its_line(tmp_path, text):
    path = tmp_path / "x.json"
    path.write_text(text)
    with open_source(str(path)) as file:
        form = form_of(file)
        with pytest.raises(SourceError, match=r"x\.json:1: the JSON that begins here is not closed"):
            list(JsonValues(file, form))


def test_a_first_line_that_is_broken_does_not_make_the_lines_after_it_one_value(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text('{"custom_id": "a", "params": {"mod\n{"custom_id": "b", "params": {}}\n')
    with open_source(str(path)) as file:
        assert form_of(file) == "lines"
