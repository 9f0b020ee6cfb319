"""The results of one batch or file: a filtered list, and the entry under the cursor in full."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.binding import BindingType
from textual.widget import Widget

from claude_batch_tui.domain.sort import Sort
from claude_batch_tui.services.accounting import accounts
from claude_batch_tui.services.export import Part
from claude_batch_tui.services.submitting.retry import Wanted
from claude_batch_tui.tui.dialogs.input import InputDialog
from claude_batch_tui.tui.dialogs.ledger import LedgerDialog
from claude_batch_tui.tui.screens.comparing import of_entries, of_files, results_called
from claude_batch_tui.tui.screens.inspecting import INSPECTOR_NEEDS_ENTRY
from claude_batch_tui.tui.screens.inspector import Inspector
from claude_batch_tui.tui.screens.ledger_words import ledger_lines
from claude_batch_tui.tui.screens.result_columns import (
    chosen_columns,
    drawn,
)
from claude_batch_tui.tui.screens.result_keys import KEYS
from claude_batch_tui.tui.screens.result_opening import NOTHING, OpenedFrame
from claude_batch_tui.tui.screens.retrying import RetryingFrame, ToRetry
from claude_batch_tui.tui.screens.saving import SavingFrame, ToSave
from claude_batch_tui.tui.screens.statistics import StatisticsScreen
from claude_batch_tui.tui.widgets.filter_bar import FilterBar
from claude_batch_tui.tui.widgets.two_sided_line import TwoSidedLine
from claude_batch_tui.tui.widgets.virtual_list import VirtualList


class ResultsScreen(OpenedFrame, SavingFrame, RetryingFrame):
    """Filter, list and inspector over one results file."""

    help_title: ClassVar[str] = "Results"
    number: ClassVar[int] = 3
    BINDINGS: ClassVar[list[BindingType]] = KEYS

    def above(self) -> Iterable[Widget]:
        """Counts by outcome, and the filter."""
        yield TwoSidedLine(id="counts")
        yield self.filter_bar()

    def parts(self) -> Iterable[Widget]:
        """List and inspector."""
        columns = drawn(chosen_columns(self.dashboard.config.results_columns))
        yield VirtualList(columns, id="list", empty=NOTHING)
        yield Inspector(id="detail")

    def title_left(self) -> str:
        """What is open."""
        return self._title

    def reason_disabled(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Most keys need an open file."""
        if action in ("ledger", "statistics") and (
            self._rows is None or not self._rows.results.index.complete
        ):
            return "no results are open" if self._rows is None else "the file is still being read"
        if (
            action in ("filter", "quick", "sort", "error", "save", *INSPECTOR_NEEDS_ENTRY)
            and self._rows is None
        ):
            return "no results are open"
        if action == "compare" and (self._rows is None or not self._rows.results.index.complete):
            return "no results are open" if self._rows is None else "the results are not whole yet"
        if action == "stop" and not self._growing and not self.is_saving:
            return "nothing is being downloaded or saved"
        if action == "save" and self.is_saving:
            return "results are being saved: x stops that"
        return super().reason_disabled(action, parameters)

    @on(VirtualList.Opened)
    def _opened(self) -> None:
        if not self.has_class("-zoomed"):
            self.action_zoom()

    def action_back(self) -> None:
        """Out of the zoom, out of the filter, back to the batches."""
        if self.inspector.clear_find():
            return
        if self.has_class("-zoomed"):
            self.action_zoom()
        elif self.query_one(FilterBar).value:
            self.query_one(FilterBar).value = ""
            self._select()
        else:
            super().action_back()

    def action_stop(self) -> None:
        """Stop what is being saved, else the download; what has arrived is kept until the next one."""
        if self.is_saving:
            self.stop_saving()
        elif self._batch_id is not None:
            self.dashboard.engine.stop_download(self._batch_id)

    def cancel_running(self) -> bool:
        """What ctrl+c stops first."""
        if not self._growing and not self.is_saving:
            return False
        self.action_stop()
        return True

    @work(thread=True, exclusive=True, group="ledger")
    def action_ledger(self) -> None:
        """What was sent against what came back, entry by entry."""
        rows = self._rows
        if rows is None:
            return
        lines = list(ledger_lines(accounts(rows.results.index, self._sent())))
        self.app.call_from_thread(self.app.push_screen, LedgerDialog(lines))

    def action_open(self) -> None:
        """Open a results file by its path."""

        def open_it(path: str | None) -> None:
            if path:
                self.open_file(Path(path).expanduser())

        dialog = InputDialog(
            "Open a results file",
            ["JSON lines, as the API gives them; gzipped ones too."],
            placeholder="~/results.jsonl",
        )
        self.app.push_screen(dialog, open_it)

    def why_no_retry(self) -> str | None:
        """It takes a batch, and all of its results."""
        if self._run_id is not None:
            return "a run is retried from the list of batches: R on its row"
        if self._batch_id is None:
            return "only results of a batch can be retried: a file does not say what was sent"
        if self._rows is None or self._growing or not self._rows.results.index.complete:
            return "its results are not all here yet"
        return None

    def to_retry(self) -> ToRetry | None:
        """What failed among the marked entries, or all the filter shows."""
        if self._batch_id is None or self._rows is None:
            return None
        engine = self.owner_of([self._batch_id])
        if engine is None:
            return None
        wanted = Wanted(self._batch_id, self._rows.results.index, self._chosen())
        which = "the marked" if self.table.marks else "all shown"
        return ToRetry(
            f"Retry {which}: {len(wanted.positions):,} of {self._title}",
            engine,
            lambda rules: engine.plan_retry([wanted], rules),
        )

    def to_save(self) -> ToSave | None:
        """The marked entries, or all the filter shows."""
        if self._rows is None:
            return None
        results, chosen = self._rows.results, self._chosen()
        stem = results.path.name.removesuffix(".part").removesuffix(".jsonl")
        keeps_order = self._rows.sort != Sort() and not self.table.marks
        part = Part(results.path, results.index, chosen, self._batch_id or stem, self._rows_path, keeps_order)
        which = "marked" if self.table.marks else "shown"
        words = (
            f"{len(chosen):,} results"
            if len(chosen) == results.index.count
            else f"{len(chosen):,} {which} results"
        )
        return ToSave(part, words, self._title.removesuffix(".jsonl"))

    def action_statistics(self) -> None:
        """What the filter shows, or the marks, in numbers."""
        if self._rows is not None:
            index = self._rows.results.index
            self.app.push_screen(StatisticsScreen(self._title, index, self._chosen(), self._prices()))

    def action_compare(self) -> None:
        """Compare the two marked entries; else all of them with another file, asked for."""
        if self._rows is None:
            return
        results, prices = self._rows.results, self._prices()
        marks = sorted(int(key) for key in self.table.marks)
        if len(marks) == 2:
            self.app.push_screen(of_entries(results, marks[0], marks[1], prices))
            return

        def problem(word: str) -> str | None:
            found = results_called(word, self.snapshot, self.dashboard.engine)
            return found if isinstance(found, str) else None

        def compare(word: str | None) -> None:
            found = results_called(word, self.snapshot, self.dashboard.engine) if word else None
            if isinstance(found, Path):
                self.app.push_screen(
                    of_files(results, self._title, found, self.dashboard.engine.cache, prices)
                )

        dialog = InputDialog(
            "Compare with which results?",
            [
                "The name or id of a batch, or the path of a results file. Entries are joined by custom_id.",
                "To compare two entries, mark both with space first.",
            ],
            problem=problem,
        )
        self.app.push_screen(dialog, compare)

    def _chosen(self) -> Sequence[int]:
        """The marked entries, or all the filter shows."""
        if self.table.marks:
            return sorted(int(key) for key in self.table.marks)
        return self._rows.positions if self._rows is not None else ()

    def _sent(self) -> Collection[str] | None:
        """The custom_ids that were sent for what is open, None where that is not known of all of it."""
        sent = [self.dashboard.engine.sent(batch_id) for batch_id in self._parts]
        if not sent or any(ids is None for ids in sent):
            return None
        return sent[0] if len(sent) == 1 else dict.fromkeys(one for ids in sent for one in ids or ())
