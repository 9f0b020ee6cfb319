"""Text cut and padded to an exact number of terminal cells, and rows of it in columns that fit a width."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from rich.cells import cell_len, chop_cells, set_cell_size
from textual.widget import Widget

from claude_batch_tui.domain.plain_text import clean_line

Align = Literal["left", "right"]

_CHARACTERS_PER_CELL = 8
"""More combining marks than this on one cell are not looked at: a cell of 5 MB costs as little as a short one."""


def cells(text: str) -> int:
    """How many terminal cells `text` takes."""
    return len(text) if text.isascii() else cell_len(text)


def fit(text: str, width: int, align: Align = "left", mark: str = "…") -> str:
    """`text` cleaned, as one line of exactly `width` cells; what does not fit ends in `mark`."""
    if width <= 0:
        return ""
    text = clean_line(text[: width * _CHARACTERS_PER_CELL])
    size = cells(text)
    if size > width:
        return set_cell_size(text, width - 1) + mark
    padding = " " * (width - size)
    return padding + text if align == "right" else text + padding


def cut(text: str, width: int, mark: str = "…") -> str:
    """`text` cleaned, as one line of at most `width` cells."""
    return fit(text, width, mark=mark).rstrip()


def cut_inside(text: str, width: int, mark: str = "…") -> str:
    """The same with both ends whole: names begin alike, and differ in their last word."""
    room = width * 2 // 3
    if cells(text) <= width or room < 1:
        return cut(text, width, mark)
    tail = text[-room:]
    while cells(tail) > room:
        tail = tail[1:]
    return f"{cut(text.removesuffix(tail), width - cells(tail), mark)}{tail}"


def wrapped(text: str, width: int, *, most: int) -> list[str]:
    """`text` as at most so many rows, broken between words where they fit `width` cells; the last has all that is left."""
    rows: list[str] = []
    for word in text.split():
        if rows and (len(rows) == most or cells(rows[-1]) + 1 + cells(word) <= width):
            rows[-1] += f" {word}"
        else:
            rows += chop_cells(word, width)
    return [*rows[: most - 1], "".join(rows[most - 1 :])] if len(rows) > most > 0 else rows[:most]


def ascii_only(widget: Widget) -> bool:
    """True where the app was told to draw with ASCII characters."""
    return bool(getattr(widget.app, "ascii_only", False))


def cut_mark(widget: Widget) -> str:
    """What a cut text ends in on this app."""
    return "~" if ascii_only(widget) else "…"


GAP = 1
"""Cells between two columns."""


class Column(NamedTuple):
    """One column. `width` is fixed; without it the column shares what is left, by `weight`.

    `drop` 0 stays always; of the others the highest leaves first where the list is narrow.
    """

    title: str
    width: int | None = None
    min_width: int = 6
    max_width: int | None = None
    weight: int = 1
    align: Align = "left"
    drop: int = 0


class Run(NamedTuple):
    """Neighbouring characters of one style."""

    text: str
    style: str | None


class Cell(NamedTuple):
    """The text of one cell, or a function that draws it for a width in cells, in one style or as runs of several.

    `style` is a component class of the list without its prefix: dim, good, bad, warn, accent or strong. A cell
    with `span` n covers the following n - 1 columns too; their own cells are not drawn.
    """

    text: str | Callable[[int], str | Sequence[Run]]
    style: str | None = None
    span: int = 1


class Place(NamedTuple):
    """Where a column is drawn: its number in the given columns, its first cell, its width."""

    column: int
    x: int
    width: int


def place(columns: Sequence[Column], available: int) -> list[Place]:
    """The columns that fit `available` cells, from left to right, the flexible ones filling the width."""
    kept = list(range(len(columns)))

    def needed() -> int:
        return sum(_least(columns[number]) for number in kept) + GAP * max(len(kept) - 1, 0)

    while needed() > available:
        droppable = [number for number in kept if columns[number].drop]
        if not droppable:
            break
        kept.remove(max(droppable, key=lambda number: (columns[number].drop, number)))
    widths = _stretch(columns, kept, max(available - needed(), 0))
    places: list[Place] = []
    x = 0
    for number in kept:
        width = min(widths[number], available - x)
        if width <= 0:
            break
        places.append(Place(number, x, width))
        x += width + GAP
    return places


def compose_row(
    cells: Sequence[Cell | str], columns: Sequence[Column], places: Sequence[Place], mark: str
) -> list[Run]:
    """A row's text as runs, equal neighbours joined, so that few style changes go over the wire."""
    runs: list[Run] = []
    covered_until = -1
    end = 0
    for position, (number, x, width) in enumerate(places):
        if number < covered_until:
            continue
        cell = cells[number] if number < len(cells) else ""
        text, style, span = (cell, None, 1) if isinstance(cell, str) else cell
        covered_until = number + span
        last = max(beside for beside in places[position:] if beside.column < covered_until)
        available = width if last.column == number else last.x + last.width - x
        align = columns[number].align if span == 1 else "left"
        drawn = text if isinstance(text, str) else text(available)
        _add(runs, " " * (x - end), None)
        end = x + available
        *first, last_piece = [Run(drawn, style)] if isinstance(drawn, str) else drawn
        for piece in first:
            words = clean_line(piece.text)
            _add(runs, words, piece.style)
            available -= cell_len(words)
        _add(runs, fit(last_piece.text, available, align, mark), last_piece.style)
    return runs


def _least(column: Column) -> int:
    return column.min_width if column.width is None else column.width


def _stretch(columns: Sequence[Column], kept: Sequence[int], spare: int) -> dict[int, int]:
    """Widths by column number: flexible columns share `spare` by weight, up to their maximum."""
    widths = {number: _least(columns[number]) for number in kept}
    growing = [number for number in kept if columns[number].width is None]
    while spare > 0 and growing:
        weights = sum(columns[number].weight for number in growing)
        shares = {number: max(spare * columns[number].weight // weights, 1) for number in growing}
        for number in list(growing):
            limit = columns[number].max_width
            share = min(shares[number], spare)
            if limit is not None and widths[number] + share >= limit:
                share = max(limit - widths[number], 0)
                growing.remove(number)
            widths[number] += share
            spare -= share
    return widths


def _add(runs: list[Run], text: str, style: str | None) -> None:
    """Append `text`; blanks join whatever is before them, as a style does not show on them."""
    if not text:
        return
    if runs and (runs[-1].style == style or not text.strip(" ")):
        runs[-1] = Run(runs[-1].text + text, runs[-1].style)
    else:
        runs.append(Run(text, style))
