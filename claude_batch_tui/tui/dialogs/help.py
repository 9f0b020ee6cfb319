"""Help: every key that works here, by tab those of all screens, and the guide. Keys are made from the bindings themselves."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import zip_longest
from textwrap import wrap
from typing import ClassVar, NamedTuple

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import ModalScreen
from textual.worker import get_current_worker

from claude_batch_tui.tui.widgets.columns import fit
from claude_batch_tui.tui.widgets.inputs import FilterBar
from claude_batch_tui.tui.widgets.key_line import Hint, KeyLine, shown_key
from claude_batch_tui.tui.widgets.lines import TitleLine
from claude_batch_tui.tui.widgets.roles import ROLE_CLASSES
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


_TABLE = re.compile(r"^\|.*\n\|[-|]+\n(?P<rows>(?:\|.*\n)*)", re.MULTILINE)
_PAGES = ("this screen", "all screens", "the guide")
_LAST = ("filter", "text", "list", "frame", "over", "app")
"""Sections that are the same on all screens."""


class HelpPage(NamedTuple):
    """The keys of one screen."""

    title: str
    hints: Sequence[Hint]


class HelpDialog(ModalScreen[None]):
    """Pages of keys, and the guide; `/` searches in both, tab turns the page, esc, q and ? close."""

    COMPONENT_CLASSES = ROLE_CLASSES
    DEFAULT_CSS = """
    HelpDialog { background: $background; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("help.search", "slash", "search", "search help", "search"),
        shown_key("help.turn", "tab", "turn", "next page", "this screen, all screens, the guide"),
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
        self._shown = 0
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
        """Show this screen's keys, those of all screens, or the guide."""
        self._shown = (self._shown + 1) % len(_PAGES)
        self._fill(self.size.width)

    def action_close(self) -> None:
        """Go back."""
        self.dismiss(None)

    def _fill(self, width: int) -> None:
        what, query = _PAGES[self._shown], self._query
        left = f"for: {self._here.title}" if not self._shown else what
        turn = _PAGES[(self._shown + 1) % len(_PAGES)]
        self.query_one(TitleLine).show(left=left, right=f"/ to search · tab: {turn} · esc close")
        keys = [] if what == "the guide" else self._key_lines(width, shows_all=what == "all screens")
        foot: list[AnyLine] = (
            [] if what == "the guide" else [("", None), *((f" {line}", "dim") for line in self._foot)]
        )
        if what == "the guide" or query:

            def look() -> None:
                lines = guide_lines(query)
                if not get_current_worker().is_cancelled:
                    self.app.call_from_thread(self._show, keys + lines, foot)

            self.run_worker(look, thread=True, exclusive=True, group="guide")
        else:
            self.workers.cancel_group(self, "guide")
            self._show(keys, foot)

    def _show(self, lines: list[AnyLine], foot: list[AnyLine]) -> None:
        if not any(line[0].strip() for line in lines):
            lines = [(f' Nothing about "{self._query}".', "dim")]
        if self.is_mounted:
            self.query_one(TextView).show(lines + foot)

    def _key_lines(self, width: int, *, shows_all: bool) -> list[AnyLine]:
        lines: list[AnyLine] = []
        for page in [self._here, *self._everywhere()] if shows_all else [self._here]:
            if shows_all:
                lines.append((f" {page.title}", "accent"))
            lines += page_lines(page.hints, width, self._query)
        return lines


def guide_lines(query: str = "") -> list[AnyLine]:
    """The guide, or with a query the parts of its sections that have it, as lines with styles."""
    # Late, as help is opened without a look into the guide, too.
    from claude_batch_tui.services.guide import PAGES, matching, page
    from claude_batch_tui.tui.widgets.markdown_lines import markdown_lines

    texts = (
        [f"*cbtui guide {one.topic}*\n\n{one.text}" for one in matching(query)] if query else map(page, PAGES)
    )
    lists = (_TABLE.sub(_as_list, text) for text in texts)
    return [line for text in lists for piece in markdown_lines(text) for line in (*piece, ("", None))]


def _as_list(table: re.Match[str]) -> str:
    """A table of Markdown as a list, which wraps at any width: the first cell strong, the others after it."""
    rows = (re.split(r"(?<!\\) ?\| ?", row.strip("|").strip()) for row in table["rows"].splitlines())
    return "".join(
        f"- **{first.strip('`')}**: {' · '.join(filter(None, others))}\n" for first, *others in rows
    )


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
