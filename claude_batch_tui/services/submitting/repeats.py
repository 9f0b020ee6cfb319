"""What was sent before: which batches of a draft were, or may have been, created already, and which of its requests were
sent as a part of anything else within 30 days, whatever file, order, blanks and custom_id they came in.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self

import msgspec

from claude_batch_tui.domain.batches.tracked import Overlap, SentIn, Submission
from claude_batch_tui.errors import DraftError, StoreError
from claude_batch_tui.services.submitting.digests import SentDigests, asks_the_same, id_digest, read
from claude_batch_tui.store import batches, submissions
from claude_batch_tui.store.store import Store
from claude_batch_tui.store.workspaces import Workspace

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

SAME_BODY_WINDOW = timedelta(days=30)
"""The same requests are not sent again within this time unless the user says so."""
_KINDS = ("submit", "pilot", "rest", "prime")
"""A retry sends again what was sent: that is what it is for."""


class Repeats(msgspec.Struct, frozen=True):
    """What of a draft was sent before: `known` submissions of the same bytes, and the parts still `missing`."""

    known: tuple[Submission, ...]
    missing: tuple[Submission, ...]


def repeats(prepared: tuple[Submission, ...], *, store: Store, now: datetime) -> Repeats:
    """Tell apart what was, or may have been, sent within 30 days. What is missing belongs to the run of the rest.

    Where a whole batch failed, its retry has the same bytes: what a submission is a retry of, and what was sent in
    its run before that, is no repeat of it.
    """
    tried = _tried(prepared[0], store) if prepared else frozenset()
    known: list[Submission] = []
    missing: list[Submission] = []
    for submission in prepared:
        same = [
            one
            for one in submissions.with_body(store, submission.sha256, now - SAME_BODY_WINDOW)
            if one.submission_id not in tried
        ]
        if same:
            known.append(same[0])
        else:
            missing.append(submission)
    if known:
        missing = [msgspec.structs.replace(one, run_id=known[0].run_id) for one in missing]
    return Repeats(tuple(known), tuple(missing))


def not_sent_meanwhile(submission: Submission, own: frozenset[str], *, store: Store, now: datetime) -> None:
    """Raise DraftError where somebody else has sent the same bytes since `repeats` was asked; `own` are our parts."""
    ignored = own | _tried(submission, store)
    for one in submissions.with_body(store, submission.sha256, now - SAME_BODY_WINDOW):
        if one.submission_id not in ignored:
            known = one.batch_id or "a batch that is still looked for"
            raise DraftError(f"The same requests were sent meanwhile, as {known}. Nothing was sent now.")


def none_sent_meanwhile(
    submission: Submission,
    besides: frozenset[str],
    *,
    store: Store,
    workspace: Workspace | None,
    now: datetime,
) -> None:
    """Raise DraftError where somebody else has sent some of these requests since `besides` were looked at."""
    found = overlap([submission], store=store, workspace=workspace, now=now, besides=besides)
    if found is not None:
        known = found.overlap.runs[0].title
        raise DraftError(
            f"{found.overlap.requests:,} of these requests were sent meanwhile, as {known}. Nothing was sent now."
        )


def _tried(submission: Submission, store: Store) -> frozenset[str]:
    """The submissions of a retry's run up to the newest it is a retry of."""
    ids = [one.submission_id for one in submissions.of_run(store, submission.run_id)]
    last = max((at for at, one in enumerate(ids) if one in submission.retry_of), default=-1)
    return frozenset(ids[: last + 1])


class Overlapping(msgspec.Struct, frozen=True):
    """What of some bodies was, or may have been, sent before, and the offsets in each body of the requests that were for
    certain.
    """

    overlap: Overlap
    offsets: tuple[frozenset[int], ...]


def overlap(
    prepared: Sequence[Submission],
    *,
    store: Store,
    workspace: Workspace | None,
    now: datetime,
    left_out: frozenset[str] = frozenset(),
    besides: Iterable[str] = (),
) -> Overlapping | None:
    """Compare every request with all that the workspace was, or may have been, sent within 30 days. Blocks.

    A request of a run stands for one of ours, that with its custom_id first, however often it was retried there: samples
    that are meant are no overlap of one another. `left_out` are custom_ids of ours that the run of `prepared` was sent
    already, `besides` submissions that are not looked at. None where nothing was sent before, and for a retry, which
    is meant to send again what was sent.
    """
    if not prepared or prepared[0].kind not in _KINDS:
        return None
    earlier = submissions.sent_since(store, now - SAME_BODY_WINDOW, workspace, besides)
    if not earlier:
        return None
    ours = _Ours(prepared, store)
    answered = frozenset(map(id_digest, left_out))
    with contextlib.ExitStack() as stack:
        bodies = [stack.enter_context(_Body(_here(one, store))) for one in prepared]
        for one in earlier:
            theirs = read(_here(one, store), one.requests)
            if theirs is not None:
                skipped = answered if one.run_id == prepared[0].run_id else frozenset[int]()
                with _Body(_here(one, store)) as body:
                    ours.compare(one, theirs, body, bodies, skipped)
    return ours.found(store, workspace)


def _here(submission: Submission, store: Store) -> Path:
    """Where its body is; the name alone counts: the data folder may have been moved."""
    return store.locations.spool / Path(submission.body_path).name


class _Body:
    """A spooled body, opened when something of it is read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None
        self._is_lost = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)

    def read(self, offset: int, length: int) -> bytes | None:
        """A request of it, or None where it is lost."""
        if self._descriptor is None and not self._is_lost:
            try:
                self._descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            except OSError:
                self._is_lost = True
        if self._descriptor is None:
            return None
        line = os.pread(self._descriptor, length, offset)
        return line if len(line) == length else None


class _Ours:
    """The requests of a draft, and for each the earlier submission that it was sent in, as far as that is known.

    Requests of one digest are a group; they stand side by side, in the order of `ids`.
    """

    def __init__(self, prepared: Sequence[Submission], store: Store) -> None:
        import numpy as np  # late: see `digests`

        known = [read(_here(one, store), one.requests) for one in prepared]
        parts = [each for each in known if each is not None]
        if len(parts) != len(prepared):
            raise StoreError(
                "What was to be sent is no longer in the spool. Nothing was sent; submit it again."
            )
        digests = np.concatenate([each.digests for each in parts])
        ids = np.concatenate([each.ids for each in parts])
        order = np.lexsort((ids, digests))
        self.ids = ids[order]
        self.offsets = np.concatenate([each.offsets for each in parts])[order]
        self.lengths = np.concatenate([each.lengths for each in parts])[order]
        self.part = np.repeat(np.arange(len(parts)), [len(each.digests) for each in parts])[order]
        self.sent_in = np.full(len(digests), -1, np.int32)
        """Which of `earlier` each was sent in; -1 where in none."""
        self.is_same_id = np.zeros(len(digests), np.bool_)
        self.earlier: list[Submission] = []
        self._digests, self._starts, self._sizes = np.unique(
            digests[order], return_index=True, return_counts=True
        )
        self._parts = len(parts)
        self._seen: set[tuple[int, str, int]] = set()
        """Of groups of several, what was compared: the group, the run and the custom_id there."""
        self._filled: dict[int, int] = {}
        """How far into a group no request is left that none stands for."""

    def compare(
        self,
        submission: Submission,
        theirs: SentDigests,
        body: _Body,
        bodies: Sequence[_Body],
        skipped: frozenset[int],
    ) -> None:
        """Find ours among the requests of a submission; those whose custom_ids are `skipped` stand for others."""
        import numpy as np

        groups = np.minimum(np.searchsorted(self._digests, theirs.digests), len(self._digests) - 1)
        at = np.flatnonzero(self._digests[groups] == theirs.digests)
        if skipped:
            at = at[~np.isin(theirs.ids[at], np.fromiter(skipped, np.uint64))]
        groups = groups[at]
        first, is_alone = self._starts[groups], self._sizes[groups] == 1
        # Of one that is alone in its group nothing is open once it was sent under its own custom_id.
        is_open = (self.sent_in[first] < 0) | ((self.ids[first] == theirs.ids[at]) & ~self.is_same_id[first])
        alone, several = is_alone & is_open, ~is_alone
        if not (alone.any() or several.any()):
            return
        self.earlier.append(submission)
        self._take_alone(first[alone], theirs, at[alone], body, bodies)
        columns = theirs.ids[at[several]].tolist(), theirs.offsets[at[several]].tolist()
        lengths = theirs.lengths[at[several]].tolist()
        for group, custom_id, offset, length in zip(groups[several].tolist(), *columns, lengths, strict=True):
            instance = group, submission.run_id, custom_id
            if instance not in self._seen:
                self._seen.add(instance)
                self._take(group, custom_id, body.read(offset, length), bodies)

    def _take_alone(
        self,
        ours: npt.NDArray[np.int64],
        theirs: SentDigests,
        at: npt.NDArray[np.int64],
        body: _Body,
        bodies: Sequence[_Body],
    ) -> None:
        """Let the requests `at` these places of theirs stand for ours, each alone in its group; many at once."""
        import numpy as np

        order = np.argsort(theirs.offsets[at])  # as they stand on the disk
        ours, at = ours[order], at[order]
        places = (
            each.tolist()
            for each in (
                self.part[ours],
                self.offsets[ours],
                self.lengths[ours],
                theirs.offsets[at],
                theirs.lengths[at],
            )
        )
        is_it = np.fromiter(
            (
                _is_same(bodies[part].read(offset, length), body.read(there, size))
                for part, offset, length, there, size in zip(*places, strict=True)
            ),
            np.bool_,
            len(ours),
        )
        is_same_id = is_it & (self.ids[ours] == theirs.ids[at])
        sent_in = len(self.earlier) - 1
        self.sent_in[ours[is_same_id]], self.is_same_id[ours[is_same_id]] = sent_in, True
        others = ours[is_it & ~is_same_id]
        self.sent_in[others[self.sent_in[others] < 0]] = sent_in

    def _take(self, group: int, custom_id: int, line: bytes | None, bodies: Sequence[_Body]) -> None:
        """Let a request that was sent stand for one of a group: that with its custom_id, or one that none stands for."""
        import numpy as np

        start, size, sent_in = int(self._starts[group]), int(self._sizes[group]), len(self.earlier) - 1
        at = start + int(np.searchsorted(self.ids[start : start + size], np.uint64(custom_id)))
        while at < start + size and self.ids[at] == custom_id:
            if not self.is_same_id[at] and self._is_it(at, line, bodies):
                before = int(self.sent_in[at])
                self.sent_in[at], self.is_same_id[at] = sent_in, True
                if before >= 0:  # what stood for it is free to stand for another
                    self._fill(group, before, line, bodies)
                return
            at += 1
        self._fill(group, sent_in, line, bodies)

    def _fill(self, group: int, sent_in: int, line: bytes | None, bodies: Sequence[_Body]) -> None:
        """Let what was sent in an earlier submission stand for one of a group that none stands for, if there is one."""
        start = int(self._starts[group])
        end, at = start + int(self._sizes[group]), self._filled.get(group, start)
        while at < end and self.sent_in[at] >= 0:
            at += 1
        self._filled[group] = at
        for one in range(at, end):
            if self.sent_in[one] < 0 and self._is_it(one, line, bodies):
                self.sent_in[one] = sent_in
                return

    def _is_it(self, at: int, line: bytes | None, bodies: Sequence[_Body]) -> bool:
        """Whether one of ours is that request, but for the custom_id."""
        return _is_same(bodies[self.part[at]].read(int(self.offsets[at]), int(self.lengths[at])), line)

    def found(self, store: Store, workspace: Workspace | None) -> Overlapping | None:
        """What was sent before, or None where nothing was."""
        import numpy as np

        is_sent = self.sent_in >= 0
        if not is_sent.any():
            return None
        same = int(self.is_same_id.sum())
        counts = np.bincount(self.sent_in[is_sent], minlength=len(self.earlier)).tolist()
        sent = [(one, count) for one, count in zip(self.earlier, counts, strict=True) if count]
        known = Overlap(same, int(is_sent.sum()) - same, len(self.sent_in), _runs(sent, store, workspace))
        is_certain = is_sent & np.array([one.is_certain for one in self.earlier])[self.sent_in]
        offsets = (self.offsets[is_certain & (self.part == part)].tolist() for part in range(self._parts))
        return Overlapping(known, tuple(map(frozenset, offsets)))


def _is_same(ours: bytes | None, theirs: bytes | None) -> bool:
    """Whether two requests of equal digests are the same; what is lost is known by its digest alone."""
    return ours is None or theirs is None or ours == theirs or asks_the_same(ours, theirs)


def _runs(
    sent: Sequence[tuple[Submission, int]], store: Store, workspace: Workspace | None
) -> tuple[SentIn, ...]:
    """The runs of some submissions, newest first, of each of which so many requests are meant."""
    found: dict[str, SentIn] = {}
    for one, count in sent:
        tracked = (
            batches.find(store.database, workspace.scope_id, one.batch_id)
            if workspace is not None and one.batch_id is not None
            else None
        )
        actual = tracked.cost_actual if tracked else None
        whole = one.cost_at_most if actual is None else actual
        cost = None if whole is None else whole * count / one.requests
        unknown = 0 if one.is_certain else count
        name = tracked.run_name or tracked.name if tracked else one.base_name
        title = name or one.batch_id or one.run_id
        when = one.sent_at or one.created_at
        here = SentIn(one.run_id, title, when, count, cost, actual is not None, unknown)
        newer = found.get(one.run_id)
        if newer is not None:
            here = msgspec.structs.replace(
                newer,
                requests=newer.requests + count,
                cost=None if newer.cost is None or cost is None else newer.cost + cost,
                is_actual=newer.is_actual and here.is_actual,
                unknown=newer.unknown + unknown,
            )
        found[one.run_id] = here
    return tuple(sorted(found.values(), key=lambda one: -one.requests))
