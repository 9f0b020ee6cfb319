from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_batch_tui.domain.results.comparison import MOST_LINES, MOST_WORDS, Side, diff

TEXTS = st.text(st.sampled_from("ab \n"), max_size=60)


def lines_of(found, side):
    return [line.text for line in found if line.side in (Side.BOTH, side)]


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_from_their_difference(left, right):
    found = list(diff(left, right))
    assert "\n".join(lines_of(found, Side.LEFT)) == left
    assert "\n".join(lines_of(found, Side.RIGHT)) == right


def test_changed_words_of_a_line_are_marked():
    same, left, right, end = diff("Hello\nthe cat sat\nbye", "Hello\nthe dog sat\nbye")
    assert (same.side, end.side) == (Side.BOTH, Side.BOTH)
    assert [left.text[start:stop] for start, stop in left.changed] == ["cat"]
    assert [right.text[start:stop] for start, stop in right.changed] == ["dog"]


def test_lines_with_nothing_in_common_are_not_marked_inside():
    left, right = diff("billing", "bug")
    assert (left.side, right.side) == (Side.LEFT, Side.RIGHT)
    assert left.changed == right.changed == ()


def test_texts_too_long_to_match_are_told_whole():
    left = "\n".join(f"a{number}" for number in range(MOST_LINES + 1))
    right = "\n".join(f"b{number}" for number in range(MOST_LINES + 1))
    found = list(diff(left, right))
    assert [line.side for line in found] == [Side.LEFT] * (MOST_LINES + 1) + [Side.RIGHT] * (MOST_LINES + 1)
    words = " ".join(map(str, range(MOST_WORDS)))
    first, second = diff(f"same {words} end", f"same {words[::-1]} end")
    assert first.text[slice(*first.changed[0])].startswith("0 1")
    assert second.text.endswith(" end")


@pytest.mark.slow
def test_a_small_change_in_a_long_text_is_found_at_once():
    text = "line\n" * 200_000
    found = [line for line in diff(text, text + "more") if line.side is not Side.BOTH]
    assert [line.text for line in found] == ["", "more"]
