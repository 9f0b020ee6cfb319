"""Some requests of a draft as files of their own, so that none is paid twice: a pilot's sample first, then the rest of its
run without it; and of any draft what was not sent before.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from claude_batch_tui.domain.batches.tracked import Submission, SubmissionState
from claude_batch_tui.errors import DraftError
from claude_batch_tui.services.building.requests_files import custom_id_of, iter_request_lines
from claude_batch_tui.services.submitting.digests import canonical
from claude_batch_tui.services.submitting.edits import NO_EDITS, Edits, edited
from claude_batch_tui.services.submitting.spool import iter_placed, sent_places
from claude_batch_tui.store.files import written_whole


class Portion(msgspec.Struct, frozen=True):
    """Some requests of a file as files of their own. `of` is how many the whole file has.

    `left_out` are the custom_ids of those that the run has sent; `changed` counts those of them of which the file says
    something else now.
    """

    requests: Path
    rows: Path | None
    count: int
    of: int
    changed: int = 0
    left_out: frozenset[str] = frozenset()


class Others(msgspec.Struct, frozen=True):
    """What of some frozen `parts` was not sent before: all but the requests at the offsets `sent` of each body.

    `of` and `changed` are those of the parts; see `Portion`.
    """

    parts: tuple[Submission, ...]
    sent: tuple[frozenset[int], ...]
    of: int
    changed: int


@contextlib.contextmanager
def sample(requests: Path, rows: Path | None, *, count: int, seed: int, folder: Path) -> Iterator[Portion]:
    """A random sample of `count` requests in the file's order, the same for the same seed. Gone after the block.

    Raises DraftError where the file has no more requests than that.
    """
    total = sum(1 for _ in iter_request_lines(requests))
    if not 0 < count < total:
        raise DraftError(
            f"A pilot of {count:,} requests is no part of the {total:,} in {requests}. Say a smaller number."
        )
    chosen = frozenset(random.Random(seed).sample(range(total), count))
    with _portion(requests, rows, lambda at, _: at in chosen, folder) as portion:
        yield portion


@contextlib.contextmanager
def rest(
    requests: Path, rows: Path | None, *, run: Sequence[Submission], folder: Path, edits: Edits = NO_EDITS
) -> Iterator[Portion]:
    """The requests that no submission of the `run` has sent for certain, with their edits. Gone after the block.

    Raises DraftError where it is not known what was sent, or nothing is left.
    """
    changed = 0
    left_out: set[str] = set()
    with contextlib.ExitStack() as stack:
        sent = _sent(run, stack)

        def is_left(_: int, line: bytes) -> bool:
            nonlocal changed
            found = sent.get(custom_id_of(line))
            if found is None:
                return True
            body, (offset, length) = found
            body.seek(offset)
            left_out.add(custom_id_of(line))
            sent_line = body.read(length)
            changed += sent_line != line and canonical(sent_line) != canonical(line)
            return False

        portion = stack.enter_context(_portion(requests, rows, is_left, folder, edits))
        if portion.count == 0:
            raise DraftError(f"All {portion.of:,} requests of {requests} were sent in this run already.")
        yield msgspec.structs.replace(portion, changed=changed, left_out=frozenset(left_out))


@contextlib.contextmanager
def others(chosen: Others, *, folder: Path) -> Iterator[Portion]:
    """The requests that were not sent before, and their rows. Gone after the block."""
    count = 0
    with _portion_files(folder) as (requests, rows):
        with written_whole(requests) as file, written_whole(rows) as rows_file:
            for part, sent in zip(chosen.parts, chosen.sent, strict=True):
                row_lines = iter_request_lines(Path(part.rows_path)) if part.rows_path else None
                for line, offset in iter_placed(Path(part.body_path)):
                    row = next(row_lines, b"") if row_lines else b""
                    if offset not in sent:
                        count += 1
                        file.write(line + b"\n")
                        if row_lines:
                            rows_file.write(row + b"\n")
        with_rows = rows if chosen.parts[0].rows_path else None
        yield Portion(requests, with_rows, count, chosen.of, chosen.changed)


def _sent(
    run: Sequence[Submission], stack: contextlib.ExitStack
) -> dict[str, tuple[BinaryIO, tuple[int, int]]]:
    """Every custom_id sent in the run for certain: the open body it was sent in, and its offset and length there."""
    if not run:
        raise DraftError(
            "What this run was sent is not known on this machine, so that nothing can be left out: its batches were made "
            "elsewhere. Nothing was sent; `cbtui adopt ID --sent FILE`, for a batch without a run, says what was sent."
        )
    found: dict[str, tuple[BinaryIO, tuple[int, int]]] = {}
    for submission in run:
        if not submission.is_certain:
            continue
        places, body = sent_places(submission), Path(submission.body_path)
        if places is None or not body.exists():
            raise DraftError(
                f"What {submission.batch_id} was sent is no longer on this machine, so its requests cannot be left out."
            )
        file = stack.enter_context(body.open("rb"))
        found |= {custom_id: (file, place) for custom_id, place in places.items()}
    if not found:
        require_settled(run)
        raise DraftError("This run has sent nothing yet: there is no rest. Submit all of it.")
    return found


def require_settled(run: Sequence[Submission], besides: Sequence[Submission] = ()) -> None:
    """Raise DraftError where it is not certain of a submission of the `run` what became of it, `besides` these."""
    never_sent = {SubmissionState.PREPARED, SubmissionState.REFUSED, SubmissionState.ABANDONED}
    known = {one.submission_id for one in besides}
    for one in run:
        if not one.is_certain and one.state not in never_sent and one.submission_id not in known:
            raise DraftError(
                f"It is not known yet whether a batch of {one.run_id} was created. Settle that first: open submissions "
                "in the dashboard (Batches, U), or the command that sent it once more."
            )


@contextlib.contextmanager
def _portion(
    requests: Path,
    rows: Path | None,
    keep: Callable[[int, bytes], bool],
    folder: Path,
    edits: Edits = NO_EDITS,
) -> Iterator[Portion]:
    count = total = 0
    with _portion_files(folder) as (kept_requests, kept_rows):
        with written_whole(kept_requests) as file, written_whole(kept_rows) as rows_file:
            row_lines = iter_request_lines(rows) if rows else None
            for total, line in enumerate(iter_request_lines(requests), 1):
                row = next(row_lines, b"") if row_lines else b""
                if keep(total - 1, line):
                    count += 1
                    file.write((line if edits == NO_EDITS else edited(line, edits, None)) + b"\n")
                    if rows:
                        rows_file.write(row + b"\n")
        yield Portion(kept_requests, kept_rows if rows else None, count, total)


@contextlib.contextmanager
def _portion_files(folder: Path) -> Iterator[tuple[Path, Path]]:
    """Free names for requests and rows; what has them is gone after the block."""
    requests = folder / f"portion-{random.getrandbits(64):016x}.jsonl"
    rows = requests.with_suffix(".rows.jsonl")
    try:
        yield requests, rows
    finally:
        requests.unlink(missing_ok=True)
        rows.unlink(missing_ok=True)
