"""The spool: what will be sent, frozen on disk to the byte before anything is sent."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from ulid import ULID

from claude_batch_tui.domain.limits import BODY_HEAD, BODY_TAIL, MAX_BODY_BYTES, MAX_REQUESTS
from claude_batch_tui.domain.tracked import Submission, SubmissionState
from claude_batch_tui.errors import DraftError
from claude_batch_tui.services.prepare import iter_request_lines
from claude_batch_tui.store import submissions
from claude_batch_tui.store.files import copied_whole, written_whole
from claude_batch_tui.store.store import Store

SAME_BODY_WINDOW = timedelta(days=30)
"""The same bytes are not sent again within this time unless the user says so."""


class _Identified(msgspec.Struct):
    custom_id: str


_decode_id = msgspec.json.Decoder(_Identified).decode


class Outgoing(msgspec.Struct, frozen=True):
    """What the user confirmed: a requests file, its rows file, and what the confirmation said."""

    requests: Path
    rows: Path | None = None
    name: str | None = None
    model: str | None = None
    source: str | None = None
    cost_at_most: float | None = None
    prices_as_of: str | None = None


def freeze(outgoing: Outgoing, *, store: Store, now: datetime) -> Submission:
    """Write the exact create body into the spool; the submission is not written down before it is confirmed. Blocks.

    Raises DraftError where there is nothing to send or more than one batch takes.
    """
    submission_id = f"sub_{ULID()}"
    body = store.locations.spool / f"{submission_id}.body.json"
    rows = store.locations.spool / f"{submission_id}.rows.jsonl" if outgoing.rows else None
    digest = hashlib.sha256()
    count = size = 0
    places: list[str] = []
    with written_whole(body) as file:

        def write(piece: bytes) -> None:
            nonlocal size
            digest.update(piece)
            size += file.write(piece)

        write(BODY_HEAD)
        for line in iter_request_lines(outgoing.requests):
            write(b"," if count else b"")
            places.append(f"{_custom_id(outgoing.requests, line)}\t{size}\t{len(line)}\n")
            write(line)
            count += 1
        write(BODY_TAIL)
        _require_sendable(outgoing.requests, count, size)
    if rows is not None and outgoing.rows is not None:
        copied_whole(outgoing.rows, rows)
    with written_whole(places_path(body)) as file:
        file.write("".join(places).encode())
    return Submission(
        submission_id=submission_id,
        run_id=f"run_{ULID()}",
        state=SubmissionState.PREPARED,
        requests=count,
        body_bytes=size,
        sha256=digest.hexdigest(),
        body_path=str(body),
        rows_path=str(rows) if rows else None,
        name=outgoing.name,
        model=outgoing.model,
        source=outgoing.source,
        cost_at_most=outgoing.cost_at_most,
        prices_as_of=outgoing.prices_as_of,
        created_at=now,
    )


def places_path(body: Path) -> Path:
    """Where the requests of a spooled body are: a line of custom_id, offset and length each, tabs between."""
    return body.with_name(body.name.replace(".body.json", ".places.tsv"))


def sent_ids(submission: Submission) -> frozenset[str] | None:
    """The custom_ids of what was sent, or None where the spool has lost them."""
    try:
        text = places_path(Path(submission.body_path)).read_text(encoding="utf-8")
    except OSError:
        return None
    return frozenset(line.split("\t", 1)[0] for line in text.splitlines())


def request_as_sent(body: Path, custom_id: str) -> bytes | None:
    """The request with that custom_id as it was sent, or None where the spool has lost it."""
    needle = f"\n{custom_id}\t".encode()
    try:
        places = b"\n" + places_path(body).read_bytes()
        at = places.find(needle)
        if at < 0:
            return None
        _, offset, length = places[at + 1 : places.index(b"\n", at + 1)].split(b"\t")
        with body.open("rb") as file:
            file.seek(int(offset))
            return file.read(int(length))
    except (OSError, ValueError):
        return None


def discard(submission: Submission) -> None:
    """Remove the spooled files of a submission that was never sent."""
    Path(submission.body_path).unlink(missing_ok=True)
    places_path(Path(submission.body_path)).unlink(missing_ok=True)
    if submission.rows_path:
        Path(submission.rows_path).unlink(missing_ok=True)


def earlier_with_same_body(submission: Submission, *, store: Store, now: datetime) -> Submission | None:
    """The newest other submission of the same bytes within 30 days that was, or may have been, sent."""
    same = submissions.with_body(store, submission.sha256, now - SAME_BODY_WINDOW)
    return next((other for other in same if other.submission_id != submission.submission_id), None)


def _custom_id(requests: Path, line: bytes) -> str:
    try:
        return _decode_id(line).custom_id
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DraftError(
            f"{requests} holds a line without a custom_id: `cbtui check {requests}` says which."
        ) from error


def _require_sendable(requests: Path, count: int, size: int) -> None:
    if count == 0:
        raise DraftError(f"{requests} holds no requests: there is nothing to send.")
    if count > MAX_REQUESTS:
        raise DraftError(
            f"{requests} holds {count:,} requests and one batch takes {MAX_REQUESTS:,}: split the file first."
        )
    if size > MAX_BODY_BYTES:
        raise DraftError(
            f"{requests} makes a body of {size / 1e6:,.1f} MB and one batch takes {MAX_BODY_BYTES / 1e6:,.0f} MB: "
            "split the file first."
        )
