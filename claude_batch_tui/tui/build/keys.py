"""The keys of the Build screen, and what each of them needs."""

from __future__ import annotations

from textual.binding import BindingType

from claude_batch_tui.tui.build.draft import Checked
from claude_batch_tui.tui.widgets.key_line import hidden_key, shown_key

KEYS: list[BindingType] = [
    # With priority, so that keys typed ahead act on what is there by then.
    shown_key(
        "build.choose",
        "ctrl+o",
        "choose",
        "list",
        "what can stand in this field: files, columns, models",
        priority=True,
    ),
    shown_key("build.check", "enter", "check", "check", "build and check everything; then submit (asks)"),
    shown_key("build.check", "ctrl+r", "check", "check", "the same, from a field too", priority=True),
    shown_key("build.files", "o", "files", "choose file", "choose the source in its folder"),
    shown_key("build.next", "J,pagedown", "row(1)", "next row", "preview the next row"),
    hidden_key("build.previous", "K,pageup", "row(-1)", "previous row", "preview the row before"),
    shown_key("build.problem", "e", "problem(1)", "next problem", "the row of the next problem"),
    hidden_key(
        "build.problem-before", "E", "problem(-1)", "previous problem", "the row of the problem before"
    ),
    shown_key("build.leave-row", "x", "leave_out_row", "leave row out", "leave this row out, or not"),
    hidden_key("build.leave-out", "X", "leave_out", "leave out errors", "leave out all rows with errors"),
    shown_key(
        "build.view",
        "right_square_bracket",
        "view(1)",
        "next view",
        "request, JSON, recipe, first rows, check",
    ),
    hidden_key("build.view-before", "left_square_bracket", "view(-1)", "view before", "the view before"),
    shown_key("build.edit", "v", "edit", "editor", "the template in $EDITOR"),
    shown_key("build.try", "t", "try_row", "try row", "send this row alone, at once (asks)"),
    shown_key("build.pilot", "P", "pilot", "pilot", "send a sample first (asks)"),
    hidden_key(
        "build.prime",
        "p",
        "prime",
        "prime",
        "send one request first, so that the others find the cache (asks)",
    ),
    shown_key("build.save", "s", "save_recipe", "save recipe", "save all of this as a recipe"),
    shown_key("build.reuse", "R", "reuse", "recipe", "fill the form from a saved recipe"),
    shown_key("build.write", "W", "write", "write file", "write the requests file instead of sending"),
    hidden_key("build.clear", "C", "clear", "clear", "empty the form (asks)"),
    shown_key("build.leave-field", "escape", "leave_field", "leave field", "out of the field"),
    shown_key("build.back", "q,escape", "back", "back", "back to the batches; the form is kept"),
]
_NEEDS_SOURCE = frozenset(
    ("row", "check", "write", "edit", "try_row", "save_recipe", "leave_out_row", "clear")
)


def why_not(
    action: str, *, has_source: bool, has_row: bool, checked: Checked | None, has_recipes: bool
) -> str | None:
    """Why a key does nothing now, as the end of a sentence, or None where it does something."""
    if action in _NEEDS_SOURCE and not has_source:
        return "name a source first"
    if action in ("try_row", "leave_out_row") and not has_row:
        return "there is no row to preview"
    if action == "leave_out" and (checked is None or not checked.report.errors):
        return "no row has an error"
    if action == "problem" and not (checked and checked.problems):
        return "a check has to find problems first"
    if action in ("pilot", "prime", "submit") and not (checked and checked.is_ready):
        return "check first (enter)"
    if action == "prime" and checked is not None and not can_prime(checked):
        return "the requests share nothing that is cached for an hour (cache ttl 1h)"
    if action == "reuse" and not has_recipes:
        return "no recipe is saved; s saves one"
    return None


def can_prime(checked: Checked) -> bool:
    """Whether one request sent first fills a cache that the others read for an hour."""
    caching = checked.found.forecast.caching if checked.found else None
    return caching is not None and caching.is_kept
