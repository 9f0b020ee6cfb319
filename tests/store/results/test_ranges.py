"""A large file is read by several processes: the same comes of it, whatever becomes of them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from claude_batch_tui.store.results import passes, ranges, worker_processes
from claude_batch_tui.store.results.index import ResultsIndex
from claude_batch_tui.store.results.opening import open_indexed
from claude_batch_tui.store.results.passes import index_file

pytestmark = pytest.mark.slow


def line(number):
    content = [{"type": "text", "text": "ü" * (number % 7 * 400)}]
    usage = {"input_tokens": number, "output_tokens": 1, "inference_geo": "us" if number % 3 else None}
    message = {
        "model": f"m-{number % 5}",
        "stop_reason": f"s{number % 300}",
        "content": content,
        "usage": usage,
    }
    result = {"type": "succeeded", "message": message} if number % 10 else {"type": "expired"}
    return json.dumps({"custom_id": f"é{number}" if number % 50 == 0 else f"r-{number}", "result": result})


@pytest.fixture
def path(tmp_path):
    """2,000 lines, 3 MB: one of 200 kB, blank and broken ones, more stop reasons than have numbers, no last newline."""
    lines = [*map(line, range(2000))]
    lines[700] = line(700).replace('"text": "', '"text": "' + "x" * 200_000)
    lines[100:100] = ["", "  ", "{broken", '{"custom_id":"b"']
    path = tmp_path / "x.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture
def by_processes(monkeypatch):
    monkeypatch.setattr(passes, "WORTH_BYTES", 1)
    monkeypatch.setattr(passes, "processes", lambda: 3)
    monkeypatch.setattr(ranges, "processes", lambda: 3)
    monkeypatch.setattr(ranges, "RANGE_BYTES", 150_000)


def indexed(path, each=lambda: None):
    index = ResultsIndex()
    with path.open("rb") as file:
        for _ in index_file(file.fileno(), index, in_order=True):
            each()
    return index


def everything(index):
    names = "stop_reasons", "error_types", "answered_by"
    return [index.entry(at) for at in range(index.count)], [list(getattr(index, name)) for name in names]


def test_what_several_processes_read_is_what_one_reads(path, request):
    alone = indexed(path)
    request.getfixturevalue("by_processes")
    together = indexed(path)
    assert together.complete
    assert everything(together) == everything(alone)


def test_what_a_killed_process_would_have_told_is_read_all_the_same(path, request, monkeypatch):
    alone = indexed(path)
    request.getfixturevalue("by_processes")
    started = []
    start = ranges._started
    monkeypatch.setattr(ranges, "_started", lambda order: started.append(start(order)) or started[-1])
    steps = iter(range(1000))

    def kill_one():
        if next(steps) == 4:
            os.kill(started[1].pid, signal.SIGKILL)

    together = indexed(path, each=kill_one)
    assert everything(together) == everything(alone)


def test_without_a_python_that_can_be_started_it_is_read_here(path, request, monkeypatch):
    alone = indexed(path)
    request.getfixturevalue("by_processes")
    for program in ("/bin/false", "/nowhere/python"):
        monkeypatch.setattr(worker_processes.sys, "executable", program)
        assert everything(indexed(path)) == everything(alone)


@pytest.mark.usefixtures("by_processes")
def test_no_process_outlives_the_one_who_asked(path, monkeypatch):
    started = []
    start = ranges._started
    monkeypatch.setattr(ranges, "_started", lambda order: started.append(start(order)) or started[-1])
    with path.open("rb") as file:
        steps = index_file(file.fileno(), ResultsIndex(), in_order=True)
        for _ in range(4):
            next(steps)
        assert started
        steps.close()
    assert all(process.returncode is not None for process in started)


@pytest.mark.usefixtures("by_processes")
def test_a_package_that_lies_in_the_folder_is_not_imported(path, tmp_path, monkeypatch):
    (tmp_path / "msgspec.py").write_text("open('imported', 'w')")
    monkeypatch.chdir(tmp_path)
    with open_indexed(path) as opened:
        assert opened.index.complete
    assert not (tmp_path / "imported").exists()


def test_a_python_that_is_isolated_from_the_environment_starts_such(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(f"open({str(tmp_path / 'imported')!r}, 'w')")
    code = """
from claude_batch_tui.store.results.ranges import Order
from claude_batch_tui.store.results.worker_processes import started
process = started("claude_batch_tui.store.results.range_worker", Order(0, 0, 0, 1, 0, 1))
process.communicate()
raise SystemExit(process.returncode)
"""
    environ = os.environ | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, "-I", "-c", code], env=environ, check=False, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    assert not (tmp_path / "imported").exists()


def test_a_range_with_too_many_names_is_described_up_to_its_end(tmp_path, request):
    lines = []
    for number in range(800):
        message = {"stop_reason": f"s{number}" if number < 400 else "end_turn", "content": "x" * 1000}
        lines.append(
            json.dumps({"custom_id": f"r{number}", "result": {"type": "succeeded", "message": message}})
        )
    path = tmp_path / "x.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    alone = indexed(path)
    request.getfixturevalue("by_processes")
    request.getfixturevalue("monkeypatch").setattr(ranges, "RANGE_BYTES", 400_000)
    together = indexed(path)
    assert together.described == len(lines)
    assert everything(together) == everything(alone)


def test_a_process_that_has_another_file_under_the_number_is_not_believed(path, request, monkeypatch):
    alone = indexed(path)
    request.getfixturevalue("by_processes")
    start = ranges._started
    with Path(os.devnull).open("rb") as nothing:  # as where stdin was closed, and the file has its number
        monkeypatch.setattr(
            ranges,
            "_started",
            lambda order: start(msgspec.structs.replace(order, descriptor=nothing.fileno())),
        )
        assert everything(indexed(path)) == everything(alone)


def test_a_python_that_says_something_of_its_own_first_is_not_believed(path, tmp_path, request, monkeypatch):
    alone = indexed(path)
    request.getfixturevalue("by_processes")
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\necho Welcome to the shared Python of this cluster\n")
    program.chmod(0o755)
    monkeypatch.setattr(worker_processes.sys, "executable", str(program))
    assert everything(indexed(path)) == everything(alone)
