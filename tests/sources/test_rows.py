"""Which column is meant, and what values are where they are no text."""

import pytest

from claude_batch_tui.errors import SourceError
from claude_batch_tui.sources.rows import NoText, as_cell, find_column, guess_prompt_column, text_of

COLUMNS = ("id", "2", "Title", "body")


@pytest.mark.parametrize(("wanted", "found"), [("Title", "Title"), ("2", "2"), ("1", "id"), ("4", "body")])
def test_a_column_is_a_name_or_a_number_and_a_name_wins(wanted, found):
    assert find_column(wanted, COLUMNS, "--prompt-column", "f.csv") == found


@pytest.mark.parametrize("wanted", ["0", "5", "title", "²"])
def test_an_unknown_column_lists_all_columns(wanted):
    with pytest.raises(SourceError, match="Columns: id, 2, Title, body"):
        find_column(wanted, COLUMNS, "--prompt-column", "f.csv")


def test_the_nearest_column_is_named():
    with pytest.raises(SourceError) as caught:
        find_column("bodies", COLUMNS, "--prompt-column", "f.csv")
    assert str(caught.value) == (
        "f.csv: --prompt-column 'bodies': there is no such column. Did you mean 'body'? "
        "Columns: id, 2, Title, body."
    )


@pytest.mark.parametrize(
    ("columns", "guess"),
    [
        (("x", "Text", "Prompt"), "Prompt"),
        (("a", "content", "text"), "content"),
        (("q",), "q"),
        (("a", "b"), None),
    ],
)
def test_the_prompt_column_is_guessed(columns, guess):
    assert guess_prompt_column(columns) == guess


def test_what_is_no_text_is_shown_as_what_is_kept_of_it_wherever_it_stands():
    nan = NoText("not_a_number", "no JSON", "NaN")
    shown = [nan, NoText("bytes", "no text"), {"x": [nan]}, (1, nan), None, True, "a"]
    assert [as_cell(value) for value in shown] == [
        "NaN",
        "",
        '{"x":["NaN"]}',
        '[1,"NaN"]',
        "null",
        "true",
        "a",
    ]
    assert text_of({"a": 1}, "a", "t.json, line 2") == "1"
    with pytest.raises(SourceError, match=r"t\.json, line 2: column 'a' holds what is no text"):
        text_of({"a": {"x": nan}}, "a", "t.json, line 2")
