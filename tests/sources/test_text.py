"""Text files as rows."""

import pytest

from claude_batch_tui.errors import SourceError
from claude_batch_tui.sources import text as text_module
from claude_batch_tui.sources.source_file import open_source
from claude_batch_tui.sources.text import TextSource


def rows(tmp_path, content, split_by):
    path = tmp_path / "t.txt"
    path.write_bytes(content)
    with open_source(str(path)) as file:
        return [(row.line, row.values["text"]) for row in TextSource(file, split_by).rows()]


def test_every_line_that_is_not_blank_is_a_row(tmp_path):
    assert rows(tmp_path, b"\xef\xbb\xbfone\r\n\r\n  two \n\t\nthree", "line") == [
        (1, "one"),
        (3, "  two "),
        (5, "three"),
    ]


def test_blank_lines_part_paragraphs(tmp_path):
    assert rows(tmp_path, b"\n\none\n1\n \n\ntwo\n", "paragraph") == [(3, "one\n1"), (7, "two")]


def test_line_separators_of_unicode_part_nothing(tmp_path):
    assert rows(tmp_path, "a\u2028b\x85c\n".encode(), "line") == [(1, "a\u2028b\x85c")]


def test_a_runaway_paragraph_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(text_module, "MAX_ROW_CHARACTERS", 10)
    with pytest.raises(SourceError, match=r"t\.txt:1: a paragraph of more than 10 characters"):
        rows(tmp_path, b"some words\nmore words\n", "paragraph")
