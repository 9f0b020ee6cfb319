"""CSV cut at quotes and newlines of the raw bytes says what the csv module says."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claude_batch_tui.sources import fast_csv
from claude_batch_tui.sources.csv import CsvSource
from claude_batch_tui.sources.fast_csv import PeculiarError, fast_records
from claude_batch_tui.sources.rows import Row
from claude_batch_tui.sources.source_file import SourceFile

cells = st.text(st.sampled_from('ab,;"\n \u00e9\u4e16\U0001f600'), max_size=6)


def source_file(text):
    return SourceFile(io.BytesIO(text.encode() if isinstance(text, str) else text), "rows.csv")


def records_of(text, delimiter=","):
    return list(fast_records(source_file(text), delimiter, 10_000))


@settings(max_examples=300, deadline=None)
@given(
    table=st.lists(st.lists(cells, min_size=1, max_size=4), min_size=1, max_size=8),
    read=st.integers(1, 40),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_whatever_csv_writes_is_read_the_same_at_every_size_of_a_read(table, read, end, quoting):
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator=end, quoting=quoting).writerows(table)
    text = out.getvalue()
    expected = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    before, fast_csv._READ_BYTES = fast_csv._READ_BYTES, read
    try:
        found = records_of(text) if text else []
    finally:
        fast_csv._READ_BYTES = before
    assert [fields for _, fields in found] == expected


@settings(max_examples=500, deadline=None)
@given(text=st.text(st.sampled_from('ab,"\n\r\u00e9'), min_size=1, max_size=40), read=st.integers(1, 12))
def test_any_text_gives_the_rows_and_lines_that_the_csv_module_alone_gives(text, read):
    def rows(source):
        return [row.values if isinstance(row, Row) else row.message for row in source.rows()]

    content = "a,b\n" + text
    source = CsvSource(source_file(content))
    slow = CsvSource(source_file(content))
    before, fast_csv._READ_BYTES = fast_csv._READ_BYTES, read
    try:
        found = rows(source)
    finally:
        fast_csv._READ_BYTES = before
    plain = slow._slow_rows(PeculiarError(0, 1, 0), slow._header_records)
    assert found == [row.values if isinstance(row, Row) else row.message for row in plain]


def test_a_record_knows_the_line_on_which_it_starts():
    assert records_of('a\n\n"b\n""c"\r\nd') == [(1, ["a"]), (3, ['b\n"c']), (5, ["d"])]


@pytest.mark.parametrize("text", [b'a"b\n', b'a,"b"c\n', b'"never closed', b"a\rb\n", b"\xff\n"])
def test_what_is_peculiar_stops_it_before_the_record(text):
    before = b"one,1\ntwo,2\n"
    with pytest.raises(PeculiarError) as stopped:
        list(fast_records(source_file(before + text), ",", 99))
    at = stopped.value
    rest = (before + text)[at.offset :].split(b"\n", at.skip)[-1]
    assert rest == text
    assert at.line + at.skip == 3


def test_a_zero_byte_stops_it_before_the_piece_that_holds_it():
    text = b"one,1\n" * 50_000 + b"a\x00\n"
    with pytest.raises(PeculiarError) as stopped:
        list(fast_records(source_file(text), ",", 99))
    assert stopped.value.offset == (stopped.value.line - 1) * 6


def test_a_record_longer_than_any_request_stops_it():
    with pytest.raises(PeculiarError):
        list(fast_records(source_file('a\n"' + "x" * 400_000), ",", 100_000))
