"""The keys of the Results screen, and those of the tabs on the screens that lie over it."""

from __future__ import annotations

from textual.binding import BindingType

from claude_batch_tui.tui.widgets.key_line import hidden_key, shown_key

KEYS: list[BindingType] = [
    # With priority: letters typed ahead belong to the filter and are no keys of the list.
    shown_key(
        "results.filter",
        "slash",
        "filter",
        "filter",
        "filter: a word of the id, or e.g. outcome=errored",
        priority=True,
    ),
    shown_key(
        "results.quick",
        "f",
        "quick",
        "class",
        "show one class: then its letter, as over the list; a all, m errors by message",
    ),
    shown_key("results.save", "s", "save", "save", "save what the filter shows to a file"),
    shown_key("results.retry", "R", "retry", "retry", "triage and retry of the shown or marked (asks)"),
    shown_key("results.sort", "o", "sort", "sort", "sort: then a letter; again: reverse"),
    shown_key("results.next-error", "e", "error(1)", "next not good", "next entry without a whole answer"),
    hidden_key("results.previous-error", "E", "error(-1)", "previous not good", "the one before"),
    shown_key("results.spread", "V", "spread", "fields", "the fields of JSON answers as columns, or not"),
    hidden_key("results.left", "less_than_sign", "shift(-1)", "fields left", "begin with the field before"),
    hidden_key("results.right", "greater_than_sign", "shift(1)", "fields right", "and with the next one"),
    hidden_key(
        "results.attempts",
        "A",
        "attempts",
        "attempts",
        "of a run: all attempts, or the answers that are kept",
    ),
    hidden_key("results.stop", "x", "stop", "stop", "stop saving, searching, sorting or the download"),
    hidden_key("results.ledger", "L", "ledger", "ledger", "what was sent, what came back"),
    shown_key("results.open", "O", "open", "open file", "open a results file"),
    hidden_key(
        "results.next-tab",
        "right_square_bracket",
        "tab(1)",
        "next tab",
        "answer, markdown, raw, request, row",
    ),
    hidden_key("results.previous-tab", "left_square_bracket", "tab(-1)", "previous tab", "the tab before"),
    hidden_key("results.next", "J", "entry(1)", "next entry", "next entry, from the inspector too"),
    hidden_key("results.previous", "K", "entry(-1)", "previous entry", "previous entry"),
    hidden_key("results.zoom", "z", "zoom", "zoom", "inspector on the whole screen"),
    hidden_key("results.prompt", "p", "prompt", "prompt", "the prompt beside the answer, or not"),
    hidden_key("results.wrap", "w", "wrap", "wrap", "wrap long lines, or not"),
    hidden_key("results.pager", "v", "pager", "pager", "what is shown in $PAGER"),
    hidden_key("results.copy", "y", "copy", "copy", "copy the text shown"),
    hidden_key("results.copy-id", "Y", "copy_id", "copy id", "copy the custom_id"),
    shown_key("results.statistics", "S", "statistics", "statistics", "what is shown, or marked, in numbers"),
    shown_key(
        "results.review", "r", "review", "review", "review answers: the marked, the shown, or a sample"
    ),
    shown_key(
        "results.compare",
        "equals_sign",
        "compare",
        "compare",
        "two marked entries, or these results with others",
    ),
    shown_key("results.back", "q,escape", "back", "back", "one step back"),
]
TABS_KEYS: list[BindingType] = [
    hidden_key("over.batches", "1", "app.show('batches')", "batches", "the batches"),
    hidden_key("over.build", "2", "app.show('build')", "build", "build requests from a file"),
    hidden_key("over.results", "3", "app.show('results')", "results", "the results"),
]
"""On a screen over the results: leave it and go there."""
