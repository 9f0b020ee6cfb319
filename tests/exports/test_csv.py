from __future__ import annotations

import csv as standard
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_batch_tui.exports.csv import Csv, CsvRows, guarded
from claude_batch_tui.exports.table import Column


@pytest.mark.parametrize(
    "cell", ["=1+1", "+SUM(A1)", "-2+3", "@x", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1x", "＠"]
)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(cell):
    assert guarded(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["", "text", "-5", "+5", "-1.5", "1e5", "a=b", "請求"])
def test_everything_else_stays_as_it_is(cell):
    assert guarded(cell) == cell


def written(*rows, raw=False, columns=("a", "b")):
    out = io.BytesIO()
    writer = Csv(out, [Column(name) for name in columns], raw=raw)
    writer.write([list(row) for row in rows])
    writer.finish()
    return list(standard.reader(io.StringIO(out.getvalue().decode(), newline=""))), writer.guarded


def test_guards_are_counted_and_exact_text_can_be_asked_for():
    nasty = '=cmd|"/c calc"!A1\nsecond line, with comma'
    assert written((nasty, 1)) == ([["a", "b"], ["'" + nasty, "1"]], 1)
    assert written((nasty, 1), raw=True) == ([["a", "b"], [nasty, "1"]], 0)


def test_nothing_truth_lists_and_small_numbers_have_one_form_each():
    table, _ = written((None, True), ([1, "x"], 1.25e-9), (0.5, -3), raw=False)
    assert table[1:] == [["", "true"], ['[1,"x"]', "0.00000000125"], ["0.5", "-3"]]


def test_a_nul_does_not_break_the_file():
    assert written(("a\0b", 1))[0][1] == ["a␀b", "1"]


def test_a_head_that_would_run_is_guarded_too():
    assert written(columns=("=x", "b"))[0] == [["'=x", "b"]]


CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 3),
    st.floats(allow_nan=False),
    st.sampled_from([0.0, -0.0, 1.0, 1e-9, "", "=1", "-5", "-5x", "a\0", "=\0", "ok", 'a"b', "a,b\r\n", [1]]),
    st.text(max_size=3),
)


@pytest.mark.slow
@given(st.lists(st.tuples(CELLS, CELLS), max_size=6), st.booleans())
def test_many_rows_at_once_are_written_as_each_alone(rows, raw):
    apart = [written(row, raw=raw) for row in rows]
    table, guarded_cells = written(*rows, raw=raw)
    assert table[1:] == [alone[1] for alone, _ in apart]
    assert guarded_cells == sum(count for _, count in apart)


WORDS = st.lists(
    st.tuples(st.one_of(st.none(), st.text(max_size=3)), st.text('ab,"\r\n ', max_size=2), st.integers()),
    min_size=1,
    max_size=5,
)


@given(WORDS, st.sampled_from([0, 1, 2]))
def test_lines_are_those_of_the_standard_library_whether_cells_need_quotes_or_not(rows, first):
    rows = [row[first:] for row in rows]
    columns = [Column("a", "text"), Column("b", "text"), Column("c", "int")][first:]
    expected = []
    for row in rows:
        line = io.StringIO(newline="")
        standard.writer(line, lineterminator="\r\n").writerow(row)
        expected.append(line.getvalue()[:-2] + "\n")
    assert CsvRows(columns, raw=True).pack(rows).data.decode() == "".join(expected)
