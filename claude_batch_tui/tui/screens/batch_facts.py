"""A fact of the detail: a label and what stands beside it, going on below where it is long."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from textwrap import wrap

from claude_batch_tui.tui.widgets.text_rows import Line

Fact = tuple[str, str | None, str | None]
"""Label, text and style; without a text it is left out."""
_LABEL = 9
_LEAST = 20


def fact_lines(facts: Iterable[Fact], width: int, label_width: int = _LABEL) -> Iterator[Line]:
    """The facts for a width in cells; a text goes on under its own beginning."""
    room = max(width - label_width - 2, _LEAST)
    for label, text, style in facts:
        if not text:
            continue
        first, *rest = wrap(text, room, break_on_hyphens=False) if len(text) > room else [text]
        yield f" {label:<{label_width}}{first}", style
        for more in rest:
            yield f" {'':<{label_width}}{more}", style
