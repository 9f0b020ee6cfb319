"""The outermost layer of the application: writes the log and lets calls go wrong as the faults say."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from claude_batch_tui.simulator.admin import PREFIX
from claude_batch_tui.simulator.failures import error_body
from claude_batch_tui.simulator.faults import Fault, Faults
from claude_batch_tui.simulator.request_log import LoggedRequest, RequestLog, without_secrets
from claude_batch_tui.simulator.spoiling import Spoiler
from claude_batch_tui.simulator.workspaces import Workspaces

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
            await connection.end(fault.connection)
            return
        if fault.status is not None:
            if fault.after_work:
                await self._work(scope, receive)
            else:
                while (await receive()).get("more_body"):
                    pass
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
