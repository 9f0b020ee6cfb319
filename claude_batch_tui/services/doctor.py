"""Looking whether everything cbtui stands on is in order. Nothing is made, changed or paid for by looking."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import stat
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from claude_batch_tui.api.protocol import BatchesApi
from claude_batch_tui.config import Config
from claude_batch_tui.domain.batches.tracked import ResultsState
from claude_batch_tui.domain.checkup import Check, bad, ok, skip, warn
from claude_batch_tui.errors import ApiError, AuthenticationError
from claude_batch_tui.logs import log_path
from claude_batch_tui.nesting import UNREADABLE
from claude_batch_tui.services.keeping.pruning import leftovers, sizes
from claude_batch_tui.services.results.ledger import ledger_of
from claude_batch_tui.services.submitting.spool import sent_ids
from claude_batch_tui.services.watching.notify import ask_tmux
from claude_batch_tui.store.inspection import Inspection, StoredResults
from claude_batch_tui.store.locations import Locations
from claude_batch_tui.store.locks import FileLock
from claude_batch_tui.store.results.index import ResultsIndex

_CLOCK_TOLERANCE = timedelta(seconds=30)
_LITTLE, _TOO_LITTLE = 2_000_000_000, 300_000_000
"""Bytes free: below the first a large batch and its results may not fit, below the second not even its body (256 MB)."""
_MUCH = 1_000_000_000
"""Bytes that can be had back, from which on it is worth a word."""
_NETWORK = ("nfs", "cifs", "smb", "fuse.sshfs", "9p", "afs")
_LONG_ESCAPE = 100
_TMUX_OPTIONS = (
    (
        "allow-passthrough",
        ("on", "all"),
        ("-Apv",),
        "for notifications of the terminal (OSC 9): set -g allow-passthrough on",
    ),
    (
        "focus-events",
        ("on",),
        ("-gsv",),
        "for programs to know whether you look: set -g focus-events on",
    ),
    (
        "set-clipboard",
        ("on", "external"),
        ("-sv",),
        "for copies to reach the terminal outside: set -s set-clipboard external",
    ),
)
_PIECE = 1 << 20


def look_at_hook(config: Config) -> Check:
    """The command that is run at an end: is it there?"""
    if config.hook is None:
        return ok("hook", "none is set")
    try:
        words = shlex.split(config.hook)
    except ValueError as error:
        return bad("hook", f"cannot be read: {error}", 'fix hook = "…" in config.toml', "config")
    if words and shutil.which(words[0]):
        return ok("hook", words[0])
    name = words[0] if words else "an empty command"
    return bad("hook", f"{name} is not found", 'give its whole path in hook = "…"', "config")


async def look_at_api(api: BatchesApi, now: Callable[[], datetime]) -> AsyncIterator[Check]:
    """One list request, which is free: does the API answer, and do the clocks agree?"""
    try:
        page = await api.list_page(limit=1)
    except AuthenticationError as error:
        yield bad(
            "api", f"{api.base_url} refuses {api.credential}: {error}", "use another key or profile", "api"
        )
        return
    except ApiError as error:
        yield bad("api", str(error), "look at network, proxy and --base-url", "api")
        return
    facts = page.facts
    where = f"{api.base_url}, workspace {facts.workspace_id or 'not named'}, {facts.seconds * 1000:.0f} ms"
    if page.unreadable:
        yield warn("api", f"{where}; a batch of its list cannot be read", "a newer cbtui may know its form")
    else:
        yield ok("api", where)
    if facts.server_date is None:
        yield skip("clock", "the API does not tell the time")
        return
    behind = facts.server_date - (now() - timedelta(seconds=facts.seconds / 2))
    if abs(behind) <= _CLOCK_TOLERANCE:
        yield ok("clock", f"within {_CLOCK_TOLERANCE.seconds} s of the API's")
    else:
        way = "slow" if behind > timedelta() else "fast"
        yield warn(
            "clock",
            f"{abs(behind).total_seconds():.0f} s {way}, so ages and deadlines are wrong by as much",
            "set the clock, for instance with timedatectl set-ntp true",
        )


def look_at_store(locations: Locations, inspection: Inspection | None, sqlite: str) -> Iterator[Check]:
    """What the inspection of the store found (None where there is no store yet), and whether the journal can be read."""
    file = locations.database
    if inspection is None:
        yield ok("store", f"{file} is not there yet; the first start makes it")
    elif inspection.problems:
        advice = "move it away; it is rebuilt from journal, API and files"
        if any("locked" in problem for problem in inspection.problems):
            advice = "another process is writing; look again when it is done"
        yield bad("store", f"{file}: {'; '.join(inspection.problems)}", advice, "store")
    elif inspection.is_newer:
        yield bad("store", f"{file} was written by a newer cbtui", "update this one", "store")
    else:
        yield ok("store", f"whole; {inspection.batches:,} batches, SQLite {sqlite}")
    if inspection is not None and inspection.open_submissions:
        yield warn(
            "submissions",
            f"{inspection.open_submissions} whose outcome is not known",
            "cbtui, then U on Batches: look, attach, or send again",
        )
    yield _journal(locations.journal)


def _journal(path: Path) -> Check:
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return ok("journal", "nothing is written yet")
    except OSError as error:
        return bad("journal", f"{path}: {error.strerror}", "make it readable for you", "store")
    facts, damaged = 0, 0
    for line in lines:
        if line:
            try:
                msgspec.json.decode(line)
                facts += 1
            except UNREADABLE:
                damaged += 1
    if damaged:
        advice = "they are passed over; the store still has what they said, so keep a copy of it"
        return warn("journal", f"{damaged} of {facts + damaged} lines cannot be read", advice)
    return ok("journal", f"whole; {facts:,} facts")


def look_at_folders(config: Config, locations: Locations) -> Iterator[Check]:
    """Folders and files that only the user should enter, a check for each that is not so."""
    folders = (config.data_dir, locations.spool, locations.results, locations.locks)
    found = list(_rights([*folders, config.state_dir], folder=True))
    found += _rights([locations.database, locations.journal, config.config_dir / "config.toml"], folder=False)
    yield from found
    if not found:
        yield ok("folders", f"yours alone, and writable: {config.data_dir}")


def look_at_log(config: Config) -> Check:
    """Where the log is, and whether it can be written."""
    path = log_path(config)
    if config.log_level == "off":
        return skip("log", "log_level is off")
    place = next(each for each in (path, *path.parents) if each.exists())
    if not os.access(place, os.W_OK) or path.is_symlink():
        return warn("log", f"{path} cannot be written", "make its folder yours, or set CBTUI_STATE_DIR")
    return ok("log", f"{path}{'' if path.exists() else ', which is not there yet'}")


def _rights(paths: list[Path], *, folder: bool) -> Iterator[Check]:
    for path in paths:
        try:
            facts = path.stat()
        except FileNotFoundError:
            continue
        except OSError as error:
            yield bad(
                "folders", f"{path}: {error.strerror}", "make it yours, or use another --data-dir", "store"
            )
            continue
        if not os.access(path, os.W_OK | (os.X_OK if folder else 0)):
            yield bad(
                "folders", f"{path} cannot be written", f"chmod u+rw{'x' if folder else ''} {path}", "store"
            )
        elif facts.st_uid != os.geteuid():
            yield warn("folders", f"{path} belongs to another user", f"chown {os.geteuid()} {path}")
        elif stat.S_IMODE(facts.st_mode) & 0o077 and path.name != "config.toml":
            yield warn("folders", f"{path} can be read by others", f"chmod go-rwx {path}")


def look_at_disk(data: Path, mounts: Path = Path("/proc/mounts")) -> Iterator[Check]:
    """Free room, and whether the disk is one that locks well. `mounts` is Linux's list; elsewhere there is none."""
    place = next(folder for folder in (data, *data.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    room = f"{free / 1e9:,.1f} GB free at {place}"
    if free < _TOO_LITTLE:
        yield bad("disk", room, "free some space, or use another --data-dir", "store")
    elif free < _LITTLE:
        yield warn("disk", room, "a large batch and its results may not fit: free some space")
    else:
        yield ok("disk", room)
    kind = _filesystem(place.resolve(), mounts.read_text() if mounts.exists() else "")
    if kind.startswith(_NETWORK):
        advice = "use a --data-dir on this machine; two machines on one folder are not kept apart"
        yield warn("filesystem", f"{place} is on {kind}", advice)


def _filesystem(place: Path, mounts: str) -> str:
    """The kind of the innermost mount that holds `place`, or nothing."""
    fields = (line.split(" ") for line in mounts.splitlines())
    known = [(parts[1], parts[2]) for parts in fields if len(parts) > 2]
    holding = [(point, kind) for point, kind in known if place.is_relative_to(point.replace("\\040", " "))]
    return max(holding, key=lambda each: len(each[0]), default=("", ""))[1]


def look_at_sizes(locations: Locations, now: datetime) -> Check:
    """How large the parts of the data folder are, and how much of it `cbtui prune` would free."""
    found = sizes(locations).items()
    words = ", ".join(f"{name} {size / 1e6:,.1f} MB" for name, (_, size) in found)
    freed = sum(each.bytes for each in leftovers(locations, now))
    if freed > _MUCH:
        return warn("sizes", words, f"cbtui prune frees {freed / 1e6:,.1f} MB")
    return ok("sizes", words)


def look_at_locks(locations: Locations) -> Iterator[Check]:
    """Who polls and who submits right now."""
    engines = [FileLock(path) for path in sorted(locations.locks.glob("engine*.lock"))]
    pids = [engine.holder() for engine in engines if engine.is_taken()]
    submit = FileLock(locations.submit_lock)
    polls = f"process {' and '.join(dict.fromkeys(pids))} polls for all" if pids else "nobody polls"
    sends = f", process {submit.holder()} submits" if submit.is_taken() else ""
    yield ok("locks", polls + sends)


def look_at_tmux(environ: Mapping[str, str]) -> Iterator[Check]:
    """The options of tmux that decide what reaches the terminal outside. Asks tmux; blocks."""
    if not environ.get("TMUX"):
        yield skip("tmux", "not inside tmux")
        return
    version = ask_tmux("-V")
    if not version:
        yield warn("tmux", "TMUX is set, but tmux does not answer", "install tmux here, or unset TMUX")
        return
    found = [
        warn("tmux", f"{version}: {name} is {value or 'not known to it'}", advice)
        for name, good, scope, advice in _TMUX_OPTIONS
        if (value := ask_tmux("show-options", *scope, name)) not in good
    ]
    delay = ask_tmux("show-options", "-sv", "escape-time")
    if delay.isdigit() and int(delay) > _LONG_ESCAPE:
        found.append(
            warn(
                "tmux", f"{version}: escape-time is {delay} ms, so esc answers late", "set -s escape-time 20"
            )
        )
    yield from found
    if not found:
        yield ok("tmux", f"{version}: passes notifications, focus and clipboard on")


def verify_files(
    stored: tuple[StoredResults, ...], folder: Path, on_file: Callable[[int, str], None]
) -> Iterator[Check]:
    """A check for each file that is not what it was, one for all that are, one for files nobody wrote down.

    Reads every byte. `on_file` hears the number and id of each file before it is read.
    """
    good, size = 0, 0
    for number, each in enumerate(stored):
        on_file(number, each.batch_id)
        check = _verified(each)
        if check is None:
            good, size = good + 1, size + each.bytes
        else:
            yield check
    if good or not stored:
        yield ok("files", f"{good:,} of {len(stored):,} results files are as verified, {size / 1e6:,.1f} MB")
    known = {each.path.name for each in stored}
    if folder.exists():
        for path in sorted((*folder.glob("*.jsonl"), *folder.glob("*.jsonl.incomplete"))):
            if path.name not in known:
                advice = f"a dashboard that knows its batch reads it; to look at it: cbtui results {path}"
                yield warn("files", f"{path} is not in the store", advice)


def _verified(stored: StoredResults) -> Check | None:
    """What is wrong with one file, or None."""
    again = f"download it again while the API has it (29 days): cbtui results {stored.batch_id} -o FILE"
    try:
        digest, index = _read(stored.path)
    except FileNotFoundError:
        return bad("files", f"{stored.path} is gone", again, "store")
    except OSError as error:
        return bad("files", f"{stored.path}: {error.strerror}", "make it readable for you", "store")
    if digest != stored.sha256:
        told = f"{stored.path} has changed: {index.count:,} lines where {stored.lines:,} were verified"
        return bad("files", told, f"move it away, then {again}", "store")
    if stored.state is not ResultsState.COMPLETE:
        told = stored.problems.replace("\n", "; ") or "not whole"
        return warn("files", f"{stored.path} is kept as it came: {told}", again)
    sent = sent_ids(stored.submission) if stored.submission is not None else None
    problems = ledger_of(index, stored.expected, sent).problems()
    if problems:
        return bad("files", f"{stored.path} does not add up: {'; '.join(problems)}", again, "store")
    return None


def _read(path: Path) -> tuple[str, ResultsIndex]:
    digest, index = hashlib.sha256(), ResultsIndex()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
            index.feed(piece)
    index.finish()
    return digest.hexdigest(), index
