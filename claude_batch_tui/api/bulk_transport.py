"""A transport for one large answer: its bytes go from the socket to where they are wanted, and are copied once.

httpx2's own transport hands on pieces of 64 kB that were copied four times, which takes three times the processor time
of `curl`. This one has the standard library read the head and takes the body itself, as RFC 9112 frames it
(section 6): `http.client` takes 0x6 and -6 for sizes of chunks, and a body cut after its last chunk for a whole one.
The SDK still makes the request, with its credentials, and judges the status. It knows no proxies.
"""

from __future__ import annotations

import contextlib
import http.client
import ssl
from collections.abc import Callable, Iterator
from io import BufferedReader
from typing import Any, Final

import httpx2

READ_INTO: Final = "read_into"
"""The extension of a response that holds `Callable[[memoryview], int]`: the next bytes of its body, 0 at its end."""
_PIECE: Final = 1 << 16
_LONGEST_LINE: Final = 1 << 16


class BulkTransport(httpx2.BaseTransport):
    """A connection for each request. `certificates` is None where none are needed, over plain HTTP."""

    def __init__(self, certificates: ssl.SSLContext | None) -> None:
        self._certificates = certificates

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send it. Raises the errors of httpx2."""
        timeouts: dict[str, Any] = request.extensions.get("timeout", {})
        host, port, connect = request.url.host, request.url.port, timeouts.get("connect")
        # Without a port the standard library looks for one in an address like ::1.
        connection = (
            http.client.HTTPSConnection(host, port or 443, timeout=connect, context=self._certificates)
            if request.url.scheme == "https"
            else http.client.HTTPConnection(host, port or 80, timeout=connect)
        )
        try:
            with _errors(httpx2.ConnectTimeout, httpx2.ConnectError):
                connection.connect()
            with _errors(httpx2.ReadTimeout, httpx2.ReadError):
                connection.sock.settimeout(timeouts.get("read"))
                target = request.url.raw_path.decode("ascii")
                connection.putrequest(request.method, target, skip_host=True, skip_accept_encoding=True)
                for name, value in request.headers.raw:
                    connection.putheader(name.decode("ascii"), value)
                connection.endheaders(request.read())
                answer = connection.getresponse()
            # The standard library reads a head as Latin-1; httpx2 would take text as ASCII.
            headers = [
                (name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.getheaders()
            ]
            body = _Body(connection, answer)
            return httpx2.Response(
                answer.status, headers=headers, stream=body, extensions={READ_INTO: body.read_into}
            )
        except BaseException:
            connection.close()
            raise


class _Body(httpx2.SyncByteStream):
    """The body of an answer, without its framing."""

    def __init__(self, connection: http.client.HTTPConnection, answer: http.client.HTTPResponse) -> None:
        self._connection = connection
        self._answer = answer
        self._file: BufferedReader = answer.fp
        self._is_chunked = answer.chunked
        self._left = 0 if answer.chunked else answer.length
        """Bytes of the chunk, or of the body; None for a body that ends with the connection."""
        self._is_over = answer.fp is None or (not answer.chunked and answer.length == 0)
        self._is_first = True

    def read_into(self, buffer: memoryview) -> int:
        """The next bytes that have arrived; how many, 0 at the end."""
        with _errors(httpx2.ReadTimeout, httpx2.ReadError):
            if self._is_chunked and not self._is_over and not self._left:
                self._next_chunk()
            if self._is_over:
                return 0
            room = len(buffer) if self._left is None else min(len(buffer), self._left)
            read = self._file.readinto1(buffer[:room])
            if not read and self._left:
                raise httpx2.RemoteProtocolError("The connection was closed in the middle of the body.")
            self._is_over = not read
            if self._left is not None:
                self._left -= read
                self._is_over = not self._is_chunked and not self._left
            return read

    def __iter__(self) -> Iterator[bytes]:
        piece = memoryview(bytearray(_PIECE))
        while read := self.read_into(piece):
            yield bytes(piece[:read])

    def close(self) -> None:
        """Give the connection back."""
        self._answer.close()
        self._connection.close()

    def _next_chunk(self) -> None:
        """Read the line with the size of the next chunk; at the last one, all that follows."""
        if not self._is_first and self._line():
            raise httpx2.RemoteProtocolError("A chunk is longer than it says.")
        self._is_first = False
        size = self._line().partition(b";")[0].strip()
        # int() takes more than the grammar does: signs, underscores, 0x
        if not size or not set(size) <= set(b"0123456789abcdefABCDEF"):
            raise httpx2.RemoteProtocolError("A chunk has no size.")
        self._left = int(size, 16)
        if not self._left:
            self._is_over = True
            while self._line():
                pass  # trailers

    def _line(self) -> bytes:
        line = self._file.readline(_LONGEST_LINE)
        if not line.endswith(b"\n"):
            raise httpx2.RemoteProtocolError("The connection was closed between the chunks of the body.")
        return line.rstrip(b"\r\n")


@contextlib.contextmanager
def _errors(
    timeout: Callable[[str], httpx2.TimeoutException], broken: Callable[[str], httpx2.NetworkError]
) -> Iterator[None]:
    """The errors of sockets and of the standard library as those of httpx2."""
    try:
        yield
    except TimeoutError as error:
        raise timeout(str(error)) from error
    except http.client.HTTPException as error:
        raise httpx2.RemoteProtocolError(str(error) or type(error).__name__) from error
    except OSError as error:
        raise broken(str(error)) from error
