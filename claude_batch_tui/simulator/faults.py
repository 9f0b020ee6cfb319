"""Faults: what goes wrong with the next calls.

A test says `simulator.faults.next(Fault(method="POST", path=r"/batches$", status=529, after_work=True))` and the
next create makes its batch and answers 529. The same, over HTTP, is `POST /_simulator/faults`.
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec


class Fault(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One fault. Which calls: `method`, `path` (a regular expression searched in the path), the next `times` calls
    after `skip` matching ones. Where several faults match, the one set first is used.

    Instead of the answer: `status`, with `headers` and `body` (left out: the API's error body for that status);
    with `after_work` the work is done first, so that a create has made its batch.

    The connection: `connection` is `reset` (RST) or `close` (FIN) without an answer, `half_headers` or
    `half_body` for an answer cut there by a FIN, `hang` for no answer until the client gives up. `delay` seconds
    pass before anything else.

    The body: `cut_at` bytes are sent and then ends `cut`: `clean` (a proper end of the chunks), `reset`, `close`
    (FIN within the chunks), or `framing` (a body without length or chunks, ended by closing). `drip` sends
    that many bytes at a time, `drip_seconds` apart. `gzip` compresses; `without_trailer` leaves the last eight
    bytes off. `lines` spoils lines of results; `line` is the first line affected, from 0.
    """

    method: str | None = None
    path: str = ""
    times: int = 1
    skip: int = 0

    status: int | None = None
    headers: dict[str, str] = {}
    body: str | None = None
    after_work: bool = False

    delay: float = 0.0
    connection: Literal["reset", "close", "half_headers", "half_body", "hang"] | None = None

    cut_at: int | None = None
    cut: Literal["clean", "reset", "close", "framing"] = "clean"
    drip: int | None = None
    drip_seconds: float = 0.05
    gzip: Literal["whole", "without_trailer"] | None = None
    lines: tuple[
        Literal[
            "malformed",
            "truncated",
            "duplicate",
            "blank",
            "crlf",
            "missing",
            "nul",
            "unknown_type",
            "no_custom_id",
            "broken_inside",
        ],
        ...,
    ] = ()
    line: int = 0

    def matches(self, method: str, path: str) -> bool:
        """Whether a call is one of those meant."""
        return (self.method is None or self.method.upper() == method) and re.search(
            self.path, path
        ) is not None

    @property
    def spoils_body(self) -> bool:
        """True where the answer is the real one but for its body."""
        return bool(self.cut_at is not None or self.drip or self.gzip or self.lines)


class Faults:
    """The faults that wait for their calls."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def next(self, fault: Fault) -> None:
        """Let the next matching calls go wrong."""
        self._waiting.append(msgspec.structs.replace(fault))

    def always(self, fault: Fault) -> None:
        """Let all matching calls go wrong until `clear`."""
        self._waiting.append(msgspec.structs.replace(fault, times=1_000_000_000))

    def clear(self) -> None:
        """Let everything be right again."""
        self._waiting.clear()

    @property
    def waiting(self) -> list[Fault]:
        """Faults that have not happened yet."""
        return list(self._waiting)

    def take(self, method: str, path: str) -> Fault | None:
        """The fault for a call that has arrived, used up by it."""
        for fault in self._waiting:
            if not fault.matches(method, path):
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            fault.times -= 1
            if fault.times <= 0:
                self._waiting.remove(fault)
            return fault
        return None
