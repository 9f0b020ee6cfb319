"""JSON that somebody else wrote, decoded as far as Python can."""

from __future__ import annotations

import json
from typing import Any

import msgspec


def decode_json(text: bytes | str) -> Any:
    """The value of a JSON text, with a byte order mark or without.

    msgspec decodes it; what that refuses and the standard library takes is taken: lone surrogates, NaN and huge numbers.
    Bytes that are no UTF-8 are replaced. Raises ValueError where it is no JSON.
    """
    try:
        return msgspec.json.decode(text)
    except (ValueError, RecursionError):  # errors of msgspec and of surrogates are ValueErrors too
        pass
    try:
        return json.loads(text if isinstance(text, str) else text.decode("utf-8-sig", "replace"))
    except RecursionError as error:
        raise ValueError("nested too deep") from error
