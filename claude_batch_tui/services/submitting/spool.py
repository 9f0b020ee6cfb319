"""The spool: what will be sent, frozen on disk to the byte before anything is sent."""

from __future__ import annotations

import contextlib
import hashlib
import mmap
import os
from array import array
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

import msgspec

from claude_batch_tui.domain.batches.tracked import Submission, SubmissionState, Sweep
from claude_batch_tui.domain.requests.limits import BODY_HEAD, BODY_TAIL, partition
from claude_batch_tui.errors import DraftError, SourceError, StoreError
from claude_batch_tui.nesting import UNREADABLE
from claude_batch_tui.services.building.requests_files import custom_id_of, iter_request_lines
from claude_batch_tui.services.submitting.digests import DigestsWriter, digests_path
from claude_batch_tui.store import submissions
from claude_batch_tui.store.files import refusal, sync_folder, written_whole
from claude_batch_tui.store.store import Store

_FORGOTTEN_AFTER = timedelta(days=2)
"""A confirmation nobody answered for so long is not answered any more."""


class Outgoing(msgspec.Struct, frozen=True):
    """Requests to be frozen: their file, their rows file, and what is written down of them.

    `betas` go along as a header. `run_id` is the run they belong to, where that is there already; `kind` says what
    they are in it: `submit`, `pilot`, `rest` or `retry`. `retry_of` are the submissions whose failed requests these are,
    `sweep` is what they are a variant of, and `made_of` whose answers their rows are.
    """

    requests: Path
    rows: Path | None = None
    name: str | None = None
    model: str | None = None
    source: str | None = None
    cost_at_most: float | None = None
    prices_as_of: str | None = None
    betas: tuple[str, ...] = ()
    run_id: str | None = None
    kind: str = "submit"
    retry_of: tuple[str, ...] = ()
    sweep: Sweep | None = None
    made_of: str | None = None
    prime: bool = False
    """Whether the first request is a batch of its own, before the others: of the kind `prime`."""


def freeze(outgoing: Outgoing, *, store: Store, now: datetime) -> tuple[Submission, ...]:
    """Write the exact create bodies into the spool, as many as the limits ask for, all of one run. Blocks.

    Nothing is written down before it is confirmed. Raises DraftError where there is nothing to send or one request
    alone is more than a batch takes; nothing stays then.
    """
    from ulid import ULID  # late: it reads the metadata of packages, and a first frame would wait for that

    sizes = array("Q", (len(line) for line in iter_request_lines(outgoing.requests)))
    if not sizes:
        raise DraftError(f"{outgoing.requests} holds no requests: there is nothing to send.")
    try:
        alone = [range(1)] if outgoing.prime and len(sizes) > 1 else []
        parts = [*alone, *partition(sizes[len(alone) :])]
    except ValueError as error:
        raise DraftError(f"{outgoing.requests}: {error}. Make the longest request shorter.") from error
    first = Submission(
        submission_id="",
        run_id=outgoing.run_id or f"run_{ULID()}",
        state=SubmissionState.PREPARED,
        requests=0,
        body_bytes=0,
        sha256="",
        body_path="",
        rows_path=None,
        name=outgoing.name,
        model=outgoing.model,
        source=outgoing.source,
        cost_at_most=outgoing.cost_at_most,
        prices_as_of=outgoing.prices_as_of,
        created_at=now,
        betas=outgoing.betas,
        kind=outgoing.kind,
        parts=len(parts),
        retry_of=outgoing.retry_of,
        sweep=outgoing.sweep,
        made_of=outgoing.made_of,
    )
    frozen: list[Submission] = []
    lines = iter_request_lines(outgoing.requests)
    rows = iter_request_lines(outgoing.rows) if outgoing.rows else None
    try:
        for number, part in enumerate(parts, 1):
            share = len(part) / len(sizes)
            submission_id = f"sub_{ULID()}"
            submission = msgspec.structs.replace(
                first,
                submission_id=submission_id,
                requests=len(part),
                body_path=str(store.locations.spool / f"{submission_id}.body.json"),
                rows_path=str(store.locations.spool / f"{submission_id}.rows.jsonl") if rows else None,
                part=number,
                kind="prime" if alone and number == 1 else outgoing.kind,
                name=_part_name(outgoing.name, number, len(parts)),
                cost_at_most=None if first.cost_at_most is None else first.cost_at_most * share,
            )
            frozen.append(submission)
            frozen[-1] = _with_body(submission, islice(lines, len(part)), outgoing.requests)
            if rows and submission.rows_path:
                with written_whole(Path(submission.rows_path)) as file:
                    file.writelines(row + b"\n" for row in islice(rows, len(part)))
    except BaseException:
        discard(*frozen)
        raise
    return tuple(frozen)


def _with_body(submission: Submission, lines: Iterable[bytes], requests: Path) -> Submission:
    """Write one body, and the places and digests of its requests."""
    body = Path(submission.body_path)
    digest = hashlib.sha256()
    digests = DigestsWriter()
    size = 0
    places: list[str] = []
    with written_whole(body) as file:

        def write(piece: bytes) -> None:
            nonlocal size
            digest.update(piece)
            size += file.write(piece)

        write(BODY_HEAD)
        for line in lines:
            write(b"," if places else b"")
            places.append(f"{_custom_id(requests, line)}\t{size}\t{len(line)}\n")
            digests.add(line, size)
            write(line)
        write(BODY_TAIL)
    with written_whole(places_path(body)) as file:
        file.write("".join(places).encode())
    digests.write(body)
    return msgspec.structs.replace(submission, body_bytes=size, sha256=digest.hexdigest())


def _part_name(name: str | None, number: int, parts: int) -> str | None:
    return name if name is None or parts == 1 else f"{name} {number}/{parts}"


def places_path(body: Path) -> Path:
    """Where the requests of a spooled body are: a line of custom_id, offset and length each, tabs between."""
    return body.with_name(body.name.replace(".body.json", ".places.tsv"))


def sent_places(submission: Submission) -> dict[str, tuple[int, int]] | None:
    """Offset and length in the body of every request sent, by custom_id; None where the spool has lost them."""
    try:
        text = places_path(Path(submission.body_path)).read_text(encoding="utf-8")
    except OSError:
        return None
    places: dict[str, tuple[int, int]] = {}
    for line in text.splitlines():
        custom_id, offset, length = line.split("\t")
        places[custom_id] = int(offset), int(length)
    return places


def sent_ids(submission: Submission) -> frozenset[str] | None:
    """The custom_ids of what was sent, or None where the spool has lost them."""
    found = ids_placed(Path(submission.body_path))
    return None if found is None else frozenset(found)


def ids_placed(body: Path) -> list[str] | None:
    """The custom_ids of the requests in a body, in their order; None where their places are lost."""
    try:
        text = places_path(body).read_text(encoding="utf-8")
    except (OSError, ValueError):  # gone, or no UTF-8
        return None
    return [line.split("\t", 1)[0] for line in text.splitlines()]


def request_as_sent(body: Path, custom_id: str) -> bytes | None:
    """The request with that custom_id as it was sent, or None where the spool has lost it."""
    head = f"{custom_id}\t".encode()
    try:
        # Mapped, since it is asked for with every entry that is shown: of a million requests it has 40 MB.
        with (
            places_path(body).open("rb") as held,
            mmap.mmap(held.fileno(), 0, access=mmap.ACCESS_READ) as places,
        ):
            is_first = places[: len(head)] == head
            at = -1 if is_first else places.find(b"\n" + head)
            if at < 0 and not is_first:
                return None
            places.seek(at + 1)
            _, offset, length = places.readline().split(b"\t")
        with body.open("rb") as file:
            file.seek(int(offset))
            return file.read(int(length))
    except (OSError, ValueError):
        return None


def is_body(path: Path) -> bool:
    """Whether a file is a create body of the spool, rather than a requests file."""
    return path.name.endswith(".body.json")


def iter_sent(body: Path) -> Iterator[bytes]:
    """Every request of a spooled body as it was sent, in order. Raises as `iter_placed` does."""
    return (request for request, _ in iter_placed(body))


def iter_placed(body: Path) -> Iterator[tuple[bytes, int]]:
    """Every request of a spooled body as it was sent, in order, and its offset there.

    Raises OSError where the spool has lost it, SourceError where it is damaged.
    """
    with body.open("rb") as file, places_path(body).open("rb") as places:
        for number, place in enumerate(places, 1):
            try:
                _, offset, length = place.split(b"\t")
                file.seek(at := int(offset))
                request = file.read(int(length))
            except (ValueError, OverflowError, MemoryError) as error:
                raise SourceError(
                    f"{places.name}, line {number:,}, says no place of a request: the file is damaged."
                ) from error
            yield request, at


def _unsent_path(submission: Submission) -> Path:
    return Path(submission.body_path).with_name(f"{submission.submission_id}.unsent")


def mark_unsent(submission: Submission) -> None:
    """Write down that no byte of the body has left yet; on disk when this returns. Raises StoreError."""
    path = _unsent_path(submission)
    try:
        with path.open("wb") as file:
            os.fsync(file.fileno())
        sync_folder(path.parent)
    except OSError as error:
        raise StoreError(refusal(path, error)) from error


def mark_sent(submission: Submission) -> None:
    """Write down that the body begins to leave; on disk when this returns. Raises OSError."""
    path = _unsent_path(submission)
    path.unlink(missing_ok=True)
    sync_folder(path.parent)


def never_left(submission: Submission) -> bool:
    """Whether it is certain that no byte of the body left: the mark is there, and so is the body."""
    return _unsent_path(submission).exists() and Path(submission.body_path).exists()


def discard(*unsent: Submission) -> None:
    """Remove the spooled files of submissions that were never sent."""
    for submission in unsent:
        for path in _files_of(Path(submission.body_path)):
            path.unlink(missing_ok=True)


def sweep(store: Store, now: datetime) -> None:
    """Remove spooled files of submissions that never left, and drafts, once nobody can be about to send them."""
    for pattern in ("retry-*", "portion-*"):
        for part in store.locations.spool.glob(pattern):
            with contextlib.suppress(OSError):
                if now.timestamp() - part.stat().st_mtime > _FORGOTTEN_AFTER.total_seconds():
                    part.unlink(missing_ok=True)
    for body in store.locations.spool.glob("sub_*.body.json"):
        submission = submissions.find(store, body.name.removesuffix(".body.json"))
        if submission is not None and (
            submission.state is not SubmissionState.PREPARED or submission.attempt
        ):
            continue
        with contextlib.suppress(OSError):
            if now.timestamp() - body.stat().st_mtime > _FORGOTTEN_AFTER.total_seconds():
                for path in _files_of(body):
                    path.unlink(missing_ok=True)


def _files_of(body: Path) -> tuple[Path, ...]:
    """A spooled body and what is beside it; the body last, so that what a kill leaves of them is swept by it."""
    rows, unsent = (
        body.with_name(body.name.replace(".body.json", end)) for end in (".rows.jsonl", ".unsent")
    )
    return places_path(body), digests_path(body), rows, unsent, body


def _custom_id(requests: Path, line: bytes) -> str:
    try:
        return custom_id_of(line)
    except UNREADABLE as error:
        raise DraftError(
            f"{requests} holds a line without a custom_id: `cbtui check {requests}` says which."
        ) from error
