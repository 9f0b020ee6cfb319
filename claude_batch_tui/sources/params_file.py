"""A file with `params`: JSON or TOML, everything a request may say besides its row."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

from claude_batch_tui.errors import ConfigError


def read_params(path: str) -> dict[str, Any]:
    """The object in a `.toml` file, or in a JSON file of any other name. Raises ConfigError with the line."""
    params = _read_object(path, "--params")
    _refuse_nulls(params, path, "")
    return params


def read_schema(path: str) -> dict[str, Any]:
    """A JSON schema as the `output_config` that asks for answers of that form."""
    return {"format": {"type": "json_schema", "schema": _read_object(path, "--schema")}}


def merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Both objects as one: objects are merged key by key, anything else of `above` wins."""
    result = dict(below)
    for key, value in above.items():
        held = result.get(key)
        both = isinstance(held, dict) and isinstance(value, dict)
        result[key] = merged(held, value) if both and isinstance(held, dict) else value
    return result


def _read_object(path: str, option: str) -> dict[str, Any]:
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise ConfigError(f"{option} {path}: there is no such file. Check the path.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{option} {path}: the file is not UTF-8 (byte offset {error.start}).") from error
    except OSError as error:
        raise ConfigError(f"{option} {path}: cannot read the file: {error.strerror}.") from error
    try:
        value = tomllib.loads(text) if path.lower().endswith(".toml") else json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigError(
            f"{path}:{error.lineno}: this is not valid JSON: {error.msg}. Mend the file, or name it .toml."
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: this is not valid TOML: {error}.") from error
    except RecursionError as error:
        raise ConfigError(f"{path}: the file is nested too deep.") from error
    if not isinstance(value, dict):
        raise ConfigError(f"{path}: this is not an object. It has keys like model, max_tokens, messages.")
    return value


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
