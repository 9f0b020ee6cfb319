"""What the lines around the list of batches say, and what stands in its place while it is empty."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from claude_batch_tui.domain.batches.notices import Warned, Warning  # noqa: A004 — the word for it
from claude_batch_tui.domain.batches.tracked import LinkState, SubmissionState, TrackedBatch
from claude_batch_tui.tui.batches.view import BatchesView
from claude_batch_tui.wording import ago, counted, counted_batches, span

_EMPTY = """
              No batches in this workspace yet.

   n     build one from a file (CSV, text, ready requests)
   i     watch a batch made elsewhere: paste its msgbatch_… id

   Batches cost half the normal token price and may take up to 24 hours.
   Results can be read for 29 days; cbtui keeps a copy of those you open.

   Looking for batches you know exist? A key sees one workspace only.
   What cbtui knows:  cbtui info
"""
_SET_UP = """
              No API key was found.

   Set ANTHROPIC_API_KEY and start again:

       export ANTHROPIC_API_KEY=sk-ant-…
       cbtui

   or log in with a profile and pass  --profile NAME.
   Keys are read where the SDK reads them, and are never stored.

   Without a key:  cbtui demo   shows everything on a simulated workspace.
   n builds and checks requests from a file; that needs no key either.
"""


def empty_words(view: BatchesView) -> str:
    """Why no row is shown, and what to do about it."""
    total, link = view.listing.total, view.snapshot.link
    if view.filter and total:
        return f"\n  None of {total:,} batches matches {view.filter!r}: esc clears the filter."
    if total:
        return f"\n  All {total:,} batches are hidden: H shows them."
    if link.state is LinkState.NO_CREDENTIALS:
        return _SET_UP
    if link.state is LinkState.CONNECTING:
        return "\n  Connecting to the API …"
    if link.state in (LinkState.OFFLINE, LinkState.REFUSED):
        return f"\n  {link.error}\n\n  r tries again."
    return _EMPTY


def list_words(view: BatchesView, marked: int) -> str:
    """Beside the tabs: how many are marked and shown of how many, how old the list is, and how it is sorted."""
    listing, drawing = view.listing, view.drawing()
    parts = [f"{marked:,} marked"] if marked else []
    if drawing.is_old and drawing.link.polled_at is not None:
        parts.append(f"last known list, {ago(drawing.now - drawing.link.polled_at)} old")
    if listing.shown != listing.total:
        parts.append(f"{listing.shown:,} of {listing.total:,}")
    else:
        parts.append(counted_batches(listing.total))
    if view.snapshot.has_older and drawing.link.state in (LinkState.LIVE, LinkState.IDLE):
        parts[-1] += ", L: older"
    down, up = ("v", "^") if drawing.ascii_only else ("↓", "↑")
    parts.append(f"sort: {listing.order.field} {up if listing.order.is_reversed else down}")
    return "   ".join(parts)


def resting_words(view: BatchesView, marks: Collection[str], banner: str | None) -> str:
    """In the status line while nothing happens: what needs a decision first."""
    snapshot = view.snapshot
    waiting = [each for each in snapshot.submissions if each.state is not SubmissionState.SENDING]
    if waiting:
        return f"{counted(len(waiting), 'submission')} of unknown outcome: U decides"
    return (
        _marked_words(view.listing.batches_of(marks))
        or snapshot.link.error
        or _warning_words(view.at_risk.found.values(), view.now())
        or banner
        or ""
    )


def _marked_words(targets: Sequence[TrackedBatch]) -> str:
    """What keys would do to what is marked."""
    if not targets:
        return ""
    running = sum(tracked.batch.processing_status == "in_progress" for tracked in targets)
    ended = sum(tracked.batch.has_ended for tracked in targets)
    does = [f"x cancels {running:,}"] if running else []
    does += [f"D deletes {ended:,}", f"s downloads {ended:,}"] if ended else []
    return f"{counted_batches(len(targets))} marked: {', '.join([*does, 't tags', 'A hides'])}"


def _warning_words(warnings: Collection[Warning], now: datetime) -> str:
    """What is about to be lost first, and the keys that save it."""
    if not warnings:
        return ""
    first = min(warnings, key=lambda warning: warning.at)
    count = sum(warning.about is first.about for warning in warnings)
    several = counted_batches(count)
    left = f"{'' if count == 1 else 'the first '}in {span(first.at - now)}"
    if first.about is Warned.RESULTS:
        return f"results of {several} go {left}: W marks, s downloads"
    return f"{several} will expire {left}: W marks, x ends now"
