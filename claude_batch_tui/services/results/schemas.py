"""Answers held against the JSON schema that their requests asked for. jsonschema-rs is imported with the first one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from claude_batch_tui.domain.plain_text import clean_line
from claude_batch_tui.domain.results.json_tree import path_words
from claude_batch_tui.domain.results.structured import Misfit, asked_schema
from claude_batch_tui.nesting import UNREADABLE
from claude_batch_tui.services.results.answers import schema_text

if TYPE_CHECKING:
    from jsonschema_rs import Validator

_MOST_WORDS = 160
_NO_ANSWER = Misfit("$", "the answer holds no text")


class Schema:
    """A schema ready to be asked. Raises ValueError where it is none that can be used here."""

    def __init__(self, encoded: bytes) -> None:
        import jsonschema_rs  # late: a batch without schemas needs none of it

        try:
            self._validator: Validator = jsonschema_rs.validator_for(
                json.loads(encoded), retriever=_refuse_to_fetch
            )
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, RecursionError) as error:
            raise ValueError(str(error)) from error

    def fits(self, text: str) -> bool:
        """Whether a text is JSON as the schema wants it, 0.3 µs and the decoding."""
        try:
            return self._validator.is_valid(msgspec.json.decode(text))
        except UNREADABLE:  # errors of msgspec and of surrogates are ValueErrors too
            return self.misfit(text) is None

    def misfit(self, text: str) -> Misfit | None:
        """The first thing that does not fit, or None."""
        if not text.strip():
            return _NO_ANSWER
        try:
            # The standard library takes lone surrogates and huge numbers, which msgspec refuses.
            value = json.loads(text, parse_constant=_refuse_constant)
        except json.JSONDecodeError as error:
            return Misfit("$", f"the answer is no JSON: {error.msg.lower()} at character {error.pos + 1:,}")
        except UNREADABLE as error:
            return Misfit("$", f"the answer is no JSON: {error}")
        try:
            first = next(self._validator.iter_errors(_without_surrogates(value)), None)
        except UNREADABLE as error:
            # What does not fit is handed over with the error, of 255 levels at most.
            return Misfit("$", f"the answer does not fit, and why cannot be told: {str(error).lower()}")
        if first is None:
            return None
        return Misfit(path_words(tuple(first.instance_path)), clean_line(first.message, _MOST_WORDS))


def misfit_of(request: bytes | None, line: bytes) -> Misfit | None:
    """What in the answer of a results line does not fit the schema that its request asked for, or None."""
    asked = asked_schema(request) if request is not None else None
    text = schema_text(line)
    if asked is None or asked.schema is None or text is None:
        return None
    try:
        return Schema(asked.schema).misfit(text)
    except ValueError:
        return None


def _without_surrogates(value: Any) -> Any:
    """The value with `?` for every lone surrogate, which no other language takes."""
    text = json.dumps(value, ensure_ascii=False)
    return json.loads(text.encode("utf-8", "replace")) if not _is_sound(text) else value


def _is_sound(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _refuse_constant(constant: str) -> None:
    raise ValueError(f"{constant} is no value of JSON")


def _refuse_to_fetch(uri: str) -> None:
    raise ValueError(f"{uri} is not fetched")
