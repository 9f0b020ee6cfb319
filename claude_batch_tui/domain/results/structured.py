"""Structured outputs: the JSON schema a request asks its answer to follow, and the text that has to follow it.

The schema stands in `output_config.format` of the params (types/output_config_param.py of the SDK 2.11).
"""

from __future__ import annotations

import msgspec

from claude_batch_tui.domain.results.line import content_blocks
from claude_batch_tui.nesting import UNREADABLE


class _Format(msgspec.Struct):
    type: str = ""
    schema: msgspec.Raw = msgspec.Raw()


class _OutputConfig(msgspec.Struct):
    format: _Format | None = None


class _Params(msgspec.Struct):
    output_config: _OutputConfig | None = None


class _Request(msgspec.Struct):
    custom_id: str
    params: _Params


_decode = msgspec.json.Decoder(_Request).decode


class AskedSchema(msgspec.Struct, frozen=True):
    """A request's custom_id, and the schema it asks for as the JSON it was sent as; None where it asks for none."""

    custom_id: str
    schema: bytes | None


class Misfit(msgspec.Struct, frozen=True):
    """The first thing in an answer that its schema does not allow: where, as a JSON path, and what, as a phrase."""

    path: str
    words: str


def asked_schema(request: bytes) -> AskedSchema | None:
    """What a request as it was sent asks for; None where it is no request that can be read."""
    try:
        found = _decode(request)
    except UNREADABLE:
        return None
    config = found.params.output_config
    form = config.format if config is not None else None
    is_asked = form is not None and form.type == "json_schema"
    return AskedSchema(found.custom_id, bytes(form.schema) or None if form is not None and is_asked else None)


def structured_text(content: msgspec.Raw) -> str | None:
    """The text of an answer that is to follow a schema: what comes after thinking and tools; None where it is odd."""
    blocks = content_blocks(content)
    if blocks is None:
        return None
    last = next((at for at in range(len(blocks) - 1, -1, -1) if blocks[at].type != "text"), -1)
    return "".join([block.text or "" for block in blocks[last + 1 :]])
