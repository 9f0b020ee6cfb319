"""Words that a shell completes from the store: ids, names and tags, with as few imports as can be.

A shell waits for this at every press of tab, so nothing but the standard library is imported, and not even a `Database` is
opened: a store that is not there, is locked, damaged or of another version completes nothing.
"""

from __future__ import annotations

import sqlite3
import sys

_MOST = 50
"""Words of each sort: a shell reads them byte by byte, and nobody chooses among more."""
_BEGINS = "substr({0}, 1, length(:begin)) = :begin"
_NAMES = f"SELECT name FROM name WHERE {_BEGINS.format('name')} GROUP BY name ORDER BY max(rowid) DESC LIMIT {_MOST}"
_TAGS = f"SELECT tag FROM tag WHERE {_BEGINS.format('tag')} GROUP BY tag ORDER BY count(*) DESC LIMIT {_MOST}"
# A workspace at a time: so the index by age gives the newest without the others being read.
_BATCHES = (
    "SELECT batch_id, run_id FROM batch WHERE scope_id = :scope AND deleted_at IS NULL"
    f" AND ({_BEGINS.format('batch_id')} OR {_BEGINS.format('run_id')}) ORDER BY created_at DESC LIMIT {_MOST}"
)
_SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.@%+,/-")
"""Shells expand what they complete from, so a name that holds anything else is not offered."""


def words(kind: str, database: str, begin: str = "") -> list[str]:
    """The words of a kind, `ids` (names, batches, runs) or `tags`, that begin so; none where the store cannot be read at once."""
    try:
        path = (
            database.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
        )  # urllib costs a start of Python
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=0.1)
        try:
            found = _tags(connection, begin) if kind == "tags" else _ids(connection, begin)
        finally:
            connection.close()
    except sqlite3.Error:
        return []
    return [word for word in found if _SAFE.issuperset(word) and word.startswith(begin) and word[:1] != "-"]


def _tags(connection: sqlite3.Connection, begin: str) -> list[str]:
    return [row[0] for row in connection.execute(_TAGS, {"begin": begin})]


def _ids(connection: sqlite3.Connection, begin: str) -> list[str]:
    """Names first, then batches and runs, the newest of each first."""
    scopes = connection.execute("SELECT scope_id FROM scope ORDER BY used_at DESC").fetchall()
    rows = [
        row for (scope,) in scopes for row in connection.execute(_BATCHES, {"begin": begin, "scope": scope})
    ]
    names = [row[0] for row in connection.execute(_NAMES, {"begin": begin})]
    return [*names, *(row[0] for row in rows), *dict.fromkeys(row[1] for row in rows if row[1])]


def print_words(kind: str, database: str, begin: str) -> None:
    """Print them, a line each; tags with the sign that adds and the one that takes away."""
    if kind == "tags":
        signs = tuple(sign for sign in ("+", "-") if begin[:1] in ("", sign))
        found = [f"{sign}{word}" for sign in signs for word in words(kind, database, begin[1:])]
    else:
        found = words(kind, database, begin)
    sys.stdout.write("".join(f"{word}\n" for word in found))
