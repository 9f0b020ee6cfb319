"""How good the answers shown are: accuracy and figures by label under a confusion matrix, whose cells open their entries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.worker import get_current_worker

from claude_batch_tui.domain.batches.tracked import Snapshot
from claude_batch_tui.domain.results.scoring import Score
from claude_batch_tui.errors import CbtuiError
from claude_batch_tui.services.results.rows_file import RowsFile
from claude_batch_tui.services.results.scoring import (
    ScoredEntries,
    answer_path,
    expected_of_rows,
    score_entries,
)
from claude_batch_tui.store.results.file import ResultsFile
from claude_batch_tui.tui.dialogs.questions import InputDialog
from claude_batch_tui.tui.results.keys import TABS_KEYS
from claude_batch_tui.tui.results.list import Kept
from claude_batch_tui.tui.screen import DashboardScreen
from claude_batch_tui.tui.widgets.columns import fit
from claude_batch_tui.tui.widgets.key_line import KeyLine, hidden_key, shown_key
from claude_batch_tui.tui.widgets.lines import StatusLine, TitleLine
from claude_batch_tui.tui.widgets.text_rows import Line
from claude_batch_tui.tui.widgets.text_view import TextView
from claude_batch_tui.wording import drawn_matrix, label_words, score_lines

_LIKELY = ("expected", "label", "gold", "answer", "target")
_LEAST = 7
_MOST = 14
_NAME = 16


def matrix_drawing(score: Score, at: tuple[int, int], *, width: int) -> list[Line]:
    """The confusion matrix for a width in cells, the chosen cell in brackets."""
    rows, columns, counts, _ = drawn_matrix(score)
    room = min(max((width - _NAME - 4) // max(len(columns), 1), _LEAST), _MOST)
    head = "".join(fit(label_words(name), room - 2).rjust(room - 1) + " " for name in columns)
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


class ScoreScreen(DashboardScreen, inherit_bindings=False):  # there is one pane: no keys to go on
    """The matrix and the figures; a cell that is opened closes it."""

    help_title: ClassVar[str] = "Score"
    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("score.open", "enter", "open", "entries", "show the entries of the cell in brackets"),
        hidden_key("score.down", "down,j", "move(1, 0)", "down", "the cell below"),
        hidden_key("score.up", "up,k", "move(-1, 0)", "up", "the cell above"),
        hidden_key("score.right", "right,l", "move(0, 1)", "right", "the cell to the right"),
        hidden_key("score.left", "left,h", "move(0, -1)", "left", "the cell to the left"),
        shown_key("score.next", "n", "worst", "next wrong", "the next cell that is wrong, the fullest first"),
        shown_key("score.copy", "y", "copy", "copy", "copy the score as text"),
        *TABS_KEYS,
        shown_key("score.close", "q,escape", "close", "back", "back to the results"),
    ]

    def __init__(self, title: str, scored: ScoredEntries, choose: Callable[[Kept], None]) -> None:
        """`choose` takes the entries of a cell that was opened."""
        super().__init__()
        self._choose = choose
        self._title = title
        self._scored = scored
        self._rows, self._columns, counts, _ = drawn_matrix(scored.score)
        places = {
            (self._rows.index(expected), self._columns.index(answer)): count
            for (expected, answer), count in counts.items()
            if expected != answer
        }
        self._wrong = sorted(places, key=lambda place: -places[place])
        self._at = self._wrong[0] if self._wrong else (0, 0)

    def compose(self) -> ComposeResult:
        """Title, matrix and figures, messages, keys."""
        yield TitleLine("SCORE")
        view = TextView(wrap=False)
        view.can_focus = False  # the arrows are the matrix's
        yield view
        yield StatusLine()
        yield KeyLine()

    def on_mount(self) -> None:
        """Draw."""
        self._draw()

    def on_resize(self) -> None:
        """The matrix has another width."""
        self.call_after_refresh(self._draw)

    def draw_snapshot(self, snapshot: Snapshot) -> None:
        """What is scored does not change with the batches."""

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
        self._draw()

    def action_worst(self) -> None:
        """The next cell of wrong answers; after the last the first."""
        number = self._wrong.index(self._at) + 1 if self._at in self._wrong else 0
        self._at = self._wrong[number % len(self._wrong)]
        self._draw()

    def action_open(self) -> None:
        """Back to the results, with the entries of this cell alone."""
        expected, answer = self._rows[self._at[0]], self._columns[self._at[1]]
        positions = self._scored.positions_of(expected, answer)
        if positions:
            words = f"expected {label_words(expected)}, answered {label_words(answer)}"
            self.dismiss(None)
            self._choose(Kept(frozenset(positions), words))
        else:
            self.say("There is no entry in this cell.", seconds=3.0)

    def action_copy(self) -> None:
        """Copy all of it as text."""
        self.dashboard.copy("\n".join(score_lines(self._scored.score)))

    def action_close(self) -> None:
        """Back to the results as they were."""
        self.dismiss(None)

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        score = self._scored.score
        self.query_one(TitleLine).show(
            left=self._title, right=f"{score.scored:,} of {score.entries:,} scored"
        )
        figures: list[Line] = [(f" {line}", None) for line in score_lines(score)]
        lines = [*matrix_drawing(score, self._at, width=self.size.width), ("", None)] if self._rows else []
        self.query_one(TextView).show([*lines, *figures], keep_place=True)


class Scoring:
    """Asks what entries are scored against, scores them in a thread, and shows it."""

    def __init__(
        self,
        screen: DashboardScreen,
        title: str,
        results: ResultsFile,
        rows: Path,
        chosen: Sequence[int],
        choose: Callable[[Kept], None],
    ) -> None:
        """`choose` takes the entries of a cell that was opened."""
        self._screen = screen
        self._title = title
        self._results = results
        self._rows = rows
        self._chosen = chosen
        self._choose = choose

    def ask(self) -> None:
        """Ask for the column, once those of the source are read."""
        self._screen.run_worker(self._look, thread=True, exclusive=True, group="score")

    def _look(self) -> None:
        call = self._screen.app.call_from_thread
        try:
            columns = [*RowsFile(self._rows).row(0).row]
        except CbtuiError as error:
            call(partial(self._screen.say, str(error), kind="error"))
        else:
            call(self._ask_column, columns)

    def _ask_column(self, columns: Sequence[str]) -> None:
        dialog = InputDialog(
            "Score against",
            [
                "The column of the source with what is right; then, where it is not the whole answer,",
                "what of it counts: for instance  label json.label",
            ],
            value=next((name for name in _LIKELY if name in columns), ""),
            problem=lambda text: _problem(text, columns),
            choices=columns,
        )
        self._screen.app.push_screen(dialog, self._start)

    def _start(self, words: str | None) -> None:
        if words:
            work = partial(self._work, self._results.duplicate(), *_parts(words))
            self._screen.run_worker(work, thread=True, exclusive=True, group="score")

    def _work(self, own: ResultsFile, column: str, path: str | None) -> None:
        worker, call = get_current_worker(), self._screen.app.call_from_thread
        try:
            with own:
                expected = expected_of_rows(self._rows, column)
                for step in score_entries(own, expected, answer_path(path), chosen=self._chosen):
                    if worker.is_cancelled:
                        return
                    if isinstance(step, ScoredEntries):
                        call(self._show, step)
        except CbtuiError as error:
            call(partial(self._screen.say, str(error), kind="error"))

    def _show(self, found: ScoredEntries) -> None:
        self._screen.app.push_screen(ScoreScreen(self._title, found, self._choose))


def _parts(words: str) -> tuple[str, str | None]:
    """The column, and the path into the answer where one follows it."""
    column, _, path = words.strip().rpartition(" ")
    return (column.strip(), path) if column and path.startswith(("json", "$")) else (words.strip(), None)


def _problem(words: str, columns: Sequence[str]) -> str | None:
    column, path = _parts(words)
    if column not in columns:
        return f"There is no column {column!r}; there are {', '.join(columns)}."
    try:
        answer_path(path)
    except CbtuiError as error:
        return str(error)
    return None
