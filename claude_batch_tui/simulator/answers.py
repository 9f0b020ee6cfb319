"""Plausible answers: what a request asks for, cut from its own words, with usage and a stop reason.

Prompts stay the JSON-escaped bytes they came in, and bodies are written as bytes from a template: `json` would be the
slowest step of a download of 100 MB.
"""

from __future__ import annotations

import base64
import re
from random import Random
from typing import Any, Final

import msgspec

from claude_batch_tui.domain.requests.media import MediaTokens, find_media, media_tokens
from claude_batch_tui.domain.requests.models import ModelRules
from claude_batch_tui.media import look_at
from claude_batch_tui.simulator.catalogue import Model
from claude_batch_tui.simulator.params import Params
from claude_batch_tui.simulator.schema_answers import SchemaAnswer
from claude_batch_tui.simulator.tool_answers import ServerTurn, client_tools, server_turn

_EDGE: Final = 160

_CHOICES: Final = re.compile(
    r"(?:one of|labels?|one word|classify|categor(?:y|ies)|as)\b[^\n.:,]{0,60}?[:(\s]\s*"
    r"((?:[\"'`]?[\w-]+[\"'`]?)(?:\s*(?:,\s*or\b|,|/|\||\bor\b)\s*[\"'`]?[\w-]+[\"'`]?)+)",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"[\w-]+")


def escaped_prompt(params: Params) -> bytes:
    """The text of the last message, escaped as in JSON, without its quotes."""
    return _escaped_text(bytes(params.messages[-1].content))


def escaped_system(params: Params) -> bytes:
    """The system prompt's text likewise; empty where there is none."""
    return _escaped_text(bytes(params.system)) if params.system else b""


def text_of(escaped: bytes) -> str:
    """The text behind escaped bytes."""
    return str(msgspec.json.decode(b'"' + escaped + b'"'))


def choices(*escaped: bytes) -> list[str]:
    """The words one of which is asked for ("answer with one of: bug, billing, other"); empty where none are."""
    for part in escaped:
        # Instructions stand at the beginning or at the end; between them may be megabytes of text.
        edges = part if len(part) <= 2 * _EDGE else part[:_EDGE] + part[-_EDGE:]
        # Five plain searches take a tenth of what one regular expression takes.
        if not (
            b"ne of" in edges
            or b"ne word" in edges
            or b"abel" in edges
            or b"lassify" in edges
            or b"ategor" in edges
        ):
            continue
        found = _CHOICES.search(text_of(part))
        if found:
            words = [word for word in _WORD.findall(found[1]) if word.lower() not in {"or", "and"}]
            if len(words) > 1:
                return words
    return []


def _escaped_text(raw: bytes) -> bytes:
    if raw[:1] == b'"':
        return raw[1:-1]
    blocks: Any = msgspec.json.decode(raw)
    texts = [
        block["text"]
        for block in (blocks if isinstance(blocks, list) else ())
        if isinstance(block, dict) and isinstance(block.get("text"), str)
    ]
    return msgspec.json.encode("\n".join(texts) or "the attached document")[1:-1]


BYTES_PER_TOKEN: Final = 4
"""A rough measure of English; models from 4.7 on use about 30 % more tokens (the pricing page)."""

_COUNTED: Final = (
    "model",
    "messages",
    "system",
    "tools",
    "tool_choice",
    "thinking",
    "output_config",
    "cache_control",
)
"""What is read; the other keys matter for the answer alone."""
_ENVELOPE_BYTES: Final = 42

_OPENINGS: Final = (
    b"",
    b"",
    b"In short: ",
    b"Summary: ",
    b"The main point: ",
    b"Briefly, ",
    b"Here is the gist. ",
    b"",
)
_REFUSAL: Final = {
    "type": "refusal",
    "category": "general_harms",
    "explanation": "This request was stopped by a safety classifier.",
}
_THOUGHTS: Final = (
    "The request is short. I should answer directly and keep to what the text says.",
    "Let me read the text once more and pick out what matters to the reader.",
    "Two readings are possible; the more likely one fits the rest of the text.",
)

_MESSAGE: Final = (
    b'{"id":"msg_01%b","type":"message","role":"assistant","model":"%b","content":[%b],"stop_reason":"%b",'
    b'"stop_sequence":%b,"stop_details":%b,"usage":{"input_tokens":%d,"cache_creation_input_tokens":%d,'
    b'"cache_read_input_tokens":%d,"cache_creation":{"ephemeral_5m_input_tokens":%d,'
    b'"ephemeral_1h_input_tokens":%d},"output_tokens":%d,"output_tokens_details":{"thinking_tokens":%d},'
    b'"server_tool_use":%b,"service_tier":"%b","inference_geo":"%b"%b}}'
)
_TEXT: Final = b'{"type":"text","text":"%b","citations":%b}'


class Asked:
    """One request on its way to an answer. `digest` (24 bytes) decides everything open."""

    def __init__(self, params: Params, raw: bytes, model: Model, digest: bytes) -> None:
        self.params = params
        self.raw = raw
        self.model = model
        self.digest = digest
        self.prompt = escaped_prompt(params)
        self.per_token = 3.1 if model.version >= 4.7 else float(BYTES_PER_TOKEN)

    @property
    def input_tokens(self) -> int:
        """An estimate from the bytes of everything that is read, however they are written down, media by their pixels and
        pages: count_tokens gives the same.
        """
        body: dict[str, Any] = msgspec.json.decode(self.raw)
        read = {key: body[key] for key in _COUNTED if key in body}
        size, media = len(msgspec.json.encode(read)) - _ENVELOPE_BYTES, MediaTokens()
        if b'"source"' in self.raw:
            media = media_tokens(find_media(body, look_at), self._media_rules)
        return max(8, int((size - media.base64_bytes) / self.per_token) + media.about)

    @property
    def _media_rules(self) -> ModelRules:
        """How far the model scales an image down (the vision page, copies up to 2026-11-29)."""
        edge, most = (1_568, 1_600) if self.model.version < 4.7 else (2_576, 4_784)
        return ModelRules(ids=(), image_edge=edge, image_tokens=most)

    def message(self, *, tier: bytes, refused: bool, thinks: bool, prepared: str | None = None) -> bytes:
        """The message object as JSON."""
        thought, thinking = self._thought() if thinks or self._asks_for_thinking else (b"", 0)
        budget = max(1, self.params.max_tokens - thinking)
        details, sequence = b"null", b"null"
        turn = None if refused or self._tools_are_off else self._server_turn()
        if refused:
            content, stop, spent = b"", b"refusal", 1
            details = msgspec.json.encode(_REFUSAL)
        else:
            content, stop, spent, sequence = self._content(budget, prepared, turn)
            before = [thought] if thought else []
            before += [msgspec.json.encode(block) for block in turn.blocks] if turn else []
            content = b",".join([*before, content])
            spent += thinking
        read, written = self._cached()
        hour = written if b'"1h"' in self.raw else 0
        given = max(4, self.input_tokens - read - written)
        spent = min(spent, self.params.max_tokens) or 1
        geo = self.params.inference_geo or "not_available"
        return _MESSAGE % (
            token(self.digest),
            self.model.id.encode(),
            content,
            stop,
            sequence,
            details,
            given,
            written,
            read,
            written - hour,
            hour,
            spent,
            0 if refused else thinking,
            _server_use(turn),
            tier,
            geo.encode(),
            self._iterations(turn, given, spent),
        )

    @property
    def _tools_are_off(self) -> bool:
        return self.params.tools is None or (self.params.tool_choice or {}).get("type") in {
            "none",
            "any",
            "tool",
        }

    def _server_turn(self) -> ServerTurn | None:
        topic = " ".join(self._words()[:8])
        return server_turn(self.params.tools, token(self.digest[::-1]).decode(), topic, self.digest)

    def _iterations(self, turn: ServerTurn | None, given: int, spent: int) -> bytes:
        """`usage.iterations` where a model advised: its tokens are in no total (types/beta/beta_usage.py, SDK 2.14)."""
        if turn is None or turn.advisor is None:
            return b""
        cache = {"cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}
        own = {"type": "message", "input_tokens": given, "output_tokens": spent, **cache}
        advice = {"type": "advisor_message", "model": turn.advisor, "input_tokens": given * 2, **cache}
        return b',"iterations":' + msgspec.json.encode(
            [own, {**advice, "output_tokens": 200 + self.digest[15]}]
        )

    @property
    def _asks_for_thinking(self) -> bool:
        thinking = self.params.thinking
        return thinking is not None and thinking.get("type") in {"enabled", "adaptive"}

    def _thought(self) -> tuple[bytes, int]:
        text = _THOUGHTS[self.digest[6] % len(_THOUGHTS)]
        signature = base64.b64encode(self.digest * 4).decode()
        block = {"type": "thinking", "thinking": text, "signature": signature}
        return msgspec.json.encode(block), min(20 + self.digest[7], max(1, self.params.max_tokens // 2))

    def _content(
        self, budget: int, prepared: str | None, turn: ServerTurn | None
    ) -> tuple[bytes, bytes, int, bytes]:
        """Content blocks, stop reason, output tokens and the stop sequence met, for at most `budget` tokens."""
        tool = self._called_tool()
        if tool is not None:
            value = SchemaAnswer(tool.get("input_schema") or {}, self._words(), self._random()).value()
            encoded = msgspec.json.encode(value if isinstance(value, dict) else {})
            block = (
                b'{"type":"tool_use","id":"toolu_01%b","name":%b,"input":%b,"caller":{"type":"direct"}}'
                % (
                    token(self.digest[::-1]),
                    msgspec.json.encode(tool.get("name", "")),
                    encoded,
                )
            )
            return block, b"tool_use", min(budget, 12 + len(encoded) // 3), b"null"
        citations = msgspec.json.encode(turn.citations if turn else None)
        text = self._escaped_answer(budget) if prepared is None else msgspec.json.encode(prepared)[1:-1]
        sequence = b"null"
        for stop in self.params.stop_sequences or ():
            before, met, _ = text.partition(msgspec.json.encode(stop)[1:-1])
            if stop and met:
                text, sequence = before, msgspec.json.encode(stop)
        spent = max(1, int(len(text) / self.per_token))
        if spent > budget:
            text, spent = _cut(text, int(budget * self.per_token)), budget
            return _TEXT % (text, citations), b"max_tokens", spent, b"null"
        stop_reason = b"end_turn" if sequence == b"null" else b"stop_sequence"
        return _TEXT % (text, citations), stop_reason, spent, sequence

    def _escaped_answer(self, budget: int) -> bytes:
        if self.params.output_config is not None:
            schema = (self.params.output_config.get("format") or {}).get("schema")
            if isinstance(schema, dict):
                value = SchemaAnswer(schema, self._words(), self._random()).value()
                return msgspec.json.encode(msgspec.json.encode(value).decode())[1:-1]
        words = choices(self.prompt, escaped_system(self.params) if self.params.system else b"")
        if words:
            return words[self.digest[8] % len(words)].encode()
        # A quadratic spread: most answers are short, a few are long.
        share = self.digest[9] / 255
        wanted = int(90 + share * share * 1400)
        start = self.digest[10] * max(0, len(self.prompt) - wanted) // 256
        opening = _OPENINGS[self.digest[11] % len(_OPENINGS)]
        most = int(budget * self.per_token) + 8
        return opening + _extract(self.prompt, start, min(wanted, most))

    def _called_tool(self) -> dict[str, Any] | None:
        """The tool that is called: the one asked for; where it is left open, every other answer calls one."""
        tools = client_tools(self.params.tools)
        choice = self.params.tool_choice or {"type": "auto"}
        match choice.get("type"):
            case "tool":
                return next((tool for tool in tools if tool.get("name") == choice.get("name")), None)
            case "auto" if self.digest[14] % 2:
                return None
            case "any" | "auto":
                return tools[self.digest[8] % len(tools)] if tools else None
        return None

    def _cached(self) -> tuple[int, int]:
        """Tokens read from and written to the cache: mostly reads, as hits are best effort."""
        if b'"cache_control"' not in self.raw:
            return 0, 0
        shared = len(bytes(self.params.system)) or len(self.raw) - len(self.prompt)
        prefix = int(shared / self.per_token)
        if prefix < self.model.min_cached_tokens:
            return 0, 0
        return (0, prefix) if self.digest[12] < 40 else (prefix, 0)

    def _words(self) -> list[str]:
        return text_of(_cut(self.prompt, 2000)).split()

    def _random(self) -> Random:
        return Random(int.from_bytes(self.digest, "big"))


def _server_use(turn: ServerTurn | None) -> bytes:
    """`usage.server_tool_use`, null where no server tool was counted."""
    if turn is None or not turn.searches + turn.fetches:
        return b"null"
    return b'{"web_search_requests":%d,"web_fetch_requests":%d}' % (turn.searches, turn.fetches)


_ALPHANUMERIC: Final = bytes.maketrans(b"+/", b"Zq")


def token(digest: bytes) -> bytes:
    """22 letters and digits, as ids end in."""
    return base64.b64encode(digest[:18]).translate(_ALPHANUMERIC)[:22]


def _extract(escaped: bytes, start: int, length: int) -> bytes:
    """About `length` bytes from about `start`, whole words, whole escapes."""
    if start:
        begin = escaped.find(b". ", start, start + length) + 2
        if begin == 1:
            begin = escaped.find(b" ", start, start + length) + 1
        start = max(0, begin)
    return _cut(escaped[start:], length) if start else _cut(escaped, length)


def _cut(escaped: bytes, length: int) -> bytes:
    """At most `length` bytes, ending before a space: no escape and no character contains one."""
    if len(escaped) <= length:
        return escaped
    end = escaped.rfind(b" ", 0, length + 1)
    if end > 0:
        return escaped[:end]
    # No spaces (Chinese, Japanese, one long word): decode, cut by characters and encode again.
    text = text_of(escaped)
    kept = text[: max(1, length * len(text) // len(escaped))].encode("utf-8", "ignore").decode()
    return msgspec.json.encode(kept)[1:-1]
