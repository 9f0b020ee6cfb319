"""The lines around what a screen shows: title, tabs, status, and any other of one row; each is painted only where it changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import Literal

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.screen import Screen
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from claude_batch_tui.domain.plain_text import clean_line
from claude_batch_tui.tui.widgets.columns import Run, ascii_only, cells, cut, cut_mark, wrapped
from claude_batch_tui.tui.widgets.roles import role_on


def changed_span(old: Strip, new: Strip) -> tuple[int, int] | None:
    """The first changed cell and the one after the last, or None where the lines look the same."""
    if old is new:
        return None
    old_text, new_text = old.text, new.text
    width = new.cell_length
    if old.cell_length != width:
        return (0, width)
    old_styles, new_styles = _styles(old), _styles(new)
    if old_text == new_text and old_styles == new_styles:
        return None
    if len(new_text) != len(old_text) or cells(new_text) != len(new_text) or cells(old_text) != len(old_text):
        return (0, width)
    changed = [
        x for x in range(len(new_text)) if old_text[x] != new_text[x] or old_styles[x] != new_styles[x]
    ]
    return changed[0], changed[-1] + 1


def _styles(strip: Strip) -> list[Style | None]:
    """The style of every character."""
    return [segment.style for segment in strip for _ in segment.text]


class OneLine(Widget):
    """Subclasses give the runs of the line for a width; only a line that looks different is painted again."""

    DEFAULT_CSS = """
    OneLine {
        height: 1;
        color: $foreground;
        background: $background;
    }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002  Textual's name
        super().__init__(id=id, classes=classes)
        self._painted: Strip | None = None

    def runs(self, width: int) -> Sequence[Run]:
        """The line for a width; it is cut or filled where it is not exactly that wide."""
        raise NotImplementedError

    def repaint(self) -> None:
        """Paint the line if it looks different now."""
        if self._painted is None or changed_span(self._painted, self._drawn()) is not None:
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The line."""
        self._painted = self._drawn()
        return self._painted if y == 0 else Strip.blank(self.size.width, self.rich_style)

    def _drawn(self) -> Strip:
        return self._strip(self.runs(self.size.width))

    def _strip(self, runs: Sequence[Run]) -> Strip:
        width, base = self.size.width, self.rich_style  # once: the widgets around it are asked each time
        segments = [Segment(text, role_on(base, self, style)) for text, style in runs if text]
        return Strip(segments).adjust_cell_length(width, base).simplify()


class TwoSidedLine(OneLine):
    """`all 10,000   ok 9,702                    ▼ 148 MB of 241 MB`: the right part stays whole."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002  Textual's name
        super().__init__(id=id, classes=classes)
        self._left = self._right = ""

    def show(self, left: str, right: str = "") -> None:
        """Change both texts."""
        if (left, right) != (self._left, self._right):
            self._left, self._right = left, right
            self.repaint()

    def runs(self, width: int) -> Sequence[Run]:
        """Both texts, the left one cut where there is no room."""
        left = cut(f" {self._left}", width - cells(self._right) - 2, cut_mark(self))
        gap = max(width - 1 - cells(left) - cells(self._right), 0)
        return [Run(left, None), Run(" " * gap + self._right, None)]


TABS = ("1 Batches", "2 Build", "3 Results")
TABS_WIDTH = sum(len(tab) + 2 for tab in TABS) + 3
"""What they take of the line, with what parts them from the words at its right."""


class TitleLine(OneLine):
    """` cbtui  BATCHES   3 running · 1 new result        ● live · polled 12s ago`: the right part stays longest."""

    def __init__(self, title: str = "", *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._title = title
        self._left = ""
        self._right = ""
        self._right_style: str | None = None

    def show(
        self,
        *,
        title: str | None = None,
        left: str | None = None,
        right: str | None = None,
        right_style: str | None = None,
    ) -> None:
        """Change parts. Styles: strong, dim, good, bad, warn, accent."""
        self._title = self._title if title is None else title
        self._left = self._left if left is None else left
        if right is not None:
            self._right, self._right_style = right, right_style
        self.repaint()

    def runs(self, width: int) -> Sequence[Run]:
        """Name, title and left part, and the right part at the end."""
        right = cut(self._right, width - 2, cut_mark(self))
        room = width - 1 - (cells(right) + 3 if right else 1)
        head = cut(f"cbtui  {self._title}", room, cut_mark(self))
        rest = cut(f"   {self._left}" if self._left else "", room - cells(head), cut_mark(self))
        if not rest.strip():
            rest = ""
        gap = max(width - 2 - cells(head) - cells(rest) - cells(right), 0)
        return [
            Run(" ", None),
            Run(head, "strong"),
            Run(rest + " " * gap, None),
            Run(right, self._right_style),
        ]


class TabsLine(OneLine):
    """` 1 Batches  2 Build  3 Results        filter: (none)`: the tab we are on is bold and in brackets."""

    class Chosen(Message):
        """A tab was clicked; `number` is 1 to 3."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(
        self,
        active: int = 1,
        tabs: Sequence[str] = TABS,
        *,
        id: str | None = None,  # noqa: A002  the name is Textual's
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._active = active
        self._tabs = tabs
        self._right = ""

    def show(self, *, active: int | None = None, right: str | None = None) -> None:
        """Change the active tab, from 1, or the text at the right."""
        self._active = self._active if active is None else active
        self._right = self._right if right is None else right
        self.repaint()

    def runs(self, width: int) -> Sequence[Run]:
        """The tabs, and the right part as far as there is room."""
        line = [
            Run(f"[{tab}]", "strong") if number == self._active else Run(f" {tab} ", None)
            for number, tab in enumerate(self._tabs, 1)
        ]
        used = sum(cells(run.text) for run in line)
        right = cut(self._right, width - used - 3, cut_mark(self)) if width - used > 6 else ""
        return [*line, Run(" " * max(width - used - cells(right) - 1, 0), None), Run(right, None)]

    def on_click(self, event: events.Click) -> None:
        """Say which tab was clicked."""
        end = 0
        for number, tab in enumerate(self._tabs, 1):
            end += cells(tab) + 2
            if event.x < end:
                self.post_message(self.Chosen(number))
                return


Kind = Literal["note", "error"]

SECONDS: dict[Kind, float] = {"note": 8.0, "error": 60.0}
"""How long a message stays; then the resting text is back."""
_ANSWER_SECONDS = 4.0
"""So long the answer to a key is not replaced by what happens by itself."""
_MOST_ROWS = 3
_LEAST_ROOM = 20
"""In fewer cells a message is one row."""
_BETWEEN = "   "


class StatusLine(OneLine):
    """A message for a while, in the rows it takes, else the screen's resting text."""

    def __init__(self, resting: str = "", *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._resting = resting
        self._message: tuple[str, Kind] | None = None
        self._behind: tuple[str, Kind] | None = None
        self._answered_at: float | None = None
        """When a message was said as the answer to a key; None where what is shown is none."""
        self._leaves_at = 0.0
        self._expiry: Timer | None = None
        self._height = 1

    @property
    def text(self) -> str:
        """What the line says now."""
        said = [text for text, _ in filter(None, (self._message, self._behind))]
        return _BETWEEN.join(said) if said else self._resting

    def say(self, text: str, kind: Kind = "note", seconds: float | None = None) -> None:
        """Show the answer to a key; it leaves after a while."""
        self._show((text, kind), None, SECONDS[kind] if seconds is None else seconds)
        self._answered_at = monotonic()

    def tell(self, text: str, kind: Kind = "note") -> None:
        """Show what happened by itself: behind an answer that was given just now, else in place of what is there."""
        is_fresh = self._answered_at is not None and monotonic() - self._answered_at <= _ANSWER_SECONDS
        if self._message is not None and is_fresh:
            self._show(self._message, (text, kind), max(SECONDS[kind], self._leaves_at - monotonic()))
        else:
            self._show((text, kind), None, SECONDS[kind])
            self._answered_at = None

    def rest(self, text: str) -> None:
        """What to show while there is no message."""
        self._resting = text
        self.repaint()

    def clear(self) -> None:
        """Take the message away."""
        self._message = self._behind = self._answered_at = None
        self._make_room()
        self.repaint()

    def yield_note(self) -> None:
        """Let the resting text be seen, unless the message is an error that answers a key."""
        if self._message is not None and (self._message[1] != "error" or self._answered_at is None):
            self.clear()

    def on_resize(self) -> None:
        """The message has another width."""
        self._make_room()

    def runs(self, width: int) -> Sequence[Run]:
        """The first row of the message, or the resting text."""
        if self._message is None:
            return [Run(" " + cut(self._resting, width - 2, cut_mark(self)), None)]
        return self._rows(width)[0]

    def render_line(self, y: int) -> Strip:
        """The first row as any line, and below it what goes on of a message."""
        if y == 0:
            return super().render_line(0)
        rows = self._rows(self.size.width)
        return self._strip(rows[y] if y < len(rows) else ())

    def _show(self, message: tuple[str, Kind], behind: tuple[str, Kind] | None, seconds: float) -> None:
        if self._expiry is not None:
            self._expiry.stop()
        self._message, self._behind, self._leaves_at = message, behind, monotonic() + seconds
        self._expiry = self.set_timer(seconds, self.clear)
        self._make_room()
        self.repaint()

    def _rows(self, width: int) -> list[list[Run]]:
        """What is said: the message and what happened meanwhile side by side where that is one row, else below each other."""
        room = width - 2
        said = [self._styled(*each, room) for each in (self._message, self._behind) if each is not None]
        if room < _LEAST_ROOM or cells(_BETWEEN.join(run.text for run in said)) <= room:
            return [[Run((_BETWEEN if at else " ") + run.text, run.style) for at, run in enumerate(said)]]
        rows: list[list[Run]] = []
        for run in said:
            *whole, last = wrapped(run.text, room, most=_MOST_ROWS - len(rows)) or [""]
            texts = [*whole, cut(last, room, cut_mark(self))]
            rows += [[Run(" " + text, run.style)] for text in texts if text]
        return rows or [[]]

    def _styled(self, text: str, kind: Kind, room: int) -> Run:
        """As much of a text as may be seen, with its sign, in its style."""
        sign = "" if kind != "error" else "! " if ascii_only(self) else "▲ "
        return Run(sign + clean_line(text[: room * _MOST_ROWS * 8]), "bad" if sign else "strong")

    def _make_room(self) -> None:
        """Be as high as the message."""
        height = 1 if self._message is None else len(self._rows(self.size.width))
        if height != self._height:
            self.styles.height = self._height = height
        if height > 1:
            self.refresh()


_SECONDS = 10.0
"""How long it is said which letters are waited for."""


class LetterMenu:
    """The letters that a screen waits for, if any. The screen holds one, and gives `take` every key that reaches it."""

    def __init__(self, screen: Screen[None]) -> None:
        self._screen = screen
        self._letters: Mapping[str, Callable[[], None]] | None = None

    @property
    def is_open(self) -> bool:
        """Whether the next key is one of the letters."""
        return self._letters is not None

    def ask(self, sentence: str, letters: Mapping[str, Callable[[], None]]) -> None:
        """Say which letters there are, and do what the next one means."""
        self._letters = letters
        self._screen.query_one(StatusLine).say(sentence, seconds=_SECONDS)

    def take(self, event: events.Key) -> None:
        """Do what a letter means; any key ends the waiting, and one that means nothing here does nothing elsewhere."""
        if self._letters is None:
            return
        chosen = self._letters.get(event.character or "")
        self._letters = None
        self._screen.query_one(StatusLine).clear()
        if chosen is not None or event.is_printable or event.key == "escape":
            event.prevent_default()
            event.stop()
        if chosen is not None:
            chosen()
