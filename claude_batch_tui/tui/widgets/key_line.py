"""Keys as the user reads them, and the last line of the screen: those that work now, as many whole hints as fit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import NamedTuple

from textual import events
from textual.app import App
from textual.binding import ActiveBinding, Binding
from textual.keys import format_key

from claude_batch_tui.tui.widgets.columns import Run, ascii_only, cells
from claude_batch_tui.tui.widgets.lines import OneLine

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


def shown_key(
    id: str,  # noqa: A002  the name is Textual's
    keys: str,
    action: str,
    label: str,
    tooltip: str,
    *,
    priority: bool = False,
    show: bool = True,
) -> Binding:
    """Keys, joined by commas, for an action. `label` stands in the key line, `tooltip` in help; `[keys]` names the `id`."""
    return Binding(keys, action, label, id=id, tooltip=tooltip, priority=priority, show=show)


hidden_key = partial(shown_key, show=False)
"""The same for keys that have no place in the key line; help and the palette tell of them."""


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


BETWEEN = "  "


class KeyLine(OneLine):
    """Shows active bindings with `show=True`: the focused widget's, the screen's, then the app's.

    Hints leave from the end; the app's stay longest, shortened to their key before they leave. Greyed ones are dim.
    """

    def on_mount(self) -> None:
        """Follow focus and state."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.repaint())

    def on_resize(self, _event: events.Resize) -> None:
        """Fit the hints to the new width."""
        self.refresh()

    def runs(self, width: int) -> Sequence[Run]:
        """The hints that fit."""
        return compose_hints(
            active_hints(self.screen.active_bindings.values(), ascii_only=ascii_only(self)), width
        )


def compose_hints(hints: Sequence[Hint], width: int) -> list[Run]:
    """The hints as one line of at most `width` cells; no hint is cut."""
    shown = [hint for hint in hints if hint.show]
    own = [_text(hint) for hint in shown if not hint.is_global]
    last = [_text(hint) for hint in shown if hint.is_global]
    keys_only = [hint.keys[0] for hint in shown if hint.is_global]
    for ending in (last, [*last[:-1], *keys_only[-1:]], keys_only):
        fitting = _prefix(own, width - 1 - _size(ending) - (len(BETWEEN) if ending else 0))
        if len(fitting) == len(own) or ending is keys_only or not keys_only:
            break
    texts = [*fitting, *ending] if _size([*fitting, *ending]) < width else _prefix(ending, width - 1)
    disabled = {_text(hint) for hint in shown if not hint.enabled}
    line = [Run(" ", None)]
    for number, text in enumerate(texts):
        line.append(Run(BETWEEN if number else "", None))
        line.append(Run(text, "dim" if text in disabled else None))
    return line


def _text(hint: Hint) -> str:
    return f"{hint.keys[0]} {hint.label}".rstrip()


def _size(texts: Sequence[str]) -> int:
    return sum(cells(text) for text in texts) + len(BETWEEN) * max(len(texts) - 1, 0)


def _prefix(texts: Sequence[str], width: int) -> list[str]:
    """As many texts from the start as fit."""
    count = len(texts)
    while count and _size(texts[:count]) > width:
        count -= 1
    return list(texts[:count])
