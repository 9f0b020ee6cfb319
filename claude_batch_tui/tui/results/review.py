"""Answers read one at a time, prompt beside answer, with one key for what is thought of each.

cbtui  REVIEW   classify-tickets                                   ● live
 12 of 200 · bad: billing                    good 8 · bad 3 · unsure 0 · 189 left
 1 billing  2 bug  3 praise                              l another label  n note
T-90004   [answer] markdown  raw  request  row
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import getters
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical

from claude_batch_tui.domain.plain_text import clean_line
from claude_batch_tui.domain.results.review import VERDICTS, Change, ReviewQueue, Verdict, sample
from claude_batch_tui.engine.engine import Engine
from claude_batch_tui.errors import ConfigError
from claude_batch_tui.services.results.browse import EntryReader
from claude_batch_tui.tui.dialogs.questions import InputDialog
from claude_batch_tui.tui.results.inspector import Inspector
from claude_batch_tui.tui.screen import DashboardScreen
from claude_batch_tui.tui.widgets.inputs import LineInput
from claude_batch_tui.tui.widgets.key_line import KeyLine, hidden_key, shown_key
from claude_batch_tui.tui.widgets.lines import StatusLine, TabsLine, TitleLine, TwoSidedLine

_WRITING = ("judge", "choose", "label", "note", "undo")


def sampled(positions: Sequence[int], words: str) -> Sequence[int]:
    """What `200` or `200 seed 7` takes of these entries; all for nothing. Raises ConfigError for anything else."""
    parts = words.split()
    if not parts:
        return positions
    is_known = len(parts) in (1, 3) and parts[1:2] in ([], ["seed"])
    numbers = [part for part in parts if part != "seed"]
    if not is_known or not all(part.isdecimal() for part in numbers) or not int(numbers[0]):
        raise ConfigError("Say how many, e.g. 200, or 200 seed 7 for another sample; nothing for all.")
    return sample(positions, int(numbers[0]), int(numbers[1]) if len(numbers) > 1 else 0)


class ReviewScreen(DashboardScreen):
    """Over the results, until it is left. Every key is written down at once."""

    help_title: ClassVar[str] = "Review"
    pane_titles: ClassVar = {"detail": "Entry"}
    AUTO_FOCUS = "#answer"
    BINDINGS: ClassVar[list[BindingType]] = [
        # With priority: on the answer some of these letters would scroll it.
        shown_key(
            "review.good", "g", "judge('good')", "good", "the answer is good; on to the next", priority=True
        ),
        shown_key("review.bad", "b", "judge('bad')", "bad", "it is bad; on to the next", priority=True),
        shown_key(
            "review.unsure", "u", "judge('unsure')", "unsure", "nobody can say; on to the next", priority=True
        ),
        shown_key("review.label", "l", "label", "label", "type the label that is right", priority=True),
        *(
            hidden_key(
                f"review.label-{number}",
                str(number),
                f"choose({number})",
                f"label {number}",
                f"label {number} of those shown is right",
                priority=True,
            )
            for number in range(1, 10)
        ),
        shown_key("review.note", "n", "note", "note", "write a note on the entry", priority=True),
        shown_key("review.undo", "z,backspace", "undo", "undo", "take back the last key", priority=True),
        hidden_key("review.next", "J", "step(1)", "next", "the next entry, without a word"),
        hidden_key("review.previous", "K", "step(-1)", "previous", "the entry before"),
        hidden_key(
            "review.next-tab",
            "right_square_bracket",
            "tab(1)",
            "next tab",
            "answer, markdown, raw, request, row",
        ),
        hidden_key("review.previous-tab", "left_square_bracket", "tab(-1)", "previous tab", "the tab before"),
        hidden_key("review.prompt", "p", "prompt", "prompt", "the prompt beside the answer, or not"),
        shown_key("review.back", "q,escape", "back", "back", "back to the results"),
    ]

    inspector = getters.query_one("#detail", Inspector)

    def __init__(self, title: str, queue: ReviewQueue, reader: EntryReader, engine: Engine) -> None:
        super().__init__()
        self._title = title
        self._queue = queue
        self._reader = reader
        self._engine = engine

    def compose(self) -> ComposeResult:
        """How far it is, the labels with keys, and the entry."""
        self.add_class("-zoomed")
        yield TitleLine("REVIEW")
        yield TabsLine(3)
        yield TwoSidedLine(id="counts")
        yield TwoSidedLine(id="totals")
        yield Vertical(Inspector(id="detail"), id="main")
        yield StatusLine()
        yield KeyLine()

    def on_mount(self) -> None:
        """Show the first entry."""
        self.inspector.open(self._reader)
        self._show()

    def on_unmount(self) -> None:
        """Read no more."""
        self._reader.close()

    def title_left(self) -> str:
        """What is reviewed."""
        return self._title

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Letters typed into the line that finds something are letters."""
        if action in _WRITING and isinstance(self.focused, LineInput):
            return False
        return super().check_action(action, parameters)

    def action_judge(self, verdict: Verdict) -> None:
        """Say how good the answer is."""
        self._write(self._queue.judge(verdict))

    def action_choose(self, number: int) -> None:
        """The label with that key is right."""
        self._write(self._queue.choose(number))

    def action_label(self) -> None:
        """Type the label that is right."""

        def correct(label: str | None) -> None:
            if label:
                self._write(self._queue.correct(label))

        value = self._queue.review.label or ""
        self.app.push_screen(
            InputDialog("Which label is right?", value=value, choices=self._queue.labels), correct
        )

    def action_note(self) -> None:
        """Write a note."""

        def remark(note: str | None) -> None:
            if note is not None:
                self._write(self._queue.remark(note))

        self.app.push_screen(InputDialog("Note on this answer", value=self._queue.review.note or ""), remark)

    def action_undo(self) -> None:
        """Take back the last key."""
        change = self._queue.undo()
        if change is None:
            self.say("There is nothing to take back.", seconds=3.0)
        self._write(change)

    def action_step(self, step: int) -> None:
        """Another entry."""
        self._queue.step(step)
        self._show()

    def action_tab(self, step: int) -> None:
        """Another view of the entry."""
        self.inspector.step_tab(step)

    def action_prompt(self) -> None:
        """The prompt beside the answer, or not."""
        self.inspector.toggle_prompt()

    def action_back(self) -> None:
        """Back to the results."""
        if not self.inspector.clear_find():
            self.dismiss()

    def _write(self, change: Change | None) -> None:
        """Write a change down, and show what comes now."""
        if change is None:
            return
        self._engine.review(change.key, change.review)
        self._show()
        if self._queue.is_done:
            self.say(
                "All are reviewed: saved results have what you said as columns, and S, e, c scores against it."
            )

    def _show(self) -> None:
        queue, review = self._queue, self._queue.review
        words = ": ".join(filter(None, [review.verdict, review.label]))
        said = " · ".join(filter(None, [f"{queue.at + 1:,} of {len(queue):,}", words, review.note]))
        counts = " · ".join(f"{verdict} {queue.count(verdict):,}" for verdict in VERDICTS)
        self.query_one("#counts", TwoSidedLine).show(clean_line(said), f"{counts} · {queue.left:,} left")
        labels = "  ".join(f"{number} {label}" for number, label in enumerate(queue.labels, 1))
        self.query_one("#totals", TwoSidedLine).show(clean_line(labels), "l another label")
        self.inspector.show(queue.position)
