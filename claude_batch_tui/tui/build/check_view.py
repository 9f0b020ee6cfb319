"""What a check found: what can be done now, and below it the causes of problems, each opening its rows."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from claude_batch_tui.domain.plain_text import clean_line
from claude_batch_tui.domain.requests.draft import Problem
from claude_batch_tui.services.building.problem_groups import ProblemGroup
from claude_batch_tui.tui.build.draft import Checked
from claude_batch_tui.tui.build.keys import can_prime
from claude_batch_tui.tui.build.words import check_lines, group_line, problem_line
from claude_batch_tui.tui.widgets.columns import ascii_only
from claude_batch_tui.tui.widgets.key_line import hidden_key, shown_key
from claude_batch_tui.tui.widgets.text_rows import AnyLine
from claude_batch_tui.tui.widgets.text_view import TextView
from claude_batch_tui.wording.values import counted

_ROWS_SHOWN = 200
"""Rows of one cause in the list; `e` goes to all that are kept."""


class _Line(NamedTuple):
    """A line of the list and what enter does on it: an action of the screen, a cause, or a row."""

    words: str
    action: str | None = None
    group: ProblemGroup | None = None
    problem: Problem | None = None


class _Lines(OptionList):
    """The list; enter takes a line."""

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key(
            "check.take", "enter", "select", "do / open", "do what the line says, open a cause or a row"
        ),
        hidden_key("check.down", "j", "cursor_down", "down", "down"),
        hidden_key("check.up", "k", "cursor_up", "up", "up"),
    ]


class CheckView(Vertical):
    """Figures of a check, then its list."""

    DEFAULT_CSS = """
    CheckView {
        height: 1fr;
        background: $background;
        & > TextView { height: auto; max-height: 65%; }
        & > _Lines {
            height: 1fr; border: none; padding: 0; background: $background;
            text-wrap: nowrap; text-overflow: ellipsis;
        }
        & > _Lines:focus { border: none; background-tint: transparent; }
        & > _Lines:focus > .option-list--option-highlighted {
            background: $block-cursor-background; color: $block-cursor-foreground; text-style: bold;
        }
        &:ansi > _Lines:focus > .option-list--option-highlighted {
            background: ansi_default; color: ansi_default; text-style: reverse;
        }
    }
    """

    class Row(Message):
        """The request of a row with a problem is wanted."""

        def __init__(self, problem: Problem) -> None:
            super().__init__()
            self.problem = problem

    def __init__(self) -> None:
        super().__init__(id="check")
        self.text = TextView()
        self.list = _Lines(markup=False)
        """What takes the keys."""
        self._checked: Checked | None = None
        self._open: set[tuple[str, bool]] = set()
        self._head: list[AnyLine] = []
        self._lines: list[_Line] = []

    def compose(self) -> ComposeResult:
        """Figures and list."""
        self.text.can_focus = False
        yield self.text
        yield self.list

    @property
    def said(self) -> str:
        """All that is shown, for those who look for a sentence."""
        return "\n".join([*(line[0] for line in self._head), *(line.words for line in self._lines)])

    def show(self, checked: Checked) -> None:
        """Show a check; causes that were open of the one before stay so."""
        self._checked = checked
        in_flight = checked.cost.in_flight if checked.cost is not None else 0.0
        self._head = check_lines(checked.report, checked.found, in_flight)
        self.text.show(self._head)
        self.text.refresh(layout=True)
        self._fill(0 if checked.is_ready else 1)  # what is wrong is read before it is left out

    @on(OptionList.OptionSelected)
    def _taken(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        line = self._lines[event.option_index]
        if line.action is not None:
            self.screen.call_later(self.screen.run_action, line.action)
        elif line.problem is not None:
            self.post_message(self.Row(line.problem))
        elif line.group is not None and line.group.is_of_rows:
            self._open ^= {(line.group.code, line.group.is_error)}
            self._fill(event.option_index)

    def _fill(self, at: int) -> None:
        if self._checked is None:
            return
        self._lines = [*self._actions(self._checked), *self._causes(self._checked)]
        self.list.clear_options()
        self.list.add_options([Option(Content(clean_line(line.words))) for line in self._lines])
        self.list.highlighted = min(at, len(self._lines) - 1) if self._lines else None

    @staticmethod
    def _actions(checked: Checked) -> list[_Line]:
        if checked.is_ready:
            many = counted(checked.requests, "request")
            sample = [_Line("> Send a sample first (P)", "pilot")] if checked.requests > 1 else []
            prime = (
                [_Line("> Send one request first, to fill the cache (p)", "prime")]
                if can_prime(checked)
                else []
            )
            return [
                _Line(f"> Submit {many}: asks first, with the cost", "submit"),
                *prime,
                *sample,
                _Line("> Write the requests file, send nothing (W)", "write"),
            ]
        bad = checked.report.errors
        if bad and any(group.is_error and group.is_of_rows for group in checked.groups):
            return [_Line("> Leave out all rows with errors, and check again (X)", "leave_out")]
        return []

    def _causes(self, checked: Checked) -> list[_Line]:
        plain, lines = ascii_only(self), list[_Line]()
        for group in checked.groups:
            is_out = group.is_error and checked.is_ready
            is_open = (group.code, group.is_error) in self._open
            lines.append(
                _Line(group_line(group, is_open=is_open, is_left_out=is_out, ascii_only=plain), group=group)
            )
            if is_open:
                lines += [_Line(problem_line(one), problem=one) for one in group.problems[:_ROWS_SHOWN]]
                if group.count > _ROWS_SHOWN:
                    lines.append(_Line(f"      … and {group.count - _ROWS_SHOWN:,} more"))
        return lines
