"""Ready requests as people keep them: a requests file, a whole create body, an array, pretty printed; and the request lines of
OpenAI's, Bedrock's and Vertex's batches, named for what they are and converted as far as that is true.

Of OpenAI's lines texts, the system prompt and `max_tokens` are converted; anything else refuses the request by name.
Bedrock's and Vertex's hold params of Claude already, but for the model and `anthropic_version`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Literal

import msgspec

from claude_batch_tui.domain.requests.param_rules import shown
from claude_batch_tui.domain.requests.validation import with_whole_characters
from claude_batch_tui.errors import ConfigError, SourceError
from claude_batch_tui.nesting import UNREADABLE, TooDeepError, require_shallow
from claude_batch_tui.sources.json_values import FORMS, JsonForm, JsonValues, begins_a_body, form_of
from claude_batch_tui.sources.jsonl import NumberedLine
from claude_batch_tui.sources.overrides import Override, with_overrides
from claude_batch_tui.sources.recipe import Surrogates
from claude_batch_tui.sources.rows import Doubt, Reading, RowRefusedError
from claude_batch_tui.sources.source_file import SourceFile

Maker = Literal["messages", "openai", "bedrock", "vertex"]
MAKERS: Mapping[Maker, str] = {
    "messages": "requests of the Message Batches API",
    "openai": "request lines of an OpenAI batch",
    "bedrock": "request lines of a Bedrock job",
    "vertex": "request lines of a Vertex AI job",
}
_RESULTS = (
    (frozenset({"recordId", "modelOutput"}), "a Bedrock job"),
    (frozenset({"recordId", "error"}), "a Bedrock job"),
    (frozenset({"request", "response", "status"}), "a Vertex AI job"),
    (frozenset({"custom_id", "response", "error"}), "an OpenAI batch"),
    (frozenset({"custom_id", "result"}), "a message batch"),
    (frozenset({"key", "response"}), "a Gemini batch"),
)
"""Keys by which a line of results is known, and whose results they are."""
_OPENAI_URL = "/v1/chat/completions"
_SEEN_BYTES = 1 << 20
"""A first line of JSON that is longer is not read to the end only to say what the file may be."""
_LOOKED_AT = 20
"""Values that are looked at to say whose they are."""
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


class ReadyRequests:
    """A file of ready requests. `form` is how they stand in it, `maker` whose lines they are."""

    def __init__(
        self, file: SourceFile, overrides: Sequence[Override] = (), surrogates: Surrogates | None = None
    ) -> None:
        """`surrogates` says whether half a character is replaced; else it refuses its request.

        Raises SourceError for what is no file of requests, and ConfigError where a model has to be said.
        """
        self.file = file
        self.form: JsonForm = form_of(file)
        self._overrides = overrides
        self._replaces = surrogates == "replace"
        self._values = JsonValues(file, self.form)
        first = [one for line in islice(self._values, _LOOKED_AT) if (one := _object(line.data)) is not None]
        self.maker: Maker = "messages"
        if first and all(maker is not None for maker in map(_maker_of, first)):
            self.maker = _maker_of(first[0]) or "messages"
        elif first:
            _refuse_others(first[0], file.label)
        if self.maker != "messages":
            self._require_model(first[0])

    @property
    def is_requests_file(self) -> bool:
        """True where the file can be sent as it is."""
        return self.form == "lines" and self.maker == "messages"

    @property
    def reading(self) -> Reading:
        """What the file is, where it is not a requests file already."""
        if self.is_requests_file:
            return Reading()
        converted = self._converted()
        doubts = (Doubt("converted", converted),) if converted else ()
        return Reading(form=f"{FORMS[self.form]}: {MAKERS[self.maker]}", doubts=doubts)

    def _converted(self) -> str | None:
        """What was done to make requests of the lines, as a sentence; None where they are requests already."""
        if self.maker == "messages":
            return None
        left_out = {
            "openai": "`method`, `url` and the name of OpenAI's model are left out; texts, system and max_tokens are converted",
            "bedrock": "`anthropic_version` is left out, `recordId` is the custom_id; the params are as they were",
            "vertex": "`anthropic_version` is left out; the params are as they were",
        }[self.maker]
        return f"these are {MAKERS[self.maker]}: {left_out}"

    def surplus(self) -> list[str]:
        """Further keys of a create body, which no requests file can hold; known once all requests were read."""
        if self.form != "body":
            return []
        outside = _object(self._values.outside) or {}
        return [key for key in outside if key != "requests"]

    def __iter__(self) -> Iterator[NumberedLine | tuple[int, RowRefusedError]]:
        """Every request as a line of a requests file, or why it is none. What is no request at all is left as it is."""
        is_as_it_is = self.maker == "messages" and not self._overrides
        for given in self._values:
            line = given
            if self._replaces and b"\\u" in line.data:
                line = NumberedLine(line.number, with_whole_characters(line.data))
            if is_as_it_is:
                yield line
                continue
            try:
                yield NumberedLine(line.number, self._made(line.data))
            except RowRefusedError as error:
                yield line.number, error

    def _made(self, data: bytes) -> bytes:
        if self.maker != "messages" and (value := _object(data)) is not None:
            data = _encode(_CONVERSIONS[self.maker](value, {step.path[0] for step in self._overrides}))
        return with_overrides(data, self._overrides) if self._overrides else data

    def _require_model(self, first: Mapping[str, Any]) -> None:
        said = any(one.path == ("model",) for one in self._overrides)
        params = first.get("body") or first.get("modelInput") or first.get("request") or {}
        model = params.get("model") if isinstance(params, dict) else None
        if said or (isinstance(model, str) and model.startswith("claude")):
            return
        names = f"whose model is {shown(model)}" if model else "which name no model"
        raise ConfigError(f"{self.file.label}: these are {MAKERS[self.maker]}, {names}. Say --set model=M.")


def holds_requests(file: SourceFile) -> bool:
    """True where the first value of a file is a request of any platform, or no JSON, which can be said only as a request's."""
    file.handle.seek(0)
    head = file.read(_SEEN_BYTES)
    if (
        len(head) == _SEEN_BYTES
        and b"\n" not in head
        and not head.lstrip(b"\xef\xbb\xbf \t\r").startswith(b"[")
    ):
        return begins_a_body(head) or file.label.lower().endswith((".jsonl", ".ndjson"))
    first = next(iter(JsonValues(file, form_of(file))), None)
    value = _object(first.data) if first else None
    if value is None:
        return first is None or not (
            file.label.lower().endswith(".json") or first.data.startswith((b"[", b'"'))
        )
    return _maker_of(value) is not None or any(keys <= value.keys() for keys, _ in _RESULTS)


def require_requests_file(file: SourceFile) -> None:
    """Raise SourceError for a file of requests that has to be built first, and for what has none."""
    form = form_of(file)
    first = next(iter(JsonValues(file, form)), None)
    value = _object(first.data) if first else None
    if value is None:
        return
    maker = _maker_of(value)
    if maker is None:
        _refuse_others(value, file.label)
    if form == "lines" and maker in {None, "messages"}:
        return
    words = FORMS[form] if maker is None or maker == "messages" else MAKERS[maker]
    kind = "jsonl" if maker else "json"
    raise SourceError(
        f"{file.label}: this is {words}, and a requests file has a request on each line, with custom_id and params. "
        f"Make one: cbtui build {kind} {file.label} -o requests.jsonl"
    )


def _object(data: bytes) -> dict[str, Any] | None:
    """The object that stands there; None for anything else, and for what nests too deep or has too long a number."""
    try:
        require_shallow(data)
        value = _decode(data)
    except UNREADABLE:
        return None
    return value if isinstance(value, dict) else None


def _maker_of(value: Mapping[str, Any]) -> Maker | None:
    """Whose request an object is, or None where it is none."""
    if "params" in value:
        return "messages"
    if isinstance(value.get("body"), dict):
        return "openai"
    if isinstance(value.get("modelInput"), dict) and "modelOutput" not in value and "error" not in value:
        return "bedrock"
    request = value.get("request")
    if (
        isinstance(request, dict)
        and "response" not in value
        and ("messages" in request or "contents" in request)
    ):
        return "vertex"
    return None


def _refuse_others(value: Mapping[str, Any], label: str) -> None:
    """Raise SourceError where an object is known for something else than a request."""
    for keys, whose in _RESULTS:
        if keys <= value.keys():
            raise SourceError(
                f"{label}: these are results of {whose}, not requests. Name the file that was sent to it."
            )


def _openai(value: Mapping[str, Any], said: set[str | int]) -> dict[str, Any]:
    url = value.get("url", _OPENAI_URL)
    if url != _OPENAI_URL:
        raise RowRefusedError("not_converted", f"only {_OPENAI_URL} can be converted, not `url` {shown(url)}")
    body: dict[str, Any] = value["body"]
    params: dict[str, Any] = {"model": body.get("model")}
    for key, held in body.items():
        if key in {"model", "messages"} or key in said:
            continue
        if key != "max_tokens":
            raise _not_converted(f"`{key}`", f"--set {key}=null leaves it out")
        params[key] = held
    messages = body.get("messages")
    if not isinstance(messages, list):
        raise RowRefusedError("not_converted", "the body has no list `messages`")
    return _enveloped(value.get("custom_id"), params | chat_params(messages, "OpenAI's "))


def chat_params(messages: Sequence[Any], whose: str = "") -> dict[str, Any]:
    """`messages` and `system` of a conversation whose system prompt is one of its messages.

    Of `whose` conversation texts alone are converted; left out, it is one for the Messages API, whose blocks stay as they
    are. Raises RowRefusedError with the name of anything else.
    """
    system: list[str] = []
    turns: list[dict[str, Any]] = []
    for at, given in enumerate(messages):
        place = f"messages[{at}]"
        if not isinstance(given, dict):
            raise RowRefusedError("not_converted", f"{place} is no object with role and content")
        message = _named_alike(given)
        role = message.get("role")
        for key, held in message.items():
            if key not in {"role", "content"} and held not in (None, [], {}, ""):
                raise _not_converted(f"`{key}` of {whose}{place}")
        if role not in {"system", "developer", "user", "assistant"}:
            raise _not_converted(f"the role {shown(role)} of {whose}{place}")
        content = _content(
            message.get("content"), f"{whose}{place}", is_native=not whose and role != "system"
        )
        if role in {"user", "assistant"}:
            turns.append({"role": role, "content": content})
        elif turns:
            raise _not_converted(f"a system prompt after the first message ({whose}{place})")
        else:
            system.append(
                content if isinstance(content, str) else "\n\n".join(one["text"] for one in content)
            )
    said = {"system": "\n\n".join(system)} if any(map(str.strip, system)) else {}
    return said | {"messages": turns}


_SHAREGPT = {"human": "user", "gpt": "assistant", "chatgpt": "assistant", "model": "assistant"}


def _named_alike(message: dict[str, Any]) -> dict[str, Any]:
    """The message with role and content, where its file calls them `from` and `value` (ShareGPT)."""
    if "from" in message and "value" in message and "role" not in message:
        others = {key: held for key, held in message.items() if key not in {"from", "value"}}
        return {"role": _SHAREGPT.get(message["from"], message["from"]), "content": message["value"]} | others
    return message


_NATIVE = frozenset({"text", "image", "document", "tool_use", "tool_result"})
"""Blocks of the Messages API that a conversation of its own may hold."""


def _content(content: Any, place: str, *, is_native: bool) -> Any:
    """A text, or blocks, as they are."""
    if isinstance(content, str):
        return content
    if isinstance(content, list) and content:
        for block in content:
            kind = block.get("type") if isinstance(block, dict) else None
            if is_native and kind in _NATIVE:
                continue
            if kind != "text" or not isinstance(block.get("text"), str) or block.keys() - {"type", "text"}:
                raise _not_converted(f"content of type {shown(kind)} in {place}")
        return content
    raise _not_converted(f"the content of {place}, which is no text,")


def _bedrock(value: Mapping[str, Any], said: set[str | int]) -> dict[str, Any]:
    return _enveloped(value.get("recordId"), _claude_params(value["modelInput"], said))


def _vertex(value: Mapping[str, Any], said: set[str | int]) -> dict[str, Any]:
    return _enveloped(value.get("custom_id"), _claude_params(value["request"], said))


def _claude_params(given: Mapping[str, Any], said: set[str | int]) -> dict[str, Any]:
    """Params of Claude as another platform takes them."""
    if "anthropic_version" not in given and "messages" not in given:
        raise _not_converted("a request to another model than Claude")
    if "anthropic_beta" in given and "anthropic_beta" not in said:
        raise _not_converted(
            "`anthropic_beta`",
            "betas belong to the batch: say them with --betas, and --set anthropic_beta=null",
        )
    params = {key: held for key, held in given.items() if key not in {"anthropic_version", "anthropic_beta"}}
    return {"model": None} | params


def _enveloped(custom_id: Any, params: dict[str, Any]) -> dict[str, Any]:
    return {"custom_id": custom_id, "params": params}


def _not_converted(what: str, hint: str = "") -> RowRefusedError:
    return RowRefusedError("not_converted", f"{what} is not converted" + (f"; {hint}" if hint else ""))


_CONVERSIONS = {"openai": _openai, "bedrock": _bedrock, "vertex": _vertex}


def as_messages(value: Any) -> dict[str, Any]:
    """`messages` and `system` of a cell that holds a conversation, as a list or as its JSON. Raises RowRefusedError."""
    if isinstance(value, str):
        try:
            require_shallow(value)
            value = _decode(value.encode()) if value.strip() else None
        except TooDeepError as error:
            raise RowRefusedError("not_json", f"the messages of this row cannot be read: {error}") from error
        except UNREADABLE:
            value = None
    if not isinstance(value, list) or not value:
        raise RowRefusedError("empty_prompt", "there is no list of messages in this row")
    return chat_params(value)
