"""`params`, everything a request may say besides its row: read from a JSON or TOML file, and made ready as a template.

A template is constant JSON with holes, and what fills each hole from a row.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from claude_batch_tui.errors import ConfigError
from claude_batch_tui.home import expand_home
from claude_batch_tui.nesting import read_toml, require_shallow
from claude_batch_tui.sources.documents import MediaKind, media_source
from claude_batch_tui.sources.rows import RowRefusedError
from claude_batch_tui.sources.template import Fill, is_constant, read_text

Values = Mapping[str, Any]
Hole = Callable[[Values], bytes]
"""Makes the JSON that belongs in one place. Raises RowRefusedError."""
Piece = bytes | Hole
_encode = msgspec.json.Encoder().encode
_PROMPT_KEYS = frozenset({"content", "text"})
"""Keys whose string is text for the model; an empty one is refused by the API."""
_MEDIA: dict[str, MediaKind] = {"image": "image", "document": "document"}


def read_params(given: str) -> dict[str, Any]:
    """The object in a `.toml` file, in a JSON file of any other name, or in `given` itself where it begins with a bracket.

    Raises ConfigError with the line.
    """
    where, params = _read_object(given, "--params")
    _refuse_nulls(params, where, "")
    return params


def read_schema(given: str) -> dict[str, Any]:
    """A JSON schema, a file or itself, as the `output_config` that asks for answers of that form."""
    return {"format": {"type": "json_schema", "schema": _read_object(given, "--schema")[1]}}


def read_tools(given: str) -> list[Any]:
    """The tools in a JSON or TOML file or in `given` itself: a list, or an object that has it as `tools`."""
    where, value = _read(given, "--tools")
    tools = value.get("tools") if isinstance(value, dict) else value
    if not isinstance(tools, list) or not all(isinstance(tool, dict) for tool in tools):
        raise ConfigError(
            f"{where}: this is no list of tools. Each is an object with name, description and input_schema."
        )
    _refuse_nulls(tools, where, "tools")
    return tools


def merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Both objects as one: objects are merged key by key, anything else of `above` wins."""
    result = dict(below)
    for key, value in above.items():
        held = result.get(key)
        both = isinstance(held, dict) and isinstance(value, dict)
        result[key] = merged(held, value) if both and isinstance(held, dict) else value
    return result


def _read_object(given: str, option: str) -> tuple[str, dict[str, Any]]:
    where, value = _read(given, option)
    if not isinstance(value, dict):
        raise ConfigError(f"{where}: this is not an object. It has keys like model, max_tokens, messages.")
    return where, value


def _read(given: str, option: str) -> tuple[str, Any]:
    """What `given` is called in sentences, and the value in it: JSON itself, or a file of JSON or TOML."""
    is_itself = given.lstrip()[:1] in {"{", "["}
    path = str(expand_home(given.strip()))
    where = option if is_itself else path
    text = given if is_itself else read_text(path, f"{option} {path}")
    try:
        if path.lower().endswith(".toml") and not is_itself:
            return where, read_toml(text)
        require_shallow(text)
        return where, json.loads(text)
    except json.JSONDecodeError as error:
        place = f"{where}, line {error.lineno}" if is_itself else f"{where}:{error.lineno}"
        more = "." if is_itself else ". Fix the file, or name it .toml."
        raise ConfigError(f"{place}: this is not valid JSON: {error.msg}{more}") from error
    except ValueError as error:
        raise ConfigError(f"{where}: this cannot be read: {error}.") from error


def _refuse_nulls(value: Any, path: str, where: str) -> None:
    """Raise ConfigError at a null, which no recipe can hold and the API reads as a missing key."""
    if value is None:
        raise ConfigError(f"{path}: {where.removeprefix('.')} is null. Leave the key out.")
    if isinstance(value, dict):
        for key, held in value.items():
            _refuse_nulls(held, path, f"{where}.{key}")
    elif isinstance(value, list):
        for at, held in enumerate(value):
            _refuse_nulls(held, path, f"{where}[{at}]")


def texts_in(value: Any) -> Iterator[str]:
    """All texts in a JSON value, which may be templates."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for held in value.values() if isinstance(value, Mapping) else value:
            yield from texts_in(held)


class RequestTemplate:
    """A request whose params are JSON with holes."""

    def __init__(self, params: Sequence[Piece]) -> None:
        self._form = b'{"custom_id":"%b","params":'
        self._form += b"".join(b"%b" if callable(piece) else piece.replace(b"%", b"%%") for piece in params)
        self._form += b"}"
        self._holes = [piece for piece in params if callable(piece)]

    def fill(self, custom_id: str, values: Values) -> bytes:
        """The request of a row, as a line of a requests file."""
        return self._form % (custom_id.encode(), *[hole(values) for hole in self._holes])


def pieces_of(
    value: Any, compiled: Callable[[str, str], Fill], folder: str, where: str = "params"
) -> list[Piece]:
    """A JSON value whose strings may be templates, and whose media sources may be files (`"type": "path"`).

    `compiled` makes a template ready, given its text and the place `where` it stands; `folder` is what relative
    paths of files start from.
    """
    if isinstance(value, str):
        if is_constant(value):
            return [_encode(value)]
        fill = compiled(value, where)
        if where.rpartition(".")[2] in _PROMPT_KEYS:
            return [prompt_hole(fill, f"{where} is empty in this row")]
        return [lambda values: _encode(fill(values))]
    if isinstance(value, Mapping):
        source = value.get("source")
        kind = _MEDIA.get(str(value.get("type")))
        media = kind and isinstance(source, Mapping) and source.get("type") == "path"
        members: list[list[Piece]] = []
        for key, held in value.items():
            if media and kind and key == "source":
                path = compiled(str(held.get("path", "")), f"{where}.source.path")
                pieces: list[Piece] = [media_hole(path, kind, folder)]
            else:
                pieces = pieces_of(held, compiled, folder, f"{where}.{key}")
            members.append([_encode(key) + b":", *pieces])
        return joined(b"{", members, b"}")
    if isinstance(value, list):
        items = [pieces_of(item, compiled, folder, f"{where}[{at}]") for at, item in enumerate(value)]
        return joined(b"[", items, b"]")
    return [_encode(value)]


def prompt_hole(fill: Fill, what: str = "the user message is empty") -> Hole:
    """A text for the model as JSON; an empty one refuses the row with the sentence `what`."""

    def hole(values: Values) -> bytes:
        text = fill(values)
        if not text or text.isspace():
            raise RowRefusedError("empty_prompt", what)
        return _encode(text)

    return hole


def media_hole(path: Fill, kind: MediaKind, folder: str) -> Hole:
    """The `source` of an image or a document that a column or template names."""

    def hole(values: Values) -> bytes:
        try:
            return _encode(media_source(path(values), kind, folder))
        except ValueError as error:
            raise RowRefusedError("missing_file", str(error)) from error

    return hole


def joined(start: bytes, members: Sequence[Sequence[Piece]], end: bytes) -> list[Piece]:
    """Members between brackets, commas between them."""
    pieces: list[Piece] = [start]
    for place, member in enumerate(members):
        if place:
            pieces.append(b",")
        pieces += member
    pieces.append(end)
    return pieces
