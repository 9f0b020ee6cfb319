"""Many rows are made by several processes: the same file comes of it, whatever becomes of them."""

from __future__ import annotations

import io
import json
import os
import resource
import signal
import sqlite3
from pathlib import Path

import msgspec
import pytest
import python_calamine

from claude_batch_tui.exports.formats import FORMATS
from claude_batch_tui.services.exporting import row_processes
from claude_batch_tui.store.results import worker_processes

from .conftest import ENTRIES, message

pytestmark = pytest.mark.slow
MANY = 20


@pytest.fixture
def path(tmp_path):
    """Every kind of entry many times, each answer another one, between them blank and broken lines and one of 100 kB."""
    lines = []
    for turn in range(MANY):
        lines += [json.dumps({"custom_id": f"{key}-{turn}", "result": value}) for key, value in ENTRIES]
        answer = json.dumps({"label": f"ü{turn}", "n": turn / 7, "many": [turn], "first": None})
        lines += [
            json.dumps({"custom_id": f"json-{turn}", "result": message(answer, tokens=(turn, turn))}),
            "",
            "{broken",
            '{"custom_id":"half","result":' + json.dumps(message("a\ud800b")) + "}",
            json.dumps({"custom_id": f"é{turn}", "result": message("x" * (100_000 if turn == 5 else turn))}),
        ]
    path = tmp_path / "msgbatch_1.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture
def by_processes(monkeypatch):
    """Every export by three processes, a few rows at a time; what was started."""
    for name, value in {"WORTH_BYTES": 1, "BLOCK_ROWS": 7, "BLOCK_BYTES": 20_000}.items():
        monkeypatch.setattr(row_processes, name, value)
    monkeypatch.setattr(row_processes, "processes", lambda: 3)
    processes, start = [], row_processes.started

    def started(*words, **options):
        processes.append(start(*words, **options))
        return processes[-1]

    monkeypatch.setattr(row_processes, "started", started)
    return processes


def held(target):
    """What was written: the bytes, or the rows of what has its time in it."""
    if target.suffix == ".db":
        connection = sqlite3.connect(target)
        rows = connection.execute("SELECT * FROM batch_results ORDER BY rowid").fetchall()
        connection.close()
        return [row[:-1] for row in rows]
    if target.is_dir():
        return {file.name: file.read_bytes() for file in target.iterdir()}
    if (found := target.read_bytes()).startswith(b"PK"):
        return python_calamine.CalamineWorkbook.from_path(target).get_sheet_by_index(0).to_python()
    return found


WAYS = [(one.name, {}) for one in FORMATS if one.name not in ("jsonl", "xlsx")] + [
    (name, options)
    for name in ("csv", "flat", "json", "parquet")
    for options in ({"spread": True}, {"columns": ("cost", "json.label", "custom_id")})
]
WAYS += [
    ("csv", {"csv_raw": True, "excel": True}),
    ("sqlite", {"spread": True}),
    ("xlsx", {"columns": ("json.n", "json.many", "cost", "custom_id")}),  # a cell holds no answer of 100 kB
]


@pytest.mark.parametrize(("name", "options"), WAYS, ids=str)
def test_what_several_processes_make_is_what_one_makes(path, tmp_path, exported, request, name, options):
    alone, together = tmp_path / "alone.db", tmp_path / "together.db"
    if name != "sqlite":
        alone, together = alone.with_suffix(""), together.with_suffix("")
    said = exported([(path, None)], alone, name, **options)
    started = request.getfixturevalue("by_processes")
    assert exported([(path, None)], together, name, **options) == said
    assert len(started) == 3
    assert held(together) == held(alone)
    assert all(process.returncode is not None for process in started)


def test_nothing_to_export_starts_no_process(path, tmp_path, exported, by_processes):
    assert exported([(path, None, [])], tmp_path / "out", "csv").entries == 0
    assert by_processes == []


def test_what_a_killed_process_would_have_made_is_made_all_the_same(path, tmp_path, exported, request):
    said = exported([(path, None)], tmp_path / "alone", "csv")
    started = request.getfixturevalue("by_processes")
    asked = iter(range(10_000))

    def stopped():
        if next(asked) == 9:
            os.kill(started[1].pid, signal.SIGKILL)
        return False

    assert exported([(path, None)], tmp_path / "together", "csv", stopped=stopped) == said
    assert held(tmp_path / "together") == held(tmp_path / "alone")


def test_without_a_python_that_can_be_started_rows_are_made_here(
    path, tmp_path, exported, request, monkeypatch
):
    said = exported([(path, None)], tmp_path / "alone", "flat")
    request.getfixturevalue("by_processes")
    for number, program in enumerate(("/bin/false", "/bin/cat", "/nowhere/python")):
        monkeypatch.setattr(worker_processes.sys, "executable", program)
        assert exported([(path, None)], tmp_path / f"{number}", "flat") == said
        assert held(tmp_path / f"{number}") == held(tmp_path / "alone")


def test_a_stopped_export_leaves_no_process_and_no_file(path, tmp_path, exported, by_processes):
    folder = tmp_path / "out"
    folder.mkdir()
    asked = iter(range(10_000))
    assert exported([(path, None)], folder / "x", "csv", stopped=lambda: next(asked) == 5) is None
    assert list(folder.iterdir()) == []
    assert len(by_processes) == 3
    assert all(process.returncode is not None for process in by_processes)


def test_an_integer_too_large_for_what_processes_tell_is_written_all_the_same(tmp_path, exported, request):
    path = tmp_path / "msgbatch_1.jsonl"
    path.write_text(
        "".join(
            json.dumps({"custom_id": f"r{n}", "result": message(json.dumps({"n": 10**30 + n}))}) + "\n"
            for n in range(30)
        )
    )
    options = {"columns": ("custom_id", "json.n")}
    exported([(path, None)], tmp_path / "alone", "parquet", **options)
    request.getfixturevalue("by_processes")
    exported([(path, None)], tmp_path / "together", "parquet", **options)
    assert held(tmp_path / "together") == held(tmp_path / "alone")


def test_a_process_that_has_another_file_under_the_number_is_not_believed(
    path, tmp_path, exported, request, monkeypatch
):
    said = exported([(path, None)], tmp_path / "alone", "csv")
    request.getfixturevalue("by_processes")
    start = row_processes.started
    with Path(os.devnull).open("rb") as nothing:  # as where stdin was closed, and the file has its number
        monkeypatch.setattr(
            row_processes,
            "started",
            lambda module, order, _, places: start(
                module,
                msgspec.structs.replace(order, descriptor=nothing.fileno()),
                nothing.fileno(),
                places,
            ),
        )
        assert exported([(path, None)], tmp_path / "together", "csv") == said
    assert held(tmp_path / "together") == held(tmp_path / "alone")


def test_where_the_disk_is_full_rows_are_made_here(path, exported, request):
    alone, together = io.BytesIO(), io.BytesIO()
    said = exported([(path, None)], alone, "csv")
    request.getfixturevalue("by_processes")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    for most in (0, 40, 100, row_processes.SLOT_BYTES + 40):
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
        try:
            assert exported([(path, None)], together, "csv") == said
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert together.getvalue() == alone.getvalue()
        together = io.BytesIO()
