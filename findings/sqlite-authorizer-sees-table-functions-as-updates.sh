#!/usr/bin/env bash
# Belief:   an authorizer of SQLite that lets SELECT, READ and FUNCTION through lets every query through that only reads.
# SQLite 3.40.1, in Python 3.11: a query over json_each(), pragma_table_info() or a full-text table is refused. Such a
#           table describes itself by CREATE TABLE, for which the authorizer is asked about UPDATE of sqlite_master,
#           though nothing is written. It has to be let through, and mode=ro keeps what really is an UPDATE away.
# Output:   the version, "json_each is refused: …", and what was asked: [(23, 'sqlite_master', 'type')]
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
print("SQLite", sqlite3.sqlite_version)
try:
    print(connection.execute("SELECT value FROM json_each('[1, 2]')").fetchall())
except sqlite3.DatabaseError as error:
    print(f"json_each is refused: {error}")
    print([each for each in asked if each[0] == sqlite3.SQLITE_UPDATE])
    sys.exit(0)
sys.exit(1)
PYTHON
