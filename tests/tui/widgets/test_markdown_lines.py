from __future__ import annotations

import pytest

from claude_batch_tui.tui.widgets.markdown_lines import markdown_lines
from claude_batch_tui.tui.widgets.text_rows import TextRows


def rendered(text, width=40):
    rows = TextRows([line for part in markdown_lines(text) for line in part])
    rows.lay_out(width, wrap=True)
    shown = [rows.row(number) for number in range(rows.reach(None))]
    return [row.hang + rows.shown(row) for row in shown]


def test_markup_becomes_text_and_styles():
    (part,) = markdown_lines("Some **bold**, *slanted* and `code`.")
    (line,) = part
    assert line.text == "Some bold, slanted and code."
    assert [(line.text[span.start : span.end], span.style) for span in line.spans] == [
        ("bold", "strong"),
        ("slanted", "emphasis"),
        ("code", "code"),
    ]


def test_lists_and_quotes_keep_their_shape_when_they_are_wrapped():
    assert rendered("- one two three four\n  1. inner item here\n\n> a quote that goes on", 14) == [
        "• one two",
        "  three four",
        "  1. inner",
        "     item here",
        "",
        "│ a quote that",
        "│ goes on",
    ]


def test_tables_are_aligned_by_cells():
    assert rendered("| name | n |\n|--|--|\n| 日本 | 1 |") == ["name  n", "────  ─", "日本  1"]


def test_code_is_kept_as_it_is():
    assert rendered("```python\nif a:\n    b  **c**\n```") == ["  if a:", "      b  **c**"]


def test_an_address_is_written_out_and_html_is_text():
    assert rendered("[policy](https://e.org/p) <b>x</b>", 60) == ["policy (https://e.org/p) <b>x</b>"]


def test_fenced_code_is_never_cut_between_pieces():
    text = "intro\n\n```\n" + "x = 1\n\n" * 20_000 + "```\n\n# end"
    lines = rendered(text)
    assert lines[-1] == "end"
    assert "```" not in lines


def test_code_longer_than_any_block_is_shown_as_it_is_and_text_after_it_is_rendered():
    text = "intro\n\n```\n" + "**x** = 1\n\n" * 60_000 + "```\n\n# end"
    lines = rendered(text)
    assert lines.count("**x** = 1") == 60_000
    assert lines[-1] == "end"


def test_text_without_a_blank_line_is_shown_whole():
    lines = rendered("a line\n" * 100_000)
    assert lines.count("a line") == 100_000


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(">" * 30_000, id="quotes in quotes"),
        pytest.param("- " * 10_000 + "x", id="lists in lists"),
        pytest.param("[" * 300_000, id="brackets"),
        pytest.param("**a " * 5_000, id="open emphasis"),
        pytest.param("\x00\x1b[2J", id="controls"),
    ],
)
def test_what_no_parser_likes_is_shown_whole(text):
    assert sum(len(line.strip()) for line in rendered(text, 80)) >= len(text.strip()) // 2
