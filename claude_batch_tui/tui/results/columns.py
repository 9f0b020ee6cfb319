"""The columns of the results list: which there are, how each is drawn, and the letters that sort by them."""

from __future__ import annotations

from collections.abc import Sequence

from claude_batch_tui.domain.results.result import CLASSES, Entry, Outcome, Sort
from claude_batch_tui.tui.widgets.columns import Cell, Column
from claude_batch_tui.wording import class_words

COLUMNS = {
    "#": Column("#", width=7, align="right", drop=2),
    "custom_id": Column("CUSTOM_ID", min_width=14, max_width=28, weight=1),
    "outcome": Column("S", width=1),
    "class": Column("CLASS", width=9, drop=4),
    "stop": Column("STOP", width=5, drop=4),
    "in": Column("IN", width=7, align="right", drop=3),
    "out": Column("OUT", width=6, align="right", drop=3),
    "cost": Column("COST", width=9, align="right", drop=5),
    "text": Column("TEXT", min_width=28, weight=4),
}
SORT_LETTERS = {
    "f": "#",
    "i": "custom_id",
    "s": "outcome",
    "c": "class",
    "r": "stop",
    "n": "in",
    "o": "out",
    "d": "cost",
    "t": "text",
}
SORT_QUESTION = "Sort: f file  i id  s status  c class  r reason  n in  o out  d cost  t text"
_GLYPHS = {
    Outcome.SUCCEEDED: ("✓", "=", "good"),
    Outcome.ERRORED: ("e", "e", "bad"),
    Outcome.CANCELED: ("c", "c", "dim"),
    Outcome.EXPIRED: ("x", "x", "warn"),
    Outcome.UNPARSED: ("?", "?", "bad"),
}
_STOPS = {
    "end_turn": "end",
    "max_tokens": "max",
    "stop_sequence": "stop",
    "tool_use": "tool",
    "pause_turn": "pause",
    "refusal": "refus",
    "model_context_window_exceeded": "ctx",
    "other": "other",
}
_CENT = 0.01
_UNKNOWN = "…"
"""A column that the index does not have yet."""


def chosen_columns(setting: str) -> tuple[str, ...]:
    """The names of the columns in the order of the setting `results_columns`."""
    return tuple(dict.fromkeys(name.strip() for name in setting.split(",")))


def drawn(names: Sequence[str]) -> list[Column]:
    """The columns of those names; the last one takes what room is left."""
    columns = [COLUMNS[name] for name in names]
    if all(column.width is not None for column in columns):
        columns[-1] = columns[-1]._replace(width=None, min_width=columns[-1].width or 1, drop=0)
    return columns


def cell(
    name: str, entry: Entry, class_number: int, cost: float | None, words: str, *, plain: bool
) -> Cell | str:
    """What the column of that name says of an entry. `words` are the first of its answer; `plain` is ASCII alone."""
    glyph, sign, style = _GLYPHS[entry.outcome]
    answered = entry.outcome is Outcome.SUCCEEDED
    if not entry.is_described and name in ("class", "stop", "in", "out", "cost"):
        return _UNKNOWN
    match name:
        case "#":
            return f"{entry.position + 1:,}"
        case "custom_id":
            return entry.custom_id or "(none)"
        case "outcome":
            return Cell(sign if plain else glyph, style)
        case "class":
            return Cell(
                class_words(CLASSES[class_number], short=True),
                None if CLASSES[class_number] == "complete" else "warn",
            )
        case "stop":
            return _STOPS.get(entry.stop_reason, "" if answered else "-")
        case "in":
            return f"{entry.input_tokens:,}" if answered else "-"
        case "out":
            return f"{entry.output_tokens:,}" if answered else "-"
        case "cost":
            return _cost(cost) if answered else "-"
        case _:
            return Cell(words, None if answered else style)


def shown_words(shown: int, total: int, sort: Sort, *, exact: bool, plain: bool) -> str:
    """`213 of 10,000 · by cost ▼`: how many entries are shown, `…` where that still grows, and in which order."""
    count = f"{shown:,}{'' if exact else '…'}"
    words = f"{count} of {total:,}" if count != f"{total:,}" else f"{count} entries"
    if sort == Sort():
        return words
    arrows = ("^", "v") if plain else ("▲", "▼")
    return f"{words}{' - ' if plain else ' · '}by {sort.column} {arrows[sort.descending]}"


def _cost(usd: float | None) -> str:
    """Dollars; small sums to six places, since one entry often costs less than a hundredth of a cent."""
    if usd is None:
        return "?"
    return f"{usd:.6f}" if usd < _CENT else f"{usd:,.4f}"
