"""CSV cut at quotes and newlines of the raw bytes says what the csv module says."""

import csv
import io

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claude_batch_tui.sources import fast_csv
from claude_batch_tui.sources.csv import CsvSource
from claude_batch_tui.sources.fast_csv import PeculiarError, fast_records
from claude_batch_tui.sources.rows import BadRow, texts_of_json
from claude_batch_tui.sources.source_file import SourceFile

cells = st.text(st.sampled_from('ab,;"\n\t\\ \u00e9\u4e16\U0001f600\x01'), max_size=6)
_encode = msgspec.json.encode


def source_file(text):
    return SourceFile(io.BytesIO(text.encode() if isinstance(text, str) else text), "rows.csv")


def records_of(text, delimiter=","):
    found = list(fast_records(source_file(text), delimiter, 10_000))
    for _, texts in found:  # what is escaped in a block is what would be escaped alone
        assert texts == [_encode(value)[1:-1] for value in texts_of_json(texts)]
    return [(line, texts_of_json(texts)) for line, texts in found]


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(
    table=st.lists(st.lists(cells, min_size=1, max_size=4), min_size=1, max_size=8),
    read=st.integers(1, 40),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    delimiter=st.sampled_from(",\t;"),
)
def test_whatever_csv_writes_is_read_the_same_at_every_size_of_a_read(table, read, end, quoting, delimiter):
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator=end, quoting=quoting, delimiter=delimiter).writerows(table)
    text = out.getvalue()
    written = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter)
    expected = [row for row in written if row]
    before, fast_csv._READ_BYTES = fast_csv._READ_BYTES, read
    try:
        found = records_of(text, delimiter) if text else []
    finally:
        fast_csv._READ_BYTES = before
    assert [fields for _, fields in found] == expected


@pytest.mark.slow
@settings(max_examples=500, deadline=None)
@given(
    text=st.text(st.sampled_from('ab,"\n\r\u00e9\\\t\x01'), min_size=1, max_size=40), read=st.integers(1, 12)
)
def test_any_text_gives_the_rows_and_lines_that_the_csv_module_alone_gives(text, read):
    def rows(source):
        return [row.message if isinstance(row, BadRow) else row.values for row in source.rows()]

    content = "a,b\n" + text
    source = CsvSource(source_file(content))
    slow = CsvSource(source_file(content))
    before, fast_csv._READ_BYTES = fast_csv._READ_BYTES, read
    try:
        found = rows(source)
    finally:
        fast_csv._READ_BYTES = before
    plain = slow._slow_rows(PeculiarError(0, 1, 0), slow._header_records)
    assert found == [row.message if isinstance(row, BadRow) else row.values for row in plain]


def test_a_record_knows_the_line_on_which_it_starts():
    assert records_of('a\n\n"b\n""c"\r\nd') == [(1, ["a"]), (3, ['b\n"c']), (5, ["d"])]


@pytest.mark.parametrize("text", [b'a"b\n', b'a,"b"c\n', b'"never closed', b"a\rb\n"])
def test_what_is_peculiar_stops_it_before_the_record(text):
    before = b"one,1\ntwo,2\n"
    with pytest.raises(PeculiarError) as stopped:
        list(fast_records(source_file(before + text), ",", 99))
    at = stopped.value
    rest = (before + text)[at.offset :].split(b"\n", at.skip)[-1]
    assert rest == text
    assert at.line + at.skip == 3


@pytest.mark.parametrize("text", [b"\xff\n", b'"\xe4\xb8"\n', b'"\xe4\xb8"\x96\n'])
def test_what_is_not_utf8_stops_it_before_its_block(text):
    with pytest.raises(PeculiarError) as stopped:
        list(fast_records(source_file(b"one,1\n" + text), ",", 99))
    assert (stopped.value.offset, stopped.value.line, stopped.value.skip) == (0, 1, 0)


def test_a_zero_byte_stops_it_before_the_piece_that_holds_it():
    text = b"one,1\n" * 50_000 + b"a\x00\n"
    with pytest.raises(PeculiarError) as stopped:
        list(fast_records(source_file(text), ",", 99))
    assert stopped.value.offset == (stopped.value.line - 1) * 6


def test_a_record_longer_than_any_request_stops_it():
    with pytest.raises(PeculiarError):
        list(fast_records(source_file('a\n"' + "x" * 400_000), ",", 100_000))
