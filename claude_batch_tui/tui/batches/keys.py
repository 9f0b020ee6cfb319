"""The keys of the Batches screen, and what each of them needs."""

from __future__ import annotations

from collections.abc import Sequence

from textual.binding import BindingType

from claude_batch_tui.domain.batches.tracked import Snapshot, TrackedBatch
from claude_batch_tui.tui.submitting.retrying import retry_reason
from claude_batch_tui.tui.widgets.key_line import hidden_key, shown_key

KEYS: list[BindingType] = [
    # With priority, so that what is typed ahead lands in the filter.
    shown_key(
        "batches.filter", "slash", "filter", "filter", "filter: words, state=running, age<2d", priority=True
    ),
    shown_key("batches.sort", "o", "sort(1)", "sort", "sort by the next column"),
    hidden_key("batches.reverse", "O", "reverse", "reverse", "sort the other way round"),
    shown_key("batches.cancel", "x", "cancel", "cancel", "cancel on the server (asks)"),
    hidden_key("batches.delete", "D", "delete", "delete", "delete from the server (asks)"),
    shown_key("batches.new", "n", "app.show('build')", "new", "build requests from a file"),
    shown_key("batches.poll", "r", "poll", "refresh", "refresh: look at the API now"),
    shown_key(
        "batches.retry", "R", "retry", "retry", "triage: what is not good by cause, and retry it (asks)"
    ),
    hidden_key("batches.pause", "p", "pause", "pause", "pause or resume polling"),
    hidden_key("batches.add", "i", "add", "track", "track a batch by its id"),
    shown_key("batches.rename", "e", "rename", "rename", "give the batch a name of yours"),
    shown_key("batches.tag", "t", "tag", "tag", "tags of yours"),
    hidden_key("batches.note", "N", "note", "note", "a note of yours"),
    hidden_key("batches.adopt", "a", "adopt", "adopt", "adopt a batch made elsewhere"),
    hidden_key("batches.hide", "A", "hide", "hide", "hide on this machine, or bring back"),
    hidden_key("batches.hidden", "H", "hidden", "hidden", "show hidden batches, or not"),
    hidden_key("batches.warned", "W", "warned", "at risk", "mark what is about to be lost"),
    shown_key("batches.download", "s", "download", "download", "download the results"),
    shown_key(
        "batches.compare",
        "equals_sign",
        "compare",
        "compare",
        "compare the results of two marked ones, or the runs of a sweep",
    ),
    shown_key("batches.columns", "c", "columns", "columns", "choose columns, and sort by any field"),
    hidden_key("batches.stop", "S", "stop", "stop", "stop the download"),
    hidden_key("batches.unknown", "U", "unknown", "open submissions", "submissions of unknown outcome"),
    hidden_key("batches.copy", "y", "copy", "copy id", "copy the id"),
    hidden_key("batches.detail", "d", "detail", "detail", "detail on or off"),
    hidden_key(
        "batches.next-tab",
        "right_square_bracket",
        "tab(1)",
        "next tab",
        "overview, timeline, requests, cost, polls",
    ),
    hidden_key("batches.previous-tab", "left_square_bracket", "tab(-1)", "previous tab", "the tab before"),
    hidden_key("batches.detail-down", "J", "scroll(1)", "detail down", "scroll the detail"),
    hidden_key("batches.detail-up", "K", "scroll(-1)", "detail up", "scroll it back"),
    hidden_key("batches.history", "T", "history", "history", "history, drawn: time, spend"),
    hidden_key("batches.costs", "dollar_sign", "costs", "costs", "costs by day, model, tag or run"),
    hidden_key("batches.events", "E", "events", "events", "what happened, with times; and back"),
    hidden_key("batches.zoom", "z", "zoom", "zoom", "detail on the whole screen"),
    hidden_key("batches.older", "L", "older", "older", "load older batches"),
    hidden_key("batches.fold", "left,h", "fold", "fold", "close the run or the sweep"),
    hidden_key("batches.origin", "B", "origin", "built from", "to the run whose answers are its rows"),
    hidden_key("batches.next-step", "F", "next_step", "followed by", "to the run whose rows are its answers"),
    hidden_key(
        "batches.workspace", "w", "workspace", "workspace", "the next workspace, or all that are watched"
    ),
    shown_key("batches.close", "q", "close", "back", "out of the events or the zoom, back to the list"),
    shown_key("batches.back", "q", "back", "quit", "leave"),
    hidden_key("batches.up", "escape", "up", "back", "clear the filter or the marks"),
]
_FOR_BATCHES = frozenset(("cancel", "delete", "rename", "note", "tag", "hide", "adopt", "copy", "download"))


def why_not(
    action: str, *, targets: Sequence[TrackedBatch], keys: Sequence[str], snapshot: Snapshot, watched: int
) -> str | None:
    """Why a key does nothing now, as the end of a sentence, or None where it does something.

    `targets` are the batches it is meant for, `keys` those of their rows; so many workspaces are `watched`.
    """
    if action in _FOR_BATCHES and not targets:
        return "there is no batch"
    is_sweep = any(tracked.sweep is not None and tracked.sweep.id in keys for tracked in targets)
    if action in ("rename", "note") and is_sweep:
        return "a sweep has the name it was built under; its runs take names and notes"
    if action == "compare" and len(keys) != 2 and not (is_sweep and len(keys) == 1):
        return "mark two batches or runs with space first"
    if action == "compare" and not all(tracked.batch.has_ended for tracked in targets):
        return "results can be compared when both have ended"
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
    return action in _FOR_BATCHES or action in ("retry", "stop", "compare")
