"""One line of a results file: a custom_id and the outcome of its request.

Source: the batch guide and types/messages/message_batch_individual_response.py of the SDK 2.11. The error sits
two levels deep: `result.error.error.message`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec


class Outcome(StrEnum):
    """What became of a request (`result.type`). `UNPARSED` marks a line we could not read."""

    SUCCEEDED = "succeeded"
    ERRORED = "errored"
    CANCELED = "canceled"
    EXPIRED = "expired"
    UNPARSED = "unparsed"


class Result(msgspec.Struct, frozen=True):
    """A whole result, decoded for reading one entry. `body` is the `result` object as the API sent it."""

    custom_id: str
    body: dict[str, Any]

    @property
    def outcome(self) -> str:
        """`result.type` as the API spells it."""
        return str(self.body.get("type", ""))

    @property
    def message(self) -> dict[str, Any]:
        """The message of a succeeded request, else an empty dict."""
        message = self.body.get("message")
        return message if isinstance(message, dict) else {}

    @property
    def error(self) -> tuple[str, str]:
        """Type and message of an errored request, else two empty strings."""
        outer = self.body.get("error")
        inner = outer.get("error") if isinstance(outer, dict) else None
        if not isinstance(inner, dict):
            return "", ""
        return str(inner.get("type", "")), str(inner.get("message", ""))

    @property
    def text(self) -> str:
        """All text blocks of the answer, joined by a newline."""
        content = self.message.get("content")
        if not isinstance(content, list):
            return ""
        return "\n".join(
            str(text)
            for block in content
            if isinstance(block, dict)
            and block.get("type") == "text"
            and (text := block.get("text")) is not None
        )
