"""The rows of the list of batches: runs and sweeps folded, filtered, sorted, and kept up to date by what changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from claude_batch_tui.domain.batches.fields import FIELDS, Value
from claude_batch_tui.domain.batches.matching import depends_on_time, matcher_of, names_state
from claude_batch_tui.domain.batches.merging import fold
from claude_batch_tui.domain.batches.tracked import Sweep, TrackedBatch
from claude_batch_tui.domain.filters.pattern import FilterError
from claude_batch_tui.domain.filters.tree import Filter

SORTABLE = tuple(name for name in FIELDS if name != "text")


class BatchRow(NamedTuple):
    """A line of the list: a batch, a run of several or a sweep (`tracked` is their batches folded), or what is below an open one.

    `depth` says in how many open rows it is.
    """

    key: str
    tracked: TrackedBatch
    members: tuple[TrackedBatch, ...] = ()
    depth: int = 0
    variants: tuple[BatchRow, ...] = ()
    """Of a sweep, the rows of its runs."""

    @property
    def is_child(self) -> bool:
        """Whether it is below an open run or sweep."""
        return self.depth > 0


class Order(NamedTuple):
    """What rows are sorted by, and whether against its natural order."""

    field: str = "age"
    is_reversed: bool = False


def order_of(text: str) -> Order:
    """`cost`, or `-cost` for the other way round. Raises FilterError where there is no such field."""
    name = text.strip().lower()
    field = name.removeprefix("-")
    if field not in SORTABLE:
        raise FilterError(f"Sort: there is no field {field!r}; there are {', '.join(SORTABLE)}.")
    return Order(field, name.startswith("-"))


class BatchList:
    """Rows over batches that come as whole tuples, newest first, most of them the same objects as before."""

    def __init__(self) -> None:
        self.rows: list[BatchRow] = []
        self.order = Order()
        self.wanted: Filter | None = None
        self.opened: frozenset[str] = frozenset()
        self.shows_hidden = False
        self.folds = True
        """Whether the batches of a run, and the runs of a sweep, are one row."""
        self.shown = 0
        """How many batches the rows stand for, those below a closed run too."""
        self._batches: tuple[TrackedBatch, ...] = ()
        self._known: dict[str, TrackedBatch] = {}
        self._index: dict[str, int] = {}
        self._runs: dict[str, tuple[TrackedBatch, ...]] = {}
        self._sweeps: dict[str, list[str]] = {}
        """The keys of the rows of each sweep of several runs."""
        self._made_from: dict[str, list[str]] = {}
        """By whose answers they are made of, the batches that are."""
        self._folds: dict[str, BatchRow] = {}
        self._matcher = matcher_of(None)
        self.gave_up: str | None = None
        """Why the filter lets everything through: it took too long."""

    @property
    def total(self) -> int:
        """All batches known."""
        return len(self._batches)

    @property
    def depends_on_time(self) -> bool:
        """Whether the rows have to be chosen anew as time passes."""
        return depends_on_time(self.wanted) or self.order.field == "state"

    def find(self, key: str) -> int | None:
        """Where the row with that key is, or None."""
        return self._index.get(key)

    def row(self, key: str) -> BatchRow | None:
        """The row with that key, or None."""
        index = self._index.get(key)
        return None if index is None else self.rows[index]

    def batches_of(self, keys: Iterable[str]) -> list[TrackedBatch]:
        """The batches that keys of rows stand for, shown now or not; a run stands for all of its batches, a sweep for those
        of all of its runs.
        """
        found: dict[str, TrackedBatch] = {}
        for key in keys:
            for each in self._sweeps.get(key, (key,)):
                one = self._known.get(each)
                for tracked in self._runs.get(each, ()) if one is None else (one,):
                    found[tracked.id] = tracked
        return list(found.values())

    def made_from(self, row: BatchRow) -> list[TrackedBatch]:
        """The batches whose rows are answers of this one, or of this run, newest first."""
        targets = {row.key, *(one.id for one in row.members), row.tracked.run_id}
        return [
            self._known[batch_id]
            for target in targets
            if target is not None
            for batch_id in self._made_from.get(target, ())
        ]

    def origin(self, row: BatchRow) -> list[TrackedBatch]:
        """The batches whose answers are the rows of this one; none where that is not known, or they are a file's."""
        target = row.tracked.made_of
        one = self._known.get(target or "")
        if one is not None:
            return [one]
        return [tracked for tracked in self._batches if target is not None and tracked.run_id == target]

    def update(self, batches: tuple[TrackedBatch, ...], now: datetime) -> tuple[TrackedBatch, ...]:
        """Show these batches from now on; what is new or changed of them is returned."""
        before, self._batches = self._batches, batches
        if batches is before:
            return ()
        if len(batches) == len(before):
            pairs = [(old, new) for old, new in zip(before, batches, strict=True) if old is not new]
            if all(old.id == new.id and old.run_id == new.run_id for old, new in pairs):
                self._known.update((new.id, new) for _, new in pairs)
                if not all(self._replace(old, new, now) for old, new in pairs):
                    self.choose(now)
                return tuple(new for _, new in pairs)
        known = {id(tracked) for tracked in before}
        self._known = {tracked.id: tracked for tracked in batches}
        self.choose(now)
        return tuple(tracked for tracked in batches if id(tracked) not in known)

    def choose(self, now: datetime) -> None:
        """Fold, filter and sort everything anew."""
        self._matcher, self.gave_up = matcher_of(self.wanted), None
        self._runs = _runs(self._batches) if self.folds else {}
        self._made_from = {}
        for tracked in self._batches:
            if tracked.made_of is not None:
                self._made_from.setdefault(tracked.made_of, []).append(tracked.id)
        rows = [row for row in self._in_sweeps([*self._top()]) if self._lets_through(row, now)]
        rows = _sorted(rows, self.order, now)
        self.shown = sum(len(row.members) or 1 for row in rows)
        if self.opened:
            rows = [each for row in rows for each in self._with_children(row)]
        self.rows = rows
        self._index = {row.key: number for number, row in enumerate(rows)}

    def _top(self) -> Iterable[BatchRow]:
        """A row for each batch and for each run of several, in the order of the newest of them."""
        begun: set[str] = set()
        for tracked in self._batches:
            run_id = tracked.run_id
            if run_id is None or run_id not in self._runs:
                yield BatchRow(tracked.id, tracked)
            elif run_id not in begun:
                begun.add(run_id)
                yield self._fold(run_id)

    def _in_sweeps(self, rows: Sequence[BatchRow]) -> Iterable[BatchRow]:
        """The rows with the runs of each sweep of several as one, in the place of the newest of them."""
        sweeps: dict[str, list[str]] = {}
        for row in rows if self.folds else ():
            if row.tracked.sweep is not None:
                sweeps.setdefault(row.tracked.sweep.id, []).append(row.key)
        self._sweeps = {sweep_id: keys for sweep_id, keys in sweeps.items() if len(keys) > 1}
        for row in rows:
            sweep = row.tracked.sweep
            if sweep is None or sweep.id not in self._sweeps:
                yield row
            elif row.key == self._sweeps[sweep.id][0]:
                yield self._fold_sweep(sweep)

    def _fold_sweep(self, sweep: Sweep) -> BatchRow:
        """The row of a sweep; the same as long as its batches are."""
        keys = reversed(self._sweeps[sweep.id])  # as they were made: newest last
        variants = tuple(self._row_of(key) for key in keys)
        members = tuple(tracked for row in variants for tracked in row.members or (row.tracked,))
        known = self._folds.get(sweep.id)
        if known is None or known.members != members:
            whole = msgspec.structs.replace(fold(sweep.id, members), name=sweep.name, run_name=None)
            known = self._folds[sweep.id] = BatchRow(sweep.id, whole, members, variants=variants)
        return known

    def _row_of(self, key: str) -> BatchRow:
        """The row of a run, or of a batch alone."""
        return self._fold(key) if key in self._runs else BatchRow(key, self._known[key])

    def _fold(self, run_id: str) -> BatchRow:
        """The row of a run; the same as long as its batches are."""
        members = self._runs[run_id]
        known = self._folds.get(run_id)
        if known is None or known.members != members:
            known = self._folds[run_id] = BatchRow(run_id, fold(run_id, members), members)
        return known

    def _with_children(self, row: BatchRow) -> Iterable[BatchRow]:
        yield row
        if row.key not in self.opened:
            return
        for each in row.variants or [BatchRow(tracked.id, tracked) for tracked in in_parts(row.members)]:
            yield from self._with_children(each._replace(depth=row.depth + 1))

    def _lets_through(self, row: BatchRow, now: datetime) -> bool:
        if row.tracked.hidden_at is not None and not (
            self.shows_hidden or names_state(self.wanted, "hidden")
        ):
            return False
        try:
            return any(self._matcher(tracked, now) for tracked in (row.tracked, *row.members))
        except FilterError as error:
            self._matcher, self.gave_up = matcher_of(None), str(error)
            return True

    def _replace(self, old: TrackedBatch, new: TrackedBatch, now: datetime) -> bool:
        """Put one batch in the place of its earlier self; False where that may move or hide a row."""
        if old.sweep != new.sweep or old.made_of != new.made_of:
            return False
        run_id = new.run_id
        before, after = BatchRow(old.id, old), BatchRow(new.id, new)
        if run_id is not None and run_id in self._runs:
            before = self._fold(run_id)
            self._runs[run_id] = tuple(
                new if tracked.id == new.id else tracked for tracked in self._runs[run_id]
            )
            self._put(after)
            after = self._fold(run_id)
        if new.sweep is not None and new.sweep.id in self._sweeps:
            before = self._folds[new.sweep.id]
            self._put(after)
            after = self._fold_sweep(new.sweep)
        if self._lets_through(before, now) != self._lets_through(after, now):
            return False
        value = FIELDS[self.order.field].value
        if value(before.tracked, now) != value(after.tracked, now):
            return False
        self._put(after)
        return True

    def _put(self, row: BatchRow) -> None:
        """Show this in the place of the row with its key, where there is one."""
        if (index := self._index.get(row.key)) is not None:
            self.rows[index] = row._replace(depth=self.rows[index].depth)


def in_parts(members: Iterable[TrackedBatch]) -> list[TrackedBatch]:
    """The batches of a run as they were made: oldest first, parts of the same moment by name."""
    return sorted(members, key=lambda tracked: (tracked.batch.created_at, tracked.title))


def _runs(batches: Sequence[TrackedBatch]) -> dict[str, tuple[TrackedBatch, ...]]:
    """The batches of each run of several, newest first."""
    runs: dict[str, list[TrackedBatch]] = {}
    for tracked in batches:
        if tracked.run_id is not None:
            runs.setdefault(tracked.run_id, []).append(tracked)
    return {run_id: tuple(members) for run_id, members in runs.items() if len(members) > 1}


def _sorted(rows: list[BatchRow], order: Order, now: datetime) -> list[BatchRow]:
    """Rows in order; those without a value come last whichever way it goes."""
    field = FIELDS[order.field]
    valued = [(field.value(row.tracked, now), row) for row in rows]
    having: list[tuple[Value, BatchRow]] = [pair for pair in valued if pair[0] is not None]
    having.sort(key=_comparable, reverse=field.upwards == order.is_reversed)
    return [row for _, row in having] + [row for value, row in valued if value is None]


def _comparable(pair: tuple[Value, BatchRow]) -> str | float:
    value = pair[0]
    return value.lower() if isinstance(value, str) else (value or 0.0)
