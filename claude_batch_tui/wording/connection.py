"""The state of polling as words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claude_batch_tui.domain.tracked import LinkState
from claude_batch_tui.wording.times import local_clock

if TYPE_CHECKING:
    from claude_batch_tui.domain.tracked import Link

_ASCII_MARKS = {"◌": ".", "●": "*", "○": "o", "‖": "=", "▲": "!"}


def link_words(link: Link, *, ascii_only: bool = False) -> str:
    """The state of polling in a few words."""
    polled = f"polled {local_clock(link.polled_at)}" if link.polled_at else "not polled yet"
    following = "" if link.is_leader else " by another cbtui"
    match link.state:
        case LinkState.CONNECTING:
            mark, words = "◌", "connecting"
        case LinkState.LIVE:
            mark, words = "●", f"live · {polled}{following}"
        case LinkState.IDLE:
            mark, words = "○", f"nothing running · {polled}"
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
