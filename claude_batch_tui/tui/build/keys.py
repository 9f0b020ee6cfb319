"""The keys of the Build screen, and what each of them needs."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from claude_batch_tui.tui.build.draft import Checked

KEYS: list[BindingType] = [
    Binding(
        "enter",
        "check",
        "check",
        id="build.check",
        tooltip="build and check everything; then submit (asks)",
    ),
    Binding("o", "files", "choose file", id="build.files", tooltip="choose the source in its folder"),
    Binding("J", "row(1)", "next row", id="build.next", tooltip="preview the next row"),
    Binding(
        "K", "row(-1)", "previous row", id="build.previous", show=False, tooltip="preview the row before"
    ),
    Binding("e", "problem(1)", "next problem", id="build.problem", tooltip="the row of the next problem"),
    Binding(
        "E",
        "problem(-1)",
        "previous problem",
        id="build.problem-before",
        show=False,
        tooltip="the row of the problem before",
    ),
    Binding(
        "x", "leave_out_row", "leave row out", id="build.leave-row", tooltip="leave this row out, or not"
    ),
    Binding(
        "X",
        "leave_out",
        "leave out errors",
        id="build.leave-out",
        show=False,
        tooltip="leave out all rows with errors",
    ),
    Binding(
        "right_square_bracket,left_square_bracket",
        "json",
        "text/JSON",
        id="build.json",
        tooltip="preview as text or as JSON",
    ),
    Binding("v", "edit", "editor", id="build.edit", tooltip="the template in $EDITOR"),
    Binding("t", "try_row", "try row", id="build.try", tooltip="send this row alone, at once (asks)"),
    Binding("P", "pilot", "pilot", id="build.pilot", tooltip="send a sample first (asks)"),
    Binding("s", "save_recipe", "save recipe", id="build.save", tooltip="save all of this as a recipe"),
    Binding("R", "reuse", "recipe", id="build.reuse", tooltip="fill the form from a saved recipe"),
    Binding(
        "W", "write", "write file", id="build.write", tooltip="write the requests file instead of sending"
    ),
    Binding("C", "clear", "clear", id="build.clear", show=False, tooltip="empty the form"),
    Binding("q", "back", "back", id="build.back", tooltip="back to the batches; the form is kept"),
    Binding(
        "escape",
        "leave_field",
        "leave field",
        id="build.leave-field",
        tooltip="out of the field, then back",
    ),
]
_NEEDS_SOURCE = frozenset(
    ("row", "json", "check", "write", "edit", "try_row", "save_recipe", "leave_out_row", "clear")
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
    if action == "pilot" and not (checked and checked.is_ready):
        return "check first (enter)"
    if action == "reuse" and not has_recipes:
        return "no recipe is saved; s saves one"
    return None
