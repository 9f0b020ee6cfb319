"""Queries and scripts: programs of the user's, which may do what nobody meant."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from claude_batch_tui.errors import ConfigError, ScriptError, SourceError
from claude_batch_tui.sources.patience import Patience
from claude_batch_tui.sources.python_script import PythonScript, script_environment
from claude_batch_tui.sources.tables import SqliteSource
from waiting import until

_LONG = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 30000000) SELECT sum(x) FROM n"
"""A query that takes some seconds for its only row."""


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "shop.db"
    connection = sqlite3.connect(path)
    connection.executescript(
        "CREATE TABLE p (id INTEGER, name TEXT); INSERT INTO p VALUES (1, 'a'), (2, 'b');"
        "CREATE VIRTUAL TABLE words USING fts5(body); INSERT INTO words VALUES ('a long way');"
    )
    connection.close()
    return str(path)


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM p",
        "INSERT INTO p VALUES (3, 'c') RETURNING id",
        "ATTACH 'made.db' AS other",
        "VACUUM INTO 'made.db'",
        "VACUUM",
        "PRAGMA journal_mode = WAL",
        "PRAGMA query_only = OFF",
        "PRAGMA writable_schema = ON",
        "CREATE TEMP TABLE t AS SELECT 1",
        "BEGIN IMMEDIATE",
        "SELECT load_extension('made')",
        "REINDEX",
        "ANALYZE",
    ],
)
def test_a_statement_that_is_no_read_is_refused_and_nothing_is_written(
    database, query, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(SourceError, match="can only read"):
        SqliteSource(database, query)
    opened = [each.readlink() for each in Path("/proc/self/fd").iterdir() if each.is_symlink()]
    assert Path(database) not in opened
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("SELECT id FROM p WHERE name LIKE 'b%'", 1),
        ("WITH n AS (SELECT upper(name) AS x FROM p) SELECT x, count(*) AS c FROM n GROUP BY x", 2),
        ("VALUES (1), (2)", 2),
        ("SELECT body FROM words WHERE words MATCH 'long'", 1),
        ("SELECT name FROM pragma_table_info('p')", 2),
        ("SELECT value FROM json_each('[1, 2, 3]')", 3),
        ("EXPLAIN QUERY PLAN SELECT 1", 1),
    ],
)
def test_every_kind_of_read_is_let_through(database, query, rows):
    source = SqliteSource(database, query)
    assert len(list(source.rows())) == rows
    source.close()


def test_a_query_that_gives_nothing_for_too_long_is_stopped(database):
    with pytest.raises(SourceError, match=r"gave no row for 0.05 seconds and was stopped.*--query-timeout"):
        SqliteSource(database, _LONG, Patience(0.05))


def test_a_query_stops_as_soon_as_nobody_waits(database):
    with pytest.raises(SourceError, match="the query was stopped"):
        SqliteSource(database, _LONG, Patience(60, lambda: True))


@pytest.mark.slow
def test_ctrl_c_ends_a_query_that_looks_for_its_first_row(database, tmp_path):
    command = [sys.executable, "-m", "claude_batch_tui", "build", "sqlite", database, "--model", "m"]
    command += ["--max-tokens", "1", "--query", _LONG.replace("30000000", "9000000000")]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, start_new_session=True) as process:
        time.sleep(1.5)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
        assert time.monotonic() - began < 10
        assert b"Traceback" not in process.stderr.read()


def script(tmp_path, text):
    path = tmp_path / "mine.py"
    path.write_text(text)
    return str(path)


def test_a_script_sees_what_programs_need_and_what_it_is_given_and_no_key(tmp_path, monkeypatch):
    for name in ("ANTHROPIC_API_KEY", "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "HTTPS_PROXY", "SHOP_DB"):
        monkeypatch.setenv(name, f"value of {name}")
    path = script(
        tmp_path,
        "import os\ndef build_requests():\n    return [{'custom_id': name} for name in os.environ]\n",
    )
    seen = b"".join(PythonScript(path, ["SHOP_DB"], trusted=True).requests()).decode()
    assert "SHOP_DB" in seen
    assert "PATH" in seen
    for name in ("ANTHROPIC", "TOKEN", "SECRET", "PROXY"):
        assert name not in seen


def test_a_variable_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match="--script-env SHOP_DB: there is no such variable"):
        PythonScript(script(tmp_path, ""), ["SHOP_DB"], trusted=True)


def test_the_words_before_consent_say_what_the_script_is_given(tmp_path, monkeypatch):
    monkeypatch.setenv("SHOP_DB", "x")
    with pytest.raises(ConfigError, match="PATH, HOME, LANG and the like and, as asked, SHOP_DB"):
        PythonScript(script(tmp_path, ""), ["SHOP_DB"], trusted=False)


def test_locale_variables_are_harmless():
    assert script_environment((), {"LC_ALL": "C", "LCX": "1", "MY_KEY": "2"}) == {"LC_ALL": "C"}


def test_a_script_that_gives_nothing_is_stopped_when_nobody_waits(tmp_path):
    path = script(tmp_path, "import time\ndef build_requests():\n    time.sleep(600)\n    return []\n")
    with pytest.raises(ScriptError, match="the script was stopped"):
        list(PythonScript(path, trusted=True, patience=Patience(60, lambda: True)).requests())


_WITH_CHILD = """
import os, subprocess, sys, time
def build_requests():
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    with open("pids.new", "w") as file:
        file.write(f"{os.getpid()} {child.pid}")
    os.rename("pids.new", "pids")
    time.sleep(600)
    return []
"""


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_script_and_what_it_started_end_however_cbtui_ends(tmp_path, number):
    command = [sys.executable, "-m", "claude_batch_tui", "build", "custom", script(tmp_path, _WITH_CHILD)]
    with subprocess.Popen([*command, "--trust-script"], cwd=tmp_path, start_new_session=True) as process:
        until((tmp_path / "pids").exists)
        pids = (tmp_path / "pids").read_text().split()
        os.kill(process.pid, number)
        process.wait(20)
    until(lambda: not any(map(is_running, pids)))


def test_a_script_that_takes_too_long_ends_with_what_it_started(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ScriptError, match="gave no request for 2 seconds"):
        list(PythonScript(script(tmp_path, _WITH_CHILD), trusted=True, patience=Patience(2)).requests())
    until(lambda: not any(map(is_running, (tmp_path / "pids").read_text().split())))
