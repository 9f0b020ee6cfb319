"""The runs of a sweep as one table: a line each, with score, cost, tokens and outcomes; enter opens one, = compares it with A.

cbtui  SWEEP   labels                                              ● live
     run                accuracy  interval      cost   in   out  outcomes
 >A  claude-haiku-4-5   88.3%     83.6 to 91.8  $0.01  …
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar, NamedTuple

from textual import events, work
from textual.binding import BindingType
from textual.worker import get_current_worker

from claude_batch_tui.domain.money.pricing import PriceTable
from claude_batch_tui.errors import CbtuiError
from claude_batch_tui.services.results.against import Against, SameScorer, typed_against
from claude_batch_tui.services.results.variants import VariantFile, VariantLine, variant_lines
from claude_batch_tui.tui.dialogs.picking import Choice, PickDialog
from claude_batch_tui.tui.results.compare import CompareScreen
from claude_batch_tui.tui.results.keys import TABS_KEYS
from claude_batch_tui.tui.text_screen import TextScreen
from claude_batch_tui.tui.widgets.key_line import hidden_key, shown_key
from claude_batch_tui.tui.widgets.lines import TitleLine
from claude_batch_tui.tui.widgets.text_rows import Line
from claude_batch_tui.tui.widgets.text_view import TextView
from claude_batch_tui.wording.scores import VARIANT_WORDS, variant_rows

_LEAST = ("same as A", "kappa", "interval", "F1", "apart", "in", "p against A", "out", "cost")
"""Columns that leave where there is no room for all, the first first; the others are in `cbtui score SWEEP`."""


class SweepRun(NamedTuple):
    """A run of the sweep: its variant, how its files are found, for a thread, and how its results are opened."""

    title: str
    files: Callable[[], VariantFile]
    open: Callable[[], None]


class SweepScreen(TextScreen):
    """Over the batches, until it is left or a run is opened."""

    help_title: ClassVar[str] = "Sweep"
    at_first: ClassVar[str] = "\n   Reading all runs …"
    scrolls: ClassVar[bool] = False
    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("sweep.open", "enter", "open", "open", "the results of the run"),
        shown_key("sweep.compare", "equals_sign", "compare", "compare", "the run answer by answer with A"),
        shown_key("sweep.column", "c", "column", "score by", "the column with what is right"),
        shown_key("sweep.copy", "y", "copy", "copy", "copy the table as text"),
        hidden_key("sweep.down", "down,j", "move(1)", "down", "the run below"),
        hidden_key("sweep.up", "up,k", "move(-1)", "up", "the run above"),
        *TABS_KEYS,
        shown_key("sweep.close", "q,escape", "close", "back", "back to the batches"),
    ]

    def __init__(
        self, title: str, runs: Sequence[SweepRun], cache: Path, prices: Callable[[], PriceTable]
    ) -> None:
        """`prices` are read in the thread that counts; `cache` keeps what is read of the files."""
        super().__init__()
        self._title = title
        self._runs = runs
        self._cache = cache
        self._prices = prices
        self._lines: Sequence[VariantLine] = ()
        self._columns: Sequence[str] = ()
        self._against: Against | None = None
        self._at = 0

    def on_mount(self) -> None:
        """Count."""
        self.redraw()
        self._count(None)

    def reason_disabled(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Most keys need the table."""
        if action in ("open", "compare", "copy", "move", "column") and not self._lines:
            return "the runs are still being read"
        if action == "compare" and self._at == 0:
            return "this is A: go to another run"
        if action == "column" and not self._columns:
            return "the source of these runs is not known here"
        return super().reason_disabled(action, parameters)

    def on_click(self, event: events.Click) -> None:
        """A click goes to a run, another one opens it."""
        view = self.query_one(TextView)
        row = (event.screen_offset - view.region.offset).y + view.top - 1
        if self._lines and 0 <= row < len(self._lines):
            event.stop()
            if row == self._at:
                self.action_open()
            self.action_move(row - self._at)

    def action_move(self, step: int) -> None:
        """Another run."""
        self._at = min(max(self._at + step, 0), len(self._lines) - 1)
        self.redraw()
        self.refresh_bindings()

    def action_open(self) -> None:
        """The results of the run."""
        self.dismiss(None)
        self._runs[self._at].open()

    def action_compare(self) -> None:
        """Each answer of the run beside that of the first one."""
        sides = [(each.title, lambda each=each: each.files().results) for each in self._pair()]
        self.app.push_screen(CompareScreen.of_paths(sides[0], sides[1], self._cache, self._prices))

    def _pair(self) -> tuple[SweepRun, SweepRun]:
        return self._runs[0], self._runs[self._at]

    def action_column(self) -> None:
        """Choose the column with what is right."""

        def chosen(words: str | None) -> None:
            if words is None:
                return
            try:
                self._count(typed_against(words, self._columns))
            except CbtuiError as error:
                self.say(str(error), kind="error")

        choices = [Choice(name, name) for name in self._columns]
        title = "Score against which column?  label json.label  says what of an answer counts"
        marked = self._against.column if self._against is not None else ""
        self.app.push_screen(PickDialog(title, choices, marked=marked, any_text=True), chosen)

    def action_copy(self) -> None:
        """Copy the table."""
        self.dashboard.copy("\n".join("  ".join(row) for row in variant_rows(self._lines)))

    @work(thread=True, exclusive=True, group="sweep")
    def _count(self, wanted: Against | None) -> None:
        """Count and score in a thread, against the `wanted` column, or what is known for such a source."""
        worker, call = get_current_worker(), self.app.call_from_thread
        scorer = SameScorer(self.dashboard.config.state_dir, wanted)
        try:
            files = [run.files() for run in self._runs]
            for step in variant_lines(files, self._cache, self._prices(), scorer.score):
                if worker.is_cancelled:
                    return
                if not isinstance(step, int):
                    scorer.keep()
                    call(self._take, step, scorer.columns, scorer.against)
        except CbtuiError as error:
            call(self.say, str(error), "error")

    def _take(self, lines: Sequence[VariantLine], columns: Sequence[str], against: Against | None) -> None:
        self._lines, self._columns = lines, columns
        self._against = against if any(line.score for line in lines) else None
        self.redraw()
        self.refresh_bindings()

    def draw(self, title: TitleLine, view: TextView) -> None:
        """The table, once all runs are read."""
        by = f" by {self._against.words}" if self._against is not None else ""
        title.show(left=f"{self._title}{by}", right=f"{len(self._runs):,} runs")
        if self._lines:
            view.show(self._table(), keep_place=True)

    def _table(self) -> list[Line]:
        """The head and a line a run, the chosen one marked."""
        rows = variant_rows(self._lines)
        for least in _LEAST:
            widths = [max(len(row[number]) for row in rows) for number in range(len(rows[0]))]
            if sum(widths) + 2 * len(widths) <= self.size.width:
                break
            kept = [number for number, head in enumerate(rows[0]) if head != least]
            rows = [tuple(row[number] for number in kept) for row in rows]
        widths = [max(len(row[number]) for row in rows) for number in range(len(rows[0]))]
        lines: list[Line] = []
        for number, row in enumerate(rows, -1):
            cells = (
                cell.ljust(width) if head in VARIANT_WORDS else cell.rjust(width)
                for head, cell, width in zip(rows[0], row, widths, strict=True)
            )
            mark = ">" if number == self._at else " "
            style = "strong" if number < 0 else "accent" if number == self._at else None
            lines.append((f"{mark}{'  '.join(cells)}".rstrip(), style))
        return lines
