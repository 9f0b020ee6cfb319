"""Keys and bindings as the user reads them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from textual.app import App
from textual.binding import ActiveBinding, Binding
from textual.keys import format_key

_NAMES = {
    "escape": "esc",
    "pagedown": "pgdn",
    "pageup": "pgup",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "delete": "del",
    "enter": "enter",
    "backspace": "backspace",
    "tab": "tab",
}
_ASCII_NAMES = {"up": "up", "down": "down", "left": "left", "right": "right"}


class Hint(NamedTuple):
    """What one action is called and the keys for it, the first key first."""

    id: str
    keys: tuple[str, ...]
    label: str
    tooltip: str
    action: str
    enabled: bool
    show: bool
    is_global: bool

    @property
    def section(self) -> str:
        """What the action belongs to: the part of its id before the dot."""
        return self.id.partition(".")[0]


def key_name(key: str, *, ascii_only: bool = False) -> str:
    """A key as it is written in hints: `?`, `esc`, `^d`, `shift+↑`."""
    *modifiers, name = key.split("+") if len(key) > 1 else [key]
    names = {**_NAMES, **_ASCII_NAMES} if ascii_only else _NAMES
    shown = names.get(name) or format_key(name)
    if "ctrl" in modifiers:
        modifiers.remove("ctrl")
        shown = f"^{shown}"
    return "+".join([*modifiers, shown])


def active_hints(bindings: Iterable[ActiveBinding], *, ascii_only: bool = False) -> list[Hint]:
    """One hint for each action of active bindings, in their order. Bindings without an id are Textual's own."""
    hints: dict[str, Hint] = {}
    for node, binding, enabled, _ in bindings:
        if binding.id is not None and not binding.system:
            is_global = isinstance(node, App)
            _collect(hints, binding, enabled=enabled, is_global=is_global, ascii_only=ascii_only)
    return list(hints.values())


def declared_hints(bindings: Iterable[object], *, ascii_only: bool = False) -> list[Hint]:
    """One hint for each binding of a class's `BINDINGS`."""
    hints: dict[str, Hint] = {}
    for binding in bindings:
        if isinstance(binding, Binding) and binding.id is not None:
            for key in binding.key.split(","):
                _collect(
                    hints, binding.with_key(key.strip()), enabled=True, is_global=False, ascii_only=ascii_only
                )
    return list(hints.values())


def _collect(
    hints: dict[str, Hint], binding: Binding, *, enabled: bool, is_global: bool, ascii_only: bool
) -> None:
    name = binding.key_display or key_name(binding.key, ascii_only=ascii_only)
    identity = binding.id or ""
    known = hints.get(identity)
    if known is not None:
        if name not in known.keys:
            hints[identity] = known._replace(keys=(*known.keys, name))
        return
    hints[identity] = Hint(
        id=identity,
        keys=(name,),
        label=binding.description,
        tooltip=binding.tooltip or binding.description,
        action=binding.action,
        enabled=enabled,
        show=binding.show,
        is_global=is_global,
    )
