"""The first requests of a batch, as they were sent: from the spool, cleaned when they are drawn."""

from __future__ import annotations

import msgspec

from claude_batch_tui.domain.batches.story import SentRequests
from claude_batch_tui.tui.batches.facts import fact_lines
from claude_batch_tui.tui.widgets.text_rows import AnyLine
from claude_batch_tui.wording import counted

SHOWN = 3
"""How many requests are shown."""
_ELSEWHERE = (
    "What was sent is not on this machine, and the API does not give requests back. Requests of batches that were sent "
    "from here are kept in the spool, to the byte."
)


def request_lines(sent: SentRequests) -> list[AnyLine]:
    """Each with its custom_id, as indented JSON."""
    if not sent.first:
        return list(fact_lines([("", _ELSEWHERE, "dim")], label_width=0))
    lines: list[AnyLine] = [
        (f" the first {len(sent.first)} of {counted(sent.total, 'request')}, as they were sent", "dim")
    ]
    for number, (custom_id, request, is_cut) in enumerate(sent.first, 1):
        lines += [("", None), (f" {number:,}  {custom_id}", "accent")]
        lines += [(f" {line}", None) for line in _json(request, is_cut=is_cut).split("\n")]
    return lines


def _json(request: bytes, *, is_cut: bool) -> str:
    """Indented JSON; a request that is cut is shown as it is, up to there."""
    if is_cut:
        return request.decode("utf-8", "replace") + "\n… cut here: it is read in full beside its result"
    try:
        return msgspec.json.format(request, indent=2).decode("utf-8", "replace")
    except msgspec.DecodeError:
        return request.decode("utf-8", "replace")
