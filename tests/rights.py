"""Files and folders that may not be written, also where the tests run as root."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from collections.abc import Iterator
from pathlib import Path

_VERSION_3 = 0x20080522
_OVERRIDES = 1 << 1 | 1 << 2
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH (capabilities(7)): with them root may write what nobody may."""


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Data(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_uint32) for name in ("effective", "permitted", "inheritable"))


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """A folder and all in it that this thread, and those it starts, can read and not write."""
    places = [folder, *folder.rglob("*")]
    before = {place: place.stat().st_mode for place in places}
    for place in places:
        place.chmod(0o500 if place.is_dir() else 0o400)
    try:
        with _without_overrides():
            yield
    finally:
        for place, mode in before.items():
            place.chmod(mode)


@contextlib.contextmanager
def _without_overrides() -> Iterator[None]:
    if os.geteuid() or not sys.platform.startswith("linux"):
        yield
        return
    libc = ctypes.CDLL(None)
    header, data = _Header(_VERSION_3, 0), (_Data * 2)()
    libc.capget(ctypes.byref(header), data)
    had = data[0].effective
    data[0].effective = had & ~_OVERRIDES
    assert not libc.capset(ctypes.byref(header), data)
    try:
        yield
    finally:
        data[0].effective = had
        libc.capset(ctypes.byref(header), data)
