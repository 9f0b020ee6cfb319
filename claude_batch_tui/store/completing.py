"""Words that a shell completes from the store: ids, names and tags, with as few imports as can be.

A shell waits for this at every press of tab, so nothing but the standard library is imported, and not even a `Database` is
opened: a store that is not there, is locked, damaged or of another version completes nothing.
"""

from __future__ import annotations

import re
import sqlite3
import sys

_QUERIES = {
    "ids": (
        "SELECT name FROM name GROUP BY name ORDER BY max(rowid) DESC LIMIT 500",
        "SELECT batch_id FROM batch WHERE deleted_at IS NULL ORDER BY created_at DESC LIMIT 500",
        "SELECT run_id FROM batch WHERE run_id IS NOT NULL GROUP BY run_id ORDER BY max(created_at) DESC LIMIT 500",
    ),
    "tags": ("SELECT tag FROM tag GROUP BY tag ORDER BY count(*) DESC LIMIT 500",),
}
_SAFE = re.compile(r"[\w.@%+,/-]+", re.ASCII)
"""Shells expand what they complete from, so a name that holds anything else is not offered."""


def words(kind: str, database: str) -> list[str]:
    """The words of a kind, `ids` or `tags`, newest first; none where the store cannot be read at once."""
    try:
        connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=0.1)
        try:
            found = [row[0] for query in _QUERIES[kind] for row in connection.execute(query)]
        finally:
            connection.close()
    except (sqlite3.Error, KeyError):
        return []
    return [word for word in found if _SAFE.fullmatch(word) and not word.startswith("-")]


def print_words(kind: str, database: str) -> None:
    """Print them, a line each; tags with the sign that adds and the one that takes away."""
    signs = ("+", "-") if kind == "tags" else ("",)
    sys.stdout.write("".join(f"{sign}{word}\n" for sign in signs for word in words(kind, database)))
