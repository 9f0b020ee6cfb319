#!/usr/bin/env bash
# One would believe: an authorizer of SQLite that lets SELECT, READ and FUNCTION through lets every query through that only reads.
# What happens (Python 3.11's sqlite3, SQLite 3.40 to 3.51): a query over json_each(), pragma_table_info() or a full-text
# table is refused. Such a table describes itself by CREATE TABLE inside of SQLite, which asks the authorizer for
# SQLITE_UPDATE of sqlite_master, though nothing is written. It has to be let through; the database is opened with
# mode=ro, so that no UPDATE of the user's comes of it.
#
# Prints: the version, "json_each is refused: not authorized", and what was asked for.
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
