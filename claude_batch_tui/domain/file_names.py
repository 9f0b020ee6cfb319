"""Words from outside as names of files that every file system takes."""

from __future__ import annotations

import hashlib
import re

_UNSAFE = re.compile(r"[^\w.-]+")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d|index)(?:\..*)?", re.IGNORECASE)
"""Names Windows keeps for devices, and that of the index."""
_LONGEST = 100
"""Bytes of a name before its ending; file systems take 255, archives and clouds less."""


def file_stem(own_id: str) -> str:
    """An id as the name of a file: letters, digits, `_`, `.` and `-`, never hidden, reserved or too long."""
    stem = _UNSAFE.sub("-", own_id).strip(".-")
    if len(stem.encode()) > _LONGEST:
        tag = hashlib.sha256(own_id.encode("utf-8", "replace")).hexdigest()[:8]
        stem = stem.encode()[: _LONGEST - 9].decode("utf-8", "ignore") + "-" + tag
    if not stem:
        return "entry"
    return f"{stem}_" if _RESERVED.fullmatch(stem) else stem
