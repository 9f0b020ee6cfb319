"""JSON that somebody else wrote, decoded as far as Python can, and walked without recursion, however deep it is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from claude_batch_tui.nesting import require_shallow

Key = str | int
Path = tuple[Key, ...]
"""Keys and indexes from the root to a value."""
INDENT = 2
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def decode_json(text: bytes | str) -> Any:
    """The value of a JSON text, with a byte order mark or without.

    msgspec decodes it; what that refuses and the standard library takes is taken: lone surrogates, NaN and huge numbers.
    Bytes that are no UTF-8 are replaced. Raises ValueError where it is no JSON, or nests too deep.
    """
    require_shallow(text)
    try:
        return msgspec.json.decode(text)
    except ValueError:  # errors of msgspec and of surrogates are ValueErrors too
        return json.loads(text if isinstance(text, str) else text.decode("utf-8-sig", "replace"))


def encode_json(value: Any) -> bytes:
    """A value as JSON, also one that `decode_json` gave: a lone surrogate becomes its escape again."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        text = json.dumps(msgspec.to_builtins(value), ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-8", "backslashreplace")


def path_words(path: Path) -> str:
    """A path as JSONPath writes it: `$.result.message.content[0].text`; odd keys as `$["a key"]`."""
    words = ["$"]
    for key in path:
        if isinstance(key, int):
            words.append(f"[{key}]")
        elif _PLAIN_KEY.fullmatch(key):
            words.append(f".{key}")
        else:
            words.append(f"[{json.dumps(key, ensure_ascii=False)}]")
    return "".join(words)


def children(value: Any) -> Iterator[tuple[Key, Any]]:
    """Keys and values inside an object or array, in their order; nothing inside anything else."""
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)


def is_open(value: Any) -> bool:
    """True for an object or array that holds something."""
    return bool(value) and isinstance(value, (dict, list))


def walk(value: Any) -> Iterator[tuple[Path, Any]]:
    """Every value with its path, in the order of the text, the root first."""
    yield (), value
    stack: list[tuple[Path, Iterator[tuple[Key, Any]]]] = [((), children(value))]
    while stack:
        above, rest = stack[-1]
        found = next(rest, None)
        if found is None:
            stack.pop()
            continue
        path = (*above, found[0])
        yield path, found[1]
        if is_open(found[1]):
            stack.append((path, children(found[1])))


def at(value: Any, path: Path) -> Any:
    """The value at a path that `walk` gave."""
    for key in path:
        value = value[key]
    return value


def scalar(value: Any) -> str:
    """A value that holds nothing as JSON: a string, a number, `{}`, `[]`."""
    return json.dumps(value, ensure_ascii=False)


def pretty(value: Any) -> str:
    """A value as indented JSON."""
    if not is_open(value):
        return scalar(value)
    lines = [_bracket(value)]
    stack: list[tuple[Any, Iterator[tuple[Key, Any]]]] = [(value, children(value))]
    is_first = True
    while stack:
        holder, rest = stack[-1]
        found = next(rest, None)
        if found is None:
            stack.pop()
            lines.append("\n" + " " * (INDENT * len(stack)) + ("}" if isinstance(holder, dict) else "]"))
            is_first = False
            continue
        key, child = found
        lines.append(("\n" if is_first else ",\n") + " " * (INDENT * len(stack)))
        if isinstance(key, str):
            lines.append(f"{scalar(key)}: ")
        is_first = is_open(child)
        if is_first:
            lines.append(_bracket(child))
            stack.append((child, children(child)))
        else:
            lines.append(scalar(child))
    return "".join(lines)


def _bracket(value: Any) -> str:
    return "{" if isinstance(value, dict) else "["
