"""Results as other lanes and tools keep them, each as the line that the Message Batches API would give for it.

What every field is taken to mean, and who says so, is in docs/lanes.md. Bytes of answers stay as they are, but for the
name of the model, which gets its lane in front: the prices of another lane are not those of the API.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, NamedTuple

import msgspec

from claude_batch_tui.domain.results.json_tree import decode_json
from claude_batch_tui.nesting import UNREADABLE, require_shallow

Parts = Mapping[str, bytes]
"""An object as its keys and the bytes of their values."""


class Lane(StrEnum):
    """Whose envelope is around a result."""

    MESSAGES = "messages"
    BEDROCK = "bedrock"
    VERTEX = "vertex"
    CURATOR = "curator"


LANES: Final[Mapping[Lane, str]] = {
    Lane.MESSAGES: "results of a message batch",
    Lane.BEDROCK: "results of a Bedrock job",
    Lane.VERTEX: "results of a Vertex AI job",
    Lane.CURATOR: "results of a message batch, as curator keeps them",
}
PRICED: Final = frozenset({Lane.MESSAGES, Lane.CURATOR})
"""Lanes whose requests were billed by the API itself."""


class OwnLine(NamedTuple):
    """A line of ours; with it the params of its request and the columns of its source, where its envelope has them."""

    custom_id: str
    line: bytes
    params: bytes | None = None
    row: dict[str, Any] | None = None


_TYPES: Final = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    413: "request_too_large",
    424: "api_error",
    429: "rate_limit_error",
    500: "api_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}
"""The API's type of an error by the status that another lane gives for it."""
_STATUS_CODE: Final = re.compile(r'"?code"?\s*[:=]\s*"?(\d{3})\b')
_STATUS_WORDS: Final = (
    ("bad request", 400),
    ("invalid", 400),
    ("unauth", 401),
    ("permission", 403),
    ("forbidden", 403),
    ("not found", 404),
    ("too many", 429),
    ("exhausted", 429),
    ("quota", 429),
    ("unavailable", 503),
    ("overload", 503),
    ("deadline", 504),
    ("timeout", 504),
)
_OUTCOMES: Final = frozenset({"succeeded", "errored", "canceled", "expired"})
_ENVELOPE: Final = frozenset({"custom_id", "request", "response", "status"})
_decode_parts = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_encode_whole = msgspec.json.Encoder().encode


def parts_of(data: bytes) -> Parts | None:
    """The keys of an object with the bytes of their values; None for anything else, and for what nests too deep."""
    with contextlib.suppress(*UNREADABLE):
        require_shallow(data)
        return {key: bytes(value) for key, value in _decode_parts(data).items()}
    value = _value(data)  # NaN and lone surrogates too, which msgspec refuses
    if not isinstance(value, dict):
        return None
    return {key: json.dumps(held).encode() for key, held in value.items()}


def lane_of(value: Parts) -> Lane | None:
    """Whose result an object is, or None where it is none."""
    if "modelOutput" in value or ("error" in value and value.keys() & {"modelInput", "recordId"}):
        return Lane.BEDROCK
    if "raw_response" in value:
        return Lane.CURATOR
    if {"response", "status"} <= value.keys():
        return Lane.VERTEX
    if {"custom_id", "result"} <= value.keys():
        return Lane.MESSAGES
    return None


def keyed(key: str, data: bytes) -> Parts | None:
    """What stands under a custom_id as a result with its envelope; None where it is no result."""
    value = parts_of(data)
    if value is None:
        return None
    if "result" in value:
        return {"custom_id": _encode(key), **value}
    kind = _value(value.get("type"))
    if kind == "message":
        data = b'{"type":"succeeded","message":' + data + b"}"
    elif not isinstance(kind, str) or kind not in _OUTCOMES:
        return None
    return {"custom_id": _encode(key), "result": data}


def own_line(value: Parts, lane: Lane, number: int) -> OwnLine | None:
    """The line of a result, whose number is that of its line; None where it cannot be understood."""
    match lane:
        case Lane.BEDROCK:
            return _of_bedrock(value, number)
        case Lane.VERTEX:
            return _of_vertex(value, number)
        case Lane.CURATOR:
            return _of_curator(value, number)
        case Lane.MESSAGES:
            return _of_messages(value, number)


def what_else(value: Parts) -> str | None:
    """What an object is that is no result of Claude, and what to do with its file; None where that is not known."""
    keys = value.keys()
    response = parts_of(value.get("response", b"")) or {}
    known = (
        ({"totalRecordCount", "processedRecordCount"} <= keys, _MANIFEST),
        ("status_code" in response or {"custom_id", "response", "error"} <= keys, _OPENAI),
        ("candidates" in response or "candidates" in keys or {"key", "response"} <= keys, _GEMINI),
        ("modelOutput" in keys, _OTHER_MODEL),
        ({"modelInput"} <= keys, _BEDROCK_REQUESTS),
        ("request" in keys and "response" not in keys, _VERTEX_REQUESTS),
        ({"custom_id", "params"} <= keys, _REQUESTS),
        ("requests" in keys, _BODY),
        ("body" in keys and "url" in keys, _OPENAI_REQUESTS),
        ({"custom_id", "source", "row"} <= keys, _ROWS),
        (_value(value.get("type")) == "message_batch", _BATCH),
        (_value(value.get("type")) == "message", _MESSAGE),
    )
    return next((words for is_so, words in known if is_so), None)


_MANIFEST: Final = (
    "this is the manifest of a Bedrock job, which only counts: open its folder, or the .jsonl.out beside it"
)
_OPENAI: Final = (
    "these are results of an OpenAI batch, which hold no answers of Claude: cbtui cannot read them"
)
_GEMINI: Final = (
    "these are results of a Gemini batch, which hold no answers of Claude: cbtui cannot read them"
)
_OTHER_MODEL: Final = "these are results of another model than Claude: cbtui cannot read them"
_BEDROCK_REQUESTS: Final = "these are requests of a Bedrock job: its results are in the .jsonl.out of the same name, in the job's output folder"
_VERTEX_REQUESTS: Final = "these are requests of a Vertex AI job: its results have `response` and `status` beside them, in the job's output"
_REQUESTS: Final = (
    "these are requests, not results: `cbtui check FILE` looks at them, `cbtui submit FILE` sends them"
)
_BODY: Final = (
    "these are requests, not results: `cbtui build json FILE -o requests.jsonl` makes a requests file of them"
)
_OPENAI_REQUESTS: Final = (
    "these are requests of an OpenAI batch: `cbtui build jsonl FILE` makes requests of them"
)
_ROWS: Final = "this is a rows file: name it with --rows, beside the results"
_BATCH: Final = "this is a batch, not its results: `cbtui results ID` reads them"
_MESSAGE: Final = "this is an answer without a custom_id: name a file that has one with each answer"


def _of_messages(value: Parts, number: int) -> OwnLine | None:
    result = parts_of(value["result"])
    if result is None or "type" not in result:
        return None
    rest = {key: held for key, held in result.items() if key != "type"}
    custom_id = _id(value.get("custom_id"), number)
    return OwnLine(custom_id, _line(custom_id, {"type": result["type"], **rest}))


def _of_curator(value: Parts, number: int) -> OwnLine | None:
    inner = parts_of(_json_text(value["raw_response"]))
    if inner is None or lane_of(inner) is not Lane.MESSAGES:
        return None
    made = _of_messages(inner, number)
    generic = _value(value.get("generic_request"))
    row = generic.get("original_row") if isinstance(generic, dict) else None
    return made._replace(row=row) if made is not None and isinstance(row, dict) else made


def _of_bedrock(value: Parts, number: int) -> OwnLine | None:
    custom_id, params = _id(value.get("recordId"), number), value.get("modelInput")
    if (output := value.get("modelOutput", b"null")) != b"null":
        line = _succeeded(custom_id, output, Lane.BEDROCK)
    else:
        error = _value(value.get("error"))
        error = error if isinstance(error, dict) else {"errorMessage": str(error)}
        line = _errored(custom_id, error.get("errorCode"), str(error.get("errorMessage", "")), error)
    return None if line is None else OwnLine(custom_id, line, params, _row_of(params))


def _of_vertex(value: Parts, number: int) -> OwnLine | None:
    custom_id = _id(value.get("custom_id"), number)
    params = _json_text(value["request"]) if "request" in value else None
    status, response = _value(value["status"]), _json_text(value["response"])
    answer = parts_of(response)
    line: bytes | None
    if status:
        line = _errored(custom_id, None, str(status), status)
    elif answer and "error" in answer:
        error = _value(answer["error"])
        words = error.get("message", "") if isinstance(error, dict) else error
        code = (error.get("code") or error.get("type")) if isinstance(error, dict) else None
        line = _errored(custom_id, code, str(words), error)
    elif not answer:
        line = _errored(custom_id, "no_response", "neither an answer nor a status came back", None)
    else:
        line = _succeeded(custom_id, response, Lane.VERTEX)
    columns = {key: _value(held) for key, held in value.items() if key not in _ENVELOPE}
    row = {**columns, **(_row_of(params) or {})}
    return None if line is None else OwnLine(custom_id, line, params, row or None)


def _succeeded(custom_id: str, data: bytes, lane: Lane) -> bytes | None:
    """The line of an answer, whose model gets its lane in front; None where it is no answer of Claude."""
    message = parts_of(data)
    if message is not None and "output" in message and "content" not in message:
        message = _from_converse(data)
    if message is None or not message.get("content", b"").lstrip().startswith(b"["):
        return None
    model = _value(message.get("model"))
    name = f"{lane}/{model}" if isinstance(model, str) and model else str(lane)
    inner = _object({**message, "model": _encode(name)})
    return _line(custom_id, {"type": b'"succeeded"', "message": inner})


def _errored(custom_id: str, code: Any, message: str, source: Any) -> bytes:
    """The line of an error; what its envelope says of it stays beside, under `source`."""
    kind = code if isinstance(code, str) and not code.isdecimal() else _TYPES.get(_status(code, message))
    error = {"type": kind or "api_error", "message": message}
    return _line(
        custom_id,
        {"type": b'"errored"', "error": _encode({"type": "error", "error": error, "source": source})},
    )


def _status(code: Any, message: str) -> int:
    """The number of an error, from its code or what it says; 0 where that is not known."""
    if code is not None and str(code).isdecimal():
        return int(str(code)[:3])
    found = _STATUS_CODE.search(message)
    if found:
        return int(found[1])
    lower = message.lower()
    return next((status for word, status in _STATUS_WORDS if word in lower), 0)


_CONVERSE_USAGE: Final = {
    "inputTokens": "input_tokens",
    "outputTokens": "output_tokens",
    "cacheReadInputTokens": "cache_read_input_tokens",
    "cacheWriteInputTokens": "cache_creation_input_tokens",
}


def _from_converse(data: bytes) -> Parts | None:
    """The message in an answer of the Converse API; None where it is of another shape."""
    value = _value(data)
    try:
        content = [_converse_block(block) for block in value["output"]["message"]["content"]]
        usage = {own: value.get("usage", {}).get(name) or 0 for name, own in _CONVERSE_USAGE.items()}
    except (KeyError, TypeError, AttributeError):
        return None
    message = {
        "type": "message",
        "role": "assistant",
        "content": content,
        "stop_reason": value.get("stopReason"),
        "usage": usage,
    }
    return {key: _encode(held) for key, held in message.items()}


def _converse_block(block: dict[str, Any]) -> dict[str, Any]:
    if "text" in block:
        return {"type": "text", "text": block["text"]}
    if "toolUse" in block:
        tool = block["toolUse"]
        return {"type": "tool_use", "id": tool["toolUseId"], "name": tool["name"], "input": tool["input"]}
    if "reasoningContent" in block:
        thought = block["reasoningContent"].get("reasoningText", {})
        return {
            "type": "thinking",
            "thinking": thought.get("text", ""),
            "signature": thought.get("signature"),
        }
    return {"type": next(iter(block), "unknown"), **block}


def _row_of(params: bytes | None) -> dict[str, Any] | None:
    """What a request asks, as columns: its system prompt and the text of its last message."""
    value = _value(params)
    if not isinstance(value, dict):
        return None
    messages = value.get("messages")
    last = messages[-1] if isinstance(messages, list) and messages else None
    found = {
        "system": _text(value.get("system")),
        "prompt": _text(last.get("content")) if isinstance(last, dict) else None,
    }
    return {key: text for key, text in found.items() if text} or None


def _text(content: Any) -> str | None:
    if isinstance(content, str):
        return content
    blocks = content if isinstance(content, list) else ()
    texts = [block.get("text") for block in blocks if isinstance(block, dict)]
    return "\n".join(text for text in texts if isinstance(text, str)) or None


def _id(data: bytes | None, number: int) -> str:
    """The id in these bytes; where there is none, the number of the line is one."""
    value = _value(data)
    return str(value) if isinstance(value, str | int) and value != "" else f"line-{number}"


def _json_text(data: bytes) -> bytes:
    """JSON that stands in a text, as BigQuery gives it, or the bytes as they are."""
    value = _value(data) if data[:1] == b'"' else None
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else data


def _encode(value: Any) -> bytes:
    """A value as JSON, also with half a character or a number of more than 64 bits in it."""
    try:
        return _encode_whole(value)
    except (ValueError, OverflowError):
        return json.dumps(value).encode()


def _value(data: bytes | None) -> Any:
    """The value of some bytes of JSON; None where there are none, or they cannot be read."""
    with contextlib.suppress(*UNREADABLE):
        return decode_json(data) if data else None
    return None


def _line(custom_id: str, result: Parts) -> bytes:
    return b'{"custom_id":' + _encode(custom_id) + b',"result":' + _object(result) + b"}"


def _object(parts: Parts) -> bytes:
    return b"{" + b",".join(_encode(key) + b":" + held for key, held in parts.items()) + b"}"
