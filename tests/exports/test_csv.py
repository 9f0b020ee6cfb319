from __future__ import annotations

import csv as standard
import io

import pytest

from claude_batch_tui.exports.csv import COLUMNS, ExportedRow, guarded, write


@pytest.mark.parametrize(
    "cell", ["=1+1", "+SUM(A1)", "-2+3", "@x", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1x", "＠"]
)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(cell):
    assert guarded(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["", "text", "-5", "+5", "-1.5", "1e5", "a=b", "請求"])
def test_everything_else_stays_as_it_is(cell):
    assert guarded(cell) == cell


def written(rows, source_columns=(), *, raw=False):
    out = io.BytesIO()
    counts = write(rows, out, source_columns=source_columns, raw=raw)
    return list(standard.reader(io.StringIO(out.getvalue().decode(), newline=""))), counts


def row(response="ok", source=None):
    return ExportedRow(("T 1", "T_1", "succeeded", response, "", "end_turn", 3, 4), source or {})


def test_source_columns_follow_ours_and_a_clash_is_renamed():
    table, counts = written([row(source={"id": "x", "lang": "de"})], ("id", "lang"))
    assert table[0] == [*COLUMNS, "source.id", "lang"]
    assert table[1][-2:] == ["x", "de"]
    assert counts == (1, 0)


def test_guards_are_counted_and_exact_text_can_be_asked_for():
    nasty = '=cmd|"/c calc"!A1\nsecond line, with comma'
    assert written([row(nasty)])[1] == (1, 1)
    table, counts = written([row(nasty)], raw=True)
    assert table[1][3] == nasty
    assert counts == (1, 0)


def test_a_lone_surrogate_and_a_nul_do_not_break_the_file():
    table, _ = written([row("a\ud800b\0c")])
    assert table[1][3] == "a\\ud800b␀c"
