"""The keys of the Batches screen, and what each of them needs."""

from __future__ import annotations

from collections.abc import Sequence

from textual.binding import Binding, BindingType

from claude_batch_tui.domain.batches.tracked import Snapshot, TrackedBatch
from claude_batch_tui.tui.submitting.retrying import retry_reason

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
    Binding(
        "A", "hide", "hide", id="batches.hide", show=False, tooltip="hide on this machine, or bring back"
    ),
    Binding("H", "hidden", "hidden", id="batches.hidden", show=False, tooltip="show hidden batches, or not"),
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
RENAMED = {"batches.archive": "batches.hide"}
"""Ids that a table [keys] of an earlier release may name, and what they are called now."""
_FOR_BATCHES = frozenset(("cancel", "delete", "rename", "note", "tag", "hide", "adopt", "copy", "download"))


def why_not(
    action: str, *, targets: Sequence[TrackedBatch], keys: Sequence[str], snapshot: Snapshot, watched: int
) -> str | None:
    """Why a key does nothing now, as the end of a sentence, or None where it does something.

    `targets` are the batches it is meant for, `keys` those of their rows; so many workspaces are `watched`.
    """
    if action in _FOR_BATCHES and not targets:
        return "there is no batch"
    if action == "stop" and not any(key in snapshot.downloads for key in keys):
        return "nothing is being downloaded"
    if action == "unknown" and not snapshot.submissions:
        return "the outcome of every submission is known"
    if action == "older" and not snapshot.has_older:
        return "there are no older batches"
    if action == "workspace" and watched < 2:
        return "one workspace is watched; cbtui --profile A --profile B watches two"
    return _why_not_these(action, targets)


def _why_not_these(action: str, targets: Sequence[TrackedBatch]) -> str | None:
    """Why these batches do not take an action."""
    has_ended = any(tracked.batch.has_ended for tracked in targets)
    are_of_several = len({tracked.profile for tracked in targets}) > 1
    match action:
        case "cancel" if all(tracked.batch.processing_status != "in_progress" for tracked in targets):
            is_over = targets[0].batch.has_ended
            return "this batch already ended" if is_over else "it is being canceled already"
        case "delete" if not has_ended:
            return "only an ended batch can be deleted; cancel it first"
        case "download" if not has_ended:
            return "results can be read when the batch has ended"
        case "adopt" if not any(tracked.run_id is None for tracked in targets):
            return "it has a run already"
        case "adopt" if are_of_several:
            return "they are of several workspaces: adopt those of one at a time"
        case "retry" if are_of_several:
            return "they are of several workspaces: send those of one at a time"
        case "retry":
            return retry_reason(targets)
    return None


def needs_list(action: str) -> bool:
    """Whether a key is about what is under the cursor or marked, and so has no meaning while that is not on the screen."""
    return action in _FOR_BATCHES or action in ("retry", "stop")
