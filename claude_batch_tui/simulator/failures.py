"""The API's way of saying no: a status and an error body.

Body (the errors page, copy of 2026-09-26): `{"type":"error","error":{"type":…,"message":…},"request_id":…}`.
"""

from __future__ import annotations

import msgspec

ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    405: "invalid_request_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    502: "api_error",
    503: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}
"""The word the API uses beside each status (the errors page, 2026-09-26)."""

_SENTENCES = {
    429: "This request would exceed your organization's rate limit.",
    500: "Internal server error",
    503: "Service unavailable",
    504: "The request timed out.",
    529: "Overloaded",
}

TOO_LARGE_PAGE = (
    b"<html>\r\n<head><title>413 Request Entity Too Large</title></head>\r\n<body>\r\n"
    b"<center><h1>413 Request Entity Too Large</h1></center>\r\n<hr><center>cloudflare</center>\r\n"
    b"</body>\r\n</html>\r\n"
)
"""A body over the limit never reaches the API: Cloudflare answers with HTML (the errors page, 2026-09-26)."""


class Failure(Exception):  # noqa: N818 - it is an answer on its way out, not an error of ours
    """An answer that is an error. `page` replaces the JSON body by HTML."""

    def __init__(
        self, status: int, message: str, *, headers: dict[str, str] | None = None, page: bytes | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers or {}
        self.page = page


def error_body(status: int, message: str | None, request_id: str | None) -> bytes:
    """The JSON body of an error; without a message, what the API says for that status."""
    kind = ERROR_TYPES.get(status, "api_error" if status >= 500 else "invalid_request_error")
    text = message if message is not None else _SENTENCES.get(status, kind.replace("_", " ").capitalize())
    return msgspec.json.encode(
        {"type": "error", "error": {"type": kind, "message": text}, "request_id": request_id}
    )
