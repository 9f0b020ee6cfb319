from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_batch_tui.errors import ConfigError
from claude_batch_tui.nesting import Nesting, TooDeepError, read_toml, require_shallow
from claude_batch_tui.sources.cell_formats import shown_number
from claude_batch_tui.sources.json_values import JsonValues, form_of
from claude_batch_tui.sources.overrides import read_overrides
from claude_batch_tui.sources.ready import ReadyRequests, as_messages
from claude_batch_tui.sources.rows import RowRefusedError
from claude_batch_tui.sources.source_file import open_source


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


def nested(levels):
    return "[" * levels + "]" * levels


@pytest.mark.parametrize("levels", [129, 5_000])
@pytest.mark.parametrize("overrides", [(), ("temperature=0",)])
def test_a_ready_request_that_nests_too_deep_is_left_as_it_is_and_the_next_is_converted(
    tmp_path, levels, overrides
):
    line = '{"custom_id":"%s","url":"/v1/chat/completions","body":{"model":"claude-x","max_tokens":1,"messages":%s}}'
    good = '[{"role":"user","content":"Hi"}]'
    path = tmp_path / "r.jsonl"
    path.write_text("\n".join((line % ("a", good), line % ("b", nested(levels)), line % ("c", good))))
    with open_source(str(path)) as file:
        found = [one.data for one in ReadyRequests(file, read_overrides(overrides))]
    assert found[1] == (line % ("b", nested(levels))).encode()
    assert [b'"params"' in data for data in found] == [True, False, True]


@pytest.mark.parametrize("levels", [129, 5_000])
def test_a_value_over_several_lines_that_nests_too_deep_is_one_value(tmp_path, levels):
    path = tmp_path / "body.json"
    path.write_text('{"requests":[{"a":\n' + nested(levels) + '},\n{"b":\n1}],"x":' + nested(levels) + "}")
    with open_source(str(path)) as file:
        values = JsonValues(file, form_of(file))
        assert [value.data for value in values] == [b'{"a": ' + nested(levels).encode() + b"}", b'{"b":1}']
        ready = ReadyRequests(file)
        list(ready)
        assert ready.surplus() == []


@pytest.mark.parametrize("levels", [129, 5_000])
def test_messages_of_a_cell_and_a_value_that_is_set_are_told_to_nest_too_deep(levels):
    with pytest.raises(RowRefusedError, match="more than 128 levels"):
        as_messages(nested(levels))
    with pytest.raises(
        ConfigError, match="--set stop: the value cannot be read: it is nested more than 128 levels"
    ):
        read_overrides([f"stop={nested(levels)}"])


def test_a_number_that_is_too_long_makes_a_line_of_ready_requests_no_object(tmp_path):
    path = tmp_path / "r.jsonl"
    path.write_text('{"custom_id":"a","params":{}}\n{"custom_id":"b","params":{"n":' + "9" * 5_000 + "}}\n")
    with open_source(str(path)) as file:
        found = [one.data for one in ReadyRequests(file, read_overrides(["n=1"]))]
    assert found[0] == b'{"custom_id":"a","params":{"n":1}}'
    assert len(found[1]) > 5_000


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        (1e30, "0.00", "1" + "0" * 30 + ".00"),
        (1e300, "#,##0", "1" + ",000" * 100),
        (5.0, "0." + "0" * 31, None),
        (-1.5e-300, "0.0", "0.0"),
    ],
)
def test_numbers_of_any_size_are_shown_in_the_formats_that_excel_has(value, code, shown):
    assert shown_number(value, code) == shown
