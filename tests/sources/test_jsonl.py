"""Request lines of a JSON Lines file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_batch_tui.errors import SourceError
from claude_batch_tui.sources import jsonl
from claude_batch_tui.sources.jsonl import numbered_lines
from claude_batch_tui.sources.source_file import open_source


def lines(tmp_path, content):
    path = tmp_path / "r.jsonl"
    path.write_bytes(content)
    with open_source(str(path)) as file:
        return [tuple(line) for line in numbered_lines(file)]


def test_blank_lines_are_skipped_and_numbers_stay(tmp_path):
    content = b"\xef\xbb\xbf{1}\r\n\r\n  {2}\t\n\n{3}"
    assert lines(tmp_path, content) == [(1, b"{1}"), (3, b"{2}"), (5, b"{3}")]


@pytest.mark.slow
@given(st.lists(st.binary(max_size=20).filter(lambda line: b"\n" not in line), min_size=1), st.integers(1, 9))
def test_lines_are_the_same_wherever_a_read_cuts_them(tmp_path_factory, content, size):
    content = [b"{}", *content]
    data = b"\n".join(content)
    if b"\x00" in data:
        return
    path = tmp_path_factory.mktemp("cut") / "r.jsonl"
    path.write_bytes(data)
    with pytest.MonkeyPatch.context() as patch, open_source(str(path)) as file:
        patch.setattr(jsonl, "_READ_BYTES", size)
        found = [tuple(line) for line in numbered_lines(file)]
    stripped = ((number, line.strip(b" \t\r\n")) for number, line in enumerate(content, 1))
    assert found == [(number, line) for number, line in stripped if line]


def test_a_line_no_batch_could_hold_is_refused_before_it_fills_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(jsonl, "MAX_BODY_BYTES", 10)
    with pytest.raises(SourceError, match=r"r\.jsonl:2: this line is longer than a whole batch may be"):
        lines(tmp_path, b"{}\n" + b"x" * 100)


def test_requests_in_utf16_say_how_to_convert_them(tmp_path):
    with pytest.raises(SourceError, match=r"this is UTF-16, and requests are UTF-8. Convert it: iconv"):
        lines(tmp_path, "{}\n".encode("utf-16"))
