"""The keys of the Results screen."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from claude_batch_tui.tui.results.inspecting import INSPECTOR_BINDINGS

KEYS: list[BindingType] = [
    Binding(
        "slash",
        "filter",
        "filter",
        id="results.filter",
        priority=True,  # letters typed ahead belong to the filter and are no keys of the list
        tooltip="filter: a word of the id, or e.g. outcome=errored",
    ),
    Binding(
        "f",
        "quick",
        "status",
        id="results.quick",
        tooltip="filter by outcome: then a, o, e, x or c; m lists errors by message",
    ),
    Binding(
        "o", "sort", "sort", id="results.sort", show=False, tooltip="sort: then a letter; again: reverse"
    ),
    # Before the frame's: in the filter it completes what is being typed.
    Binding(
        "tab",
        "complete_or_next",
        "next pane",
        id="frame.next",
        show=False,
        priority=True,
        tooltip="complete the filter; the next pane or field",
    ),
    Binding(
        "e", "error(1)", "next error", id="results.next-error", tooltip="next entry that did not succeed"
    ),
    Binding(
        "E",
        "error(-1)",
        "previous error",
        id="results.previous-error",
        show=False,
        tooltip="the one before",
    ),
    Binding("s", "save", "save", id="results.save", tooltip="save what the filter shows to a file"),
    Binding(
        "R",
        "retry",
        "retry",
        id="results.retry",
        show=False,
        tooltip="send again what failed of the shown or marked (asks)",
    ),
    Binding("x", "stop", "stop", id="results.stop", show=False, tooltip="stop saving, or the download"),
    Binding(
        "L", "ledger", "ledger", id="results.ledger", show=False, tooltip="what was sent, what came back"
    ),
    Binding("O", "open", "open file", id="results.open", show=False, tooltip="open a results file"),
    *INSPECTOR_BINDINGS,
    Binding(
        "S",
        "statistics",
        "statistics",
        id="results.statistics",
        show=False,
        tooltip="what is shown, or marked, in numbers",
    ),
    Binding(
        "equals_sign",
        "compare",
        "compare",
        id="results.compare",
        show=False,
        tooltip="two marked entries, or these results with others",
    ),
    Binding("q,escape", "back", "back", id="results.back", tooltip="one step back"),
]
