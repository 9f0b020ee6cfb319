"""What goes on, as words: polling, downloads, indexes, exports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claude_batch_tui.domain.batches.tracked import LinkState
from claude_batch_tui.domain.plain_text import clean_line
from claude_batch_tui.wording.values import local_clock, size

if TYPE_CHECKING:
    from collections.abc import Mapping

    from claude_batch_tui.domain.batches.tracked import Download, Link
    from claude_batch_tui.services.exporting.export import ExportProgress


_WELL = (LinkState.LIVE, LinkState.IDLE)
_ASCII_MARKS = {"◌": ".", "●": "*", "○": "o", "‖": "=", "▲": "!"}
QUEUED = "waits for other downloads"


def link_words(link: Link, *, ascii_only: bool = False) -> str:
    """The state of polling in a few words."""
    polled = f"polled {local_clock(link.polled_at)}" if link.polled_at else "not polled yet"
    if not link.is_leader:
        polled += " by another cbtui"
    looks = f"next poll {local_clock(link.next_poll_at)}" if link.next_poll_at else polled
    match link.state:
        case LinkState.CONNECTING:
            mark, words = "◌", "connecting"
        case LinkState.LIVE:
            mark, words = "●", f"live · {looks}"
        case LinkState.IDLE:
            mark, words = "○", f"nothing running · {looks}"
        case LinkState.PAUSED:
            mark, words = "‖", f"paused · {polled}"
        case LinkState.OFFLINE:
            since = f" since {local_clock(link.since)}" if link.since else ""
            again = f" · next try {local_clock(link.next_poll_at)}" if link.next_poll_at else ""
            mark, words = "▲", f"offline{since}{again}"
        case LinkState.REFUSED:
            mark, words = "▲", "key refused"
        case LinkState.NO_CREDENTIALS:
            mark, words = "▲", "no API key"
    if ascii_only:
        mark = _ASCII_MARKS[mark]
        words = words.replace("·", "-")
    return f"{mark} {words}"


def links_words(links: Mapping[str, Link], *, ascii_only: bool = False) -> str:
    """The state of polling of several workspaces: the troubled ones by name first, then those that are well."""
    well = [name for name, link in links.items() if link.state in _WELL]
    if len(well) == len(links) or len({link.state for link in links.values()}) == 1:
        live = [link for link in links.values() if link.state is LinkState.LIVE] or list(links.values())
        oldest = min(live, key=lambda link: link.polled_at.timestamp() if link.polled_at else 0.0)
        return link_words(oldest, ascii_only=ascii_only)
    parts = []
    for name, link in links.items():
        if name not in well:
            mark, _, words = link_words(link).partition(" ")
            mark = _ASCII_MARKS[mark] if ascii_only else mark
            parts.append(f"{mark} {clean_line(name)} {words.split(' · ')[0].split(' since ')[0]}")
    if well:
        mark = _ASCII_MARKS["●"] if ascii_only else "●"
        parts.append(f"{mark} {clean_line(well[0]) if len(well) == 1 else f'{len(well):,}'} live")
    return (" - " if ascii_only else " · ").join(parts)


def indexing_words(share: float, *, is_unpacked: bool) -> str:
    """How far a results file has been read, for a share from 0 to 1."""
    return f"{'decompressing' if is_unpacked else 'indexing'} {int(share * 100)} %"


def reading_words(download: Download) -> str:
    """How much of downloaded results has been read to the end of each line."""
    share = download.lines_read / download.lines if download.lines else 0.0
    return f"reading {int(share * 100)} %"


def slow_words(download: Download) -> str:
    """That hardly anything has come of the results, for how long, as a phrase."""
    return f"hardly anything has come for {download.slow_for:.0f} s"


def export_words(progress: ExportProgress) -> str:
    """Where an export is: entries, and how fast the results are read."""
    seconds = max(progress.seconds, 1e-3)
    of = f" of {progress.of:,}" if progress.of else ""
    return (
        f"{progress.entries:,}{of} results {progress.doing} · "
        f"{progress.entries / seconds:,.0f}/s · {size(int(progress.bytes / seconds))}/s"
    )
