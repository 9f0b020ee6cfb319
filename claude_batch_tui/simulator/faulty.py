"""The outermost layer of the application: writes the log and lets calls go wrong as the faults say.

Faults of a body are lines spoiled, compressed, dripped, and cut, in this order.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import time
import zlib
from collections.abc import Callable
from typing import Any, Final, Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from claude_batch_tui.simulator.admin import PREFIX
from claude_batch_tui.simulator.failures import error_body
from claude_batch_tui.simulator.faults import Fault, Faults
from claude_batch_tui.simulator.request_log import LoggedRequest, RequestLog, without_secrets
from claude_batch_tui.simulator.workspaces import Workspaces


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


TRANSPORT = "cbtui.transport"
"""Where the server puts the connection's transport among the scope's extensions."""


class Faulty:
    """Wraps the application of the API."""

    def __init__(self, application: ASGIApp, workspaces: Workspaces, faults: Faults, log: RequestLog) -> None:
        self._application = application
        self._workspaces = workspaces
        self._faults = faults
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One call."""
        if scope["type"] != "http" or scope["path"].startswith(PREFIX):
            await self._application(scope, receive, send)
            return
        entry = LoggedRequest(
            scope["method"],
            scope["path"],
            scope["query_string"].decode("latin-1"),
            self._workspaces.now(),
            without_secrets(
                {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
            ),
        )
        self._log.add(entry)
        fault = self._faults.take(entry.method, entry.path)
        entry.fault = fault is not None
        begun = time.monotonic()

        async def counted_receive() -> Message:
            message = await receive()
            entry.request_bytes += len(message.get("body", b""))
            return message

        async def counted_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                entry.status = message["status"]
                for name, value in message["headers"]:
                    if name == b"anthropic-workspace-id":
                        entry.workspace_id = value.decode("latin-1")
            else:
                entry.response_bytes += len(message.get("body", b""))
            await send(message)

        try:
            if fault is None:
                await self._application(scope, counted_receive, counted_send)
            else:
                await self._go_wrong(fault, scope, counted_receive, counted_send)
        finally:
            entry.seconds = time.monotonic() - begun

    async def _go_wrong(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        if fault.delay:
            await asyncio.sleep(fault.delay)
        connection = Connection(scope, receive)
        if fault.connection in {"half_headers", "half_body"}:
            answer = await self._work(scope, receive)
            await connection.send_half(answer, headers_only=fault.connection == "half_headers")
            return
        if fault.connection is not None:
            if fault.after_work:
                await self._work(scope, receive)
            elif fault.connection == "close":
                await _read(receive)  # of a request that was not read the kernel makes an RST
            await connection.end(fault.connection)
            return
        if fault.status is not None:
            if fault.after_work:
                await self._work(scope, receive)
            else:
                await _read(receive)
            await _answer(fault, send)
            return
        if not fault.spoils_body:
            await self._application(scope, receive, send)
            return
        await self._application(scope, receive, Spoiler(fault, send, connection))

    async def _work(self, scope: Scope, receive: Receive) -> list[Message]:
        """Let the application work, and keep what it would have sent."""
        kept: list[Message] = []

        async def keep(message: Message) -> None:
            kept.append(message)

        await self._application(scope, receive, keep)
        return kept


async def _read(receive: Receive) -> None:
    """Take in the whole request."""
    while (await receive()).get("more_body"):
        pass


class Connection:
    """The connection below one call, for what HTTP itself cannot say."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self._transport: asyncio.Transport = scope["extensions"][TRANSPORT]
        self._receive = receive

    async def end(self, how: str) -> None:
        """`reset`, `close`, or `hang` until the client gives up."""
        if how == "reset":
            # Lingering for zero seconds makes the kernel send RST where it would have sent FIN.
            raw: socket.socket = self._transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._transport.abort()
        elif how == "close":
            self._transport.close()
        await self._gone()

    async def send_half(self, messages: list[Message], *, headers_only: bool) -> None:
        """An answer that ends in its headers or in its body, by FIN."""
        start = messages[0]
        body = b"".join(message.get("body", b"") for message in messages[1:])
        head = head_of(start, {"content-length": str(len(body))})
        self.write(head[: len(head) // 2] if headers_only else head + body[: len(body) // 2])
        await self.end("close")

    def write(self, data: bytes) -> None:
        """Send bytes past the server's own idea of an answer."""
        self._transport.write(data)

    async def _gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass


def head_of(start: Message, extra: dict[str, str]) -> bytes:
    """Status line and headers as bytes; `extra` replaces headers of the same name."""
    lines = [f"HTTP/1.1 {start['status']} Simulated"]
    lines += [
        f"{name.decode('latin-1')}: {value.decode('latin-1')}"
        for name, value in start["headers"]
        if name.decode("latin-1").lower() not in extra
    ]
    lines += [f"{name}: {value}" for name, value in extra.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def _answer(fault: Fault, send: Send) -> None:
    status = fault.status or 200
    body = fault.body.encode() if fault.body is not None else error_body(status, None, "req_01fault")
    headers: dict[str, Any] = {"content-type": "application/json", "request-id": "req_01fault"}
    headers |= {name.lower(): value for name, value in fault.headers.items()}
    headers["content-length"] = str(len(body))
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()],
        }
    )
    await send({"type": "http.response.body", "body": body, "more_body": False})
