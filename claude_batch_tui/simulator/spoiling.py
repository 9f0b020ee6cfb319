"""Faults of a body: lines spoiled, compressed, dripped, and cut, in this order."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable
from typing import Any, Final, Protocol

from starlette.types import Message, Send

from claude_batch_tui.simulator.faults import Fault


class EndsConnections(Protocol):
    """What a cut needs of the connection."""

    async def end(self, how: str) -> None:
        """`reset` or `close`."""

    def write(self, data: bytes) -> None:
        """Send bytes past the server."""


class Spoiler:
    """Stands in for the `send` of one call and passes a spoiled answer on."""

    def __init__(self, fault: Fault, send: Send, connection: EndsConnections) -> None:
        self._fault = fault
        self._send = send
        self._connection = connection
        self._line = 0
        self._rest = b""
        self._sent = 0
        self._over = False
        self._held = b""
        self._packer = zlib.compressobj(6, zlib.DEFLATED, 31) if fault.gzip else None

    async def __call__(self, message: Message) -> None:
        """Take a message of the application."""
        if self._over:
            return
        if message["type"] == "http.response.start":
            await self._start(message)
            return
        more = bool(message.get("more_body"))
        body = (
            self._spoil_lines(message.get("body", b""), more=more)
            if self._fault.lines
            else message.get("body", b"")
        )
        if self._packer is not None:
            body = self._pack(body, more=more)
        await self._pass_on(body, more=more)

    async def _start(self, message: Message) -> None:
        headers = [(name, value) for name, value in message["headers"] if name.lower() != b"content-length"]
        if self._fault.gzip:
            headers.append((b"content-encoding", b"gzip"))
        if self._fault.cut == "framing" and self._fault.cut_at is not None:
            lines = [b"HTTP/1.1 %d Simulated" % message["status"], b"connection: close"]
            lines += [name + b": " + value for name, value in headers]
            self._connection.write(b"\r\n".join(lines) + b"\r\n\r\n")
            return
        await self._send({**message, "headers": headers})

    async def _pass_on(self, body: bytes, *, more: bool) -> None:
        cut_at = self._fault.cut_at
        if cut_at is not None and self._sent + len(body) >= cut_at:
            await self._cut(body[: cut_at - self._sent])
            return
        if cut_at is not None and not more and self._fault.cut != "clean":
            await self._cut(body)
            return
        self._sent += len(body)
        if cut_at is not None and self._fault.cut == "framing":
            self._connection.write(body)
            return
        step = self._fault.drip
        while step and len(body) > step:
            await self._send({"type": "http.response.body", "body": body[:step], "more_body": True})
            body = body[step:]
            await asyncio.sleep(self._fault.drip_seconds)
        await self._send({"type": "http.response.body", "body": body, "more_body": more})

    async def _cut(self, body: bytes) -> None:
        self._over = True
        if self._fault.cut == "framing":
            self._connection.write(body)
        else:
            clean = self._fault.cut == "clean"
            await self._send({"type": "http.response.body", "body": body, "more_body": not clean})
            if clean:
                return
        await self._connection.end("reset" if self._fault.cut == "reset" else "close")

    def _pack(self, body: bytes, *, more: bool) -> bytes:
        packer: Any = self._packer
        packed: bytes = self._held + packer.compress(body)
        self._held = b""
        if more:
            return packed
        packed += packer.flush()
        # The trailer of gzip is four bytes of checksum and four of length.
        return packed[:-8] if self._fault.gzip == "without_trailer" else packed

    def _spoil_lines(self, body: bytes, *, more: bool) -> bytes:
        pieces = (self._rest + body).split(b"\n")
        self._rest = pieces.pop() if more else b""
        if not more and pieces and not pieces[-1]:
            pieces.pop()
        spoiled = []
        for piece in pieces:
            spoiled.append(self._spoil(piece))
            self._line += 1
        return b"".join(spoiled)

    def _spoil(self, line: bytes) -> bytes:
        end = b"\r\n" if "crlf" in self._fault.lines else b"\n"
        if self._line != self._fault.line:
            return line + end
        if "missing" in self._fault.lines:
            return b""
        for kind in self._fault.lines:
            line = _SPOILED[kind](line, end)
        return line + end


_SPOILED: Final[dict[str, Callable[[bytes, bytes], bytes]]] = {
    "malformed": lambda line, _: line.replace(b":", b";", 1),
    "truncated": lambda line, _: line[: len(line) // 2],
    "duplicate": lambda line, end: line + end + line,
    "blank": lambda line, end: end + line,
    "nul": lambda line, _: b"\x00" + line,
    "unknown_type": lambda line, _: line.replace(b'"type":"', b'"type":"not_', 1),
    "no_custom_id": lambda line, _: line.replace(b'"custom_id"', b'"custom"', 1),
    "broken_inside": lambda line, _: line.replace(b'"role":', b'"role";', 1),
    "crlf": lambda line, _: line,
}
"""What each kind of `Fault.lines` makes of a line and the end its file's lines have."""
