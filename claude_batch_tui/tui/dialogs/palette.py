"""The command palette: every action of the screen by name, with its key; greyed ones say why."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.widgets import Input, LoadingIndicator

from claude_batch_tui.domain.plain_text import clean_line
from claude_batch_tui.tui.disabled import reason_disabled
from claude_batch_tui.tui.widgets.fitting import ascii_only
from claude_batch_tui.tui.widgets.key_names import key_name

_MOVES = ("list.", "text.", "app.palette", "filter.", "help.")
"""Moving about needs no palette."""


class _Entry(NamedTuple):
    name: str
    note: str
    action: str
    node: Any


class Palette(CommandPalette):
    """Textual's palette without what moves: no blinking cursor, no animation, no tint."""

    DEFAULT_CSS = """
    Palette {
        background: $background;
        & > Vertical { margin-top: 0; background: $background; }
        & SearchIcon { display: none; }
        & LoadingIndicator { display: none; }
        & #--input { border: none; }
        & #--input.--list-visible { border: none; }
        & #--results { background: $background; }
        & CommandList { border: none; max-height: 100%; background: $background; }
    }
    """

    def on_mount(self) -> None:
        """Stop what would repaint while nothing happens."""
        self.query_one(Input).cursor_blink = False
        self.query_one(LoadingIndicator).auto_refresh = None


class ActionProvider(Provider):
    """Actions of the active bindings, and those of `palette_actions` of screen and app, which have no key."""

    async def discover(self) -> Hits:
        """All of them, before anything is typed."""
        for entry in self._entries():
            yield DiscoveryHit(
                _display(Content(entry.name), entry.note), partial(self._run, entry), text=entry.name
            )

    async def search(self, query: str) -> Hits:
        """Those whose name matches."""
        matcher = self.matcher(query)
        for entry in self._entries():
            score = matcher.match(entry.name)
            if score > 0:
                display = _display(matcher.highlight(entry.name), entry.note)
                yield Hit(score, display, partial(self._run, entry), text=entry.name)

    async def _run(self, entry: _Entry) -> None:
        await self.app.run_action(entry.action, entry.node)

    def _entries(self) -> Iterator[_Entry]:
        seen: set[str] = set()
        plain = ascii_only(self.screen)
        for node, binding, enabled, _ in self.screen.active_bindings.values():
            if binding.id is None or binding.system or binding.id in seen or binding.id.startswith(_MOVES):
                continue
            seen.add(binding.id)
            reason = None if enabled else _reason(node, self.app, binding.action)
            key = binding.key_display or key_name(binding.key, ascii_only=plain)
            note = f"{key}  not now: {reason}" if reason else key
            yield _Entry(
                clean_line(binding.tooltip or binding.description), clean_line(note), binding.action, node
            )
        for node in (self.screen, self.app):
            for name, action in getattr(node, "palette_actions", dict)().items():
                yield _Entry(clean_line(name), "", action, node)


def _display(name: Content, note: str) -> Content:
    return Content.assemble(name, "  ", (note, "dim")) if note else name


def _reason(node: Any, app: Any, action: str) -> str | None:
    target, name, parameters = app._parse_action(action, node)  # noqa: SLF001  how Textual finds an action's owner
    return reason_disabled(target, name, parameters)
