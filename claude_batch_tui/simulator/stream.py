"""A message as server-sent events, in the order and shapes of the streaming page (types/raw_message_*_event.py, SDK 2.14)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

_PIECE: Final = 40
"""Characters of one delta."""

_DELTAS: Final = {"text": ("text", "text_delta"), "thinking": ("thinking", "thinking_delta")}


def events(message: bytes) -> Iterator[bytes]:
    """The events of one message, given as the JSON that the call without a stream answers."""
    whole: dict[str, Any] = msgspec.json.decode(message)
    opening = {**whole, "content": [], "stop_reason": None, "stop_sequence": None, "stop_details": None}
    opening["usage"] = {**whole["usage"], "output_tokens": 1}
    yield _event("message_start", {"message": opening})
    for index, block in enumerate(whole["content"]):
        yield from _block(index, block)
    delta = {key: whole[key] for key in ("stop_reason", "stop_sequence", "stop_details")}
    yield _event("message_delta", {"delta": {**delta, "container": None}, "usage": whole["usage"]})
    yield _event("message_stop", {})


def _block(index: int, block: dict[str, Any]) -> Iterator[bytes]:
    start, deltas = dict(block), []
    if block["type"] in _DELTAS:
        key, kind = _DELTAS[block["type"]]
        start[key] = ""
        deltas = [{"type": kind, key: piece} for piece in _pieces(block[key])]
        for citation in start.pop("citations", None) or ():
            deltas.append({"type": "citations_delta", "citation": citation})
        if signature := start.get("signature"):
            start["signature"] = ""
            deltas.append({"type": "signature_delta", "signature": signature})
    elif block["type"] in {"tool_use", "server_tool_use"}:
        start["input"] = {}
        given = msgspec.json.encode(block["input"]).decode()
        deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in _pieces(given)]
    yield _event("content_block_start", {"index": index, "content_block": start})
    for delta in deltas:
        yield _event("content_block_delta", {"index": index, "delta": delta})
    yield _event("content_block_stop", {"index": index})


def _pieces(text: str) -> list[str]:
    return [text[start : start + _PIECE] for start in range(0, len(text), _PIECE)]


def _event(name: str, fields: dict[str, Any]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), msgspec.json.encode({"type": name, **fields}))
