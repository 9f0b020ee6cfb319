"""The table [keys]: which actions there are, how keys are spelled, and that no key is asked to do two things.

The actions with their own keys stand in the schema of the settings, which is made from the dashboard's bindings; the dashboard is not
imported here.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Any

from claude_batch_tui.errors import ConfigError

_RENAMED = {"batches.archive": "batches.hide"}
"""Actions by the ids they had once."""
_EVERYWHERE = frozenset(("app", "frame", "list", "text"))
_SCREENS = frozenset(("batches", "build", "results"))
_SHORTER = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}
"""Characters that Textual calls otherwise than Unicode does."""
_NAMED = frozenset(
    [
        "up",
        "down",
        "left",
        "right",
        "home",
        "end",
        "pageup",
        "pagedown",
        "insert",
        "delete",
        "backspace",
        "tab",
        "enter",
        "escape",
        "space",
    ]
) | {f"f{number}" for number in range(1, 25)}


@cache
def settings_schema() -> dict[str, Any]:
    """The settings as a JSON schema, for editors; `config init` and the check of keys read it too."""
    from importlib.resources import files  # late, as most runs ask for none of it

    import msgspec

    schema = msgspec.json.decode((files("claude_batch_tui.guide") / "settings.schema.json").read_bytes())
    return dict(schema)


def checked_keys(keys: Mapping[str, str], origin: str) -> dict[str, str]:
    """The table with ids and keys spelled as the dashboard has them.

    Raises ConfigError, which begins with `origin`, for an unknown action or key, and for a key that another action has.
    """
    if not keys:
        return {}
    own = {
        name: one["default"] for name, one in settings_schema()["properties"]["keys"]["properties"].items()
    }
    found: dict[str, str] = {}
    for given, key in keys.items():
        name = _RENAMED.get(given, given)
        if name not in own:
            near = difflib.get_close_matches(name, own, 1)
            hint = f"Did you mean {near[0]!r}?" if near else "docs/keys.md lists them."
            raise ConfigError(f"{origin}: [keys] has no action {given!r}. {hint}")
        words = [key] if key == "," else key.split(",")
        found[name] = ",".join(_spelled(word.strip(), f"{origin}: [keys] {name!r}") for word in words)
    _refuse_conflicts(own, found, origin)
    return found


def _spelled(key: str, where: str) -> str:
    """A key as the dashboard is told of it: `/` as `slash`. Raises ConfigError for what is none."""
    *held, last = [key] if len(key) == 1 else key.split("+")
    if len(last) == 1:
        last = last if last.isalnum() else _name_of(last)
    elif last not in _NAMED and not _is_character(last):
        raise ConfigError(
            f"{where}: {key!r} is no key. Say a character, a name as f2, enter or pagedown, or ctrl+ and a letter."
        )
    if set(held) - {"ctrl", "shift", "alt"}:
        raise ConfigError(f"{where}: {key!r} is no key: before a + stand ctrl, shift or alt.")
    return "+".join([*held, last])


def _name_of(character: str) -> str:
    name = re.sub("[- ]", "_", unicodedata.name(character, character).lower())
    return _SHORTER.get(name, name)


def _is_character(name: str) -> bool:
    """Whether it is the name of a character of ASCII that is neither letter nor digit."""
    return any(name == _name_of(chr(code)) for code in range(33, 127) if not chr(code).isalnum())


def _refuse_conflicts(own: Mapping[str, str], given: Mapping[str, str], origin: str) -> None:
    """Refuse a key that two actions would have that are there at one time, unless they have one in common anyway."""
    # Textual would leave one of them without a key: findings/textual-takes-the-key-of-a-binding-away-without-a-word.sh
    every = {name: set((given.get(name) or key).split(",")) for name, key in own.items()}
    for name, keys in given.items():
        for other, theirs in every.items():
            both = set(keys.split(",")) & theirs
            if other != name and both and _meet(name, other) and not _share(own[name], own[other]):
                raise ConfigError(
                    f"{origin}: [keys] gives {min(both)!r} to {name!r}, but {other!r} has it: "
                    f'give that another key, too, for instance "{other}" = "f9".'
                )


def _meet(one: str, other: str) -> bool:
    """Whether two actions are there at one time: of one part of the dashboard, or one of them everywhere."""
    parts = {one.partition(".")[0], other.partition(".")[0]}
    return len(parts) == 1 or bool(parts & _EVERYWHERE and parts <= _EVERYWHERE | _SCREENS)


def _share(keys: str, others: str) -> bool:
    return bool(set(keys.split(",")) & set(others.split(",")))
