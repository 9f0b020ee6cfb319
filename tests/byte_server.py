"""A server whose answers are written by hand, byte for byte, so that their framing can be wrong."""

from __future__ import annotations

import contextlib
import socket
import threading

from claude_batch_tui.api.client import AnthropicApi
from claude_batch_tui.config import load

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


class ByteServer:
    """Answers one connection after the other with the next of its answers; `asked` holds what each has sent."""

    def __init__(self, *answers):
        self.asked = []
        self._answers = answers
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.close()

    @property
    def address(self):
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def api(self):
        """The real client, which speaks to it."""
        return AnthropicApi(load({"base_url": self.address})[0], api_key="sk-ant-x")

    def _serve(self):
        with contextlib.suppress(OSError):  # closed before all answers were asked for
            for answer in self._answers:
                connection, _ = self._listener.accept()
                with connection:
                    self.asked.append(connection.recv(65536))
                    connection.sendall(answer)
