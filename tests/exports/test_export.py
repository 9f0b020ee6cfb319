"""What every export promises, whatever the format."""

from __future__ import annotations

import json
import sqlite3
import sys

import pytest
import python_calamine

from claude_batch_tui.errors import ConfigError, ExportError
from claude_batch_tui.exports.formats import FORMATS, NAMES, file_stem, format_called, format_of
from claude_batch_tui.exports.table import Column, all_columns
from claude_batch_tui.services.exporting.export import Part, export
from claude_batch_tui.services.exporting.target import Options
from claude_batch_tui.store.results.opening import open_indexed

from .conftest import message


def written(path, entries):
    lines = (json.dumps({"custom_id": key, "result": value}) + "\n" for key, value in entries)
    path.write_text("".join(lines))
    return path


def rows_of(path, *ids, source="s.csv"):
    path.write_text(
        "".join(
            json.dumps(
                {"custom_id": key, "id": key.upper(), "source": source, "line": line, "row": {"n": line}}
            )
            + "\n"
            for key, line in ids
        )
    )
    return path


@pytest.mark.parametrize("name", NAMES)
def test_a_stopped_export_leaves_nothing(results, rows, tmp_path, exported, name):
    folder = tmp_path / "out"
    folder.mkdir()
    assert exported([(results, rows)], folder / "x", name, stopped=lambda: True) is None
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_selection_of_nothing_is_a_whole_file(results, rows, tmp_path, exported, name):
    assert exported([(results, rows, [])], tmp_path / "x", name).entries == 0
    assert (tmp_path / "x").exists()


@pytest.mark.parametrize("form", [one for one in FORMATS if one.name != "sqlite"], ids=lambda form: form.name)
def test_nothing_is_overwritten_unless_forced(results, rows, tmp_path, exported, form):
    target = tmp_path / "x"
    exported([(results, rows)], target, form.name)
    with pytest.raises(ExportError, match="there already"):
        exported([(results, rows)], target, form.name)
    assert exported([(results, rows, [0])], target, form.name, force=True).entries == 1


def test_a_folder_with_files_of_the_user_is_never_replaced(results, rows, tmp_path, exported):
    target = tmp_path / "answers"
    exported([(results, rows)], target, "folder")
    (target / "mine.txt").write_text("precious")
    with pytest.raises(ExportError, match="no export has put there"):
        exported([(results, rows)], target, "folder", force=True)
    assert (target / "mine.txt").read_text() == "precious"


def test_an_empty_folder_is_filled(results, rows, tmp_path, exported):
    (tmp_path / "answers").mkdir()
    assert exported([(results, rows)], tmp_path / "answers", "folder").entries == 13


def test_the_index_of_a_folder_turns_every_name_back(results, rows, tmp_path, exported):
    exported([(results, rows)], tmp_path / "answers", "folder")
    lines = [json.loads(line) for line in (tmp_path / "answers" / "index.jsonl").read_text().splitlines()]
    files = {line["file"]: line["id"] for line in lines if line["file"]}
    assert files["T-1.json"] == "T 1"
    assert {path.name for path in (tmp_path / "answers").iterdir()} == {*files, "index.jsonl"}
    assert len(lines) == 13


def test_names_that_differ_in_case_alone_get_numbers(tmp_path, exported):
    path = written(tmp_path / "r.jsonl", [(key, message(key)) for key in ("ab", "AB", "Ab", "ab-2")])
    exported([(path, None)], tmp_path / "answers", "folder")
    names = sorted(found.name for found in (tmp_path / "answers").iterdir())
    assert names == ["AB-2.md", "Ab-3.md", "ab-2-2.md", "ab.md", "index.jsonl"]


@pytest.mark.parametrize(
    ("own_id", "stem"),
    [
        ("../../etc/passwd", "etc-passwd"),
        (".bashrc", "bashrc"),
        ("CON", "CON_"),
        ("con.txt", "con.txt_"),
        ("index", "index_"),
        ("a\u202eb\0c\x1b[31m", "a-b-c-31m"),
        ("請求 1", "請求-1"),
        ("", "entry"),
        ("///", "entry"),
    ],
)
def test_an_id_as_a_file_name_is_harmless(own_id, stem):
    assert file_stem(own_id) == stem


def test_a_long_id_keeps_its_difference_in_the_file_name():
    first, second = file_stem("請" * 200 + "1"), file_stem("請" * 200 + "2")
    assert first != second
    assert len(first.encode()) <= 100


def test_exporting_again_to_sqlite_replaces_and_adds(results, rows, tmp_path, exported):
    target = tmp_path / "a.sqlite"
    exported([(results, rows, range(8))], target, "sqlite")
    exported([(results, rows)], target, "sqlite")
    other = written(tmp_path / "msgbatch_2.jsonl", [("T_1", message('{"grade": 3}'))])
    exported([(other, None)], target, "sqlite", spread=True)
    connection = sqlite3.connect(target)
    counts = connection.execute("SELECT batch_id, count(*) FROM batch_results GROUP BY 1").fetchall()
    grades = connection.execute("SELECT grade, typeof(grade) FROM batch_results WHERE grade > 0").fetchall()
    connection.close()
    assert counts == [("msgbatch_1", 13), ("msgbatch_2", 1)]
    assert grades == [(3, "integer")]


@pytest.mark.slow
def test_ids_that_come_again_are_kept_as_often_in_a_new_database_however_far_apart(tmp_path, exported):
    ids = [f"T_{number}" for number in range(600)]
    entries = [(name, message(f"{at}")) for at, name in enumerate([*ids, "T_1", *ids[:3], "T_599", "T_599"])]
    exported([(written(tmp_path / "msgbatch_1.jsonl", entries), None)], tmp_path / "a.sqlite", "sqlite")
    connection = sqlite3.connect(tmp_path / "a.sqlite")
    found = connection.execute(
        "SELECT custom_id, copy, response FROM batch_results WHERE custom_id IN ('T_1', 'T_2', 'T_599') ORDER BY 1, 2"
    ).fetchall()
    total = connection.execute("SELECT count(*) FROM batch_results").fetchone()
    connection.close()
    assert total == (len(entries),)
    assert found == [
        ("T_1", 0, "1"),
        ("T_1", 1, "600"),
        ("T_1", 2, "602"),
        ("T_2", 0, "2"),
        ("T_2", 1, "603"),
        ("T_599", 0, "599"),
        ("T_599", 1, "604"),
        ("T_599", 2, "605"),
    ]


def test_entries_in_any_order_are_read_as_each_alone(results):
    with open_indexed(results) as opened:
        count = opened.index.count
        for positions in (range(count), [3, 2, 1], [0, 5, 9], [], [count - 1], [*range(4), 1, 1]):
            for rows, size in ((1, 1), (3, 10**9), (100, 300)):
                blocks = [
                    (some, opened.lines(places)) for some, places in opened.blocks(positions, rows, size)
                ]
                assert [at for some, _ in blocks for at in some] == [*positions]
                assert [line for _, lines in blocks for line in lines] == [
                    opened.line(at) for at in positions
                ]
                assert all(0 < len(lines) <= rows for _, lines in blocks)


def test_a_stopped_export_leaves_a_database_as_it_was(results, rows, tmp_path, exported):
    target = tmp_path / "a.sqlite"
    exported([(results, rows, [0])], target, "sqlite")
    assert exported([(results, rows)], target, "sqlite", stopped=lambda: True) is None
    connection = sqlite3.connect(target)
    assert connection.execute("SELECT count(*) FROM batch_results").fetchone() == (1,)
    connection.close()


def test_a_table_of_another_make_is_not_touched(results, rows, tmp_path, exported):
    target = tmp_path / "a.sqlite"
    connection = sqlite3.connect(target)
    connection.execute("CREATE TABLE batch_results (custom_id TEXT PRIMARY KEY, status TEXT)")
    connection.close()
    with pytest.raises(ExportError, match="made by something else"):
        exported([(results, rows)], target, "sqlite")


@pytest.mark.parametrize(
    ("table", "rows_there"),
    [
        (
            "custom_id TEXT PRIMARY KEY, status TEXT, response TEXT, error TEXT, created_at TIMESTAMP",
            [("T_1", "success", "old", None, "2026-01-02 03:04:05"), ("x", "error", None, "e", None)],
        ),
        (
            "custom_id TEXT, response TEXT, status TEXT",
            [("T_1", "old", "success"), ("T_1", "older", "success")],
        ),
        ("custom_id, status, response, mine BLOB", [("T_1", "success", "old", b"1")]),
    ],
)
def test_a_table_that_a_loop_over_results_has_filled_is_added_to(
    table, rows_there, results, rows, tmp_path, exported
):
    target = tmp_path / "results.db"
    with sqlite3.connect(target) as connection:
        connection.execute(f"CREATE TABLE batch_results ({table})")
        connection.execute("CREATE INDEX by_status ON batch_results (status)")
        connection.executemany(
            f"INSERT INTO batch_results VALUES ({', '.join('?' * len(rows_there[0]))})", rows_there
        )
    connection.close()
    for _ in range(2):
        last = exported([(results, rows)], target, "sqlite")
        with sqlite3.connect(target) as connection:
            names = ", ".join(column.split()[0] for column in table.split(", "))
            there = connection.execute(
                f"SELECT {names} FROM batch_results WHERE batch_id = '' ORDER BY rowid"
            ).fetchall()
            assert [row[:3] for row in there] == [row[:3] for row in rows_there]
            assert connection.execute("SELECT count(*) FROM batch_results").fetchone() == (
                last.entries + len(there),
            )
            assert connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'by_status'").fetchone()
            if "created_at" in table:
                assert there[0][4] == rows_there[0][4]
        connection.close()


def test_a_file_that_is_no_database_is_refused(results, rows, tmp_path, exported):
    (tmp_path / "a.sqlite").write_text("hello, this is a text file of mine" * 9)
    with pytest.raises(ExportError, match="not a database"):
        exported([(results, rows)], tmp_path / "a.sqlite", "sqlite")


def test_batches_of_one_source_are_merged_by_its_lines(tmp_path, exported):
    pilot = written(tmp_path / "b1.jsonl", [("d", message("4")), ("b", message("2"))])
    rest = written(tmp_path / "b2.jsonl", [("c", message("3")), ("a", message("1")), ("x", message("?"))])
    parts = [
        (pilot, rows_of(tmp_path / "1.rows", ("b", 2), ("d", 4))),
        (rest, rows_of(tmp_path / "2.rows", ("a", 1), ("c", 3))),
    ]
    exported(parts, tmp_path / "x", "flat")
    lines = [json.loads(line) for line in (tmp_path / "x").read_text().splitlines()]
    assert [(line["id"], line["batch_id"], line["n"]) for line in lines] == [
        ("A", "b2", 1),
        ("B", "b1", 2),
        ("C", "b2", 3),
        ("D", "b1", 4),
        ("x", "b2", None),
    ]


def test_batches_of_several_sources_follow_each_other(tmp_path, exported):
    first = written(tmp_path / "b1.jsonl", [("b", message("2"))])
    second = written(tmp_path / "b2.jsonl", [("a", message("1"))])
    parts = [
        (first, rows_of(tmp_path / "1.rows", ("b", 2))),
        (second, rows_of(tmp_path / "2.rows", ("a", 1), source="other.csv")),
    ]
    exported(parts, tmp_path / "x", "flat")
    assert [json.loads(line)["id"] for line in (tmp_path / "x").read_text().splitlines()] == ["B", "A"]


def test_answers_without_a_common_structure_are_not_spread(tmp_path, exported):
    path = written(tmp_path / "r.jsonl", [(f"k{n}", message(json.dumps({f"k{n}": 1}))) for n in range(501)])
    with pytest.raises(ExportError, match="500 different keys"):
        exported([(path, None)], tmp_path / "x.csv", "csv", spread=True)
    assert not (tmp_path / "x.csv").exists()


def test_an_answer_in_a_code_fence_is_spread_too(tmp_path, exported):
    path = written(tmp_path / "r.jsonl", [("a", message('```json\n{"label": "bug"}\n```'))])
    exported([(path, None)], tmp_path / "x", "flat", spread=True)
    assert json.loads((tmp_path / "x").read_text())["label"] == "bug"


def test_no_column_is_called_like_another():
    names = [column.name for column in all_columns([Column("ID"), Column("x")], [Column("X"), Column("id")])]
    assert names[11:] == ["source.ID", "x", "answer.X", "answer.id"]


@pytest.mark.parametrize(
    ("library", "extra", "name"), [("pyarrow", "parquet", "parquet"), ("xlsxwriter", "spreadsheet", "xlsx")]
)
def test_without_the_library_of_a_format_one_sentence_says_what_to_do(
    library, extra, name, results, tmp_path, exported, monkeypatch
):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ConfigError, match=rf"pip install 'claude-batch-tui\[{extra}\]'"):
        exported([(results, None)], tmp_path / f"x.{name}", name)


def test_a_sheet_keeps_types_and_runs_nothing(results, rows, tmp_path, exported):
    exported([(results, rows)], tmp_path / "x.xlsx", "xlsx", spread=True)
    head, *found = python_calamine.load_workbook(tmp_path / "x.xlsx").get_sheet_by_index(0).to_python()
    by_id = {row[1]: dict(zip(head, row, strict=True)) for row in found}
    assert by_id["T_1"]["sure"] is True
    assert by_id["T_1"]["input_tokens"] == 400
    assert by_id["T_3"]["response"].startswith("=cmd|")


def test_an_answer_longer_than_a_cell_of_a_sheet_is_refused_by_its_id(tmp_path, exported):
    long = written(tmp_path / "r.jsonl", [("a", message("short")), ("b", message("x" * 32_768))])
    with pytest.raises(ExportError, match=r"'response' of b is longer than .* Parquet"):
        exported([(long, None)], tmp_path / "x.xlsx", "xlsx")
    assert [path.name for path in tmp_path.iterdir() if path.name != "r.jsonl"] == []
    assert exported([(long, None)], tmp_path / "y.xlsx", "xlsx", columns=("custom_id", "cost"))


def test_csv_for_excel_says_that_it_is_utf8(results, rows, tmp_path, exported):
    exported([(results, rows)], tmp_path / "plain.csv", "csv")
    exported([(results, rows)], tmp_path / "excel.csv", "csv", excel=True)
    assert (tmp_path / "excel.csv").read_bytes() == b"\xef\xbb\xbf" + (tmp_path / "plain.csv").read_bytes()


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("a.jsonl", "jsonl"),
        ("a.flat.jsonl", "flat"),
        ("A.CSV", "csv"),
        ("a.db", "sqlite"),
        ("answers/", "folder"),
        ("a.md", "markdown"),
        ("a.xlsx", "xlsx"),
    ],
)
def test_the_ending_chooses_the_format(target, name):
    assert format_of(target).name == name


def test_an_unknown_ending_is_answered_with_those_there_are():
    with pytest.raises(ConfigError, match=r"\.jsonl, .*\.parquet, \.xlsx, \.md"):
        format_of("a.ods")


def test_a_rows_file_that_is_none_is_said(results, tmp_path, exported):
    from claude_batch_tui.errors import SourceError

    (tmp_path / "x.rows.jsonl").write_text('{"a": 1}\n')
    with pytest.raises(SourceError, match="no rows file"):
        exported([(results, tmp_path / "x.rows.jsonl")], tmp_path / "x.csv", "csv")


def test_a_results_file_that_has_gone_is_said(results, tmp_path, prices):
    from claude_batch_tui.errors import SourceError

    part = Part(results, open_indexed(results).index, range(1), "b")
    results.unlink()
    with pytest.raises(SourceError, match="Cannot read the results"):
        list(export([part], tmp_path / "x", Options(format_called("csv")), prices=prices))


@pytest.mark.parametrize("name", NAMES)
def test_a_file_whose_name_is_no_text_is_exported(results, tmp_path, prices, name):
    opened = Part(results, open_indexed(results).index, [0], "answers of \udcff")
    target = tmp_path / "x"
    *_, last = export([opened], target, Options(format_called(name)), prices=prices)
    assert last.entries == 1
    if name == "flat":
        assert json.loads(target.read_bytes())["batch_id"] == r"answers of \udcff"
