"""What was received: one entry a call, without keys."""

from __future__ import annotations

from collections import deque
from datetime import datetime

import msgspec

KEPT = 20_000
_SECRET = frozenset({"authorization", "x-api-key", "cookie", "proxy-authorization"})


class LoggedRequest(msgspec.Struct):
    """One call. `status` is what was sent, None where the connection was broken instead; sizes are bytes of bodies."""

    method: str
    path: str
    query: str
    at: datetime
    headers: dict[str, str]
    status: int | None = None
    request_bytes: int = 0
    response_bytes: int = 0
    seconds: float = 0.0
    workspace_id: str | None = None
    fault: bool = False


class RequestLog:
    """The calls so far, oldest first. Iterates and counts as a list does."""

    def __init__(self) -> None:
        self._entries: deque[LoggedRequest] = deque(maxlen=KEPT)

    def add(self, entry: LoggedRequest) -> None:
        """Note a call as it arrives; the entry is completed while it is answered."""
        self._entries.append(entry)

    def all(self, method: str | None = None, ending: str = "") -> list[LoggedRequest]:
        """The calls of a method whose path ends so."""
        return [
            entry
            for entry in self._entries
            if (method is None or entry.method == method) and entry.path.endswith(ending)
        ]

    @property
    def creates(self) -> list[LoggedRequest]:
        """The calls that ask for a new batch."""
        return self.all("POST", "/v1/messages/batches")

    def clear(self) -> None:
        """Forget all."""
        self._entries.clear()

    def __len__(self) -> int:
        return len(self._entries)


def without_secrets(headers: dict[str, str]) -> dict[str, str]:
    """The headers, keys left out."""
    return {name: value for name, value in headers.items() if name not in _SECRET}
