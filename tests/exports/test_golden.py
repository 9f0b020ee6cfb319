"""Every format against a file that was read by eye once."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pyarrow.parquet
import pytest

GOLDEN = Path(__file__).parent / "golden"


def same(name, got: bytes):
    path = GOLDEN / name
    if not path.exists():
        path.write_bytes(got)
        pytest.fail(f"{path} was written: read it, then run again")
    assert got.decode() == path.read_bytes().decode()


@pytest.mark.parametrize(
    ("name", "form", "options"),
    [
        ("raw.jsonl", "jsonl", {}),
        ("flat.jsonl", "flat", {}),
        ("array.json", "json", {}),
        ("guarded.csv", "csv", {}),
        ("exact.csv", "csv", {"csv_raw": True}),
        ("spread.csv", "csv", {"spread": True}),
        ("spread.jsonl", "flat", {"spread": True}),
        ("answers.md", "markdown", {"title": "tickets"}),
    ],
)
def test_text_formats_are_as_they_were(results, rows, tmp_path, exported, name, form, options):
    target = tmp_path / "out"
    assert exported([(results, rows)], target, form, **options).entries == 13
    same(name, target.read_bytes())


@pytest.mark.parametrize("spread", [False, True])
def test_sqlite_is_as_it_was(results, rows, tmp_path, exported, spread):
    exported([(results, rows)], tmp_path / "a.db", "sqlite", spread=spread)
    connection = sqlite3.connect(tmp_path / "a.db")
    connection.execute("UPDATE batch_results SET created_at = 'then'")
    dump = "\n".join(connection.iterdump())
    connection.close()
    same("spread.sql" if spread else "table.sql", dump.replace("\0", "<NUL>").encode())


@pytest.mark.parametrize("spread", [False, True])
def test_parquet_is_as_it_was(results, rows, tmp_path, exported, spread):
    exported([(results, rows)], tmp_path / "a.parquet", "parquet", spread=spread)
    table = pyarrow.parquet.read_table(tmp_path / "a.parquet")
    lines = [f"{field.name}: {field.type}" for field in table.schema]
    lines += [json.dumps(row) for row in table.to_pylist()]
    same("spread.parquet.txt" if spread else "parquet.txt", ("\n".join(lines) + "\n").encode())


def test_a_folder_is_as_it_was(results, rows, tmp_path, exported):
    exported([(results, rows)], tmp_path / "answers", "folder")
    files = sorted((tmp_path / "answers").iterdir())
    text = "".join(f"=== {path.name}\n{path.read_bytes().decode()}\n" for path in files)
    same("folder.txt", text.encode())
