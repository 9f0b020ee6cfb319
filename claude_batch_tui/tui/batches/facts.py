"""A fact of the detail: a label and what stands beside it, going on below where it is long."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from claude_batch_tui.tui.widgets.text_rows import StyledLine

Fact = tuple[str, str | None, str | None]
"""Label, text and style; without a text it is left out."""
_LABEL = 9


def fact_lines(facts: Iterable[Fact], label_width: int = _LABEL) -> Iterator[StyledLine]:
    """The facts; a text that is too long for the width goes on under its own beginning."""
    for label, text, style in facts:
        if text:
            yield StyledLine(f" {label:<{label_width}}{text}", style, hang=" " * (label_width + 1))
