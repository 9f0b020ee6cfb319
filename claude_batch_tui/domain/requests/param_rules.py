"""What the params of one request must be, looked at closely: the messages of everything wrong with them.

Sources: types/message_create_params.py and types/beta/message_create_params.py of the SDK 2.11, the batch guide
(what a batch forbids) and the migration page of API version 2026-10-21 (sampling). Values come from decoded JSON.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from claude_batch_tui.domain.requests.draft import Severity

MOST_TOKENS = 1_000_000_000
"""More than any model answers with, and no number that a price cannot be worked out for."""
REQUIRED = ("model", "max_tokens", "messages")
OPTIONAL = (
    "system",
    "cache_control",
    "thinking",
    "output_config",
    "tools",
    "tool_choice",
    "stop_sequences",
    "metadata",
    "service_tier",
    "inference_geo",
    "container",
    "diagnostics",
    "stream",
    "user_profile_id",
)
SAMPLING = ("temperature", "top_p", "top_k")
BETA = (
    "billing_policy",
    "compaction",
    "context_management",
    "fallback_credit_token",
    "mcp_servers",
    "thread",
)
KNOWN = (*REQUIRED, *OPTIONAL, *SAMPLING, *BETA)
ROLES = ("user", "assistant", "system")

MEDIA_TYPES = {
    "image": ("image/jpeg", "image/png", "image/gif", "image/webp"),
    "document": ("application/pdf",),
}
"""Media types of base64 sources, by the type of their block (Messages API reference)."""

_FORBIDDEN = {
    "speed": "fast mode does not exist in a batch; leave `speed` out",
    "betas": "`betas` belong to the whole batch, not into params; leave them out here",
    "fallbacks": "fallbacks do not work in a batch; leave `fallbacks` out",
    "workspace_id": "`workspace_id` belongs to the whole batch, not into params; leave it out here",
}


FOREIGN_BLOCKS = {
    "image_url": 'an image is {"type": "image", "source": {"type": "url", "url": …}}',
    "input_image": 'an image is {"type": "image", "source": {"type": "url", "url": …}}',
    "input_text": 'a text is {"type": "text", "text": …}',
    "output_text": 'a text is {"type": "text", "text": …}',
    "input_file": 'a file is {"type": "document", "source": …}',
    "file": 'a file is {"type": "document", "source": …}',
    "input_audio": "there is no audio",
    "video_url": "there is no video",
}
"""Types of content blocks in other APIs, and what to write here."""
_FOREIGN_KEYS = {
    "stop": "write `stop_sequences`, a list",
    "max_completion_tokens": "write `max_tokens`",
    "max_output_tokens": "write `max_tokens`",
    "response_format": "write `output_config.format`",
    "reasoning_effort": "write `output_config.effort`",
    "reasoning": "write `thinking` and `output_config.effort`",
    "functions": "write `tools`, each with `name`, `description` and `input_schema`",
    "function_call": "write `tool_choice`",
    "parallel_tool_calls": "write `tool_choice.disable_parallel_tool_use`",
    "user": "write `metadata.user_id`",
    "input": "write `messages`",
    "instructions": "write `system`",
    **dict.fromkeys(
        ("n", "seed", "logit_bias", "logprobs", "top_logprobs", "frequency_penalty", "presence_penalty"),
        "leave it out",
    ),
}
_FOREIGN_ROLES = {
    "developer": "write its text as `system`",
    "tool": 'write a user message with a block {"type": "tool_result", "tool_use_id": …, "content": …}',
    "function": 'write a user message with a block {"type": "tool_result", "tool_use_id": …, "content": …}',
}
_FOREIGN_TURN_KEYS = {
    "tool_calls": 'write blocks {"type": "tool_use", "id": …, "name": …, "input": …}',
    "function_call": 'write a block {"type": "tool_use", "id": …, "name": …, "input": …}',
    "tool_call_id": 'write a block {"type": "tool_result", "tool_use_id": …, "content": …}',
    "refusal": "leave it out",
    "name": "leave it out",
}
STRICT_VERSION = "2026-10-21"
"""From this anthropic-version on sampling keys are refused whatever their value, and so are documents and citations out of
their place (migration page)."""


class Finding(msgspec.Struct, frozen=True):
    """One thing wrong with the params of a request."""

    code: str
    message: str
    severity: Severity = Severity.ERROR


def findings(params: Mapping[str, Any], api_version: str = STRICT_VERSION) -> Iterator[Finding]:
    """Everything wrong with `params` under an anthropic-version, errors and warnings."""
    yield from _model(params)
    yield from _max_tokens(params)
    yield from _messages(params)
    yield from _places(params, api_version)
    yield from _tools(params)
    yield from _stream(params)
    yield from _settings(params)
    yield from _keys(params)


def is_blank(text: str) -> bool:
    """True for a text the API takes for none."""
    return not text or text.isspace()


def _model(params: Mapping[str, Any]) -> Iterator[Finding]:
    model = params.get("model")
    if model is None:
        yield Finding("missing_model", "params have no `model`")
    elif not isinstance(model, str):
        yield Finding("model_type", f"`model` is a text, not {kind_of(model)}")
    elif is_blank(model):
        yield Finding("missing_model", "`model` is empty")


def _max_tokens(params: Mapping[str, Any]) -> Iterator[Finding]:
    limit = params.get("max_tokens")
    if limit is None:
        yield Finding("missing_max_tokens", "params have no `max_tokens`")
    elif isinstance(limit, bool) or not isinstance(limit, int):
        yield Finding("max_tokens_type", f"`max_tokens` is a whole number, not {kind_of(limit)}")
    elif limit < 1:
        yield Finding("max_tokens_too_small", f"`max_tokens` is at least 1 in a batch, not {limit}")
    elif limit > MOST_TOKENS:
        yield Finding(
            "max_tokens_above_ceiling", f"`max_tokens` is above {MOST_TOKENS:,}, which no model allows"
        )


def _messages(params: Mapping[str, Any]) -> Iterator[Finding]:
    messages = params.get("messages")
    if messages is None:
        yield Finding("missing_messages", "params have no `messages`")
    elif not isinstance(messages, list):
        yield Finding("messages_type", f"`messages` is a list, not {kind_of(messages)}")
    elif not messages:
        yield Finding("missing_messages", "`messages` is empty: at least one message is required")
    else:
        for index, message in enumerate(messages):
            yield from _message(index, message)


def _message(index: int, message: Any) -> Iterator[Finding]:
    place = f"messages[{index}]"
    if not isinstance(message, dict):
        yield Finding("message_type", f"{place} is an object with role and content, not {kind_of(message)}")
        return
    role, content = message.get("role"), message.get("content")
    if role not in ROLES:
        hint = f": {_FOREIGN_ROLES[role]}" if role in _FOREIGN_ROLES else ""
        yield Finding(
            "message_type", f"{place} has the role {shown(role)}; it is user, assistant or system{hint}"
        )
    yield from _turn_keys(place, message)
    if isinstance(content, str):
        if role == "user" and is_blank(content):
            yield Finding("empty_prompt", f"the user message {place} is empty")
    elif isinstance(content, list):
        if role == "user" and not content:
            yield Finding("empty_prompt", f"the user message {place} is empty")
        for number, block in enumerate(content):
            yield from _block(f"{place}.content[{number}]", block)
    else:
        yield Finding(
            "message_type", f"the content of {place} is a text or a list of blocks, not {kind_of(content)}"
        )


def _turn_keys(place: str, message: Mapping[str, Any]) -> Iterator[Finding]:
    for key in message:
        if key in _FOREIGN_TURN_KEYS:
            yield Finding("other_api", f"`{key}` in {place} is another API's: {_FOREIGN_TURN_KEYS[key]}")
        elif key not in ("role", "content"):
            yield Finding(
                "unknown_param", f"{shown(key)} in {place} is no known key of a message", Severity.WARNING
            )


def _block(place: str, block: Any) -> Iterator[Finding]:
    if not isinstance(block, dict) or not isinstance(block.get("type"), str):
        yield Finding("message_type", f"{place} is a content block, an object with a `type`")
    elif block["type"] == "text":
        text = block.get("text")
        if not isinstance(text, str):
            yield Finding("message_type", f"{place} is a text block without `text`")
        elif is_blank(text):
            yield Finding("empty_prompt", f"the text block {place} is empty")
    elif block["type"] in MEDIA_TYPES:
        yield from _media(place, block)
    elif block["type"] in FOREIGN_BLOCKS:
        kind = block["type"]
        yield Finding("other_api", f"{place} is of the type `{kind}` of another API: {FOREIGN_BLOCKS[kind]}")


def _media(place: str, block: Mapping[str, Any]) -> Iterator[Finding]:
    """An image or a document: there, and of a type the API takes."""
    kind, source = block["type"], block.get("source")
    if not isinstance(source, dict) or not isinstance(source.get("type"), str):
        yield Finding("media", f"the {kind} {place} has no `source`")
    elif source["type"] == "base64":
        types = MEDIA_TYPES[kind]
        if source.get("media_type") not in types:
            given = shown(source.get("media_type"))
            yield Finding(
                "media", f"the {kind} {place} has the media_type {given}; it is one of {', '.join(types)}"
            )
        if not source.get("data"):
            yield Finding("media", f"the {kind} {place} has no data")


def _places(params: Mapping[str, Any], api_version: str) -> Iterator[Finding]:
    """Blocks that stand where they may not."""
    system, messages = params.get("system"), params.get("messages")
    turns = [("system", "system", system)]
    for index, turn in enumerate(messages if isinstance(messages, list) else ()):
        if isinstance(turn, dict):
            turns.append((f"messages[{index}].content", str(turn.get("role")), turn.get("content")))
    for place, role, content in turns:
        for number, block in enumerate(content if isinstance(content, list) else ()):
            if isinstance(block, dict):
                yield from _place(f"{place}[{number}]", role, block, is_strict=api_version >= STRICT_VERSION)


def _place(place: str, role: str, block: Mapping[str, Any], *, is_strict: bool) -> Iterator[Finding]:
    kind = block.get("type")
    if role == "system" and kind != "text":
        yield Finding("misplaced", f"{place} is of the type {shown(kind)}; a system prompt is text alone")
    elif role == "assistant" and kind == "image":
        yield Finding(
            "misplaced", f"the image {place} stands in a message of the assistant; put it into the user's"
        )
    elif role == "assistant" and kind == "document" and is_strict:
        message = f"the document {place} stands in a message of the assistant, which API version {STRICT_VERSION} refuses"
        yield Finding("misplaced", f"{message}; put it into the user's")
    elif role == "user" and kind == "text" and block.get("citations") and is_strict:
        message = f"the text {place} of the user has `citations`, which API version {STRICT_VERSION} refuses"
        yield Finding("misplaced", f"{message}; ask for them by `citations` of a document")


def _tools(params: Mapping[str, Any]) -> Iterator[Finding]:
    tools = params.get("tools")
    for number, tool in enumerate(tools if isinstance(tools, list) else ()):
        if isinstance(tool, dict) and (tool.get("type") == "function" or "function" in tool):
            message = (
                f"tools[{number}] is a function tool of another API: write its `name` and `description` at the top, and "
                "`input_schema` for its `parameters`"
            )
            yield Finding("other_api", message)


def _settings(params: Mapping[str, Any]) -> Iterator[Finding]:
    """Settings whose values are few."""
    tier, geo, policy = (params.get(name) for name in ("service_tier", "inference_geo", "billing_policy"))
    if tier not in (None, "auto", "standard_only"):
        yield Finding("service_tier", f"`service_tier` is auto or standard_only, not {shown(tier)}")
    if geo not in (None, "us", "global"):
        yield Finding("inference_geo", f"`inference_geo` is us or global, not {shown(geo)}")
    if isinstance(policy, dict) and policy.get("bill_to") == "user_profile":
        message = (
            "`billing_policy.bill_to` of user_profile does not exist in a batch; leave `billing_policy` out"
        )
        yield Finding("forbidden_param", message)
    profile = params.get("user_profile_id")
    if profile is not None and not isinstance(profile, str):
        yield Finding("user_profile_id", f"`user_profile_id` is a text, not {kind_of(profile)}")


def _stream(params: Mapping[str, Any]) -> Iterator[Finding]:
    stream = params.get("stream")
    if stream is True:
        yield Finding("stream", "streaming does not exist in a batch; leave `stream` out")
    elif stream is not None and stream is not False:
        yield Finding("stream", f"`stream` is false or left out in a batch, not {shown(stream)}")


def _keys(params: Mapping[str, Any]) -> Iterator[Finding]:
    for key in params:
        if key in _FORBIDDEN:
            yield Finding("forbidden_param", _FORBIDDEN[key])
        elif key in BETA:
            yield Finding(
                "beta_param", f"`{key}` is a beta: it needs an anthropic-beta header", Severity.WARNING
            )
        elif key in _FOREIGN_KEYS:
            yield Finding("other_api", f"`{key}` is another API's; {_FOREIGN_KEYS[key]}")
        elif key not in KNOWN:
            near = difflib.get_close_matches(key, KNOWN, 1)
            hint = f"; did you mean `{near[0]}`?" if near else ""
            yield Finding("unknown_param", f"{shown(key)} is no known key of params{hint}", Severity.WARNING)


def kind_of(value: Any) -> str:
    """The JSON type of a value, as words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"the text {shown(value)}"
    if isinstance(value, int | float):
        return f"the number {value}"
    return "a list" if isinstance(value, list) else "an object"


def shown(value: Any) -> str:
    """A value from outside, quoted and short enough for a sentence."""
    text = value if isinstance(value, str) else str(value)
    return repr(text if len(text) <= 80 else text[:79] + "…") if isinstance(value, str) else text[:80]
