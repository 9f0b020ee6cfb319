"""A create: the body goes to disk while it arrives, is split into its requests on the way, and checked before the answer.

The body is `{"requests":[{…},{…}]}` with any white space and any further keys. Nothing of it is held in memory.
"""

from __future__ import annotations

import asyncio
import re
from array import array
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import msgspec

from claude_batch_tui.domain.requests.limits import MAX_BODY_BYTES, MAX_REQUESTS
from claude_batch_tui.simulator.batch import SimulatedBatch
from claude_batch_tui.simulator.failures import TOO_LARGE_PAGE, Failure
from claude_batch_tui.simulator.fates import Draw, Fate, Tally
from claude_batch_tui.simulator.params import Rejection, Rules, read
from claude_batch_tui.simulator.rows import ELEMENT, SpooledRows, check_custom_id, custom_id_problem
from claude_batch_tui.simulator.workspaces import Caller, Workspaces

_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_TO_BRACKET: Final = re.compile(rb'[^"{}\[\]]*+(?:' + _STRING + rb'[^"{}\[\]]*+)*+[{}\[\]]', re.DOTALL)
_TO_OPEN_STRING: Final = re.compile(rb'[^"{}\[\]]*+(?:' + _STRING + rb'[^"{}\[\]]*+)*+', re.DOTALL)
_REST_OF_STRING: Final = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_REQUESTS_KEY: Final = re.compile(rb'(?:\{|,)\s*"requests"\s*:\s*\Z')
_FIRST_GAP: Final = re.compile(rb"[ \t\r\n]*")
_GAP: Final = re.compile(rb"[ \t\r\n]*,[ \t\r\n]*")
_OPENING: Final = frozenset(b"{[")
_ELEMENT_DEPTH: Final = 2


class Splitter:
    """Feed it the body in pieces; `starts` and `lengths` then say where each request is, in bytes."""

    def __init__(self) -> None:
        self.starts = array("Q")
        self.lengths = array("I")
        self._offset = 0
        self._depth = 0
        self._in_string = False
        self._skip = 0
        self._inside = False
        self._element_start = 0
        self._gap = bytearray()
        self._outside = bytearray()
        self._problem: Failure | None = None

    def feed(self, chunk: bytes) -> None:
        """Scan the next piece."""
        position = self._finish_string(chunk)
        pending = 0
        match = _TO_BRACKET.match
        while found := match(chunk, position):
            position = found.end()
            opening = chunk[position - 1] in _OPENING
            depth = self._depth
            self._depth = depth + 1 if opening else depth - 1
            if self._inside and depth > _ELEMENT_DEPTH + (not opening):
                continue
            pending = self._cross(chunk, pending, position, opening=opening)
        if not self._in_string:
            self._start_string(chunk, position)
        if self._inside and self._depth == _ELEMENT_DEPTH:
            self._gap += chunk[pending:]
        elif not self._inside:
            self._outside += chunk[pending:]
        self._offset += len(chunk)

    def finish(self) -> None:
        """Raise a 400 where the body is not an object with a list of requests."""
        try:
            envelope: Any = msgspec.json.decode(bytes(self._outside))
        except msgspec.DecodeError as error:
            raise _malformed(str(error)) from error
        if not isinstance(envelope, dict):
            raise Failure(400, "Input should be a valid dictionary or object to extract fields from")
        extra = next((key for key in envelope if key != "requests"), None)
        if extra is not None:
            raise Failure(400, f"{extra}: Extra inputs are not permitted")
        if "requests" not in envelope:
            raise Failure(400, "requests: Field required")
        if not isinstance(envelope["requests"], list):
            raise Failure(400, "requests: Input should be a valid list")
        if self._problem is not None:
            raise self._problem
        if not self.starts:
            raise Failure(400, "requests: List should have at least 1 item after validation, not 0")

    def _cross(self, chunk: bytes, pending: int, position: int, *, opening: bool) -> int:
        """Handle a bracket outside of an element's inside; returns where the bytes not yet accounted for begin."""
        if not self._inside:
            # The depth has moved already: 2 means that this bracket opened a value of the outermost object.
            if opening and self._depth == _ELEMENT_DEPTH and chunk[position - 1] == ord("["):
                self._outside += chunk[pending:position]
                if _REQUESTS_KEY.search(
                    self._outside, max(0, len(self._outside) - 257), len(self._outside) - 1
                ):
                    self._inside = True
                return position
            return pending
        if opening:
            self._gap += chunk[pending : position - 1]
            self._close_gap(_GAP if self.starts else _FIRST_GAP)
            self._element_start = self._offset + position - 1
            return position
        if self._depth == _ELEMENT_DEPTH:
            self.starts.append(self._element_start)
            self.lengths.append(self._offset + position - self._element_start)
            return position
        self._gap += chunk[pending : position - 1]
        self._close_gap(_FIRST_GAP)
        self._inside = False
        return position - 1

    def _close_gap(self, allowed: re.Pattern[bytes]) -> None:
        if self._problem is None and not allowed.fullmatch(self._gap):
            words = bytes(self._gap).strip(b" \t\r\n,")
            try:
                msgspec.json.decode(b"[" + words + b"]")
            except msgspec.DecodeError as error:
                self._problem = _malformed(str(error))
            else:
                self._problem = (
                    Failure(
                        400,
                        f"requests.{len(self.starts)}: Input should be a valid dictionary or object to extract"
                        " fields from",
                    )
                    if words
                    else _malformed(f"expected one comma before element {len(self.starts)}")
                )
        self._gap.clear()

    def _finish_string(self, chunk: bytes) -> int:
        """Jump over the rest of a string that an earlier piece began; returns the position after it."""
        if not self._in_string:
            return 0
        skip = min(self._skip, len(chunk))
        self._skip -= skip
        rest = _REST_OF_STRING.match(chunk, skip)
        if rest is None:
            self._remember_escape(chunk[skip:])
            return len(chunk)
        self._in_string = False
        return rest.end()

    def _start_string(self, chunk: bytes, position: int) -> None:
        """Notice a string that begins in this piece and does not end in it."""
        found = _TO_OPEN_STRING.match(chunk, position)
        end = found.end() if found else position
        if end < len(chunk):
            self._in_string = True
            self._remember_escape(chunk[end:])

    def _remember_escape(self, tail: bytes) -> None:
        backslashes = len(tail) - len(tail.rstrip(b"\\"))
        if backslashes % 2:
            self._skip = 1


def _malformed(why: str) -> Failure:
    return Failure(400, f"The request body is not valid JSON: {why}")


async def create(
    body: AsyncIterator[bytes], *, workspaces: Workspaces, caller: Caller, rules: Rules
) -> SimulatedBatch:
    """Create a batch from a body. Raises the API's 400, 413 or 429 for the whole batch."""
    batch_id = workspaces.new_id()
    file = workspaces.folder / batch_id
    kept = False
    try:
        rows = await _spool(body, file)
        workspaces.check_queue(caller, len(rows))
        draw = workspaces.draw(batch_id)
        # Small batches are checked at once; a big one takes a second, in which others want to be served.
        tally = (
            _tally(rows, draw, rules)
            if len(rows) < 500
            else await asyncio.to_thread(_tally, rows, draw, rules)
        )
        batch = workspaces.register(rows, batch_id, caller=caller, rules=rules, draw=draw, tally=tally)
        kept = True
        return batch
    finally:
        if not kept:
            file.unlink(missing_ok=True)


async def _spool(body: AsyncIterator[bytes], file: Path) -> SpooledRows:
    """Write and split. Splitting a piece takes about two milliseconds: less than handing it to a thread would cost."""
    splitter = Splitter()
    size = 0
    with file.open("wb") as spool:
        async for chunk in body:
            size += len(chunk)
            if size > MAX_BODY_BYTES:
                continue
            spool.write(chunk)
            splitter.feed(chunk)
    if size > MAX_BODY_BYTES:
        raise Failure(413, "Request exceeds the maximum size", page=TOO_LARGE_PAGE)
    splitter.finish()
    if len(splitter.starts) > MAX_REQUESTS:
        raise Failure(
            400,
            f"requests: List should have at most {MAX_REQUESTS} items after validation, not {len(splitter.starts)}",
        )
    return SpooledRows(file, splitter.starts, splitter.lengths)


def _tally(rows: SpooledRows, draw: Draw, rules: Rules) -> Tally:
    """Check every custom_id and count the fates. Raises a 400 for the first that is wrong."""
    tally = Tally()
    seen: set[str] = set()
    with rows.opened() as fetch:
        for index in range(len(rows)):
            raw = fetch(index)
            try:
                element = ELEMENT.decode(raw)
            except msgspec.DecodeError as error:
                raise custom_id_problem(index, raw) from error
            custom_id = element.custom_id
            check_custom_id(index, custom_id)
            if custom_id in seen:
                raise Failure(
                    400,
                    "requests: custom_id's must be unique within a batch. Duplicate custom_id found: "
                    f"{custom_id}",
                )
            seen.add(custom_id)
            digest = draw.digest(custom_id)
            fate = draw.fate(custom_id, digest)
            rejected = isinstance(read(element.params, rules), Rejection)
            tally.add(digest[0], Fate.ERRORED if rejected else fate)
    return tally
