"""How good the answers shown are: accuracy and figures by label under a confusion matrix, whose cells open their entries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.worker import get_current_worker

from claude_batch_tui.domain.plain_text import clean_line
from claude_batch_tui.domain.results.scoring import Score
from claude_batch_tui.errors import CbtuiError
from claude_batch_tui.services.results.against import (
    REVIEWS,
    Against,
    likely,
    remember,
    remembered,
    score_against,
    typed_against,
)
from claude_batch_tui.services.results.reviewing import reviews_of
from claude_batch_tui.services.results.rows_file import RowsFile
from claude_batch_tui.services.results.scoring import ScoredEntries
from claude_batch_tui.sources.rows import as_text
from claude_batch_tui.store.database import Database
from claude_batch_tui.store.results.file import ResultsFile
from claude_batch_tui.tui.dialogs.picking import Choice, PickDialog
from claude_batch_tui.tui.results.keys import TABS_KEYS
from claude_batch_tui.tui.results.list import Kept
from claude_batch_tui.tui.results.open_results import OpenResults
from claude_batch_tui.tui.screen import DashboardScreen
from claude_batch_tui.tui.text_screen import TextScreen
from claude_batch_tui.tui.widgets.columns import cut, fit
from claude_batch_tui.tui.widgets.key_line import hidden_key, shown_key
from claude_batch_tui.tui.widgets.lines import TitleLine
from claude_batch_tui.tui.widgets.text_rows import Line
from claude_batch_tui.tui.widgets.text_view import TextView
from claude_batch_tui.wording.scores import drawn_matrix, label_words, score_lines

_VALUES = 3
"""Values of a column that are shown where it is chosen, and characters of each."""
_VALUE = 24
_LEAST = 7
_MOST = 14
_NAME = 16


def _room(columns: int, width: int) -> int:
    """How many cells a column of the matrix has, in a width in cells."""
    return min(max((width - _NAME - 4) // max(columns, 1), _LEAST), _MOST)


def cell_at(score: Score, x: int, y: int, *, width: int) -> tuple[int, int] | None:
    """The cell of `matrix_drawing` at these places of the screen, counted from its corner; None where there is none."""
    rows, columns, *_ = drawn_matrix(score)
    row, column = y - 1, (x - 1 - _NAME) // _room(len(columns), width)
    return (row, column) if 0 <= row < len(rows) and 0 <= column < len(columns) else None


def matrix_drawing(score: Score, at: tuple[int, int], *, width: int) -> list[Line]:
    """The confusion matrix for a width in cells, the chosen cell in brackets."""
    rows, columns, counts, _ = drawn_matrix(score)
    room = _room(len(columns), width)
    head = "".join(cut(label_words(name), room - 2).rjust(room - 1) + " " for name in columns)
    lines: list[Line] = [(f" {'expected/answer':<{_NAME}}{head.rstrip()}", "strong")]
    for number, row in enumerate(rows):
        words = ""
        for place, name in enumerate(columns):
            count = counts.get((row, name), 0)
            words += (f"[{count:,}]" if (number, place) == at else f"{count:,} " if count else "· ").rjust(
                room
            )
        lines.append((f" {fit(label_words(row), _NAME)}{words}", "accent" if number == at[0] else None))
    return lines


class ScoreScreen(TextScreen):
    """The matrix and the figures; a cell that is opened closes it."""

    help_title: ClassVar[str] = "Score"
    scrolls: ClassVar[bool] = False  # the arrows are the matrix's
    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("score.open", "enter", "open", "entries", "show the entries of the cell in brackets"),
        hidden_key("score.down", "down,j", "move(1, 0)", "down", "the cell below"),
        hidden_key("score.up", "up,k", "move(-1, 0)", "up", "the cell above"),
        hidden_key("score.right", "right,l", "move(0, 1)", "right", "the cell to the right"),
        hidden_key("score.left", "left,h", "move(0, -1)", "left", "the cell to the left"),
        shown_key("score.next", "n", "worst", "next wrong", "the next cell that is wrong, the fullest first"),
        shown_key(
            "score.column", "c", "column", "column", "score against another column, or what was reviewed"
        ),
        shown_key("score.copy", "y", "copy", "copy", "copy the score as text"),
        *TABS_KEYS,
        shown_key("score.close", "q,escape", "close", "back", "back to the results"),
    ]

    def __init__(self, scoring: Scoring, scored: ScoredEntries) -> None:
        """`scoring` is what scored them."""
        super().__init__()
        self._scoring = scoring
        self._scored = scored
        self._rows, self._columns, counts, _ = drawn_matrix(scored.score)
        places = {
            (self._rows.index(expected), self._columns.index(answer)): count
            for (expected, answer), count in counts.items()
            if expected != answer
        }
        self._wrong = sorted(places, key=lambda place: -places[place])
        self._at = self._wrong[0] if self._wrong else (0, 0)

    def on_mount(self) -> None:
        """Draw."""
        self.redraw()

    def reason_disabled(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """There may be no cell."""
        if action in ("open", "move") and not self._rows:
            return "nothing was scored"
        if action == "worst" and not self._wrong:
            return "no answer is wrong"
        return super().reason_disabled(action, parameters)

    def action_move(self, down: int, right: int) -> None:
        """Another cell."""
        row = min(max(self._at[0] + down, 0), len(self._rows) - 1)
        self._at = row, min(max(self._at[1] + right, 0), len(self._columns) - 1)
        self.redraw()

    def action_worst(self) -> None:
        """The next cell of wrong answers; after the last the first."""
        number = self._wrong.index(self._at) + 1 if self._at in self._wrong else 0
        self._at = self._wrong[number % len(self._wrong)]
        self.redraw()

    def action_open(self) -> None:
        """Back to the results, with the entries of this cell alone."""
        expected, answer = self._rows[self._at[0]], self._columns[self._at[1]]
        positions = self._scored.positions_of(expected, answer)
        if positions:
            words = f"expected {label_words(expected)}, answered {label_words(answer)}"
            self.dismiss(None)
            self._scoring.choose(Kept(frozenset(positions), words))
        else:
            self.say("There is no entry in this cell.", seconds=3.0)

    def on_click(self, event: events.Click) -> None:
        """A click on a cell opens its entries."""
        view = self.query_one(TextView)
        x, y = event.screen_offset - view.region.offset
        at = cell_at(self._scored.score, x, y + view.top, width=self.size.width)
        if at is not None:
            event.stop()
            self._at = at
            self.redraw()
            self.action_open()

    def action_column(self) -> None:
        """Choose what to score against."""
        self.dismiss(None)
        self._scoring.ask()

    def action_copy(self) -> None:
        """Copy all of it as text."""
        self.dashboard.copy("\n".join(score_lines(self._scored.score)))

    def draw(self, title: TitleLine, view: TextView) -> None:
        """The matrix and the figures."""
        score = self._scored.score
        title.show(
            left=f"{self._scoring.title} against {self._scoring.words}",
            right=f"{score.scored:,} of {score.entries:,} scored",
        )
        figures: list[Line] = [(f" {line}", None) for line in score_lines(score, matrix=not self._rows)]
        lines = [*matrix_drawing(score, self._at, width=self.size.width), ("", None)] if self._rows else []
        view.show([*lines, *figures], keep_place=True)


class Scoring:
    """Scores the entries that are shown: against the column that was chosen for such a source before, the likely one, or one
    that is asked for.
    """

    def __init__(
        self,
        screen: DashboardScreen,
        opened: OpenResults,
        database: Database,
        chosen: Sequence[int],
        choose: Callable[[Kept], None],
    ) -> None:
        """`choose` takes the entries of a cell that was opened."""
        if opened.file is None:
            raise AssertionError("there are results")
        self.title = opened.title
        self.choose = choose
        self._screen = screen
        self._results = opened.file.results
        self._rows = opened.rows_path
        self._batch_id = opened.batch_id
        self._database = database
        self._chosen = chosen
        self._against: Against | None = None

    @property
    def words(self) -> str:
        """What is scored against, as it is typed."""
        return clean_line(self._against.words) if self._against is not None else ""

    def duplicate(self) -> ResultsFile:
        """The results once more, for a thread to read and close."""
        return self._results.duplicate()

    def known(self, own: ResultsFile, stopped: Callable[[], bool]) -> ScoredEntries | None:
        """The score against what was chosen before or is likely, for a thread; None where neither is known. Closes `own`."""
        state_dir = self._screen.dashboard.config.state_dir
        with own:
            try:
                rows = None if self._rows is None else RowsFile(self._rows)
                columns = [] if rows is None else [*rows.row(0).row]
                against = remembered(state_dir, columns) or (None if rows is None else likely(own, rows))
                return None if against is None else self._scored(own, against, stopped)
            except CbtuiError:
                return None  # what cannot be scored so is asked for

    def show(self, found: ScoredEntries) -> None:
        """Show a score."""
        self._screen.app.push_screen(ScoreScreen(self, found))

    def begin(self) -> None:
        """Score against what is known, else ask."""
        self._run(partial(self._begin, self.duplicate(), self.duplicate()))

    def ask(self) -> None:
        """Ask for the column, once those of the source are read."""
        self._run(partial(self._look, self.duplicate()))

    def _run(self, work: Callable[[], None]) -> None:
        self._screen.run_worker(work, thread=True, exclusive=True, group="score")

    def _begin(self, own: ResultsFile, other: ResultsFile) -> None:
        worker = get_current_worker()
        found = self.known(own, lambda: worker.is_cancelled)
        if found is not None:
            other.close()
            self._call(self.show, found)
        else:
            self._look(other)

    def _look(self, own: ResultsFile) -> None:
        """Read what can be chosen, and ask. Closes `own`."""
        try:
            with own:
                has_reviews = bool(reviews_of(own, self._batch_id, self._database).found)
            rows = None if self._rows is None else RowsFile(self._rows)
            first = [rows.row(number).row for number in range(min(len(rows), _VALUES))] if rows else []
        except CbtuiError as error:
            self._call(self._screen.say, str(error), "error")
            return
        columns = [*first[0]] if first else []
        choices = [
            Choice(name, name, " | ".join(cut(as_text(row.get(name, "")), _VALUE) for row in first))
            for name in columns
        ]
        if has_reviews:
            choices.append(Choice(REVIEWS, REVIEWS, "labels you corrected, and answers you found good"))
        if choices:
            self._call(self._ask, columns, choices)
        else:
            self._call(
                self._screen.say,
                "The source of these results is not known here, and nothing is reviewed: r reviews, "
                "cbtui score FILE --expected-file FILE takes a file.",
            )

    def _ask(self, columns: Sequence[str], choices: Sequence[Choice]) -> None:
        title = "Score against which column?  label json.label  says what of an answer counts"
        marked = self._against.column if self._against is not None else ""
        dialog = PickDialog(title, choices, marked=marked, any_text=True)
        self._screen.app.push_screen(dialog, partial(self._start, columns))

    def _start(self, columns: Sequence[str], words: str | None) -> None:
        if words is None:
            return
        try:
            against = typed_against(words, columns)
        except CbtuiError as error:
            self._screen.say(str(error), kind="error")
            return
        self._run(partial(self._work, self.duplicate(), against, columns))

    def _work(self, own: ResultsFile, against: Against, columns: Sequence[str]) -> None:
        worker = get_current_worker()
        try:
            with own:
                if against.answer is None and against.column != REVIEWS and self._rows is not None:
                    against = likely(own, RowsFile(self._rows), [against.column]) or against
                found = self._scored(own, against, lambda: worker.is_cancelled)
        except CbtuiError as error:
            self._call(self._screen.say, str(error), "error")
            return
        if found is not None:
            remember(self._screen.dashboard.config.state_dir, columns, against)
            self._call(self.show, found)

    def _scored(
        self, own: ResultsFile, against: Against, stopped: Callable[[], bool]
    ) -> ScoredEntries | None:
        """The score against this; None where it was stopped."""
        known = reviews_of(own, self._batch_id, self._database) if against.column == REVIEWS else None
        for step in score_against(own, self._rows, against, known, self._chosen):
            if stopped():
                return None
            if isinstance(step, ScoredEntries):
                self._against = against
                return step
        return None

    def _call(self, what: Callable[..., object], *given: object) -> None:
        self._screen.app.call_from_thread(what, *given)
