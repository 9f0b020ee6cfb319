"""The check of a requests file, line by line: envelope and params, all problems at once.

The envelope (custom_id, counts, bytes) decides whether the API takes the batch at all: one bad custom_id refuses
100,000 requests. Wrong params come back as errored results an hour later. A sound line costs 7 µs; only others are
decoded fully and looked at closely.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import date
from typing import Any

import msgspec
from msgspec import UNSET

from claude_batch_tui.domain.requests.draft import (
    BYTES_PER_TOKEN_ABOUT,
    Draft,
    Problem,
    Severity,
)
from claude_batch_tui.domain.requests.limits import CUSTOM_ID, MAX_BODY_BYTES, MAX_REQUESTS, body_bytes
from claude_batch_tui.domain.requests.media import (
    Look,
    MediaTokens,
    find_media,
    media_findings,
    media_tokens,
)
from claude_batch_tui.domain.requests.model_rules import (
    CacheCheck,
    model_findings,
    output_findings,
    request_findings,
    sampling_finding,
    schema_findings,
)
from claude_batch_tui.domain.requests.models import ModelRules, Models
from claude_batch_tui.domain.requests.param_rules import (
    SAMPLING,
    STRICT_VERSION,
    Finding,
    findings,
    kind_of,
    shown,
)
from claude_batch_tui.domain.requests.request_shape import LineShape, ParamsShape
from claude_batch_tui.domain.requests.totals import Totals
from claude_batch_tui.nesting import MOST_DIGITS, UNREADABLE, TooDeepError, require_shallow

KEPT_PER_CODE = 1_000
"""Problems of one kind that are kept; the rest is counted."""
_SPLIT = "; they become several batches of one run"
_KINDS_REMEMBERED = 1_000
_ENVELOPE_BYTES = len('{"custom_id":"","params":}')
_NO_MEDIA = MediaTokens()

_decode_line = msgspec.json.Decoder(LineShape).decode
_decode_params = msgspec.json.Decoder(ParamsShape).decode


class ProblemList:
    """Problems as they are found: the first of each code, and exact counts. Those on `ignored` lines do not count."""

    def __init__(self, ignored: frozenset[int] = frozenset()) -> None:
        self._ignored = ignored
        self.kept: list[Problem] = []
        self.counts: dict[str, int] = {}
        self.errors = 0
        self.warnings = 0
        self.last_error: Problem | None = None

    def add(self, problem: Problem) -> None:
        """Count a problem, and keep it while there is room for its kind."""
        if problem.line in self._ignored:
            return
        count = self.counts.get(problem.code, 0) + 1
        self.counts[problem.code] = count
        if problem.is_error:
            self.errors += 1
            self.last_error = problem
        else:
            self.warnings += 1
        if count <= KEPT_PER_CODE:
            self.kept.append(problem)


class RequestsCheck:
    """Collects the lines of one requests file into a `Draft`.

    `models` is what is known of them, `betas` what goes along as headers, `api_version` the anthropic-version the
    batch is sent under, `deadline` the day on which a batch sent now expires. `look` finds out what media are; without it
    they are taken to be the largest there may be. `user_profile_id` is what the header of the batch says.
    """

    def __init__(
        self,
        file: str,
        *,
        models: Models | None = None,
        betas: tuple[str, ...] = (),
        api_version: str | None = None,
        deadline: date | None = None,
        problems: ProblemList | None = None,
        look: Look | None = None,
        user_profile_id: str | None = None,
    ) -> None:
        self.problems = ProblemList() if problems is None else problems
        self.requests = 0
        self._file = file
        self._models = models
        self._betas = betas
        self._api_version = api_version or STRICT_VERSION
        self._deadline = deadline
        self._of_models: dict[tuple[str, int], tuple[Finding, ...]] = {}
        self._of_requests: dict[tuple[Any, ...], tuple[Finding, ...]] = {}
        self._cache = CacheCheck()
        self._is_finished = False
        self._prompts: dict[int, int] = {}
        self._request_bytes = 0
        self._lines: dict[str, int] = {}
        self._totals = Totals(models)
        self._look = look
        self._user_profile_id = user_profile_id

    def add(self, number: int, line: bytes) -> str | None:
        """Check one line (stripped, 1-based number). Returns its custom_id, or None where the line has errors."""
        self.requests += 1
        self._request_bytes += len(line)
        errors_before = self.problems.errors
        custom_id: Any = None
        try:
            require_shallow(line)
            if not line.isascii():
                line.decode()
            request = _decode_line(line)
            custom_id, params = request.custom_id, request.params
            sound = params.is_sound
        except UNREADABLE:
            sound = False
        if sound:
            self._check_id(number, custom_id)
            rules = self._models.find(params.model) if self._models is not None else None
            self._check_model(number, custom_id, params, rules)
            media = self._media(number, custom_id, rules, line) if b'"source"' in line else _NO_MEDIA
            self._count(number, custom_id, params, line, media, rules)
        else:
            custom_id = self._look_closely(number, line)
        if self.problems.errors > errors_before:
            return None
        self._warn_of_repeats(number, str(custom_id), line)
        return str(custom_id)

    def draft(self) -> Draft:
        """What the lines so far are together, with the problems of the whole file."""
        size = body_bytes(self.requests, self._request_bytes)
        if self.requests == 0:
            self._report(None, None, "no_requests", "there are no requests in the file")
        if self.requests > MAX_REQUESTS:
            message = f"there are {self.requests:,} requests; a batch takes at most {MAX_REQUESTS:,}"
            self._report(None, None, "too_many_requests", message + _SPLIT, Severity.WARNING)
        if size > MAX_BODY_BYTES:
            message = f"the requests make {size:,} bytes; a batch takes at most {MAX_BODY_BYTES:,}"
            self._report(None, None, "body_too_large", message + _SPLIT, Severity.WARNING)
        if self._models is not None and not self._is_finished:
            self._is_finished = True
            self._say(None, None, self._cache.findings(self._models))
        return Draft(
            path=self._file,
            requests=self.requests,
            body_bytes=size,
            models=self._totals.totals(),
            problems=tuple(self.problems.kept),
            counts=dict(self.problems.counts),
            errors=self.problems.errors,
            warnings=self.problems.warnings,
            shared=self._totals.shared(),
        )

    def _check_id(self, number: int, custom_id: Any) -> None:
        if not isinstance(custom_id, str):
            if custom_id is None:
                self._report(number, None, "missing_custom_id", "the request has no custom_id")
            else:
                self._report(number, None, "custom_id_type", f"custom_id is a text, not {kind_of(custom_id)}")
            return
        first = self._lines.setdefault(custom_id, number)
        if first != number:
            message = f"custom_id {shown(custom_id)} repeats that of line {first}; it is unique in a batch"
            self._report(number, custom_id, "duplicate_custom_id", message)
        elif CUSTOM_ID.fullmatch(custom_id) is None:
            code, words = "custom_id_pattern", f"custom_id {shown(custom_id)} may hold a-z A-Z 0-9 _ - only"
            if not custom_id:
                words = "custom_id is empty"
            elif len(custom_id) > 64 and CUSTOM_ID.fullmatch(custom_id[:64]):
                code, words = (
                    "custom_id_length",
                    f"custom_id has {len(custom_id)} characters; at most 64 are allowed",
                )
            self._report(number, custom_id, code, words)

    def _check_model(
        self, number: int, custom_id: str | None, params: ParamsShape, rules: ModelRules | None
    ) -> None:
        """What this model refuses. Most requests of a file say the same, so it is found out once."""
        if self._models is not None:
            of_model = self._of_models.get((params.model, params.max_tokens))
            if of_model is None:
                found = model_findings(
                    params.model,
                    self._models,
                    max_tokens=params.max_tokens,
                    betas=self._betas,
                    deadline=self._deadline,
                )
                of_model = self._of_models[params.model, params.max_tokens] = tuple(found)
            self._say(number, custom_id, of_model)
        thinking = None if params.thinking is UNSET else params.thinking
        choice = None if params.tool_choice is UNSET else params.tool_choice
        if thinking is not None or choice is not None or params.has_prefill:
            tools = tuple(tool.name for tool in params.tools) if params.tools is not UNSET else ()
            key = (
                *(params.model, params.max_tokens, params.has_prefill),
                *(bytes(thinking or b""), bytes(choice or b""), tools),
            )
            of_request = self._of_requests.get(key)
            if of_request is None:
                if len(self._of_requests) > _KINDS_REMEMBERED:
                    self._of_requests.clear()
                of_request = self._of_requests[key] = tuple(
                    request_findings(
                        rules,
                        max_tokens=params.max_tokens,
                        thinking=thinking,
                        tool_choice=choice,
                        tools=tools,
                        has_prefill=params.has_prefill,
                    )
                )
            self._say(number, custom_id, of_request)
        if (
            params.output_config is not UNSET
            or params.tools is not UNSET
            or params.inference_geo not in (UNSET, None)
        ):
            self._say(number, custom_id, self._of_settings(params, rules))
        whom, said = self._user_profile_id, params.user_profile_id
        if whom is not None and said is not UNSET and said not in (None, whom):
            message = f"`user_profile_id` is {shown(said)}, and the header of the batch says {shown(whom)}"
            self._report(number, custom_id, "user_profile_id", message)
        for name in SAMPLING:
            if getattr(params, name) is not UNSET:
                finding = sampling_finding(name, rules, self._api_version)
                self._say(number, custom_id, (finding,) if finding else ())

    def _say(self, number: int | None, custom_id: str | None, found: Iterable[Finding]) -> None:
        for finding in found:
            self._report(number, custom_id, finding.code, finding.message, finding.severity)

    def _of_settings(self, params: ParamsShape, rules: ModelRules | None) -> tuple[Finding, ...]:
        """What the model refuses of its settings. Most requests of a file say the same, so it is found out once."""
        config = None if params.output_config is UNSET else params.output_config
        tools = () if params.tools is UNSET else tuple(tool for tool in params.tools if tool.strict)
        in_us = params.inference_geo == "us"
        if config is None and not tools and not in_us:
            return ()
        key = (
            params.model,
            in_us,
            bytes(config or b""),
            *(bytes(tool.input_schema or b"") for tool in tools),
        )
        found = self._of_requests.get(key)
        if found is None:
            if len(self._of_requests) > _KINDS_REMEMBERED:
                self._of_requests.clear()
            several = list(output_findings(rules, config)) if config is not None else []
            for tool in tools:
                if tool.input_schema is not UNSET:
                    schema = msgspec.json.decode(tool.input_schema)
                    several += schema_findings(
                        f"`input_schema` of the strict tool {shown(tool.name)}", schema
                    )
            if in_us and rules is not None and not rules.us_inference:
                message = (
                    f"{params.model} has no `inference_geo` of us: models from 4.6 on have; leave it out"
                )
                several.append(Finding("inference_geo", message))
            found = self._of_requests[key] = tuple(several)
        return found

    def _media(
        self, number: int, custom_id: str | None, rules: ModelRules | None, line: bytes
    ) -> MediaTokens:
        """What the media of a request cost, and what is wrong with them."""
        request = msgspec.json.decode(line)
        media = [
            # The id says which file it is where requests are made of files.
            one._replace(place=f"{one.place} of {shown(custom_id or f'line {number}')}")
            for one in find_media(request["params"], self._look)
        ]
        self._say(number, custom_id, media_findings(media, rules))
        return media_tokens(media, rules)

    def _count(
        self,
        number: int,
        custom_id: str,
        params: ParamsShape,
        line: bytes,
        media: MediaTokens,
        rules: ModelRules | None,
        *,
        is_open_ended: bool = False,
    ) -> None:
        # White space in the line makes this more than the params have, never less.
        size = max(len(line) - len(custom_id) - _ENVELOPE_BYTES - media.base64_bytes, 0)
        uses_cache = b'"cache_control"' in line
        self._totals.add(params, size, media, uses_cache=uses_cache, is_open_ended=is_open_ended)
        self._totals.share(line)
        if uses_cache:
            self._say(number, custom_id, self._cache.add(params.model, line))
        about = int(size / BYTES_PER_TOKEN_ABOUT) + media.about
        if rules is not None and rules.context is not None and about > rules.context:
            message = (
                f"the prompt has about {about:,} tokens, and {params.model} reads at most {rules.context:,}"
            )
            self._report(number, custom_id, "prompt_too_long", message, Severity.WARNING)

    def _warn_of_repeats(self, number: int, custom_id: str, line: bytes) -> None:
        """Say where the params are those of an earlier request: the same answer would be paid for twice."""
        start = line.find(b'"params"')
        if start < 0:
            return
        first = self._prompts.setdefault(hash(line[start:]), number)
        if first != number:
            message = f"the request says the same as that of line {first}"
            self._report(number, custom_id, "duplicate_prompt", message, Severity.WARNING)

    def _look_closely(self, number: int, line: bytes) -> Any:
        request = self._parse(number, line)
        if request is None:
            return None
        custom_id, params = request.get("custom_id"), request.get("params")
        name = custom_id if isinstance(custom_id, str) else None
        self._check_id(number, custom_id)
        for key in request:
            if key not in {"custom_id", "params"}:
                message = f"{shown(key)} is no key of a request; only custom_id and params are"
                self._report(number, name, "unknown_key", message, Severity.WARNING)
        if not isinstance(params, dict):
            if params is None:
                self._report(number, name, "missing_params", "the request has no params")
            else:
                self._report(number, name, "params_type", f"params are an object, not {kind_of(params)}")
            return custom_id
        self._say(number, name, findings(params, self._api_version))
        self._count_despite_findings(number, name, params, line)
        return custom_id

    def _count_despite_findings(
        self, number: int, name: str | None, params: dict[str, Any], line: bytes
    ) -> None:
        """Reckon with a request that has unusual keys as far as its shape is known."""
        known = {key: value for key, value in params.items() if key in ParamsShape.__struct_fields__}
        try:
            shape = _decode_params(msgspec.json.encode(known))
        except (*UNREADABLE, msgspec.MsgspecError):
            return
        rules = self._models.find(shape.model) if self._models is not None else None
        self._check_model(number, name, shape, rules)
        media = self._media(number, name, rules, line)
        compacts = "compaction" in params or "compact" in str(params.get("context_management"))
        is_open_ended = compacts or bool(params.get("mcp_servers"))
        self._count(number, name or "", shape, line, media, rules, is_open_ended=is_open_ended)

    def _parse(self, number: int, line: bytes) -> dict[str, Any] | None:
        try:
            require_shallow(line)
            value = json.loads(line)
            line.decode()
            msgspec.json.decode(line)
        except UnicodeDecodeError as error:
            message = f"byte 0x{line[error.start]:02X} at position {error.start} is not UTF-8"
            self._report(number, None, "not_utf8", message)
        except TooDeepError as error:
            self._report(number, None, "not_json", f"the line cannot be read: {error}")
        except json.JSONDecodeError as error:
            message = f"the line is not valid JSON: {error.msg} at column {error.colno}"
            if self.requests == 1 and line[:1] in b"[{":
                message += "; a requests file is JSON Lines, one request on each line"
            self._report(number, None, "not_json", message)
        except msgspec.DecodeError:
            # The standard library is laxer: NaN, and halves of surrogate pairs.
            self._report(number, None, *_laxer_than_json(line))
        except ValueError:
            message = f"the line holds a number of more than {MOST_DIGITS:,} digits"
            self._report(number, None, "not_json", message)
        else:
            if isinstance(value, dict):
                return value
            message = f"a request is an object with custom_id and params, not {kind_of(value)}"
            self._report(number, None, "not_an_object", message)
        return None

    def _report(
        self,
        line: int | None,
        custom_id: str | None,
        code: str,
        message: str,
        severity: Severity = Severity.ERROR,
    ) -> None:
        shown_id = custom_id if custom_id is None or len(custom_id) <= 200 else custom_id[:199] + "…"
        self.problems.add(Problem(code, message, severity, self._file, line, shown_id))


_ESCAPE = re.compile(
    rb"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
"""A backslash, a whole pair, or (as the group) half of a pair."""


def with_whole_characters(line: bytes) -> bytes:
    """JSON in which every half of a surrogate pair is U+FFFD, the sign for a character that is lost."""
    return _ESCAPE.sub(lambda found: b"\\ufffd" if found[1] else found[0], line)


def _laxer_than_json(line: bytes) -> tuple[str, str]:
    """The code of a problem and its sentence for what Python's decoder takes and no JSON may hold."""
    half = next((found[1] for found in _ESCAPE.finditer(line) if found[1]), None)
    if half is None:
        return "not_json", "the line is not valid JSON: it holds NaN or Infinity"
    words = (
        f"{half.decode()} at column {line.index(half) + 1} is half of a surrogate pair, which is no character"
    )
    return "bad_text", f"{words}; `build jsonl --surrogates replace` makes it U+FFFD"
