"""Help: every key that works here, and by tab those of all screens. Made from the bindings themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import zip_longest
from textwrap import wrap
from typing import ClassVar, NamedTuple

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import ModalScreen

from claude_batch_tui.tui.widgets.columns import fit
from claude_batch_tui.tui.widgets.inputs import FilterBar
from claude_batch_tui.tui.widgets.key_line import Hint, KeyLine, shown_key
from claude_batch_tui.tui.widgets.lines import TitleLine
from claude_batch_tui.tui.widgets.text_rows import AnyLine, Span, StyledLine
from claude_batch_tui.tui.widgets.text_view import TextView

KEYS_WIDTH = 12
LEAST_COLUMN = 38
MOST_COLUMNS = 3
_SECTIONS = {
    "app": "EVERYWHERE",
    "frame": "PANES",
    "over": "SCREENS",
    "list": "MOVE AND MARK",
    "text": "READ",
    "filter": "FILTER",
}


_LAST = ("filter", "text", "list", "frame", "over", "app")
"""Sections that are the same on all screens."""


class HelpPage(NamedTuple):
    """The keys of one screen."""

    title: str
    hints: Sequence[Hint]


class HelpDialog(ModalScreen[None]):
    """Pages of keys; `/` searches, tab turns between this screen and all screens, esc, q and ? close."""

    DEFAULT_CSS = """
    HelpDialog { background: $background; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("help.search", "slash", "search", "search help", "search"),
        shown_key("help.turn", "tab", "turn", "all screens", "this screen or all"),
        shown_key("help.close", "escape,q,question_mark,f1", "close", "close", "close help"),
    ]

    def __init__(
        self,
        here: HelpPage,
        everywhere: Callable[[], Sequence[HelpPage]] = tuple,
        foot: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self._here = here
        self._everywhere = everywhere
        self._foot = foot
        self._shows_all = False
        self._query = ""

    def compose(self) -> ComposeResult:
        """Title, keys, the search line."""
        yield TitleLine("HELP")
        yield TextView()
        yield FilterBar()
        yield KeyLine()

    def on_mount(self) -> None:
        """Read the keys of this screen first."""
        self.query_one(TextView).focus()

    def on_resize(self, event: events.Resize) -> None:
        """Set as many columns as fit."""
        self._fill(event.size.width)

    @on(FilterBar.Changed)
    def _filter(self, event: FilterBar.Changed) -> None:
        self._query = event.value.strip().lower()
        self._fill(self.size.width)

    @on(FilterBar.Left)
    def _back(self) -> None:
        self.query_one(TextView).focus()

    def action_search(self) -> None:
        """Type what to look for."""
        self.query_one(FilterBar).open()

    def action_turn(self) -> None:
        """Show this screen's keys or those of all screens."""
        self._shows_all = not self._shows_all
        self._fill(self.size.width)

    def action_close(self) -> None:
        """Go back."""
        self.dismiss(None)

    def _fill(self, width: int) -> None:
        pages = [self._here, *self._everywhere()] if self._shows_all else [self._here]
        lines: list[AnyLine] = []
        for page in pages:
            if self._shows_all:
                lines.append((f" {page.title}", "accent"))
            lines += page_lines(page.hints, width, self._query)
        if not any(line[0].strip() for line in lines):
            lines = [(f' Nothing about "{self._query}".', "dim")]
        lines += [("", None), *[(f" {line}", "dim") for line in self._foot]]
        what = "all screens" if self._shows_all else f"for: {self._here.title}"
        self.query_one(TitleLine).show(left=what, right="/ to search · tab: all screens · esc close")
        self.query_one(TextView).show(lines)


def page_lines(hints: Sequence[Hint], width: int, query: str = "") -> list[AnyLine]:
    """Sections of keys in as many columns as fit, read down the first and then the next; with a query only keys that match."""
    columns = min(max(width // LEAST_COLUMN, 1), MOST_COLUMNS)
    column_width = width // columns
    pieces: list[list[str]] = []
    for title, found in _blocks(hints, query):
        made = [_hint_lines(hint, column_width - 1) for hint in found]
        pieces += [[title, *made[0]], *made[1:-1], [*(made[-1] if len(made) > 1 else []), ""]]
    height = max(-(-sum(map(len, pieces)) // columns), max(map(len, pieces), default=0))
    placed: list[list[str]] = [[]]
    for piece in pieces:
        if len(placed[-1]) + len(piece) - (not piece[-1]) > height and len(placed) < columns:
            placed.append([])
        placed[-1] += piece
    return [_row(cells, column_width) for cells in zip_longest(*placed, fillvalue="")]


def _row(cells: Sequence[str], column_width: int) -> StyledLine:
    """One line over all columns; the titles of sections are strong, and so are keys."""
    text, spans = "", []
    for cell in cells:
        start = len(text) + 1
        text += " " + fit(cell, column_width - 1)
        is_title = len(cell) > 2 and cell.isupper() and "  " not in cell
        spans.append(
            Span(start, start + (len(cell) if is_title else KEYS_WIDTH), "accent" if is_title else "strong")
        )
    return StyledLine(text.rstrip(), None, tuple(span for span in spans if span.start < len(text.rstrip())))


def _blocks(hints: Sequence[Hint], query: str) -> list[tuple[str, list[Hint]]]:
    """Sections: those of the screen first, moving about and what works everywhere last."""
    blocks: dict[str, list[Hint]] = {}
    for hint in sorted(hints, key=lambda hint: _LAST.index(hint.section) if hint.section in _LAST else -1):
        if query in f"{' '.join(hint.keys)} {hint.label} {hint.tooltip}".lower():
            blocks.setdefault(_SECTIONS.get(hint.section, hint.section.upper()), []).append(hint)
    return list(blocks.items())


def _hint_lines(hint: Hint, width: int) -> list[str]:
    """Keys and what they do, the sentence in as many lines as it needs."""
    keys, *others = wrap(" ".join(hint.keys), KEYS_WIDTH)
    words = wrap(hint.tooltip, max(width - KEYS_WIDTH - 1, 10))
    left = [keys, *others, *[""] * (len(words) - len(others) - 1)]
    return [f"{fit(key, KEYS_WIDTH)} {text}".rstrip() for key, text in zip_longest(left, words, fillvalue="")]
