"""Lines of the screen compared, so that only the cells that changed are sent to the terminal."""

from __future__ import annotations

from rich.style import Style
from textual.strip import Strip

from claude_batch_tui.tui.widgets.fitting import cells


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
