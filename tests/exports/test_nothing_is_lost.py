"""Whatever text an answer holds, every format holds the same."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import sys
import tempfile
from importlib.resources import files
from pathlib import Path

import pyarrow.parquet
import pytest
import python_calamine
from hypothesis import given, settings
from hypothesis import strategies as st

from claude_batch_tui.domain.money.pricing import load_prices
from claude_batch_tui.exports.formats import format_called
from claude_batch_tui.services.building.models import built_in_prices
from claude_batch_tui.services.exporting.export import Part, export
from claude_batch_tui.services.exporting.rows import RowReader
from claude_batch_tui.services.exporting.target import Options
from claude_batch_tui.store.results.opening import open_indexed

from .conftest import message

PRICES = load_prices((files("claude_batch_tui.domain") / "prices.toml").read_bytes())
TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1, max_size=6)


def read_csv(path):
    csv.field_size_limit(sys.maxsize)
    return [row["response"] for row in csv.DictReader(io.StringIO(path.read_bytes().decode(), newline=""))]


def read_sqlite(path):
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT response FROM batch_results ORDER BY rowid").fetchall()
    connection.close()
    return [row[0] for row in rows]


def read_folder(path):
    index = (json.loads(line) for line in (path / "index.jsonl").read_bytes().splitlines())
    return [(path / line["file"]).read_bytes().decode() for line in index]


def read_sheet(path):
    head, *rows = python_calamine.load_workbook(path).get_sheet_by_name("results").to_python()
    texts = [row[head.index("response")] for row in rows]
    # Two characters that XML has no place for are written as Excel writes them, which calamine leaves.
    return [text.replace("_xFFFE_", "\ufffe").replace("_xFFFF_", "\uffff") for text in texts]


READERS = {
    "flat": lambda path: [json.loads(line)["response"] for line in path.read_bytes().split(b"\n")[:-1]],
    "json": lambda path: [one["response"] for one in json.loads(path.read_bytes())],
    "csv": read_csv,
    "sqlite": read_sqlite,
    "parquet": lambda path: pyarrow.parquet.read_table(path)["response"].to_pylist(),
    "folder": read_folder,
    "xlsx": read_sheet,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
@given(texts=TEXTS)
@settings(max_examples=25, deadline=None)
def test_an_answer_is_the_same_in_every_format(name, texts):
    with tempfile.TemporaryDirectory() as folder:
        path, target = Path(folder) / "results.jsonl", Path(folder) / "out"
        entries = ({"custom_id": f"k{at}", "result": message(text)} for at, text in enumerate(texts))
        path.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
        with open_indexed(path) as results:
            part = Part(path, results.index, range(len(texts)), "b")
            list(export([part], target, Options(format_called(name), csv_raw=True), prices=PRICES))
        assert READERS[name](target) == texts


def test_a_tool_call_whose_input_is_no_utf8_is_exported_with_marks_in_its_place():
    line = (
        b'{"custom_id":"a","result":{"type":"succeeded","message":{"model":"m","stop_reason":"tool_use",'
        b'"content":[{"type":"tool_use","input":{"q":"\xf2"}}]}}}'
    )
    assert '{"q":"\ufffd"}' in RowReader(built_in_prices()).values(line, "msgbatch_1")


def test_a_result_of_a_type_that_is_not_known_is_exported_with_half_characters_as_they_are_escaped():
    line = b'{"custom_id":"a","result":{"type":"deferred","why":"b\\ud800","n":1}}'
    assert r'{"type":"deferred","why":"b\ud800","n":1}' in RowReader(built_in_prices()).values(
        line, "msgbatch_1"
    )
