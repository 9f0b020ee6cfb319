"""The keys of the Batches screen."""

from __future__ import annotations

from textual.binding import Binding, BindingType

KEYS: list[BindingType] = [
    # With priority, so that what is typed ahead lands in the filter.
    Binding(
        "slash",
        "filter",
        "filter",
        id="batches.filter",
        priority=True,
        tooltip="filter: words, state=running, age<2d",
    ),
    Binding("o", "sort(1)", "sort", id="batches.sort", tooltip="sort by the next column"),
    Binding("O", "reverse", "reverse", id="batches.reverse", show=False, tooltip="sort the other way round"),
    Binding("x", "cancel", "cancel", id="batches.cancel", tooltip="cancel on the server (asks)"),
    Binding(
        "D", "delete", "delete", id="batches.delete", show=False, tooltip="delete from the server (asks)"
    ),
    Binding("n", "app.show('build')", "new", id="batches.new", tooltip="build requests from a file"),
    Binding("r", "poll", "poll", id="batches.poll", tooltip="ask the API now"),
    Binding(
        "R",
        "retry",
        "retry",
        id="batches.retry",
        show=False,
        tooltip="send again what errored or expired (asks)",
    ),
    Binding("p", "pause", "pause", id="batches.pause", show=False, tooltip="pause or resume polling"),
    Binding("i", "add", "watch id", id="batches.add", show=False, tooltip="watch a batch by its id"),
    Binding("e", "rename", "name", id="batches.rename", show=False, tooltip="give the batch a name of yours"),
    Binding("t", "tag", "tag", id="batches.tag", show=False, tooltip="tags of yours"),
    Binding("N", "note", "note", id="batches.note", show=False, tooltip="a note of yours"),
    Binding("a", "adopt", "adopt", id="batches.adopt", show=False, tooltip="adopt a batch made elsewhere"),
    Binding("A", "archive", "put away", id="batches.archive", show=False, tooltip="put away, or bring back"),
    Binding("H", "hidden", "put away", id="batches.hidden", show=False, tooltip="show what was put away"),
    Binding(
        "W", "warned", "at risk", id="batches.warned", show=False, tooltip="mark what is about to be lost"
    ),
    Binding("s", "download", "download", id="batches.download", show=False, tooltip="download the results"),
    Binding("S", "stop", "stop", id="batches.stop", show=False, tooltip="stop the download"),
    Binding(
        "U",
        "unknown",
        "open submissions",
        id="batches.unknown",
        show=False,
        tooltip="submissions of unknown outcome",
    ),
    Binding("y", "copy", "copy id", id="batches.copy", show=False, tooltip="copy the id"),
    Binding("d", "detail", "detail", id="batches.detail", show=False, tooltip="detail on or off"),
    Binding(
        "right_square_bracket",
        "tab(1)",
        "next tab",
        id="batches.next-tab",
        show=False,
        tooltip="overview, timeline, requests, cost, polls",
    ),
    Binding(
        "left_square_bracket",
        "tab(-1)",
        "previous tab",
        id="batches.previous-tab",
        show=False,
        tooltip="the tab before",
    ),
    Binding(
        "J", "scroll(1)", "detail down", id="batches.detail-down", show=False, tooltip="scroll the detail"
    ),
    Binding("K", "scroll(-1)", "detail up", id="batches.detail-up", show=False, tooltip="scroll it back"),
    Binding(
        "T", "history", "history", id="batches.history", show=False, tooltip="history, drawn: time, spend"
    ),
    Binding(
        "E",
        "events",
        "events",
        id="batches.events",
        show=False,
        tooltip="what happened, with times; and back",
    ),
    Binding("z", "zoom", "zoom", id="batches.zoom", show=False, tooltip="detail on the whole screen"),
    Binding("L", "older", "older", id="batches.older", show=False, tooltip="load older batches"),
    Binding("left,h", "fold", "fold", id="batches.fold", show=False, tooltip="close the run"),
    Binding(
        "w",
        "workspace",
        "workspace",
        id="batches.workspace",
        show=False,
        tooltip="the next workspace, or all that are watched",
    ),
    Binding("q", "back", "quit", id="batches.back", tooltip="leave"),
    Binding("escape", "up", "back", id="batches.up", show=False, tooltip="clear the filter or the marks"),
]
