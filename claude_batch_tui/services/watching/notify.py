"""Telling people that something has ended: once, by the ways the settings name, and never in anybody's way."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from datetime import datetime

import msgspec

from claude_batch_tui.domain.batches.notices import Notice, Warned, notice_of
from claude_batch_tui.domain.batches.tracked import ResultsState, TrackedBatch
from claude_batch_tui.domain.plain_text import clean_line
from claude_batch_tui.redaction import redact
from claude_batch_tui.services.threads import in_thread
from claude_batch_tui.store import batches, notifications
from claude_batch_tui.store.store import Store

_TAKES_OSC9 = ("iterm", "wezterm", "ghostty", "kitty", "foot", "warpterminal", "rio")
_ASK_TMUX = "#{client_termname} #{client_termtype}"
_SECONDS = 1.0


def claim_ends(
    store: Store, scope_id: int, now: datetime, only: frozenset[str] | None = None
) -> tuple[Notice, ...]:
    """The ends this process is to tell; no other process is given them, now or after a restart."""
    notices = []
    for target_id, batch_ids in notifications.claim(store.database, scope_id, now, only):
        known = (batches.find(store.database, scope_id, batch_id) for batch_id in batch_ids)
        notices.append(notice_of(target_id, tuple(tracked for tracked in known if tracked is not None)))
    return tuple(notices)


def past_ends(
    store: Store, scope_id: int, limit: int, after: datetime | None = None
) -> list[tuple[datetime, Notice]]:
    """The last ends that were told, after a time if wished, by whatever process; oldest first."""
    found = []
    for target_id, batch_ids, at in notifications.told(store.database, scope_id, limit, after):
        known = batches.find_all(store.database, scope_id, batch_ids)
        if known:
            found.append((at, notice_of(target_id, known)))
    return found


def past_warnings(
    store: Store, scope_id: int, limit: int, after: datetime | None = None
) -> list[tuple[datetime, Warned, tuple[TrackedBatch, ...]]]:
    """The last warnings that were told, of batches whose results are not here; oldest first."""
    found = []
    for kind, told in notifications.warned(store.database, scope_id, limit, after):
        known = batches.find_all(store.database, scope_id, told.batch_ids)
        at_risk = tuple(tracked for tracked in known if tracked.results is ResultsState.NONE)
        about = Warned.EXPIRY if kind == Warned.EXPIRY else Warned.RESULTS
        if at_risk:
            found.append((told.at, about, at_risk))
    return found


async def run_hook(command: str, notice: Notice, *, timeout: float) -> str | None:  # noqa: ASYNC109 — ends a process, too
    """Run the user's command with the notice as JSON on stdin; None, or a sentence that says what went wrong.

    No shell is involved. Leaving early lets the command go on; only the time limit (seconds) ends it, with its
    children.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        return f"The hook {command!r} cannot be read: {error}."
    if not words:
        return None
    # In a thread of its own: where nobody waits any more, the thread still does, and no process is left uncollected.
    return await in_thread(lambda: _run(words, notice, timeout), "cbtui-hook")


def _run(words: list[str], notice: Notice, timeout: float) -> str | None:
    with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as said:
        asked.write(msgspec.json.encode({"event": "ended", **msgspec.to_builtins(notice)}) + b"\n")
        asked.seek(0)
        try:
            process = subprocess.Popen(  # noqa: S603 — the user's own command
                words, stdin=asked, stdout=subprocess.DEVNULL, stderr=said, start_new_session=True
            )
        except OSError as error:
            return f"The hook {words[0]} cannot be started: {error.strerror or error}."
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return f"The hook {words[0]} took longer than {timeout:g} s and was stopped."
        if code == 0:
            return None
        said.seek(0)
        last = said.read(64_000).decode("utf-8", "replace").strip().rpartition("\n")[2]
        why = f": {clean_line(redact(last), 200)}" if last else ""
        return f"The hook {words[0]} ended with code {code}{why}."


def osc9_way(setting: str, environ: Mapping[str, str]) -> str:
    """How OSC 9 reaches this terminal: `plain`, wrapped for `tmux` or `screen`, or `no`. May ask tmux; call it in a thread.

    `setting` is auto, on or off. Inside tmux nothing is sent where its allow-passthrough is off: it would be dropped.
    """
    if setting == "off":
        return "no"
    if environ.get("TMUX"):
        if ask_tmux("show-options", "-Apv", "allow-passthrough") not in {"on", "all"}:
            return "no"
        return "tmux" if setting == "on" or _is_known(ask_tmux("display-message", "-p", _ASK_TMUX)) else "no"
    terminal = " ".join(environ.get(name, "") for name in ("TERM_PROGRAM", "LC_TERMINAL", "TERM"))
    if setting != "on" and not _is_known(terminal):
        return "no"
    return "screen" if environ.get("STY") else "plain"


def _is_known(terminal: str) -> bool:
    return any(name in terminal.lower() for name in _TAKES_OSC9)


def ask_tmux(*words: str) -> str:
    """What tmux answers, or nothing where it does not answer within a second. Blocks."""
    try:
        answer = subprocess.run(  # noqa: S603 — our own words
            ["tmux", *words],  # noqa: S607 — the user's own tmux
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.decode("utf-8", "replace").strip()
