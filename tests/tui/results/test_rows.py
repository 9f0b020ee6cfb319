"""The columns of the results list: what is named in one place is known in all of them."""

from __future__ import annotations

from pathlib import Path

from claude_batch_tui.config import RESULTS_COLUMNS
from claude_batch_tui.tui.results.rows import COLUMNS, SORT_LETTERS, SORT_QUESTION

SETTINGS = Path(__file__).parents[3] / "docs/commands.md"


def test_every_column_can_be_drawn_chosen_sorted_by_a_letter_and_is_in_the_settings():
    assert tuple(COLUMNS) == RESULTS_COLUMNS
    assert {column for column, _ in SORT_LETTERS.values()} == {*RESULTS_COLUMNS}
    assert ", ".join(f"`{name}`" for name in RESULTS_COLUMNS) in SETTINGS.read_text(encoding="utf-8")


def test_the_question_for_the_order_fits_on_the_smallest_full_screen():
    assert len(SORT_QUESTION) <= 78
