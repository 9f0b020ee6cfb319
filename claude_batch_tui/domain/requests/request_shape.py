"""A request line as msgspec reads it in one pass: what decodes and looks sound needs no closer look.

The structs name every key that is fine, and forbid others, so that a line with anything unusual fails to decode and
is looked at closely by `param_rules`. Texts are decoded, everything else is left raw.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Raw, UnsetType

from claude_batch_tui.domain.requests.param_rules import FOREIGN_BLOCKS, MEDIA_TYPES, MOST_TOKENS, is_blank


class SourceShape(msgspec.Struct):
    """Where the bytes of an image or a document come from."""

    type: str = ""
    media_type: str | UnsetType = UNSET
    data: Raw | UnsetType = UNSET


class BlockShape(msgspec.Struct):
    """A content block, as far as it is checked."""

    type: str
    text: str | UnsetType = UNSET
    source: SourceShape | UnsetType = UNSET
    citations: Raw | UnsetType = UNSET


class MessageShape(msgspec.Struct, forbid_unknown_fields=True):
    """One message."""

    role: Literal["user", "assistant", "system"]
    content: str | list[BlockShape]


class ToolShape(msgspec.Struct):
    """A tool: without a type, or `custom`, it is the user's own and fetches nothing."""

    type: str | None = None
    name: str | None = None
    strict: bool | None = None
    input_schema: Raw | UnsetType = UNSET
    model: str | None = None
    max_uses: int | None = None
    max_tokens: int | None = None
    caching: Raw | UnsetType = UNSET

    @property
    def is_advisor(self) -> bool:
        """True for a model that is asked for advice, which costs what that model costs."""
        return self.type is not None and self.type.startswith("advisor")


class ParamsShape(msgspec.Struct, forbid_unknown_fields=True):
    """Params with nothing to say against them, sampling keys apart."""

    model: Annotated[str, msgspec.Meta(min_length=1)]
    max_tokens: Annotated[int, msgspec.Meta(ge=1, le=MOST_TOKENS)]
    messages: Annotated[list[MessageShape], msgspec.Meta(min_length=1)]
    system: str | list[BlockShape] | UnsetType = UNSET
    tools: list[ToolShape] | UnsetType = UNSET
    inference_geo: Literal["us", "global"] | UnsetType | None = UNSET
    stream: Literal[False] | UnsetType = UNSET
    temperature: Raw | UnsetType = UNSET
    top_p: Raw | UnsetType = UNSET
    top_k: Raw | UnsetType = UNSET
    cache_control: Raw | UnsetType = UNSET
    thinking: Raw | UnsetType = UNSET
    output_config: Raw | UnsetType = UNSET
    tool_choice: Raw | UnsetType = UNSET
    stop_sequences: Raw | UnsetType = UNSET
    metadata: Raw | UnsetType = UNSET
    service_tier: Literal["auto", "standard_only"] | UnsetType | None = UNSET
    user_profile_id: str | UnsetType | None = UNSET
    container: Raw | UnsetType = UNSET
    diagnostics: Raw | UnsetType = UNSET

    @property
    def is_sound(self) -> bool:
        """False where a closer look may find an error: a blank model, prompt or text block, a block out of its place."""
        if is_blank(self.model) or not all(_is_sound(message) for message in self.messages):
            return False
        if isinstance(self.system, list) and any(block.type != "text" for block in self.system):
            return False
        return self.tools is UNSET or all(tool.type != "function" for tool in self.tools)

    @property
    def has_prefill(self) -> bool:
        """True where the last message is the assistant's."""
        return self.messages[-1].role == "assistant"

    @property
    def is_open_ended(self) -> bool:
        """True where input is fetched that the bytes of the request do not bound."""
        if self.tools is not UNSET and any(_fetches(tool.type) for tool in self.tools):
            return True
        return any(
            block.type == "container_upload"
            or (block.type != "image" and block.source is not UNSET and block.source.type in {"url", "file"})
            for message in self.messages
            if not isinstance(message.content, str)
            for block in message.content
        )


class LineShape(msgspec.Struct, forbid_unknown_fields=True):
    """A whole request line."""

    custom_id: str
    params: ParamsShape


def _is_sound(message: MessageShape) -> bool:
    content = message.content
    if isinstance(content, str):
        return message.role != "user" or not is_blank(content)
    if not content:
        return message.role != "user"
    return all(_is_sound_block(block) and _is_in_place(block, message.role) for block in content)


def _is_in_place(block: BlockShape, role: str) -> bool:
    """False where the place of a block has to be looked at."""
    if role == "system":
        return block.type == "text"
    if role == "assistant":
        return block.type not in MEDIA_TYPES
    return block.type != "text" or block.citations is UNSET


def _is_sound_block(block: BlockShape) -> bool:
    if block.type == "text":
        return block.text is not UNSET and not is_blank(block.text)
    if block.type not in MEDIA_TYPES:
        return block.type not in FOREIGN_BLOCKS
    source = block.source
    if source is UNSET:
        return False
    if source.type != "base64":
        return bool(source.type)
    return (
        source.media_type in MEDIA_TYPES[block.type]
        and source.data is not UNSET
        and len(bytes(source.data)) > 2
    )


def _fetches(tool_type: str | None) -> bool:
    return tool_type is not None and tool_type.startswith(
        ("web_search", "web_fetch", "code_execution", "mcp")
    )
