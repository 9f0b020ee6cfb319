"""`--set path=value`: single values of params said over what a file or a recipe says, `null` to leave a key out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from claude_batch_tui.errors import ConfigError
from claude_batch_tui.nesting import UNREADABLE, TooDeepError, require_shallow
from claude_batch_tui.sources.rows import RowRefusedError

_STEP = re.compile(r"\.?([^.\[\]=]+)|\[(\d+)\]")


class Override(NamedTuple):
    """One value and the place in params where it belongs: keys, and numbers of list items from 0."""

    path: tuple[str | int, ...]
    value: Any

    @property
    def place(self) -> str:
        """The path as it is typed."""
        return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path).lstrip(".")

    def apply(self, params: dict[str, Any]) -> None:
        """Set it in these params, or take it out where the value is None. Raises RowRefusedError where there is no such place."""
        held: Any = params
        for step, below in zip(self.path[:-1], self.path[1:], strict=True):
            if isinstance(held, dict) and isinstance(step, str):
                if step not in held and self.value is None:
                    return
                held = held.setdefault(step, [] if isinstance(below, int) else {})
            else:
                held = self._item(held, step)
        last = self.path[-1]
        if isinstance(held, dict) and isinstance(last, str):
            if self.value is None:
                held.pop(last, None)
            else:
                held[last] = self.value
        else:
            self._item(held, last)
            if self.value is None:
                del held[last]
            else:
                held[last] = self.value

    def _item(self, held: Any, step: str | int) -> Any:
        if isinstance(held, list) and isinstance(step, int) and step < len(held):
            return held[step]
        raise RowRefusedError("no_such_place", f"--set {self.place}: this request has no such place")


def read_overrides(
    given: Sequence[str], *, model: str | None = None, max_tokens: int | None = None
) -> tuple[Override, ...]:
    """What `--model`, `--max-tokens` and every `--set` say. Raises ConfigError for one that cannot be meant."""
    named = (("model", model), ("max_tokens", max_tokens))
    said = [Override((name,), value) for name, value in named if value is not None]
    return (*said, *map(_read, given))


def _read(text: str) -> Override:
    place, equals, value = text.partition("=")
    steps = list(_STEP.finditer(place.strip()))
    if not equals or not steps or "".join(step[0] for step in steps) != place.strip() or not steps[0][1]:
        raise ConfigError(
            f"--set {text!r} is no path and value. Write it like temperature=0, thinking.type=disabled or "
            f"messages[0].content=Hello."
        )
    path = tuple(int(step[2]) if step[2] else step[1] for step in steps)
    try:
        require_shallow(value)
        return Override(path, msgspec.json.decode(value.encode()))
    except TooDeepError as error:
        raise ConfigError(f"--set {place.strip()}: the value cannot be read: {error}.") from error
    except UNREADABLE:
        return Override(path, value)


def with_overrides(request: bytes, overrides: Sequence[Override]) -> bytes:
    """A ready request with other values; as it is where it is no request. Raises RowRefusedError where it has no such place."""
    try:
        require_shallow(request)
        decoded = msgspec.json.decode(request)
    except UNREADABLE:
        return request  # the check says what is wrong with it
    params = decoded.get("params") if isinstance(decoded, dict) else None
    if not isinstance(params, dict):
        return request
    for override in overrides:
        override.apply(params)
    return msgspec.json.encode(decoded)
