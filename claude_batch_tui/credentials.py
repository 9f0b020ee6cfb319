"""Keys and tokens as people mount them, and as a header can hold them."""

from __future__ import annotations

import os
import re
from collections.abc import MutableMapping
from pathlib import Path

from claude_batch_tui.errors import ConfigError, NoCredentialsError
from claude_batch_tui.redaction import remember_secret

_ODD = re.compile(r"[^\x21-\x7e]")
_SHORTEST_SHOWN = 12
_LONGEST = 4_000
"""Tokens that hold facts have some thousand characters; a file that was mounted in place of one has more."""


def unmounted(value: str) -> str:
    """`value` without what a mounted file or an editor adds around it: blanks, line ends, a byte order mark."""
    return value.strip().strip("\ufeff").strip()


def read_secret(value: str, name: str) -> str:
    """The key or token of a setting called `name`, as it was meant; from here on no text shows it.

    Raises NoCredentialsError where it is blank, and ConfigError where no header can hold it, without showing it.
    """
    if len(value) > _LONGEST:
        raise ConfigError(
            f"{name} has {len(value):,} characters, which no key has: set it again, to the key alone."
        )
    remember_secret(value)
    secret = unmounted(value)
    if not secret:
        raise NoCredentialsError(f"{name} is set, but blank.")
    odd = _ODD.search(secret)
    if odd is not None:
        raise ConfigError(
            f"{name} holds {_words(odd[0])} (character {odd.start() + 1} of {len(secret)}), which no key has: "
            "set it again, as one line."
        )
    remember_secret(secret)
    return secret


def take_env_file(path: Path, environ: MutableMapping[str, str] = os.environ) -> None:
    """Take the lines NAME=VALUE of a file into the environment; what that has already stands.

    Quotes, comments and `export` are understood as shells and docker do, and nothing in a value is replaced. Raises
    ConfigError for a file that cannot be read, or with the number of a line that is none of these, never its text.
    """
    from dotenv.parser import parse_stream  # late: few have such a file

    try:
        with path.open(encoding="utf-8-sig") as file:
            lines = [*parse_stream(file)]
    except OSError as error:
        raise ConfigError(f"--env-file {path}: cannot read it: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"--env-file {path}: it is not UTF-8 (byte {error.start}).") from error
    for line in lines:
        if line.error or (line.key is not None and line.value is None):
            raise ConfigError(f"--env-file {path}, line {line.original.line}: write NAME=VALUE.")
    for line in lines:
        if line.key is not None:
            environ.setdefault(line.key, line.value or "")


def ending(secret: str) -> str:
    """`…` and the last four characters, by which a user tells keys apart; `…` alone where that were most of it."""
    return f"…{secret[-4:]}" if len(secret) >= _SHORTEST_SHOWN else "…"


def _words(character: str) -> str:
    if character in "\r\n":
        return "a line end"
    if character in " \t":
        return "a blank"
    return "a character outside ASCII" if character > "\x7f" else "a control character"
