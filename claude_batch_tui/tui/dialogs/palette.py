"""The command palette: every action of the screen by name, with its key; greyed ones say why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.widgets import Input, LoadingIndicator

from claude_batch_tui.domain.plain_text import clean_line
from claude_batch_tui.tui.dashboard import reason_disabled
from claude_batch_tui.tui.widgets.columns import ascii_only
from claude_batch_tui.tui.widgets.key_line import key_name

_MOVES = ("list.", "frame.next", "frame.previous", "text.", "app.palette", "filter.", "help.")
"""Moving about needs no palette."""


_SYNONYMS = {
    "rename": "name title label",
    "tag": "label group",
    "note": "comment annotate",
    "hide": "archive remove put away unhide",
    "hidden": "archived show hidden",
    "cancel": "stop abort kill end",
    "delete": "remove erase trash",
    "retry": "rerun resend again failed resubmit",
    "save": "export csv json parquet write download copy out",
    "download": "fetch get results save export",
    "add": "track watch follow import id",
    "adopt": "import take over foreign",
    "poll": "refresh reload update sync",
    "pause": "hold freeze resume polling",
    "sort": "order columns by",
    "reverse": "descending ascending order",
    "filter": "search find query",
    "quick": "class outcome errors only",
    "copy": "clipboard yank",
    "compare": "diff difference versus",
    "statistics": "stats numbers charts histogram",
    "history": "spend charts trend",
    "costs": "spend money billed bill dollars in flight price",
    "ledger": "account report missing",
    "zoom": "full screen maximize",
    "detail": "inspector pane preview",
    "pager": "less view",
    "unknown": "lost reconcile submission",
    "warned": "risk expire",
    "events": "log messages",
    "wrap": "lines long",
    "open": "file load path",
    "open_file": "local load path jsonl",
    "workspace": "profile key account switch",
    "show('build')": "new create build submit recipe reuse",
    "help": "keys shortcuts manual",
    "tour": "tutorial introduction learn guide first steps onboarding",
    "toggle_mouse": "select text click",
    "redraw": "refresh paint",
    "suspend_process": "shell background",
    "back": "quit exit leave close",
    "quit": "quit exit leave close",
    "check": "validate cost price submit send",
    "files": "source browse open choose csv",
    "pilot": "sample trial test",
    "try_row": "test send one",
    "save_recipe": "settings template store",
    "reuse": "recipe load settings template",
    "write": "export requests jsonl file",
    "edit": "editor template prompt",
    "clear": "reset empty new form",
    "errors": "messages group",
    "columns": "choose fields show hide",
    "turn_column": "columns field add remove",
    "sort_by('cost')": "dearest expensive most spend price",
    "sort_by('age')": "newest oldest time",
    "sort_by('took')": "slowest longest duration",
    "sort_by('requests')": "largest size",
}
"""By action: the words of other programs for it."""


class _Entry(NamedTuple):
    name: str
    """What it is called, first in one word."""
    note: str
    action: str
    node: Any
    also: str = ""
    """Other words that find it."""
    is_possible: bool = True
    """Whether it can be done now."""

    def is_named(self, words: Sequence[str]) -> bool:
        """Whether each of these words begins one of its own."""
        known = f"{self.name} {self.also}".lower().split()
        return bool(words) and all(any(each.startswith(word) for each in known) for word in words)


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
    """Actions of the active bindings, those of `palette_actions` of screen and app, which have no key, and for whom types
    those of `palette_choices`, which are many.
    """

    async def discover(self) -> Hits:
        """All of them, before anything is typed."""
        for entry in self._entries():
            yield DiscoveryHit(
                _display(Content(entry.name), entry.note), partial(self._run, entry), text=entry.name
            )

    async def search(self, query: str) -> Hits:
        """Those whose name matches."""
        matcher = self.matcher(query)
        words = query.lower().split()
        entries = [*self._entries(), *self._named_by("palette_choices")]
        named = [entry for entry in entries if entry.is_named(words)]
        for entry in named or entries:
            # Letters that happen to follow each other in a sentence are looked for only where no word is meant.
            score = 1.0 + entry.name.lower().startswith(query.lower()) if named else matcher.match(entry.name)
            if score > 0:
                score *= 1.0 if entry.is_possible else 0.75  # what can be done now comes first among equals
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
            name = _named(binding.description, binding.tooltip)
            yield _Entry(name, clean_line(note), binding.action, node, _synonyms(binding.action), not reason)
        yield from self._named_by("palette_actions")

    def _named_by(self, method: str) -> Iterator[_Entry]:
        for node in (self.screen, self.app):
            for name, action in getattr(node, method, dict)().items():
                yield _Entry(clean_line(name), "", action, node, _synonyms(action))


def _named(label: str, tooltip: str) -> str:
    """`rename: give the batch a name of yours`."""
    label, tooltip = clean_line(label), clean_line(tooltip or label)
    return tooltip if tooltip.lower().startswith(label.lower()) else f"{label}: {tooltip}"


def _synonyms(action: str) -> str:
    name = action.removeprefix("app.").removeprefix("screen.")
    plain = name.partition("(")[0]
    return f"{plain.replace('_', ' ')} {_SYNONYMS.get(name) or _SYNONYMS.get(plain, '')}"


def _display(name: Content, note: str) -> Content:
    return Content.assemble(name, "  ", (note, "dim")) if note else name


def _reason(node: Any, app: Any, action: str) -> str | None:
    target, name, parameters = app._parse_action(action, node)  # noqa: SLF001  how Textual finds an action's owner
    return reason_disabled(target, name, parameters)
