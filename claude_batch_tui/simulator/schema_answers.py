"""A value that matches a JSON schema (the subset structured outputs take), filled with words of the prompt."""

from __future__ import annotations

from random import Random
from typing import Any

_FORMATS = {
    "date": "2026-11-12",
    "date-time": "2026-11-12T09:30:00Z",
    "time": "09:30:00Z",
    "email": "someone@example.com",
    "uri": "https://example.com/",
    "uuid": "5e1d9c5e-4a0c-4b55-9a53-0f1f0d6c9a11",
    "ipv4": "192.0.2.7",
    "hostname": "example.com",
}
_DEEPEST = 12


class SchemaAnswer:
    """Makes one value. `words` are what strings are made of; `random` decides everything open."""

    def __init__(self, schema: dict[str, Any], words: list[str], random: Random) -> None:
        self._root = schema
        self._words = words or ["nothing"]
        self._random = random

    def value(self) -> Any:
        """The whole value."""
        return self._value(self._root, 0)

    def _value(self, schema: Any, depth: int) -> Any:
        if not isinstance(schema, dict) or depth > _DEEPEST:
            return None
        if "$ref" in schema:
            return self._value(self._resolve(str(schema["$ref"])), depth + 1)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return self._random.choice(schema["enum"])
        combined = next((schema[word] for word in ("anyOf", "oneOf", "allOf") if schema.get(word)), None)
        if combined is not None:
            return self._value(combined[0], depth + 1)
        kind = schema.get("type", "object" if "properties" in schema else "string")
        if isinstance(kind, list):
            kind = next((name for name in kind if name != "null"), "null")
        return self._of_type(str(kind), schema, depth)

    def _of_type(self, kind: str, schema: dict[str, Any], depth: int) -> Any:
        match kind:
            case "object":
                properties = schema.get("properties", {})
                return {name: self._value(inner, depth + 1) for name, inner in properties.items()}
            case "array":
                least = schema.get("minItems", 1)
                count = self._random.randint(least, max(least, min(schema.get("maxItems", 3), least + 2)))
                return [self._value(schema.get("items", {}), depth + 1) for _ in range(count)]
            case "integer" | "number":
                return self._number(schema, whole=kind == "integer")
            case "boolean":
                return self._random.random() < 0.6
            case "null":
                return None
        return self._string(schema)

    def _number(self, schema: dict[str, Any], *, whole: bool) -> float:
        low = schema.get("minimum", schema.get("exclusiveMinimum", 0 if whole else 0.05))
        high = schema.get("maximum", schema.get("exclusiveMaximum", low + (9 if whole else 0.9)))
        return (
            self._random.randint(int(low), int(high)) if whole else round(self._random.uniform(low, high), 2)
        )

    def _string(self, schema: dict[str, Any]) -> str:
        if schema.get("format") in _FORMATS:
            return _FORMATS[schema["format"]]
        start = self._random.randrange(len(self._words))
        text = " ".join(self._words[start : start + self._random.randint(2, 9)])
        text = text.strip(" ,.;:") or self._words[0]
        return text[: schema.get("maxLength", 200)]

    def _resolve(self, reference: str) -> Any:
        found: Any = self._root
        for part in reference.removeprefix("#/").split("/"):
            found = found.get(part, {}) if isinstance(found, dict) else {}
        return found
