"""CSV and TSV files as rows."""

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claude_batch_tui.errors import ConfigError, SourceError
from claude_batch_tui.sources import csv as csv_module
from claude_batch_tui.sources.csv import CsvSource, named_delimiter
from claude_batch_tui.sources.csv_layout import guess_delimiter
from claude_batch_tui.sources.rows import BadRow, Row
from claude_batch_tui.sources.source_file import SourceFile, open_source

GOLDEN = Path(__file__).parent / "golden"


def read(path, *, delimiter=None, encoding=None):
    with open_source(str(path), encoding) as file:
        source = CsvSource(file, delimiter)
        return source.columns, list(source.rows())


def written(tmp_path, content, name="rows.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


@pytest.mark.parametrize("name", ["quoted", "bom", "semicolons"])
def test_golden_files_read_as_written_down_beside_them(name):
    columns, rows = read(GOLDEN / f"{name}.csv")
    expected = json.loads((GOLDEN / f"{name}.expected.json").read_text("utf-8"))
    assert {"columns": list(columns), "rows": [[row.line, row.values] for row in rows]} == expected


def test_every_row_knows_the_line_on_which_it_starts(tmp_path):
    path = written(tmp_path, 'a,b\n1,"x\ny\n\nz"\n\n\n2,w\r\n3,v\n')
    assert [row.line for row in read(path)[1]] == [2, 8, 9]


_cells = st.text(st.sampled_from('ab,;"\n\t\\ é世😀\x01'), max_size=6)


@settings(max_examples=200, deadline=None)
@given(
    header=st.lists(_cells.filter(str.strip), min_size=2, max_size=4, unique_by=str.strip),
    table=st.lists(st.lists(_cells, min_size=1, max_size=4), max_size=8),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    delimiter=st.sampled_from(",\t;"),
)
def test_whatever_csv_writes_is_read_the_same(header, table, end, quoting, delimiter):
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator=end, quoting=quoting, delimiter=delimiter).writerows([header, *table])
    source = CsvSource(SourceFile(io.BytesIO(out.getvalue().encode()), "rows.csv"), delimiter, skip_lines=0)
    assert source.columns == tuple(map(str.strip, header))
    rows = [list(row.values.values()) for row in source.rows()]
    assert [row[: len(header)] for row in rows] == [row[: len(header)] for row in table if row]


def test_a_return_inside_quotes_ends_no_line_and_stays_in_the_value(tmp_path):
    rows = read(written(tmp_path, 'a,b\n1,"x\ry"\n2,z\n'))[1]
    assert rows == [Row(2, {"a": "1", "b": "x\ry"}), Row(3, {"a": "2", "b": "z"})]


def test_lines_of_an_old_mac_end_with_a_return(tmp_path):
    rows = read(written(tmp_path, 'a,b\r1,"x\ny"\r2,z\r'))[1]
    assert rows == [Row(2, {"a": "1", "b": "x\ny"}), Row(4, {"a": "2", "b": "z"})]


def test_a_return_outside_quotes_is_a_problem_and_reading_goes_on(tmp_path):
    _, rows = read(written(tmp_path, "a\nx\ry\nz\n"))
    assert (rows[0].line, rows[0].code) == (2, "malformed_row")
    assert rows[0].message == "a carriage return in this row stands outside of double quotes"
    assert rows[1] == Row(3, {"a": "z"})


def test_utf16_with_a_byte_order_mark_reads_like_utf8(tmp_path):
    path = written(tmp_path, "id,text\n1,Łódź 犬 🎉\n", encoding="utf-16")
    assert read(path)[1] == [Row(2, {"id": "1", "text": "Łódź 犬 🎉"})]


@pytest.mark.parametrize(
    ("delimiter", "name"), [(",", "a.csv"), (";", "a.csv"), ("\t", "a.csv"), ("|", "a.csv")]
)
def test_the_delimiter_is_guessed(tmp_path, delimiter, name):
    text = "\n".join(delimiter.join(row) for row in (["id", "words"], ["1", "well. then"], ["2", "x"]))
    assert read(written(tmp_path, text, name))[0] == ("id", "words")


def test_a_file_of_one_column_keeps_commas_out_of_the_guess(tmp_path):
    assert guess_delimiter("text\none\ntwo\n", "a.csv") == ","


def test_a_tsv_file_has_tabs_whatever_else_is_in_it():
    assert guess_delimiter("a,b\tc,d\n", "x.tsv") == "\t"


def test_a_delimiter_can_be_named():
    assert [named_delimiter(word) for word in ("tab", "\\t", ";", "pipe")] == ["\t", "\t", ";", "|"]
    with pytest.raises(ConfigError, match="It is one character, or tab"):
        named_delimiter("ab")


def test_ragged_rows_are_told_with_their_lines_and_reading_goes_on(tmp_path):
    _, rows = read(written(tmp_path, "a,b\n1,2\n3\n4,5,6\n7,8\n"))
    assert [(type(row), row.line) for row in rows] == [(Row, 2), (BadRow, 3), (BadRow, 4), (Row, 5)]
    assert rows[1].message.startswith("the row has 1 column where the header has 2: some are missing")
    assert rows[2].message.startswith("the row has 3 columns where the header has 2: put text with commas")


def test_a_quote_that_is_never_closed_names_the_line_it_opened_on(tmp_path):
    _, rows = read(written(tmp_path, 'a,b\n1,2\n3,"never\nclosed\n'))
    assert (rows[1].line, rows[1].code) == (3, "malformed_row")
    assert rows[1].message.startswith(
        "a double quote opened in this row is never closed, and the row goes from line 3 to line 4"
    )
    assert (rows[1].lines, rows[1].values) == (2, {"unread": '3,"never\nclosed'})


def test_text_after_a_closing_quote_is_a_problem_and_reading_goes_on(tmp_path):
    _, rows = read(written(tmp_path, 'a,b\n"1"x,2\n3,4\n'))
    assert [type(row) for row in rows] == [BadRow, Row]
    assert "write quotes inside a field twice" in rows[0].message


def test_a_field_may_be_longer_than_the_csv_modules_own_limit(tmp_path):
    _, rows = read(written(tmp_path, "a,b\n1," + "x" * 200_000 + "\n"))
    assert len(rows[0].values["b"]) == 200_000


def test_a_runaway_field_is_one_sentence(tmp_path, monkeypatch):
    before = csv.field_size_limit(100_000)
    monkeypatch.setattr(csv_module, "MAX_FIELD_CHARACTERS", 100_000)
    try:
        with pytest.raises(SourceError, match=r"rows\.csv:2: a field of more than .* never closed"):
            read(written(tmp_path, 'a,b\n1,"' + "x" * 200_000))
    finally:
        csv.field_size_limit(before)


def test_a_header_that_is_no_csv_says_why(tmp_path):
    with pytest.raises(SourceError, match="the header line is not valid CSV: a double quote opened"):
        read(written(tmp_path, 'a,"b\n1,2\n'))


def test_two_columns_of_one_name_are_told_apart(tmp_path):
    with open_source(str(written(tmp_path, "a,b,a,a_2,a\n1,2,3,4,5\n"))) as file:
        source = CsvSource(file)
        assert source.columns == ("a", "b", "a_3", "a_2", "a_4")
        assert [doubt.code for doubt in source.reading.doubts] == ["same_name", "same_name"]
        assert "columns 1 and 3 are both named 'a'" in source.reading.doubts[0].message


def test_a_column_without_a_name_is_named_by_its_position(tmp_path):
    assert read(written(tmp_path, ",b\n1,2\n"))[0] == ("column_1", "b")


def test_a_file_of_blank_lines_has_no_header(tmp_path):
    with pytest.raises(SourceError, match="there is no header line"):
        read(written(tmp_path, "\n\n \n"))


def test_reading_again_starts_anew(tmp_path):
    with open_source(str(written(tmp_path, "a\n1\n2\n"))) as file:
        source = CsvSource(file)
        assert list(source.rows()) == list(source.rows())
