"""What stands between a company's machine and the API: a proxy, and a server whose certificate is of a private authority."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from urllib.parse import urlsplit


class _Served:
    """A server in a thread of its own, on this machine."""

    def __init__(self, ssl=None):
        self._loop = asyncio.new_event_loop()
        self._ssl = ssl
        self._connections = set()

    def __enter__(self):
        self._server = self._loop.run_until_complete(
            asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._ssl)
        )
        self.port = self._server.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _close(self):
        self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, reader, writer):
        task = asyncio.current_task()
        self._connections.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._handle(reader, writer)
        finally:
            await _closed(writer)
            self._connections.discard(task)


class TlsFront(_Served):
    """The simulator behind `ssl`, a context with a certificate."""

    def __init__(self, simulator, ssl):
        super().__init__(ssl)
        self._target = urlsplit(simulator.base_url).port

    async def _handle(self, reader, writer):
        await _join(reader, writer, self._target)


class Proxy(_Served):
    """A proxy that knows one place: every tunnel, and every request for an http address, leads to `target`, a port.

    `asked` has the first line of each, `headers` what came with it; with `refusal` that is the answer.
    """

    def __init__(self, target, refusal=b""):
        super().__init__()
        self._target, self._refusal = target, refusal
        self.asked, self.headers = [], []

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}"

    async def _handle(self, reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        first, _, headers = head.decode("latin-1").partition("\r\n")
        self.asked.append(first)
        self.headers.append(headers)
        if self._refusal:
            writer.write(self._refusal)
            await writer.drain()
        elif first.startswith("CONNECT "):
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await _join(reader, writer, self._target)
        else:
            await _join(reader, writer, self._target, head)


async def _join(reader, writer, port, before=b""):
    """Pass on what comes from either side until one of them ends."""
    behind, ahead = await asyncio.open_connection("127.0.0.1", port)
    ahead.write(before)
    ways = [asyncio.ensure_future(_pass_on(*way)) for way in ((reader, ahead), (behind, writer))]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        await _closed(ahead)


async def _closed(writer):
    """Close it, and wait until it is: a loop that ends before leaves it open, which is a warning."""
    writer.close()
    with contextlib.suppress(OSError, asyncio.CancelledError):
        await writer.wait_closed()


async def _pass_on(reader, writer):
    while piece := await reader.read(1 << 16):
        writer.write(piece)
        await writer.drain()
