"""JSON of others is decoded as far as Python can."""

import math

import pytest

from claude_batch_tui.domain.results.json_text import decode_json


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
