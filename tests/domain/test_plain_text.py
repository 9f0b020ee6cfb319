from __future__ import annotations

import json
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_batch_tui.domain.plain_text import clean, clean_line, escape_json

ANY = st.text(st.characters(exclude_categories=()), max_size=60)


def is_inert(character):
    return character in "\n\t" or unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(ANY)
def test_nothing_that_acts_on_a_terminal_survives(text):
    assert all(is_inert(character) for character in clean(text))
    assert not set(clean_line(text)) & set("\n\t\r\x1b")


@given(st.text("abc äöü漢字🎉\n\t", max_size=40))
def test_ordinary_text_is_left_alone(text):
    assert clean(text) == text


@pytest.mark.slow
def test_no_character_that_only_formats_others_survives():
    hidden = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) == "Cf"]
    assert set(clean("".join(hidden))) == {"·"}


def test_controls_become_visible():
    assert clean("\x1b]52;c;eA==\x07\x00\x7f\x9b\u202e\u200b\r\n") == "␛]52;c;eA==␇␀␡�··\n"


def test_a_cut_is_marked():
    assert clean("abcdef", 4) == "abc…"


@pytest.mark.slow
@given(
    st.recursive(st.text(max_size=8) | st.integers(), lambda inner: st.lists(inner, max_size=3), max_leaves=5)
)
def test_escaped_json_means_the_same_and_is_inert(value):
    escaped = escape_json(json.dumps(value, ensure_ascii=False))
    assert json.loads(escaped) == value
    assert not any(0x7F <= ord(character) <= 0x9F or character in "\u202e\u2028" for character in escaped)
