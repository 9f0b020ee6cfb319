"""The keys of the Results screen, and those of the tabs on the screens that lie over it."""

from __future__ import annotations

from textual.binding import Binding, BindingType

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
    # Before that of all screens: in the filter it completes what is being typed.
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
    Binding(
        "right_square_bracket",
        "tab(1)",
        "next tab",
        id="results.next-tab",
        show=False,
        tooltip="text, markdown, json, request, row",
    ),
    Binding(
        "left_square_bracket",
        "tab(-1)",
        "previous tab",
        id="results.previous-tab",
        show=False,
        tooltip="the tab before",
    ),
    Binding(
        "J",
        "entry(1)",
        "next entry",
        id="results.next",
        show=False,
        tooltip="next entry, from the inspector too",
    ),
    Binding("K", "entry(-1)", "previous entry", id="results.previous", show=False, tooltip="previous entry"),
    Binding("z", "zoom", "zoom", id="results.zoom", show=False, tooltip="inspector on the whole screen"),
    Binding("w", "wrap", "wrap", id="results.wrap", show=False, tooltip="wrap long lines, or not"),
    Binding("v", "pager", "pager", id="results.pager", show=False, tooltip="what is shown in $PAGER"),
    Binding("y", "copy", "copy", id="results.copy", show=False, tooltip="copy the text shown"),
    Binding("Y", "copy_id", "copy id", id="results.copy-id", show=False, tooltip="copy the custom_id"),
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
TABS_KEYS: list[BindingType] = [
    Binding("1", "app.show('batches')", "batches", id="over.batches", show=False, tooltip="the batches"),
    Binding(
        "2", "app.show('build')", "build", id="over.build", show=False, tooltip="build requests from a file"
    ),
    Binding("3", "app.show('results')", "results", id="over.results", show=False, tooltip="the results"),
]
"""On a screen over the results: leave it and go there."""
QUICK_FILTERS = {
    "a": "",
    "o": "outcome=succeeded",
    "e": "outcome=errored",
    "x": "outcome=expired",
    "c": "outcome=canceled",
}
"""The letters after `f`, and the filter each stands for."""
QUICK_QUESTION = "Show: a all, o ok, e errored, x expired, c canceled, m errors by message"
