from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_batch_tui.domain.results.json_tree import at, decode_json, path_words, pretty, walk

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=30,
)


@pytest.mark.slow
@given(VALUES)
def test_a_value_is_written_as_the_standard_library_writes_it(value):
    assert pretty(value) == json.dumps(value, ensure_ascii=False, indent=2)


@given(VALUES)
def test_every_path_leads_to_its_value(value):
    for path, found in walk(value):
        assert at(value, path) is found


def test_depth_does_not_matter():
    value = []
    for _ in range(3_000):
        value = [value]
    assert pretty(value).count("[") == 3_001
    assert sum(1 for _ in zip(walk(value), range(2_000), strict=False)) == 2_000


def test_paths_are_spelled_as_filters_take_them():
    assert path_words(()) == "$"
    assert path_words(("result", "message", "content", 0, "text")) == "$.result.message.content[0].text"
    assert path_words(("a key", 'q"')) == '$["a key"]["q\\""]'


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b'{"a":[1,"\xc3\xa9"]}', {"a": [1, "é"]}),
        (b'\xef\xbb\xbf{"a":1}', {"a": 1}),
        (b'"\\ud800"', "\ud800"),
        ('"\ud800"', "\ud800"),
        (b'"\xff"', "\ufffd"),
        (b"-Infinity", -math.inf),
        (b"1" + b"0" * 400, 10**400),
    ],
)
def test_what_either_decoder_takes_is_decoded(text, value):
    assert decode_json(text) == value


@pytest.mark.parametrize("text", [b"", b"{", "no", b"[" * 100_000 + b"]" * 100_000])
def test_what_is_no_json_is_a_value_error(text):
    with pytest.raises(ValueError, match=r"."):
        decode_json(text)
