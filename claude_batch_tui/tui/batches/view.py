"""The list of batches as it is looked at: filtered, sorted, runs folded, in which columns; and what is said about it. No screen in it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from claude_batch_tui.config import Config
from claude_batch_tui.domain.batches.batch_list import BatchList, BatchRow, Order, order_of
from claude_batch_tui.domain.batches.notices import AtRisk, LossWarning, Warned
from claude_batch_tui.domain.batches.tracked import LinkState, Snapshot, SubmissionState, TrackedBatch
from claude_batch_tui.domain.batches.turnaround import Turnarounds
from claude_batch_tui.domain.filters.pattern import FilterError
from claude_batch_tui.tui.batches.rows import Drawing, list_columns, row_cells
from claude_batch_tui.tui.widgets.columns import Cell, Column, place
from claude_batch_tui.wording.batches import COLUMNS, columns_of, lineage
from claude_batch_tui.wording.values import ago, counted, counted_batches, money, span

_FORETOLD = 40
"""Running batches, the newest, of which an end is foretold: this is asked at every snapshot."""


class BatchesView:
    """Rows over the batches of the newest snapshot, and what they are drawn with; the source of a `VirtualList`.

    `shown` gives the numbers of the columns that fit. Whoever changes something here tells the list.
    """

    def __init__(
        self,
        config: Config,
        *,
        now: Callable[[], datetime],
        ascii_only: bool = False,
        shown: Callable[[], Collection[int]] = tuple,
    ) -> None:
        self.listing = BatchList()
        self.listing.order = order_of(config.batches_sort)
        self.snapshot = Snapshot()
        self.at_risk = AtRisk()
        """What is about to be lost."""
        self.wanted_columns = columns_of(config.batches_columns)
        """The names of the columns that are asked for."""
        self._names_workspace = False
        self.filter = ""
        """What was typed to filter by and understood last."""
        self._not_understood: str | None = None
        self.now = now
        self.ascii_only = ascii_only
        self._shown = shown
        self._learned: dict[str | None, Turnarounds] = {}
        """How long batches take, in each workspace as its own teach it."""

    @property
    def filter_error(self) -> str | None:
        """Why what is typed is no filter, or why the filter gave up; None where neither is so."""
        return self._not_understood or self.listing.gave_up

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns: what is asked for, whose each row is where that is not clear, and what rows are sorted by."""
        names = self.wanted_columns
        if self._names_workspace and "workspace" not in names:
            place = int(names[0] == "state")
            names = (*names[:place], "workspace", *names[place:])
        field = self.listing.order.field
        if all(COLUMNS[name].sort != field for name in names):
            names += tuple(name for name in COLUMNS if COLUMNS[name].sort == field)
        return names

    # The rows, for a `VirtualList`.

    def row_count(self) -> int:
        """How many rows there are now."""
        return len(self.listing.rows)

    def key(self, index: int) -> str:
        """The key of a row."""
        return self.listing.rows[index].key

    def cells(self, index: int) -> Sequence[Cell | str]:
        """What the row shows."""
        row = self.listing.rows[index]
        return row_cells(row, self.columns, self.drawing(row))

    def find(self, key: str) -> int | None:
        """The row with that key, or None."""
        return self.listing.find(key)

    def drawing(self, row: BatchRow | None = None) -> Drawing:
        """What is drawn with; for a row by the link of its workspace, and by what that teaches."""
        link, learned = self.snapshot.link, None
        if row is not None:
            workspace = row.tracked.profile
            link, learned = self.snapshot.link_of(workspace), self._learned.get(workspace)
        return Drawing(
            now=self.now(),
            link=link,
            downloads=self.snapshot.downloads,
            learned=learned or Turnarounds(),
            ascii_only=self.ascii_only,
            shown=self._names_shown(),
            opened=self.listing.opened,
        )

    def drawing_in_full(self, row: BatchRow | None) -> Drawing:
        """The same for the detail, with what a run comes from and what came of it."""
        drawing = self.drawing(row)
        if row is None:
            return drawing
        known = lineage(row.tracked.made_of, self.listing.origin(row), self.listing.made_from(row))
        keys = {"answers": "B goes there", "next": "F goes there"}
        return drawing._replace(lineage=[(label, f"{words}; {keys[label]}") for label, words in known])

    def list_columns(self, workspaces: Sequence[str]) -> tuple[Column, ...]:
        """The columns as they are drawn; that of the workspace holds these names."""
        return list_columns(
            self.columns, self.listing.order, ascii_only=self.ascii_only, workspaces=workspaces
        )

    def without_room(self, names: Sequence[str], order: Order, width: int) -> frozenset[str]:
        """Those of the columns that would not fit so many cells, sorted this way."""
        columns = list_columns(names, order, ascii_only=self.ascii_only)
        placed = {each.column for each in place(columns, width)}
        return frozenset(name for number, name in enumerate(names) if number not in placed)

    # What there is to show.

    def update(self, snapshot: Snapshot) -> None:
        """Show the batches of this snapshot; what did not change costs nothing."""
        self.snapshot = snapshot
        changed = self.listing.update(snapshot.batches, self.now())
        for tracked in changed:
            self._learned.setdefault(tracked.profile, Turnarounds()).learn((tracked,))
        self.at_risk.update(snapshot.batches, changed, self.now())

    def look_again(self) -> None:
        """Some time has passed, and no snapshot has come."""
        if self.listing.depends_on_time:
            self.choose()
        self.at_risk.update(self.snapshot.batches, (), self.now())

    def begin_anew(self, *, with_workspace: bool) -> None:
        """Another workspace is shown, or all of several: then a column says which one it is."""
        self.at_risk = AtRisk()
        self._names_workspace = with_workspace

    def ends_next(self) -> datetime | None:
        """When one of the newest running batches is likely to end: by when half of similar ones had, or nine of ten."""
        now, found = self.now(), None
        running = (t for t in self.snapshot.batches if not t.batch.has_ended and t.gone_at is None)
        for tracked in islice(running, min(self.snapshot.running, _FORETOLD)):
            learned = self._learned.get(tracked.profile)
            forecast = learned.forecast(tracked.batch, tracked.model) if learned else None
            for took in (forecast.median, forecast.ninth_tenth) if forecast else ():
                at = tracked.batch.created_at + took
                if at > now:
                    found = at if found is None else min(found, at)
                    break
        return found

    def spent_today(self) -> tuple[float, bool]:
        """What the batches created today cost, and whether some of it is only known as what it may cost at most."""
        today, spent, is_at_most = self.now().astimezone().date(), 0.0, False
        for tracked in self.snapshot.batches:
            if tracked.batch.created_at.astimezone().date() < today:
                break
            is_at_most |= tracked.cost_actual is None and tracked.cost_at_most is not None
            spent += (tracked.cost_at_most if tracked.cost_actual is None else tracked.cost_actual) or 0.0
        return spent, is_at_most

    def row(self, key: str | None) -> BatchRow | None:
        """The row with that key, or None."""
        return self.listing.row(key or "")

    def unknown(self, keys: Collection[str]) -> frozenset[str]:
        """Those of the keys that no batch and no run has any more."""
        return frozenset(key for key in keys if not self.listing.batches_of([key]))

    # How it is looked at.

    def choose(self) -> None:
        """Filter and sort everything anew."""
        self.listing.choose(self.now())

    def filter_by(self, text: str) -> None:
        """Filter by what is typed. Where that is not understood the rows stay, and `filter_error` says why."""
        from claude_batch_tui.domain.batches.filter import batch_filter  # late: on demand

        try:
            self.listing.wanted = batch_filter(text)
        except FilterError as error:
            self._not_understood = str(error)
            return
        self.filter, self._not_understood = text.strip(), None
        self.choose()

    def sort_by(self, order: Order) -> None:
        """Sort by any field; its column is shown then."""
        self.listing.order = order
        self.choose()

    def sort_by_next(self, step: int) -> None:
        """Sort by the column so many places on of those that are shown."""
        shown = self._names_shown()
        fields = list(dict.fromkeys(COLUMNS[name].sort for name in self.columns if name in shown))
        now = self.listing.order.field
        place = fields.index(now) + step if now in fields else 0
        self.sort_by(Order(fields[place % len(fields)]))

    def sort_by_column(self, number: int) -> None:
        """Sort by a column, the other way round where that is done already."""
        self.sort_by_field(COLUMNS[self.columns[number]].sort)

    def sort_by_field(self, field: str) -> None:
        """Sort by a field, shown or not; the other way round where that is done already."""
        if field == self.listing.order.field:
            self.reverse()
        else:
            self.sort_by(Order(field))

    def turn_column(self, name: str) -> None:
        """Show a column, or not; the last one stays."""
        names = self.wanted_columns
        others = tuple(each for each in names if each != name)
        self.wanted_columns = others or names if name in names else (*names, name)

    def reverse(self) -> None:
        """Sort the other way round."""
        order = self.listing.order
        self.sort_by(order._replace(is_reversed=not order.is_reversed))

    def turn_hidden(self) -> bool:
        """Show what is hidden among the others, or not; True where it is shown now."""
        self.listing.shows_hidden = not self.listing.shows_hidden
        self.choose()
        return self.listing.shows_hidden

    def open(self, run_id: str) -> None:
        """Show the batches of a run below it."""
        self.listing.opened |= {run_id}
        self.choose()

    def close_around(self, key: str | None) -> str | None:
        """Close the open run or sweep that a row is of, the innermost; its id, or None where there is none."""
        for tracked in self._batches_of(key):
            rows = _around(tracked)
            for around in rows[rows.index(key) :] if key in rows else rows:
                if around in self.listing.opened:
                    self.listing.opened -= {around}
                    self.choose()
                    return around
        return None

    def open_around(self, batch_id: str) -> None:
        """Open the run and the sweep that a batch is of, so that the batch has a row."""
        for tracked in self._batches_of(batch_id):
            self.listing.opened |= {*_around(tracked)}
            self.choose()

    def _batches_of(self, key: str | None) -> list[TrackedBatch]:
        return self.listing.batches_of([key or ""])

    def _names_shown(self) -> frozenset[str]:
        names = self.columns
        return frozenset(names[number] for number in self._shown() if number < len(names))


def _around(tracked: TrackedBatch) -> list[str]:
    """The run and the sweep that a batch is of, the innermost first."""
    return [one for one in (tracked.run_id, tracked.sweep.id if tracked.sweep else None) if one is not None]


_EMPTY = """
              No batches in this workspace yet.

   n     build one from a file (CSV, text, ready requests)
   i     track a batch made elsewhere: paste its msgbatch_… id

   Batches cost half the normal token price and may take up to 24 hours.
   Results can be read for 29 days; cbtui keeps a copy of those you open.

   Looking for batches you know exist? A key sees one workspace only.
   What cbtui knows:  cbtui info
"""
_SET_UP = """
              No API key was found.

   Set ANTHROPIC_API_KEY and start again:

       export ANTHROPIC_API_KEY=sk-ant-…
       cbtui

   or log in with a profile and pass  --profile NAME.
   Keys are read where the SDK reads them, and are never stored.

   Without a key:  cbtui demo   shows everything on a simulated workspace.
   n builds and checks requests from a file; that needs no key either.
"""


def empty_words(view: BatchesView) -> str:
    """Why no row is shown, and what to do about it."""
    total, link = view.listing.total, view.snapshot.link
    if view.filter and total:
        return f"\n  None of {total:,} batches matches {view.filter!r}: esc clears the filter."
    if total:
        return f"\n  All {total:,} batches are hidden: H shows them."
    if link.state is LinkState.NO_CREDENTIALS:
        return _SET_UP
    if link.state is LinkState.CONNECTING:
        return "\n  Connecting to the API …"
    if link.state in (LinkState.OFFLINE, LinkState.REFUSED):
        return f"\n  {link.error}\n\n  r tries again."
    return _EMPTY


class _Part(NamedTuple):
    """Something beside the tabs; `short` is for a narrow screen."""

    words: str
    short: str


def list_words(view: BatchesView, marked: int, width: int) -> str:
    """Beside the tabs, as much as there is room for: what is marked and filtered, what matters now, how many there are."""
    listing, drawing = view.listing, view.drawing()
    parts = [_same(f"{marked:,} marked")] if marked else []
    if drawing.is_old and drawing.link.polled_at is not None:
        parts.append(_same(f"last known list, {ago(drawing.now - drawing.link.polled_at)} old"))
    if listing.shown != listing.total:
        parts.append(_same(f"{listing.shown:,} of {listing.total:,}"))
    parts += _matters(view, drawing.now)
    order = listing.order
    if order.field == "state" or all(COLUMNS[name].sort != order.field for name in view.columns):
        parts.append(_same(f"by {order.field}{', reversed' if order.is_reversed else ''}"))
    matters = len(parts)
    if listing.shown == listing.total:
        parts.append(_same(counted_batches(listing.total)))
    if view.snapshot.has_older and drawing.link.state in (LinkState.LIVE, LinkState.IDLE):
        parts.append(_same("L: older"))
    for count in range(len(parts), max(matters, 1) - 1, -1):
        for gap in "   ", "  ":
            words = gap.join(part.words for part in parts[:count])
            if len(words) <= width:
                return words
    while parts and len("  ".join(part.short for part in parts)) > width:
        parts.pop()
    return "  ".join(part.short for part in parts)


def _same(words: str) -> _Part:
    return _Part(words, words)


def _matters(view: BatchesView, now: datetime) -> list[_Part]:
    """When a batch is likely to end next, whose results are about to go, and what today's batches cost.

    Times are moments and no ages, so that an idle screen stays still.
    """
    parts = []
    if (at := view.ends_next()) is not None:
        clock = f"{at.astimezone():%H:%M}"
        parts.append(_Part(f"next ends about {clock}", f"next end {clock}"))
    going = [each.at for each in view.at_risk.found.values() if each.about is Warned.RESULTS]
    if going:
        first = min(going).astimezone()
        when = f"{first:%H:%M}" if first.date() == now.astimezone().date() else f"{first:%-d %b}"
        lose = f"{len(going):,} {'loses' if len(going) == 1 else 'lose'}"
        whose = "its" if len(going) == 1 else "their"
        parts.append(_Part(f"{lose} {whose} results from {when}", f"{lose} results"))
    spent, is_at_most = view.spent_today()
    if spent:
        sign = ("<" if view.ascii_only else "≤") if is_at_most else ""
        parts.append(
            _Part(f"today {'at most ' if is_at_most else ''}{money(spent)}", f"today {sign}{money(spent)}")
        )
    return parts


def resting_words(view: BatchesView, marks: Collection[str], banner: str | None) -> str:
    """In the status line while nothing happens: what needs a decision first."""
    snapshot = view.snapshot
    if view.filter_error:
        return view.filter_error
    waiting = [each for each in snapshot.submissions if each.state is not SubmissionState.SENDING]
    if waiting:
        return f"{counted(len(waiting), 'submission')} of unknown outcome: U decides"
    held = sum(each.held for each in snapshot.submitting.values())
    return (
        _marked_words(view.listing.batches_of(marks), len(marks))
        or snapshot.link.error
        or (
            f"{counted(held, 'request')} wait here until a batch of yours has ended (in_flight)"
            if held
            else ""
        )
        or _warning_words(view.at_risk.found.values(), view.now())
        or banner
        or ""
    )


def _marked_words(targets: Sequence[TrackedBatch], rows: int) -> str:
    """What keys would do to what is marked."""
    if not targets:
        return ""
    running = sum(tracked.batch.processing_status == "in_progress" for tracked in targets)
    ended = sum(tracked.batch.has_ended for tracked in targets)
    does = [f"x cancels {running:,}"] if running else []
    does += [f"D deletes {ended:,}", f"s downloads {ended:,}"] if ended else []
    does += ["= compares"] if rows == 2 and ended == len(targets) else []
    return f"{counted_batches(len(targets))} marked: {', '.join([*does, 't tags', 'esc unmarks'])}"


def _warning_words(warnings: Collection[LossWarning], now: datetime) -> str:
    """What is about to be lost first, and the keys that save it."""
    if not warnings:
        return ""
    first = min(warnings, key=lambda warning: warning.at)
    count = sum(warning.about is first.about for warning in warnings)
    several = counted_batches(count)
    left = f"{'' if count == 1 else 'the first '}in {span(first.at - now)}"
    if first.about is Warned.RESULTS:
        what = f"{several} loses its results" if count == 1 else f"{several} lose their results soon,"
        return f"{what} {left}: W marks, s downloads"
    return f"{several} will expire {left}: W marks, x ends now"
