"""JSON schemas of structured outputs: what in them is outside of the documented subset.

Source: `transform_schema` of the SDK 2.14, which moves what the API does not enforce out of a schema, and public copies of
the limits of structured outputs (2026-11-29).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_KEYWORDS = frozenset({
    "type", "properties", "required", "items", "anyOf", "allOf", "enum", "const", "$ref", "$defs", "definitions",
    "format", "pattern", "minItems", "additionalProperties",
})  # fmt: skip
_ANNOTATIONS = frozenset({
    "description", "title", "default", "examples", "$schema", "$id", "$comment", "deprecated", "readOnly", "writeOnly",
})  # fmt: skip
_FORMATS = frozenset({
    "date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid",
})  # fmt: skip
_DEEPEST = 100


def unsupported_keywords(schema: Any) -> list[str]:
    """What of a schema the API may refuse or not enforce, each once: `minimum`, `additionalProperties (not false)`."""
    found = dict.fromkeys(_of(schema, 0))
    if _is_recursive(schema):
        found["$ref (recursive)"] = None
    return list(found)


def _of(schema: Any, depth: int) -> Iterator[str]:
    if not isinstance(schema, dict) or depth > _DEEPEST:
        return
    for name in schema:
        if name not in _KEYWORDS and name not in _ANNOTATIONS:
            yield str(name)
    if schema.get("minItems", 0) not in (0, 1):
        yield "minItems (above 1)"
    if schema.get("format", "date") not in _FORMATS:
        yield f"format {schema['format']!r}"
    if not str(schema.get("$ref", "#")).startswith("#"):
        yield "$ref (to another document)"
    if (schema.get("type") == "object" or "properties" in schema) and schema.get(
        "additionalProperties"
    ) is not False:
        yield "additionalProperties (not false)"
    for inner in _inner(schema):
        yield from _of(inner, depth + 1)


def _inner(schema: dict[str, Any]) -> Iterator[Any]:
    for name in ("properties", "$defs", "definitions"):
        named = schema.get(name)
        yield from named.values() if isinstance(named, dict) else ()
    for name in ("anyOf", "allOf", "oneOf"):
        several = schema.get(name)
        yield from several if isinstance(several, list) else ()
    yield schema.get("items")


def _is_recursive(schema: Any) -> bool:
    """Whether a definition refers to itself, over others too."""
    if not isinstance(schema, dict):
        return False
    named = {
        f"#/{place}/{name}": set(_references(inner, 0))
        for place in ("$defs", "definitions")
        if isinstance(schema.get(place), dict)
        for name, inner in schema[place].items()
    }
    named["#"] = set(_references({**schema, "$defs": None, "definitions": None}, 0))
    for start, reached in named.items():
        seen: set[str] = set()
        waiting = list(reached)
        while waiting:
            name = waiting.pop()
            if name == start:
                return True
            if name not in seen:
                seen.add(name)
                waiting += named.get(name, ())
    return False


def _references(schema: Any, depth: int) -> Iterator[str]:
    if isinstance(schema, dict) and depth <= _DEEPEST:
        if "$ref" in schema:
            yield str(schema["$ref"])
        for inner in _inner(schema):
            yield from _references(inner, depth + 1)
