"""CSV and TSV files as rows."""

import contextlib
import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
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


@contextlib.contextmanager
def opened(tmp_path, content, delimiter=None):
    with open_source(str(written(tmp_path, content))) as file:
        yield CsvSource(file, delimiter)


@pytest.mark.parametrize("name", ["quoted", "bom", "semicolons"])
def test_golden_files_read_as_written_down_beside_them(name):
    columns, rows = read(GOLDEN / f"{name}.csv")
    expected = json.loads((GOLDEN / f"{name}.expected.json").read_text("utf-8"))
    assert {"columns": list(columns), "rows": [[row.line, row.values] for row in rows]} == expected


def test_every_row_knows_the_line_on_which_it_starts(tmp_path):
    path = written(tmp_path, 'a,b\n1,"x\ny\n\nz"\n\n\n2,w\r\n3,v\n')
    assert [row.line for row in read(path)[1]] == [2, 8, 9]


_cells = st.text(st.sampled_from('ab,;"\n\t\\ é世😀\x01'), max_size=6)


@pytest.mark.slow
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
    assume("row_names" not in {doubt.code for doubt in source.reading.doubts})
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


@pytest.mark.parametrize(
    ("text", "columns", "first"),
    [
        (
            '"name" "votes" "share"\n"Orkney" 12 0.5\n"The Isles" 7 0.25\n',
            ("name", "votes", "share"),
            "Orkney",
        ),
        ("Chins Situps Jumps\n5 162 60\n2 110 60\n", ("Chins", "Situps", "Jumps"), "5"),
        ("  x    y\n 1.5   NA\n  22  3e-2 \n", ("x", "y"), "1.5"),
    ],
)
def test_blanks_part_columns_below_quoted_names_and_between_numbers_alone_and_that_is_said(
    tmp_path, text, columns, first
):
    with opened(tmp_path, text) as source:
        assert (source.columns, source.reading.delimiter) == (columns, "space")
        rows = list(source.rows())
        assert rows[0].values[columns[0]] == first
        assert [list(row.values) for row in rows] == [list(columns)] * len(rows)
        assert any("blanks were taken" in guess for guess in source.reading.guesses)


@pytest.mark.parametrize(
    "text", ["order text\n12 good\n13 bad\n", "comment\nvery good\nquite bad\n", "a b\n1 2\n"]
)
def test_texts_are_not_parted_at_their_blanks(tmp_path, text):
    with opened(tmp_path, text) as source:
        assert len(source.columns) == 1


def test_that_blanks_part_columns_can_be_said(tmp_path):
    with opened(tmp_path, "id text\n1 good\n2 bad\n", "space") as source:
        assert [row.values for row in source.rows()] == [
            {"id": "1", "text": "good"},
            {"id": "2", "text": "bad"},
        ]


def test_quotes_behind_a_blank_quote_fields(tmp_path):
    with opened(tmp_path, '"id", "text"\n"1", "good, cheap"\n"2", "said ""no"""\n') as source:
        assert source.columns == ("id", "text")
        assert [row.values["text"] for row in source.rows()] == ["good, cheap", 'said "no"']


def test_quotes_behind_a_blank_are_text_where_they_do_not_quote_all_of_it(tmp_path):
    with opened(tmp_path, 'id,text\n1, "good" he said\n2, bad\n') as source:
        assert [row.values["text"] for row in source.rows()] == [' "good" he said', " bad"]


def test_names_of_rows_that_r_writes_are_a_column_of_their_own(tmp_path):
    with opened(tmp_path, '"Weight","Feed"\n"1",26.5,NA\n"2",27,5.2\n') as source:
        assert [row.values for row in source.rows()] == [
            {"column_1": "1", "Weight": "26.5", "Feed": "NA"},
            {"column_1": "2", "Weight": "27", "Feed": "5.2"},
        ]
        assert [doubt.code for doubt in source.reading.doubts] == ["row_names"]


@pytest.mark.parametrize(
    "text", ["569,30\n17.9,10.3,122\n20.5,17.7,132\n", "id,text\n1,hello, world\n2,good, bad\n"]
)
def test_a_header_that_is_narrower_than_every_row_is_doubted_and_no_row_is_made_to_fit(tmp_path, text):
    with opened(tmp_path, text) as source:
        assert "narrow_header" in {doubt.code for doubt in source.reading.doubts}
        assert {type(row) for row in source.rows()} == {BadRow}


def test_of_many_columns_of_one_name_three_are_told_and_the_rest_is_counted(tmp_path):
    with opened(tmp_path, ",".join("a" * 9) + "\n" + ",".join("1" * 9) + "\n") as source:
        same = [doubt.message for doubt in source.reading.doubts if doubt.code == "same_name"]
        assert len(same) == 4
        assert same[-1] == "5 more columns have the name of another"
