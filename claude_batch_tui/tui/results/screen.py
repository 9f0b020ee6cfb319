"""The results of a batch, a run or a file: a filtered list, and the entry under the cursor in full.

cbtui  RESULTS   classify-tickets                 ● live · polled 17:01:20 · …a1b2
 1 Batches  2 Build [3 Results]                    213 of 10,000 · by cost ▼
 a all 10,000  g good 9,702  [e errored 213]                            $3.88
 filter  outcome=errored                                         ▸ 213 of 10,000
list
── entry ──
a message
enter open  / filter  ...
"""

from __future__ import annotations

from asyncio import wrap_future
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events, getters, on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical

from claude_batch_tui.domain.batches.tracked import Snapshot
from claude_batch_tui.domain.plain_text import clean, clean_line
from claude_batch_tui.domain.results.failures import RetryRules
from claude_batch_tui.domain.results.fields import field_path
from claude_batch_tui.domain.results.result import Sort
from claude_batch_tui.errors import CbtuiError, ConfigError
from claude_batch_tui.home import expand_home
from claude_batch_tui.services.filters.history import read_filters, remember_filter
from claude_batch_tui.services.results.lanes import failed_ids, write_again
from claude_batch_tui.services.results.origins import entries_by_batch
from claude_batch_tui.services.results.recent import RESULTS_ENDINGS, recent_files, remember_file
from claude_batch_tui.services.threads import in_thread
from claude_batch_tui.tui.dialogs.file_picker import FilePicker
from claude_batch_tui.tui.dialogs.questions import InputDialog
from claude_batch_tui.tui.results.classes import ALL_KEY, CLASS_MARKS, ERRORS_KEY, QUICK_QUESTION
from claude_batch_tui.tui.results.counts import CountsLine
from claude_batch_tui.tui.results.inspector import Inspector
from claude_batch_tui.tui.results.keys import KEYS
from claude_batch_tui.tui.results.list import EntryList, Kept, shown_words
from claude_batch_tui.tui.results.open_results import OpenResults
from claude_batch_tui.tui.results.opening import Opening
from claude_batch_tui.tui.results.rows import MOST_FIELD_KEYS, SORT_LETTERS, SORT_QUESTION, chosen_columns
from claude_batch_tui.tui.results.save import Saving
from claude_batch_tui.tui.screen import DashboardScreen
from claude_batch_tui.tui.submitting.retrying import ask_what_was_sent, owner_of, sent_elsewhere, start_retry
from claude_batch_tui.tui.widgets.inputs import FilterBar, LineInput
from claude_batch_tui.tui.widgets.key_line import KeyLine
from claude_batch_tui.tui.widgets.lines import LetterMenu, StatusLine, TabsLine, TitleLine
from claude_batch_tui.tui.widgets.virtual_list import VirtualList
from claude_batch_tui.wording.values import counted, share

if TYPE_CHECKING:
    from claude_batch_tui.services.results.triage import Triage
    from claude_batch_tui.services.submitting.retry import Choice, RetryPlan
    from claude_batch_tui.tui.results.score import Scoring

_ROOM = 160
"""From so many cells on there is room for the prompt beside the answer."""


class ResultsScreen(DashboardScreen):
    """Counts, filter, list and inspector over what is open; rows can be read while they still arrive."""

    CSS_PATH: ClassVar = "screen.tcss"
    help_title: ClassVar[str] = "Results"
    pane_titles: ClassVar = {"list": "Entries", "detail": "Entry"}
    BINDINGS: ClassVar[list[BindingType]] = KEYS

    counts = getters.query_one("#counts", CountsLine)
    filter_bar = getters.query_one(FilterBar)
    table = getters.query_one("#list", EntryList)
    inspector = getters.query_one("#detail", Inspector)

    def __init__(self) -> None:
        super().__init__()
        self.opening = Opening(self)
        self._saving = Saving(self)
        self._letters = LetterMenu(self)

    def compose(self) -> ComposeResult:
        """Counts by class, filter, list and inspector."""
        config = self.dashboard.config
        yield TitleLine("RESULTS")
        yield TabsLine(3)
        yield CountsLine(id="counts")
        yield FilterBar(
            completer=lambda text, cursor: self.opened.complete(text, cursor),  # noqa: PLW0108  of what is open then
            history=read_filters(config.state_dir),
            placeholder="text:refund, outcome=errored, out>500, json.label=bug",
        )
        columns = chosen_columns(config.results_columns)
        yield Vertical(EntryList(columns, id="list"), Inspector(id="detail"), id="main")
        yield StatusLine()
        yield KeyLine()

    @property
    def opened(self) -> OpenResults:
        """What is open."""
        return self.opening.results

    def on_compose(self) -> None:
        """Have the layout of this width before there are widgets."""
        self.set_class(self.app.size.width >= _ROOM, "-room")

    def on_resize(self) -> None:
        """Take the room there is."""
        self.set_class(self.size.width >= _ROOM, "-room")

    def title_left(self) -> str:
        """What is open."""
        return self.opened.title

    def draw_snapshot(self, snapshot: Snapshot) -> None:
        """Follow the name and the download of what is open."""
        self.opened.follow_name(snapshot)
        super().draw_snapshot(snapshot)
        self.opening.follow(snapshot)

    def reason_disabled(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Most keys need an open file."""
        if action == "stop" and not self._is_busy:
            return "nothing is being downloaded, saved, searched or sorted"
        if action == "shift" and not self.table.is_spread:
            return "V makes columns of the fields first"
        if action == "save" and self._saving.is_running:
            return "results are being saved: x stops that"
        if action in {"retry", "save"} and self.opened.file is not None and not self.table.has_chosen:
            is_narrowed = self.filter_bar.value or self.table.kept is not None
            return "nothing matches the filter: esc clears it" if is_narrowed else "there is no entry"
        return self.opened.why_not(action) or super().reason_disabled(action, parameters)

    @property
    def awaits_letter(self) -> bool:
        """Whether the next key is a letter that was asked for."""
        return self._letters.is_open

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A slash typed into a line is a slash, and in the inspector it finds."""
        focused = self.focused
        is_elsewhere = focused is not None and (
            isinstance(focused, LineInput) or self.inspector in focused.ancestors
        )
        if action == "filter" and is_elsewhere:
            return False
        return super().check_action(action, parameters)

    def cancel_running(self) -> bool:
        """What ctrl+c stops first."""
        if not self._is_busy:
            return False
        self.action_stop()
        return True

    @property
    def _is_busy(self) -> bool:
        return self.opened.is_growing or self._saving.is_running or self.table.is_looking

    def palette_actions(self) -> dict[str, str]:
        """Actions without a key of their own."""
        if self.opened.file is None:
            return {}
        return {"list errors by message": "screen.errors", "score against expected values": "screen.score"}

    # What the widgets tell.

    def on_key(self, event: events.Key) -> None:
        """A letter that is waited for."""
        self._letters.take(event)

    @on(FilterBar.Changed)
    def _filter_changed(self, message: FilterBar.Changed) -> None:
        self.counts.show_filter(message.value)
        self.table.select(message.value)

    @on(CountsLine.Chosen)
    def _class_clicked(self, message: CountsLine.Chosen) -> None:
        self._filter_by(message.filter)

    @on(FilterBar.Left)
    def _filter_left(self) -> None:
        self.table.focus()

    @on(FilterBar.Kept)
    def _filter_kept(self, message: FilterBar.Kept) -> None:
        remember_filter(self.dashboard.config.state_dir, message.value)

    @on(EntryList.Selected)
    def _selected(self, message: EntryList.Selected) -> None:
        rows, found = message.rows, message.found
        if rows is not self.table.rows:
            return
        shown, index = len(found.positions), rows.file.results.index
        # Without a filter all are shown, though more may have been found meanwhile.
        kept = self.table.kept
        total = index.count if self.filter_bar.value or kept is not None else shown
        more = "" if index.complete else "counting …"
        if not found.is_exact:
            more = f"{share(found.decided, index.count)} searched, x stops"
        self.filter_bar.show_count(shown, total, more, exact=found.is_exact and found.is_final)
        self.query_one(StatusLine).rest("")
        words = shown_words(shown, total, rows.sort, exact=found.is_exact, plain=self.dashboard.ascii_only)
        self.query_one(TabsLine).show(right=words if kept is None else f"{kept.words} · {words}")
        self.inspector.show(self.table.position)

    @on(EntryList.Sorting)
    def _sorting(self, message: EntryList.Sorting) -> None:
        words = f"sorting by {clean_line(message.sort.column)}: {message.share:.0%} read, x stops"
        self.query_one(TabsLine).show(right=words)

    @on(EntryList.FieldsKnown)
    def _fields_known(self, message: EntryList.FieldsKnown) -> None:
        if self.table.is_spread and not message.names:
            self.action_spread()
            if message.is_asked:
                self.say("None of the answers looked at is a JSON object, so there are no fields.")
        elif self.table.is_spread and message.is_asked:
            self.say(
                f"{counted(len(message.names), 'field')}: > and < shift them, o sorts, / json.{message.names[0]}=… filters."
            )

    @on(EntryList.Refused)
    def _refused(self, message: EntryList.Refused) -> None:
        self.filter_bar.show_error(message.sentence)
        self.query_one(StatusLine).rest(message.sentence)  # in full: there is little room beside the filter

    @on(VirtualList.Highlighted)
    def _highlighted(self) -> None:
        self.inspector.show(self.table.position)

    @on(VirtualList.Opened)
    def _opened(self) -> None:
        if not self.has_class("-zoomed"):
            self.action_zoom()

    @on(VirtualList.TitleClicked)
    def _title_clicked(self, event: VirtualList.TitleClicked) -> None:
        self.table.sort_by_title(event.column, self.filter_bar.value)

    # The keys, in the order of `keys.KEYS`.

    def action_filter(self) -> None:
        """Type a filter."""
        self.filter_bar.open()

    def action_quick(self) -> None:
        """Wait for the letter of a class."""
        filters = {ALL_KEY: "", **{mark.key: mark.filter for mark in CLASS_MARKS.values()}}
        letters = {letter: partial(self._filter_by, text) for letter, text in filters.items()}
        self._letters.ask(QUICK_QUESTION, {**letters, ERRORS_KEY: self.action_errors})

    def action_sort(self) -> None:
        """Wait for the letter of a column; the fields of answers that are columns have numbers."""
        letters = {letter: partial(self._sort_by, column) for letter, (column, _) in SORT_LETTERS.items()}
        fields = () if self.table.rows is None else self.table.rows.fields[:MOST_FIELD_KEYS]
        letters |= {
            str(number): partial(self._sort_by, field_path(name)) for number, name in enumerate(fields, 1)
        }
        names = "  ".join(f"{number} {name}" for number, name in enumerate(fields, 1))
        self._letters.ask(
            f"Sort: {names}  or a letter: {SORT_QUESTION[6:]}" if names else SORT_QUESTION, letters
        )

    def action_spread(self) -> None:
        """Make columns of the fields of JSON answers, or take them away."""
        self.table.spread()
        self.set_class(self.table.is_spread, "-spread")
        if self.table.is_spread and self.table.rows is not None:
            self.table.look_at_fields(self.table.rows, is_asked=True)

    def action_shift(self, step: int) -> None:
        """Begin with another of those columns."""
        self.table.shift(step)

    def action_error(self, step: int) -> None:
        """Go to the next entry without a whole answer."""
        if self.table.rows is None:
            return
        index = self.table.rows.next_not_good(self.table.cursor_index, step)
        if index is None:
            self.say("No further entry that is not good.", seconds=3.0)
        else:
            self.table.go_to(index)

    def action_errors(self) -> None:
        """List the errors by message; one that is chosen becomes the filter."""
        from claude_batch_tui.tui.results.error_groups_dialog import ask_error_group  # late: on demand

        if self.opened.file is not None:
            ask_error_group(self, self.opened.file.results, self._filter_by)

    def action_save(self) -> None:
        """Save the marked entries, or all that the filter shows."""
        rows, marked = self.table.rows, bool(self.table.marks)
        is_sorted = rows is not None and rows.sort != Sort()
        wanted = self.opened.to_save(self.table.chosen, marked=marked, keeps_order=is_sorted and not marked)
        if wanted is not None and not self._saving.is_running:
            self._saving.ask(wanted, spread=self.table.is_spread)

    def action_attempts(self) -> None:
        """All attempts of the run that is open, or again the answers that are kept."""
        self.opening.show_attempts()

    def action_retry(self) -> None:
        """Send again what failed among the marked entries, or all that the filter shows."""
        from claude_batch_tui.services.submitting.retry import Wanted  # late: most results are not retried

        if self.opened.body_path is not None:
            self._ask_where_to_write(self.opened.body_path)
            return
        file, batch_ids, chosen = self.opened.file, self.opened.batch_ids, self.table.chosen
        if file is not None and not batch_ids:
            ask_what_was_sent(self, self.opened.title, self._keep_requests, self._go_on)
            return
        engine = owner_of(self, batch_ids) if file is not None and batch_ids else None
        if file is None or engine is None:
            return
        known = [one for one in map(engine.snapshot.find, batch_ids) if one is not None]
        if (elsewhere := sent_elsewhere(engine, known)) is not None:
            keep = partial(engine.keep_sent, elsewhere.id)
            ask_what_was_sent(self, elsewhere.title, lambda file: wrap_future(keep(file)), self.action_retry)
            return
        which = "the marked" if self.table.marks else "all shown"
        title = f"Retry {which}: {len(chosen):,} of {self.opened.title}"
        find = partial(entries_by_batch, file.results, batch_ids, chosen, engine.store.locations.cache)

        def look() -> tuple[Triage, Sequence[float | None]]:
            with ExitStack() as stack:
                found = find(stack)
                places = {one.batch_id: one.positions for one in found}
                return engine.triage([(one.batch_id, one.results) for one in found], places)

        def make(rules: RetryRules, choices: Sequence[Choice]) -> RetryPlan:
            with ExitStack() as stack:
                wanted = [Wanted(one.batch_id, one.results.index, one.positions) for one in find(stack)]
                return engine.plan_retry([one for one in wanted if one.positions], rules, choices)

        start_retry(self, title, engine, make, look)

    async def _keep_requests(self, requests: Path) -> None:
        """Keep what the file that is open was sent."""
        opened, cache = self.opened, self.opening.engine.store.locations.cache
        await in_thread(lambda: opened.keep_requests(cache, requests))

    def _go_on(self) -> None:
        """What was sent is known now: show it beside the answer, and go on with the retry."""
        self.inspector.show_again()
        self.action_retry()

    def _ask_where_to_write(self, body: Path) -> None:
        """Results that belong to no batch here: ask for a file for the requests of what failed."""
        stem = self.opened.title.removesuffix(".out").removesuffix(".jsonl")

        def problem(name: str) -> str | None:
            taken = bool(name) and expand_home(name).exists()
            return f"{name} is there already: type another name." if taken else None

        def write(name: str | None) -> None:
            if name:
                self._write_again(body, self.table.chosen, expand_home(name))

        lines = [
            "They belong to no batch here: their requests are written as they were sent, to be submitted or for a job."
        ]
        dialog = InputDialog("Write what failed to", lines, value=f"{stem}-again.jsonl", problem=problem)
        self.app.push_screen(dialog, write)

    @work(thread=True, exclusive=True, group="again")
    def _write_again(self, body: Path, positions: Sequence[int], target: Path) -> None:
        """Write them in a thread, and say how many there are."""
        file, say = self.opened.file, partial(self.app.call_from_thread, self.say)
        if file is None:
            return
        ids = failed_ids(file.results.index, positions, RetryRules())
        if not ids:
            say("Nothing to write: no entry failed so that it can be sent again as it is.")
            return
        try:
            count = write_again(body, self.opened.lane, ids, target)
        except CbtuiError as error:
            say(str(error), kind="error")
        else:
            say(f"{counted(count, 'request')} in {target}. Nothing was sent.")

    def action_stop(self) -> None:
        """Stop what is being saved, else a search or an order, else the download; what has arrived is kept until the next one."""
        if self._saving.is_running:
            self._saving.stop()
        elif self.table.is_looking:
            self.table.stop_looking()
            self.say("Stopped: shown is what was found so far.")
            self.query_one(TabsLine).show(right="")
        elif self.opened.batch_id is not None:
            self.dashboard.engines.of(self.opened.batch_id).stop_download(self.opened.batch_id)

    @work(thread=True, exclusive=True, group="ledger")
    def action_ledger(self) -> None:
        """What was sent against what came back, entry by entry."""
        from claude_batch_tui.services.results.ledger import accounts  # late: on demand
        from claude_batch_tui.tui.results.ledger import LedgerDialog, ledger_lines

        file = self.opened.file
        if file is not None:
            lines = list(
                ledger_lines(accounts(file.results.index, self.opened.sent(self.opening.engine.store)))
            )
            self.app.call_from_thread(self.app.push_screen, LedgerDialog(lines))

    def action_review(self) -> None:
        """Read answers one at a time, and say what is thought of each."""
        from claude_batch_tui.tui.results.review import sampled  # late: on demand

        chosen = self.table.chosen
        which = "the marked" if self.table.marks else "all shown"
        if not chosen:
            self.say("There is no entry to review: change the filter.")
            return

        def problem(words: str) -> str | None:
            try:
                sampled((), words)
            except ConfigError as error:
                return str(error)
            return None

        def start(words: str | None) -> None:
            if words is not None:
                self._review(chosen, words)

        body = [f"Enter reads {which}, {len(chosen):,}; 200 a sample of so many, 200 seed 7 another one."]
        dialog = InputDialog("Review how many?", body, placeholder="all", problem=problem)
        self.app.push_screen(dialog, start)

    @work(thread=True, exclusive=True, group="review")
    def _review(self, chosen: Sequence[int], words: str) -> None:
        """Make a queue of these entries in a thread, and show it."""
        from claude_batch_tui.services.results.reviewing import answered, review_queue, reviews_of
        from claude_batch_tui.tui.results.review import ReviewScreen, sampled

        file, engine = self.opened.file, self.opening.engine
        if file is None:
            return
        results = file.results.duplicate()  # the queue keeps it
        positions = sampled(answered(results, chosen), words)
        if not positions:
            self.app.call_from_thread(self.say, "None of these has an answer to review.")
            return
        known = reviews_of(results, self.opened.batch_id, engine.store.database)
        queue = review_queue(results, positions, known)
        screen = ReviewScreen(self.opened.title, queue, file.reader.duplicate(), engine)
        self.app.call_from_thread(self.app.push_screen, screen)

    def action_open(self) -> None:
        """Open a results file: one of those opened last, or of the folders around."""
        dialog = FilePicker(
            Path(),
            self.dashboard.now(),
            title="Open a results file",
            recent=recent_files(self.dashboard.config.state_dir),
            endings=RESULTS_ENDINGS,
        )
        self.app.push_screen(dialog, self._open_path)

    def _open_path(self, path: str | None) -> None:
        if path:
            file = expand_home(path)
            remember_file(self.dashboard.config.state_dir, file)
            self.opening.open_file(file)

    def action_tab(self, step: int) -> None:
        """Another view of the entry."""
        self.inspector.step_tab(step)

    def action_entry(self, step: int) -> None:
        """The next or previous entry."""
        self.table.go_to(self.table.cursor_index + step)

    def action_zoom(self) -> None:
        """Inspector on the whole screen, and back."""
        self.toggle_class("-zoomed")
        (self.inspector.body if self.has_class("-zoomed") else self.table).focus()
        self.call_after_refresh(self.inspector.place_prompt)

    def action_prompt(self) -> None:
        """The prompt beside the answer or below it, or not."""
        self.inspector.toggle_prompt()

    def action_wrap(self) -> None:
        """Wrap long lines, or not."""
        self.inspector.toggle_wrap()

    def action_pager(self) -> None:
        """What the inspector shows in $PAGER, with the dashboard out of the way."""
        try:
            self.dashboard.page_text(clean(self.inspector.text()))
        except ConfigError as error:
            self.say(str(error), kind="error")

    def action_copy(self) -> None:
        """Copy what the inspector shows."""
        text = self.inspector.copied()
        if text is not None:
            self.dashboard.copy(text)

    def action_copy_id(self) -> None:
        """Copy the custom_id."""
        if self.inspector.custom_id:
            self.dashboard.copy(self.inspector.custom_id)

    def action_statistics(self) -> None:
        """What the filter shows, or the marks, in numbers."""
        from claude_batch_tui.tui.results.statistics import StatisticsScreen  # late: on demand

        file = self.opened.file
        if file is not None:
            self.app.push_screen(
                StatisticsScreen(
                    self.opened.title, file.results.index, self.table.chosen, file.prices, self._scoring()
                )
            )

    def action_score(self) -> None:
        """Hold what the filter shows, or the marks, against a column of their source, or what was reviewed."""
        if self.opened.file is not None:
            self._scoring().begin()

    def _scoring(self) -> Scoring:
        """What scores what the filter shows, or the marks."""
        from claude_batch_tui.tui.results.score import Scoring  # late: on demand

        database = self.opening.engine.store.database
        return Scoring(self, self.opened, database, self.table.chosen, self._keep_to)

    def _keep_to(self, kept: Kept) -> None:
        self.table.kept = kept
        self.table.set_marks(())
        self._filter_by("")
        self.table.select("")
        self.table.focus()

    def action_compare(self) -> None:
        """Compare the two marked entries; else all of them with other results, asked for."""
        from claude_batch_tui.tui.results.compare import (  # late: on demand
            CompareScreen,
            ask_other_results,
        )

        file, marked = self.opened.file, self.table.marked
        if file is not None and len(marked) == 2:
            self.app.push_screen(CompareScreen.of_entries(file.results, marked[0], marked[1], file.prices))
        elif file is not None:
            ask_other_results(self, file.results, self.opened.title, file.prices)

    def action_back(self) -> None:
        """Out of the search, the zoom, the filter, and back to the batches."""
        if self.inspector.clear_find():
            return
        if self.has_class("-zoomed"):
            self.action_zoom()
        elif self.filter_bar.value:
            self._filter_by("")
        elif self.table.kept is not None:
            self.table.kept = None
            self.table.select("")
        else:
            super().action_back()

    def _filter_by(self, text: str) -> None:
        self.filter_bar.value = text

    def _sort_by(self, column: str) -> None:
        self.table.sort_by(column, self.filter_bar.value)
