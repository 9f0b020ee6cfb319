from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_batch_tui.nesting import Nesting, TooDeepError, read_toml, require_shallow


@pytest.mark.parametrize(
    "text", ['{"a":[{"b":1}]}', '["[[[[[["]', r'["\"[[[[", "\\"]', "[1],[2],[3],[4]", ""]
)
def test_a_text_within_the_limit_is_let_through(text):
    require_shallow(text, 3)
    require_shallow(text.encode(), 3)


@pytest.mark.parametrize("text", ["[[[[]]]]", '{"a":{"b":{"c":{}}}}', r'["\\",[[[', '["a\\\\"[[['])
def test_a_text_beyond_the_limit_is_refused_with_the_limit(text):
    with pytest.raises(TooDeepError, match="more than 3 levels deep"):
        require_shallow(text, 3)


@given(st.text('[]{}"\\a', max_size=40), st.integers(1, 9))
def test_pieces_are_told_like_the_whole(text, size):
    def refuses(pieces):
        nesting = Nesting(3)
        try:
            for piece in pieces:
                nesting.feed(piece)
        except TooDeepError:
            return True
        return False

    data = text.encode()
    assert refuses([data]) == refuses([data[at : at + size] for at in range(0, len(data), size)])


def test_dots_and_brackets_in_texts_and_comments_of_toml_do_not_count():
    dots = "." * 500 + "[" * 500
    text = f'a = "{dots}"\nb = \'{dots}\'\n# {dots}\nc = """\n{dots}\n"""\nd = [{", ".join(["1.5"] * 200)}]'
    assert set(read_toml(text)) == {"a", "b", "c", "d"}


def test_keys_and_arrays_of_toml_that_nest_too_deep_are_refused():
    for text in (
        ".".join("a" * 130) + " = 1",
        "[" + ".".join("a" * 130) + "]",
        "a = " + "[" * 130 + "]" * 130,
    ):
        with pytest.raises(ValueError, match="more than 128 levels"):
            read_toml(text)


def test_a_number_that_is_too_long_is_told_in_plain_words():
    with pytest.raises(ValueError, match=r"a number in it has more than 4,300 digits"):
        read_toml("a = " + "9" * 5_000)
