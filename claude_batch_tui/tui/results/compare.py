"""Two batches joined by custom_id, or two entries: which agree, and how the answers differ.

cbtui  COMPARE   A tickets-haiku · B tickets-sonnet
in both 9,960 · same 8,100 (83%) · different 1,602 · only in A 30
A  in 3,910,000 · out 410,000 · $3.88                        B  in 3,910,000 · out 390,000 · $11.02
list of pairs
── the texts, a line that only one has marked - or + ──
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar, Self

from textual import getters, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.worker import Worker, get_current_worker

from claude_batch_tui.domain.batches.tracked import ResultsState, Snapshot
from claude_batch_tui.domain.money.pricing import PriceTable
from claude_batch_tui.domain.results.comparison import Agreement
from claude_batch_tui.engine.group import EngineGroup
from claude_batch_tui.errors import CbtuiError, SourceError
from claude_batch_tui.exports.formats import FORMATS, file_stem
from claude_batch_tui.home import expand_home
from claude_batch_tui.services.exporting.pairs import export_pairs, pairs_of
from claude_batch_tui.services.exporting.target import Options
from claude_batch_tui.services.results.compare import DIFFERENT, Comparison, compare, compare_entries
from claude_batch_tui.services.results.lanes import own_lines
from claude_batch_tui.services.results.local_files import read_results
from claude_batch_tui.services.results.recent import results_files
from claude_batch_tui.store.results.file import ResultsFile
from claude_batch_tui.store.results.opening import open_indexed
from claude_batch_tui.tui.dialogs.questions import InputDialog
from claude_batch_tui.tui.results.compare_rows import COLUMNS, PairRows, diff_lines
from claude_batch_tui.tui.results.keys import TABS_KEYS
from claude_batch_tui.tui.results.save import SaveChoice, SaveDialog, place_words
from claude_batch_tui.tui.screen import DashboardScreen
from claude_batch_tui.tui.widgets.columns import ascii_only, cut_inside, cut_mark
from claude_batch_tui.tui.widgets.key_line import KeyLine, hidden_key, shown_key
from claude_batch_tui.tui.widgets.lines import TABS_WIDTH, StatusLine, TabsLine, TitleLine, TwoSidedLine
from claude_batch_tui.tui.widgets.text_rows import TextRows
from claude_batch_tui.tui.widgets.text_view import TextView
from claude_batch_tui.tui.widgets.virtual_list import VirtualList
from claude_batch_tui.wording.results import agreement_words, compared_words, totals_words

Making = Callable[[], Iterator[Comparison]]
"""Opens both sides and joins them; called in a thread."""

_SHOWN = (None, *Agreement)
_MARKING = ("list.mark", "list.mark-down", "list.mark-up", "list.mark-all", "list.unmark")


class PairList(VirtualList, inherit_bindings=False):
    """A list whose rows are not marked: nothing is done to several pairs at once."""

    BINDINGS: ClassVar[list[BindingType]] = [
        each for each in VirtualList.BINDINGS if isinstance(each, Binding) and each.id not in _MARKING
    ]


class PairText(TextView):
    """Both answers of a pair, line by line. They are read in a thread; the newest pair that was asked for is shown."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  Textual's name
        super().__init__(id=id)
        self.shown = ""
        """The text there is to copy."""

    def show_nothing(self) -> None:
        """Show no pair."""
        self.workers.cancel_group(self, "read")
        self.shown = ""
        self.show("")

    @work(thread=True, exclusive=True, group="read")
    def show_pair(self, comparison: Comparison, number: int) -> None:
        """Show a pair of a comparison, once it is read."""
        worker = get_current_worker()
        if not worker.is_cancelled:
            rows = TextRows(list(diff_lines(comparison, number)))
            self.app.call_from_thread(self._show_read, worker, rows)

    def _show_read(self, worker: Worker[None], rows: TextRows) -> None:
        if self.is_mounted and not worker.is_cancelled:
            self.shown = rows.text
            self.show(rows)


class CompareScreen(DashboardScreen):
    """Over the results, until it is left."""

    CSS_PATH: ClassVar = "compare.tcss"
    help_title: ClassVar[str] = "Compare"
    pane_titles: ClassVar = {"list": "Pairs", "detail": "A and B"}
    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("compare.narrow", "f", "narrow(1)", "which", "all, same, different, …"),
        shown_key("compare.next", "e", "different(1)", "next difference", "next pair that differs"),
        hidden_key("compare.previous", "E", "different(-1)", "previous difference", "the one before"),
        hidden_key("compare.next-pair", "J", "pair(1)", "next pair", "next pair"),
        hidden_key("compare.previous-pair", "K", "pair(-1)", "previous pair", "previous pair"),
        hidden_key("compare.zoom", "z", "zoom", "zoom", "the texts on the whole screen"),
        hidden_key("compare.wrap", "w", "wrap", "wrap", "wrap long lines, or not"),
        shown_key("compare.save", "s", "save", "save", "save the pairs that differ, or those that f shows"),
        hidden_key("compare.copy", "y", "copy", "copy", "copy the difference"),
        *TABS_KEYS,
        shown_key("compare.back", "q,escape", "back", "back", "one step back"),
    ]

    table = getters.query_one("#list", VirtualList)
    text = getters.query_one("#detail", PairText)

    @classmethod
    def of_entries(cls, results: ResultsFile, first: int, second: int, prices: PriceTable | None) -> Self:
        """Two entries of a file."""
        own = results.duplicate()

        def making() -> Iterator[Comparison]:
            yield compare_entries(own, first, second, prices)

        return cls(results.index.custom_id(first), results.index.custom_id(second), making)

    @classmethod
    def of_files(
        cls, results: ResultsFile, title: str, other: Path, cache: Path, prices: PriceTable | None
    ) -> Self:
        """A file and another one, joined by custom_id; `cache` keeps the index of files that are not ours."""
        own = results.duplicate()

        def making() -> Iterator[Comparison]:
            try:
                right = open_indexed(own_lines(other, cache).path, cache)
            except SourceError:
                own.close()
                raise
            yield from compare(own, right, prices=prices)

        return cls(title, other.name, making)

    @classmethod
    def of_paths(
        cls,
        left: tuple[str, Callable[[], Path]],
        right: tuple[str, Callable[[], Path]],
        cache: Path,
        prices: Callable[[], PriceTable],
    ) -> Self:
        """Two files by their titles, found and opened in the thread that joins them."""

        def making() -> Iterator[Comparison]:
            one = open_indexed(left[1](), cache)
            try:
                other = open_indexed(right[1](), cache)
            except CbtuiError:
                one.close()
                raise
            yield from compare(one, other, prices=prices())

        return cls(left[0], right[0], making)

    def __init__(self, left: str, right: str, making: Making) -> None:
        super().__init__()
        self._names = left, right
        self._making = making
        self._comparison: Comparison | None = None
        self._rows: PairRows | None = None
        self._which = 0

    def compose(self) -> ComposeResult:
        """How both agree and what they used, the pairs, and the difference of one."""
        yield TitleLine("COMPARE")
        yield TabsLine(3)
        yield TwoSidedLine(id="counts")
        yield TwoSidedLine(id="totals")
        yield Vertical(
            PairList(COLUMNS, id="list", empty="\n   Reading both …"), PairText(id="detail"), id="main"
        )
        yield StatusLine()
        yield KeyLine()

    def on_mount(self) -> None:
        """Begin to join."""
        self._join()

    def on_unmount(self) -> None:
        """Close the files."""
        if self._comparison is not None:
            self._comparison.close()

    def title_left(self) -> str:
        """What is compared; on a narrow screen the line of the tabs has more room for it."""
        return self._sides() if self.is_wide else ""

    def draw_snapshot(self, snapshot: Snapshot) -> None:
        """The title, and what is compared."""
        super().draw_snapshot(snapshot)
        room = self.size.width - TABS_WIDTH
        self.query_one(TabsLine).show(right="" if self.is_wide else self._sides(room))

    def _sides(self, room: int | None = None) -> str:
        """`A label eval, haiku · B label eval, sonnet`, in so many cells."""
        names = list(self._names)
        if room is not None:
            each = (room - len("A  · B ")) // 2
            names = [cut_inside(name, each, cut_mark(self)) for name in names]
        return f"A {names[0]} {'-' if ascii_only(self) else '·'} B {names[1]}"

    def reason_disabled(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Most keys need a pair."""
        if action in ("narrow", "different", "pair", "zoom", "copy", "save") and self._rows is None:
            return "nothing is compared yet"
        if action == "save" and (self._comparison is None or not self._comparison.is_whole):
            return "not all pairs are compared yet"
        return super().reason_disabled(action, parameters)

    @on(VirtualList.Highlighted)
    def _highlighted(self) -> None:
        self._show_pair()

    @on(VirtualList.Opened)
    def _opened(self) -> None:
        self.action_zoom()

    def action_narrow(self, step: int) -> None:
        """Show pairs of another agreement; those that no pair has are skipped."""
        if self._rows is None or self._comparison is None:
            return
        counts = self._comparison.agreed().counts
        for _ in _SHOWN:
            self._which = (self._which + step) % len(_SHOWN)
            which = _SHOWN[self._which]
            if which is None or counts[which]:
                break
        self._rows.show_only(which)
        self.table.rows_changed()
        self.table.go_to(0)
        self._show_pair()
        self.say(f"Shown: {'all' if which is None else which}.", seconds=3.0)

    def action_different(self, step: int) -> None:
        """Go to the next pair that does not agree."""
        if self._rows is None:
            return
        index = self._rows.next_different(self.table.cursor_index, step)
        if index is None:
            self.say("No further pair that differs.", seconds=3.0)
        else:
            self.table.go_to(index)

    def action_pair(self, step: int) -> None:
        """The next or previous pair."""
        self.table.go_to(self.table.cursor_index + step)

    def action_zoom(self) -> None:
        """The texts on the whole screen, and back."""
        self.toggle_class("-zoomed")
        (self.text if self.has_class("-zoomed") else self.table).focus()

    def action_wrap(self) -> None:
        """Wrap long lines, or not."""
        self.text.action_wrap()

    def action_copy(self) -> None:
        """Copy the difference."""
        self.dashboard.copy(self.text.shown)

    def action_save(self) -> None:
        """Save the pairs that differ, or, where one way to agree is shown, those, as a table."""
        comparison, which = self._comparison, _SHOWN[self._which]
        if comparison is None:
            return
        numbers = pairs_of(comparison, DIFFERENT if which is None else (which,))
        words = f"{len(numbers):,} {'pairs that differ' if which is None else f'pairs: {which}'}"
        tables = [one for one in FORMATS if one.is_table]

        def save(choice: SaveChoice | None) -> None:
            if choice is not None:
                self.run_worker(partial(self._export, comparison, numbers, choice), thread=True, group="save")

        dialog = SaveDialog(f"Save {words}", file_stem("-".join(self._names)), spread=None, formats=tables)
        self.app.push_screen(dialog, save)

    def _export(self, comparison: Comparison, numbers: Sequence[int], choice: SaveChoice) -> None:
        """Save pairs in a thread, and say how that went."""
        worker, kind = get_current_worker(), "note"
        words = f"{len(numbers):,} pairs saved: {place_words(choice.target)}"
        try:
            options = Options(choice.form)
            for _ in export_pairs(
                comparison, numbers, choice.target, options, stopped=lambda: worker.is_cancelled
            ):
                pass
        except CbtuiError as error:
            words, kind = str(error), "error"
        self.app.call_from_thread(self.say, words, kind)

    def action_back(self) -> None:
        """Out of the zoom, then back to the results."""
        has_list = self._comparison is None or self._comparison.total != 1
        if self.has_class("-zoomed") and has_list:
            self.action_zoom()
        else:
            self.dismiss()

    @work(thread=True, exclusive=True, group="join")
    def _join(self) -> None:
        """Join both sides in a thread, showing pairs as they are made."""
        worker = get_current_worker()
        made: Comparison | None = None
        try:
            for made in self._making():
                if worker.is_cancelled:
                    break
                self.app.call_from_thread(self._show, made)
        except CbtuiError as error:
            self.app.call_from_thread(self._show_failure, str(error))
        if worker.is_cancelled and made is not None and self._comparison is not made:
            made.close()

    def _show(self, comparison: Comparison) -> None:
        if not self.is_mounted:
            return
        is_first = self._rows is None
        if self._rows is None:
            self._comparison = comparison
            self._rows = PairRows(comparison, ascii_only=self.dashboard.ascii_only)
            self.table.set_source(self._rows)
            self.refresh_bindings()
        self._rows.grow()
        self.table.empty = "\n   No pair: f shows others."
        self.table.rows_changed()
        agreed = comparison.agreed()
        if comparison.is_whole:
            self.refresh_bindings()  # now it can be saved
        more = "" if comparison.is_whole else compared_words(comparison.count, comparison.total)
        self.query_one("#counts", TwoSidedLine).show(agreement_words(agreed), more)
        left, right = (totals_words(side) for side in comparison.totals)
        self.query_one("#totals", TwoSidedLine).show(f"A  {left}", f"B  {right} ")
        if comparison.total == 1 and comparison.is_whole and not self.has_class("-zoomed"):
            self.action_zoom()
        if is_first:
            self._show_pair()

    def _show_failure(self, sentence: str) -> None:
        self.table.empty = f"\n   {sentence}"
        self.table.rows_changed()
        self.say(sentence, kind="error")

    def _show_pair(self) -> None:
        """Show the pair under the cursor."""
        comparison, key = self._comparison, self.table.cursor_key
        if comparison is None or key is None or int(key) >= comparison.count:
            self.text.show_nothing()
        else:
            self.text.show_pair(comparison, int(key))


def ask_other_results(
    screen: DashboardScreen, results: ResultsFile, title: str, prices: PriceTable | None
) -> None:
    """Ask with which other results these are to be compared, and show that."""
    dashboard = screen.dashboard

    def problem(word: str) -> str | None:
        found = _results_called(word, dashboard.snapshot, dashboard.engines)
        return found if isinstance(found, str) else None

    def compare_with(word: str | None) -> None:
        found = _results_called(word, dashboard.snapshot, dashboard.engines) if word else None
        if isinstance(found, Path):
            cache = dashboard.engines.home.store.locations.cache
            screen.app.push_screen(CompareScreen.of_files(results, title, found, cache, prices))

    dialog = InputDialog(
        "Compare with which results?",
        [
            "The name or id of a batch, or the path of a results file. Entries are joined by custom_id.",
            "To compare two entries, mark both with space first.",
        ],
        problem=problem,
        choices=[
            *_known_results(dashboard.snapshot),
            *results_files(dashboard.config.state_dir),
        ],
    )
    screen.app.push_screen(dialog, compare_with)


def _known_results(snapshot: Snapshot) -> list[str]:
    """The batches whose results are on this machine, by name or else by id, the newest first."""
    saved = [tracked for tracked in snapshot.batches if tracked.results is not ResultsState.NONE]
    names = [tracked.name for tracked in saved]
    return [each.name if each.name and names.count(each.name) == 1 else each.id for each in saved]


def _results_called(word: str, snapshot: Snapshot, engines: EngineGroup) -> Path | str:
    """The results file that a path, a batch id or a name means; else a sentence on what to do."""
    path = expand_home(word)
    if "/" in word or path.is_file():
        return path if path.is_file() else f"There is no file {path}."
    named = [tracked for tracked in snapshot.batches if word in (tracked.id, tracked.name)]
    if not named:
        return f"Nothing is called {word}. Type a name, id or path."
    if len(named) > 1:
        return f"{len(named)} batches are called {word}: type the id of one."
    engine = engines.of(named[0].id)
    found = read_results(named[0].id, store=engine.store, workspace=engine.workspace)
    if found is None:
        return f"The results of {word} are not on this machine: open them once on Batches."
    return found
