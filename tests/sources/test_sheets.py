"""Sheets of workbooks as rows."""

import datetime as dt

import pytest

from claude_batch_tui.errors import ConfigError, SourceError
from claude_batch_tui.sources.cell_formats import shown_number
from claude_batch_tui.sources.rows import BadRow, Row, RowRefusedError
from claude_batch_tui.sources.sheets import SheetSource, shown_cell
from office_files import Cell, write_ods, write_xlsx


def read(path, sheet=None, skip_lines=None):
    source = SheetSource(str(path), sheet, skip_lines)
    try:
        return source.columns, list(source.rows())
    finally:
        source.close()


def test_numbers_dates_and_formulas_are_read_as_the_sheet_shows_them(tmp_path):
    path = tmp_path / "a.xlsx"
    rows = [
        ["id", "text", "sum", "day", "share", "zip", "twice", "done"],
        [
            1,
            "ä\n<b>",
            0.1 + 0.2,
            Cell(46356, 1),
            Cell(0.125, 2),
            Cell(1234, 3),
            Cell(xml="<f>A2*2</f><v>2</v>"),
            True,
        ],
        [None, None, None],
        [12345678901234, " x ", 1e20],
    ]
    write_xlsx(path, {"Data": rows})
    columns, found = read(path)
    assert columns == ("id", "text", "sum", "day", "share", "zip", "twice", "done")
    assert [row.line for row in found] == [2, 4]
    assert list(found[0].values.values()) == ["1", "ä\n<b>", "0.3", "2026-11-30", "13%", "01234", "2", "TRUE"]
    assert list(found[1].values.values()) == ["12345678901234", " x ", "1E+20", "", "", "", "", ""]


def test_an_opendocument_sheet_is_read_too(tmp_path):
    path = tmp_path / "a.ods"
    write_ods(path, {"Tab": [["id", "text", "day"], [1.0, "x", ("date", "2026-11-30")], [2.5, "y", ""]]})
    assert read(path)[1] == [
        Row(2, {"id": "1", "text": "x", "day": "2026-11-30"}),
        Row(3, {"id": "2.5", "text": "y", "day": ""}),
    ]


def test_the_only_visible_sheet_with_rows_is_taken_and_others_by_name_or_number(tmp_path):
    path = tmp_path / "a.xlsx"
    sheets = {"Empty": [], "One": [["a"], ["1"]], "Hidden": [["h"], ["2"]]}
    write_xlsx(path, sheets, hidden=["Hidden"])
    assert read(path)[0] == ("a",)
    assert read(path, "Hidden")[0] == ("h",)
    assert read(path, "3")[0] == ("h",)
    with pytest.raises(ConfigError, match=r"--sheet 'Two' is not there\. Sheets: Empty, One, Hidden"):
        read(path, "Two")
    write_xlsx(path, sheets)
    with pytest.raises(ConfigError, match=r"which sheet\? Say --sheet NAME\. Sheets: One, Hidden"):
        read(path)


def test_a_table_that_begins_further_down_and_names_a_column_twice_is_read(tmp_path):
    path = tmp_path / "a.xlsx"
    write_xlsx(path, {"S": [[], [None, "text", None, "text"], [None, "a", "b", "c"]]})
    assert read(path) == (
        ("text", "column_2", "text_2"),
        [Row(3, {"text": "a", "column_2": "b", "text_2": "c"})],
    )


def test_titles_above_the_table_are_left_out_and_said(tmp_path):
    path = tmp_path / "a.xlsx"
    table = [["id", "text", "sum"], [1, "a", 2], [2, "b", 3]]
    write_xlsx(path, {"S": [["Report of November"], [], [None, "as of", "the 30th"][:2], *table]})
    columns, rows = read(path)
    assert (columns, [row.line for row in rows]) == (("id", "text", "sum"), [5, 6])
    (doubt,) = SheetSource(str(path)).reading.doubts
    assert (doubt.is_guess, "row 4 is taken for the header" in doubt.message) == (True, True)
    assert read(path, skip_lines=0)[0] == ("Report of November", "column_2", "column_3")
    assert read(path, skip_lines=4)[0] == ("1", "a", "2")


def test_errors_and_formulas_without_a_saved_value_are_said_where_they_are_used_and_stop_that_row_alone(
    tmp_path,
):
    path = tmp_path / "a.xlsx"
    error = Cell(xml='<c r="@" t="e"><v>#N/A</v></c>')
    write_xlsx(path, {"S": [["a", "b"], ["x", error], ["y", Cell(xml="<f>A2</f>")], ["z", "fine"]]})
    wrong, unsaved, good = read(path)[1]
    assert (wrong.values["a"], unsaved.values["a"]) == ("x", "y")
    with pytest.raises(RowRefusedError, match="column 'b' shows the error #N/A"):
        str(wrong.values["b"])
    with pytest.raises(RowRefusedError, match="column 'b' has a formula without a saved value"):
        str(unsaved.values["b"])
    assert good == Row(4, {"a": "z", "b": "fine"})


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"id,text\n1,a\n", "this is no workbook that can be read"),
        (b"PK\x03\x04broken", "this is no workbook"),
    ],
)
def test_what_is_no_workbook_is_one_sentence(tmp_path, content, sentence):
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=sentence):
        read(path)


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        (1234.5, "#,##0.00", "1,234.50"),
        (-1234.5, "#,##0.00;(#,##0.00)", "(1,234.50)"),
        (0.126, "0.0%", "12.6%"),
        (42, "00000", "00042"),
        (2.675, "0.00", "2.68"),
        (1234567.891, "[$€-407] #,##0.00", "€ 1,234,567.89"),
        (5, '_("$"* #,##0.00_);_("$"* \\(#,##0.00\\)', "$5.00"),
        (3.1, "0.##", "3.1"),
        (-0.001, "0.00", "0.00"),
        (0.25, "#.00", ".25"),
        (7, '0" items"', "7 items"),
        (0.5, "# ?/?", None),
        (46356, "yyyy-mm-dd", None),
        (2.5, "General", None),
        (1234567, "#,##0,", None),
        (1e6, "0.00E+00", None),
    ],
)
def test_a_number_is_shown_by_its_format_where_that_only_places_digits(value, code, shown):
    assert shown_number(value, code) == shown


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        (dt.datetime(2026, 11, 30, 14, 5), "2026-11-30 14:05:00"),  # noqa: DTZ001  a sheet knows no zone
        (dt.time(9, 30), "09:30:00"),
        (dt.timedelta(hours=30), "30:00:00"),
        (dt.timedelta(minutes=-5), "-0:05:00"),
        (False, "FALSE"),
        (0.30000000000000004, "0.3"),
        (-2.0, "-2"),
    ],
)
def test_a_cell_without_a_format_is_shown_plainly(cell, shown):
    assert shown_cell(cell) == shown


def test_text_beyond_the_header_is_a_column_where_the_beginning_has_it_and_else_an_error(tmp_path):
    path = tmp_path / "a.xlsx"
    write_xlsx(path, {"S": [["id", "text"], [1, "one", "a note"], [2, "two"]]})
    assert read(path) == (
        ("id", "text", "column_3"),
        [
            Row(2, {"id": "1", "text": "one", "column_3": "a note"}),
            Row(3, {"id": "2", "text": "two", "column_3": ""}),
        ],
    )
    write_xlsx(path, {"S": [["id", "text"], *[[at, "x"] for at in range(30)], [30, "y", None, "a note"]]})
    columns, rows = read(path)
    assert (columns, len(rows)) == (("id", "text"), 31)
    assert rows[-1] == BadRow(
        32,
        "ragged_row",
        "the row has text beyond the 2 columns of the header: 'a note'",
        {"id": "30", "text": "y", "column_4": "a note"},
    )
