#!/usr/bin/env bash
# Belief:   an authorizer of SQLite that lets SELECT, READ and FUNCTION through lets every query through that only reads.
# SQLite 3.40.1, in Python 3.11: a query over json_each(), pragma_table_info() or a full-text table is refused. Such a
#           table describes itself by CREATE TABLE, for which the authorizer is asked about UPDATE of sqlite_master,
#           though nothing is written. It has to be let through, and mode=ro keeps what really is an UPDATE away.
# Output:   SQLite 3.40.1 | json_each is refused: vtable constructor failed: json_each | [(23, 'sqlite_master', 'type')]
# Exits 0 while that is so, 1 when it has changed.
set -euo pipefail
python3 - <<'PYTHON'
import sqlite3
import sys

asked = []


def only_reads(action, first, second, *_):
    asked.append((action, first, second))
    reads = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION)
    return sqlite3.SQLITE_OK if action in reads else sqlite3.SQLITE_DENY


connection = sqlite3.connect(":memory:")
connection.set_authorizer(only_reads)
try:
    rows = connection.execute("SELECT value FROM json_each('[1, 2]')").fetchall()
    seen = f"json_each gives {rows}"
except sqlite3.DatabaseError as error:
    seen = f"json_each is refused: {error}"
updates = [each for each in asked if each[0] == sqlite3.SQLITE_UPDATE]
print(f"SQLite {sqlite3.sqlite_version}", seen, updates, sep=" | ")
sys.exit("refused" not in seen or updates != [(sqlite3.SQLITE_UPDATE, "sqlite_master", "type")])
PYTHON
