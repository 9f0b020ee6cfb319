"""What one request asks for, and why the API would not do it.

The API looks into `params` only while it processes the batch: what is wrong there becomes an errored entry and
never a refused create. The sentences are those a public note captured from the live API on 2026-09-02; where
no capture exists the wording follows the field that is wrong.
"""

from __future__ import annotations

from typing import Any, Final, Literal, NamedTuple

import msgspec

from claude_batch_tui.simulator.catalogue import Catalogue, Model

SAMPLING_KEYS: Final = ("temperature", "top_p", "top_k")
STRICT_VERSION: Final = "2026-10-21"
"""From this anthropic-version on sampling keys are rejected, even at their defaults (the migration page)."""

MEDIA_TYPES: Final = {
    "image": ("image/jpeg", "image/png", "image/gif", "image/webp"),
    "document": ("application/pdf",),
}

LONG_OUTPUT_BETA: Final = "output-300k-2026-03-24"
LONG_OUTPUT: Final = 300_000

BETA_KEYS: Final = {
    "billing_policy": ("user-profiles-billing-",),
    "compaction": ("compact-",),
    "context_management": ("context-management-", "compact-"),
    "fallback_credit_token": ("fallback-credit-",),
    "fallbacks": ("server-side-fallback-",),
    "mcp_servers": ("mcp-client-",),
    "thread": ("message-threads-",),
}
"""Fields of `client.beta` alone, with how the names of the betas begin that allow them (SDK 2.14)."""
_BETA_TOOLS: Final = {"advisor_": "advisor-tool-", "mcp_toolset": "mcp-client-", "computer_": "computer-use-"}
_FAST_BETA: Final = "fast-mode-"
_KNOWN_BETAS: Final = (
    "advisor-tool-", "cache-diagnosis-", "code-execution-", "compact-", "computer-use-", "context-1m-",
    "context-management-", "extended-cache-ttl-", "fallback-credit-", "fast-mode-", "files-api-", "interleaved-thinking-",
    "mcp-client-", "message-batches-", "message-threads-", "output-128k-", "output-300k-", "pdfs-", "prompt-caching-",
    "server-side-fallback-", "skills-", "structured-outputs-", "task-budgets-", "token-counting-",
    "token-efficient-tools-", "user-profiles-",
)  # fmt: skip
GEOS: Final = ("global", "us")
"""Where inference may be asked for (API reference, copy of 2026-09-26)."""


class Turn(msgspec.Struct):
    """One message; its content stays as bytes until somebody needs it."""

    role: Literal["user", "assistant", "system"]
    content: msgspec.Raw


class Params(msgspec.Struct, forbid_unknown_fields=True):
    """The fields of a request (types/beta/message_create_params.py of the SDK 2.14), decoded only as far as needed."""

    model: str
    max_tokens: int
    messages: list[Turn]
    system: msgspec.Raw = msgspec.Raw(b"")
    cache_control: msgspec.Raw = msgspec.Raw(b"")
    thinking: dict[str, Any] | None = None
    output_config: dict[str, Any] | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: dict[str, Any] | None = None
    stop_sequences: list[str] | None = None
    metadata: msgspec.Raw = msgspec.Raw(b"")
    service_tier: str | None = None
    inference_geo: str | None = None
    container: msgspec.Raw = msgspec.Raw(b"")
    diagnostics: msgspec.Raw = msgspec.Raw(b"")
    stream: bool | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    speed: Literal["standard", "fast"] | None = None
    user_profile_id: str | None = None
    billing_policy: dict[str, Any] | None = None
    compaction: dict[str, Any] | None = None
    context_management: dict[str, Any] | None = None
    fallback_credit_token: str | None = None
    fallbacks: str | list[Any] | dict[str, Any] | None = None
    mcp_servers: list[Any] | None = None
    thread: dict[str, Any] | None = None

    @property
    def is_plain(self) -> bool:
        """True where nothing but text is asked for."""
        return self.tools is None and self.output_config is None and self.stop_sequences is None


class Rules(msgspec.Struct, frozen=True):
    """What the call that brought the request allows: models, anthropic-version, betas, batch or single."""

    models: Catalogue = msgspec.field(default_factory=Catalogue)
    version: str = STRICT_VERSION
    betas: frozenset[str] = frozenset()
    batch: bool = True
    user_profile_id: str | None = None

    def allows(self, *beginnings: str) -> bool:
        """Whether a beta is on whose name begins so. One that the simulator does not know may be any: it allows all."""
        return any(beta.startswith(beginnings) or not beta.startswith(_KNOWN_BETAS) for beta in self.betas)


class Rejection(NamedTuple):
    """Why a request is not done: the API's error type and sentence."""

    kind: str
    message: str

    @property
    def status(self) -> int:
        """The status the single call answers with."""
        return 404 if self.kind == "not_found_error" else 400


_DECODER: Final = msgspec.json.Decoder(Params)


def read(raw: bytes | memoryview | msgspec.Raw, rules: Rules) -> tuple[Params, Model] | Rejection:
    """The request of the JSON object `raw` and its model, or why it is rejected."""
    try:
        params = _DECODER.decode(raw)
    except msgspec.DecodeError:
        return _explain(msgspec.json.decode(raw))
    model = rules.models.find(params.model)
    if model is None:
        return Rejection("not_found_error", f"model: {params.model}")
    problem = _problem(params, model, rules) or _cache_problem(raw)
    if problem is not None:
        return Rejection("invalid_request_error", problem)
    return params, model


def _problem(params: Params, model: Model, rules: Rules) -> str | None:
    if not params.messages:
        return "messages: at least one message is required"
    if params.max_tokens < (1 if rules.batch else 0):
        return f"max_tokens: must be greater than or equal to {1 if rules.batch else 0}"
    ceiling = model.max_tokens
    if rules.batch and LONG_OUTPUT_BETA in rules.betas and model.takes_long_output:
        ceiling = LONG_OUTPUT
    if params.max_tokens > ceiling:
        return (
            f"max_tokens: {params.max_tokens} > {ceiling}, which is the maximum allowed number of output tokens"
            f" for {model.id}"
        )
    if params.stream and rules.batch:
        return '"stream=True" is not supported in the Message Batches API'
    return (
        _beta_problem(params, rules)
        or _billing_problem(params, model, rules)
        or _sampling_problem(params, model, rules)
        or (_thinking_problem(params, model) if params.thinking is not None else None)
        or (_tool_problem(params, model) if params.tool_choice is not None else None)
        or _turn_problem(params, model)
    )


def _beta_problem(params: Params, rules: Rules) -> str | None:
    """A field or tool whose beta is not on."""
    for key, betas in BETA_KEYS.items():
        if getattr(params, key) is not None and not rules.allows(*betas):
            return f"{key}: Extra inputs are not permitted"
    for index, tool in enumerate(params.tools or ()):
        kind = str(tool.get("type", "custom"))
        for beginning, beta in _BETA_TOOLS.items():
            if kind.startswith(beginning) and not rules.allows(beta):
                return f"tools.{index}: Input tag '{kind}' found using 'type' does not match any of the expected tags"
    if params.speed == "fast" and not rules.batch and not rules.allows(_FAST_BETA):
        return "speed: Extra inputs are not permitted"
    return None


def _billing_problem(params: Params, model: Model, rules: Rules) -> str | None:
    """What a batch or the model is not billed by (batch guide; SDK 2.12 for `bill_to`)."""
    if rules.batch:
        if params.speed == "fast":
            return '"speed": "fast" is not supported in the Message Batches API'
        if params.fallbacks is not None:
            return "fallbacks: not supported in the Message Batches API"
        if (params.billing_policy or {}).get("bill_to") == "user_profile":
            return 'billing_policy.bill_to: "user_profile" is not supported in the Message Batches API'
    given, profile = params.user_profile_id, rules.user_profile_id
    if given is not None and profile is not None and given != profile:
        return "user_profile_id: does not match the header anthropic-user-profile-id"
    if params.inference_geo is not None and params.inference_geo not in GEOS:
        return f"inference_geo: Input should be {' or '.join(map(repr, GEOS))}"
    if params.inference_geo is not None and model.version < 4.6:
        return "inference_geo: not supported for this model"
    return None


def _sampling_problem(params: Params, model: Model, rules: Rules) -> str | None:
    if params.temperature is None and params.top_p is None and params.top_k is None:
        return None
    given = next(key for key in SAMPLING_KEYS if getattr(params, key) is not None)
    if rules.version >= STRICT_VERSION:
        return f"{given}: Extra inputs are not permitted"
    if model.version >= 4.7 and (params.temperature not in {None, 1.0} or params.top_k is not None):
        return f"`{given}` is not supported for this model."
    if params.temperature is not None and not 0 <= params.temperature <= 1:
        return "temperature: range: 0..1"
    return None


def _thinking_problem(params: Params, model: Model) -> str | None:
    kind = (params.thinking or {}).get("type")
    match kind:
        case "enabled" if not model.takes_enabled_thinking:
            return (
                '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and'
                ' "output_config.effort"'
            )
        case "enabled":
            budget = (params.thinking or {}).get("budget_tokens")
            if not isinstance(budget, int):
                return "thinking.enabled.budget_tokens: Field required"
            if budget < 1024:
                return "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024"
            if budget >= params.max_tokens:
                return "`max_tokens` must be greater than `thinking.budget_tokens`."
        case "adaptive" if not model.takes_adaptive_thinking:
            return '"thinking.type.adaptive" is not supported for this model'
        case "disabled" if not model.takes_disabled_thinking:
            return '"thinking.type.disabled" is not supported for this model'
        case "adaptive" | "disabled" | "between_tools":
            return None
        case _:
            return "thinking: Input tag found using 'type' does not match any of the expected tags"
    return None


def _tool_problem(params: Params, model: Model) -> str | None:
    choice = params.tool_choice or {}
    kind = choice.get("type")
    if kind in {"any", "tool"} and not model.takes_forced_tool:
        return f'"tool_choice.type.{kind}" is not supported for this model'
    names = {tool.get("name") for tool in params.tools or ()}
    if kind == "tool" and choice.get("name") not in names:
        return f"Tool '{choice.get('name')}' not found in provided tools"
    if kind == "any" and not names:
        return "tool_choice: tools must be provided"
    return None


def _turn_problem(params: Params, model: Model) -> str | None:
    for index, turn in enumerate(params.messages):
        start = bytes(memoryview(turn.content)[:2])
        if start[:1] == b"[" and (problem := _media_problem(index, turn.content)) is not None:
            return problem
        if start[:1] not in {b'"', b"["}:
            return f"messages.{index}.content: Input should be a valid string"
        last = index == len(params.messages) - 1
        if start in {b'""', b"[]"} and not (last and turn.role == "assistant"):
            return f"messages.{index}: all messages must have non-empty content"
    if params.messages[-1].role == "assistant" and not model.takes_prefill:
        return "This model does not support assistant message prefill. The conversation must end with a user message."
    return None


def _media_problem(index: int, content: msgspec.Raw) -> str | None:
    """Base64 sources of a type that the block does not take (Messages API reference)."""
    if b'"base64"' not in bytes(content):
        return None
    for number, block in enumerate(msgspec.json.decode(content, type=list[Any])):
        kind = str(block.get("type")) if isinstance(block, dict) else ""
        source = block.get("source") if kind in MEDIA_TYPES else None
        if not isinstance(source, dict) or source.get("type") != "base64":
            continue
        place = f"messages.{index}.content.{number}.{kind}.source.base64"
        if source.get("media_type") not in MEDIA_TYPES[kind]:
            return f"{place}.media_type: Input should be {' or '.join(map(repr, MEDIA_TYPES[kind]))}"
        if not source.get("data"):
            return f"{place}.data: The file format is invalid or unsupported"
    return None


def _cache_problem(raw: bytes | memoryview | msgspec.Raw) -> str | None:
    """More breakpoints than there may be (caching page, copy of 2026-09-26)."""
    count = bytes(raw).count(b'"cache_control"')
    return f"A maximum of 4 blocks with cache_control may be provided. Found {count}." if count > 4 else None


def _explain(params: Any) -> Rejection:
    """Why the object could not be decoded: the first missing, unknown or misshapen field."""
    if not isinstance(params, dict):
        return Rejection(
            "invalid_request_error",
            "params: Input should be a valid dictionary or object to extract fields from",
        )
    fields = {field.name: field for field in msgspec.structs.fields(Params)}
    for name, field in fields.items():
        if field.required and name not in params:
            return Rejection("invalid_request_error", f"{name}: Field required")
    for name, value in params.items():
        if name not in fields:
            return Rejection("invalid_request_error", f"{name}: Extra inputs are not permitted")
        problem = _turns_shape(value) if name == "messages" else _shape(name, value, fields[name].type)
        if problem is not None:
            return Rejection("invalid_request_error", problem)
    return Rejection("invalid_request_error", "messages: Input should be a valid list")


def _turns_shape(turns: Any) -> str | None:
    if not isinstance(turns, list):
        return "messages: Input should be a valid list"
    for index, turn in enumerate(turns):
        if not isinstance(turn, dict):
            return f"messages.{index}: Input should be a valid dictionary or object to extract fields from"
        missing = next((key for key in ("role", "content") if key not in turn), None)
        if missing is not None:
            return f"messages.{index}.{missing}: Field required"
        if turn["role"] not in {"user", "assistant", "system"}:
            return f'messages: Unexpected role "{turn["role"]}".'
    return None


def _shape(name: str, value: Any, kind: Any) -> str | None:
    if kind is msgspec.Raw:
        return None
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        return f"{name}: Input should be valid: {error}"
    return None
