"""Keys as the user reads them, and the last line of the screen: those that work now, as many whole hints as fit."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import chain
from typing import NamedTuple

from textual import events
from textual.app import App
from textual.binding import ActiveBinding, Binding
from textual.dom import DOMNode
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
_TAB = "frame.next"
_ROOM_FOR_ALL_NAMES = 100
"""From so many cells on hints leave rather than the words of those that lead to all the others."""


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
        return compose_hints(self._hints(), width)

    async def on_click(self, event: events.Click) -> None:
        """A click on a hint is its key."""
        end = 0
        for part in fitting_hints(self._hints(), self.size.width):
            end += cells(part.text) + len(BETWEEN)
            if event.x < end:
                await self.app.run_action(part.hint.action, self._owner(part.hint))
                return

    def _owner(self, hint: Hint) -> DOMNode:
        bindings = self.screen.active_bindings.values()
        return next(each.node for each in bindings if each.binding.id == hint.id)

    def _hints(self) -> list[Hint]:
        bindings = in_declared_order([*self.screen.active_bindings.values()])
        hints = active_hints(bindings, ascii_only=ascii_only(self))
        words = getattr(self.screen, "tab_words", "")
        tab = next((hint for hint in hints if words and hint.id == _TAB), None)
        if tab is not None:
            hints.remove(tab)
            hints.insert(1, tab._replace(label=words, show=True))
        return hints


def in_declared_order(bindings: Sequence[ActiveBinding]) -> list[ActiveBinding]:
    """Those of each node in the order they have without other keys: what the settings give another key comes last in Textual's order."""
    places = {
        node: {one.id: at for at, one in enumerate(chain(*merged.key_to_bindings.values()))}
        for node in {each.node for each in bindings}
        if (merged := type(node)._merged_bindings) is not None  # noqa: SLF001  with the keys of the classes
    }
    waiting = defaultdict[DOMNode, deque[ActiveBinding]](deque)
    for each in sorted(bindings, key=lambda one: places.get(one.node, {}).get(one.binding.id, -1)):
        waiting[each.node].append(each)
    return [waiting[each.node].popleft() for each in bindings]


class ShownHint(NamedTuple):
    """A hint and how much of it is shown: its key, and its label where there is room."""

    hint: Hint
    text: str


def compose_hints(hints: Sequence[Hint], width: int) -> list[Run]:
    """The hints as one line of at most `width` cells; no hint is cut. Keys are strong, greyed hints dim."""
    line = [Run(" ", None)]
    for number, (hint, text) in enumerate(fitting_hints(hints, width)):
        key, _, label = text.partition(" ")
        line.append(Run(BETWEEN if number else "", None))
        line.append(Run(key, "strong" if hint.enabled else "dim"))
        line.append(Run(f" {label}" if label else "", None if hint.enabled else "dim"))
    return line


def fitting_hints(hints: Sequence[Hint], width: int) -> list[ShownHint]:
    """Those of the hints that fit, in their order."""
    shown = [hint for hint in hints if hint.show]
    own = [ShownHint(hint, _text(hint)) for hint in shown if not hint.is_global]
    last = [ShownHint(hint, _text(hint)) for hint in shown if hint.is_global]
    keys_only = [ShownHint(part.hint, part.hint.keys[0]) for part in last]
    shorter = () if width >= _ROOM_FOR_ALL_NAMES else ([*last[:-1], *keys_only[-1:]], keys_only)
    for ending in (last, *shorter):
        fitting = _prefix(own, width - 1 - _size(ending) - (len(BETWEEN) if ending else 0))
        if len(fitting) == len(own) or ending is keys_only or not keys_only:
            break
    return [*fitting, *ending] if _size([*fitting, *ending]) < width else _prefix(ending, width - 1)


def _text(hint: Hint) -> str:
    return f"{hint.keys[0]} {hint.label}".rstrip()


def _size(parts: Sequence[ShownHint]) -> int:
    return sum(cells(part.text) for part in parts) + len(BETWEEN) * max(len(parts) - 1, 0)


def _prefix(parts: Sequence[ShownHint], width: int) -> list[ShownHint]:
    """As many parts from the start as fit."""
    count = len(parts)
    while count and _size(parts[:count]) > width:
        count -= 1
    return list(parts[:count])
