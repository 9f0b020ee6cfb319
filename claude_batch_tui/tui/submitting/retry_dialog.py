"""Triage: what is not truly good by cause, what of it a retry would send again, and with which edits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import ClassVar

import msgspec
from textual import on, work
from textual.binding import BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option
from textual.worker import get_current_worker

from claude_batch_tui.domain.plain_text import clean, clean_line
from claude_batch_tui.domain.results.failures import RetryCounts, RetryRules
from claude_batch_tui.errors import CbtuiError
from claude_batch_tui.services.results.triage import Group, Triage
from claude_batch_tui.services.submitting.edits import NO_EDITS, edit_words, read_edits, typed_edits
from claude_batch_tui.services.submitting.retry import Choice, NothingToRetryError, RetryPlan
from claude_batch_tui.tui.dialogs.questions import Box, InputDialog
from claude_batch_tui.tui.widgets.key_line import hidden_key, shown_key
from claude_batch_tui.wording.submissions import group_words, retry_words

_CHOICES = (
    ("include_invalid", "i", "what has to be changed first, as it is"),
    ("any_outcome", "o", "what succeeded or was canceled, too: paid once more"),
    ("again", "a", "what was retried already"),
)


Make = Callable[[RetryRules, Sequence[Choice]], RetryPlan]
"""Plans for the rules and what was chosen of it; in a thread."""
Look = Callable[[], tuple[Triage, Sequence[float | None]]]
"""Groups what is not truly good, and prices each group; in a thread."""


class RetryDialog(Box[RetryPlan | None]):
    """Gives the plan to go on with, or None. `look` finds the groups, `make` decides for what was chosen of them."""

    DEFAULT_CSS = """
    RetryDialog {
        & > #box { width: 110; }
        & .words { height: auto; margin-bottom: 1; }
        & OptionList { height: auto; max-height: 30vh; border: none; background: $background; padding: 0; }
        & OptionList:focus { border: none; background-tint: transparent; }
        & OptionList { text-wrap: nowrap; text-overflow: ellipsis; }
        & .said { height: auto; max-height: 3; margin: 0 0 1 0; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        # Before the list's own enter.
        replace(
            shown_key("retry.go-on", "enter", "go_on", "check and price", "check it and say what it costs"),
            priority=True,
        ),
        shown_key("retry.leave", "escape,q", "leave", "leave", "leave; nothing is sent"),
        shown_key(
            "retry.group", "space", "choose", "send, or not", "send the group under the cursor, or not"
        ),
        shown_key("retry.more", "m", "more", "more max_tokens", "send what was cut with more max_tokens"),
        shown_key("retry.edit", "e", "edit", "edit", "change what the requests of the group say"),
        shown_key(
            "retry.invalid", "i", "turn('include_invalid')", "invalid", "what is to be changed first, too"
        ),
        hidden_key("retry.any", "o", "turn('any_outcome')", "any outcome", "what has an answer, too"),
        hidden_key("retry.again", "a", "turn('again')", "again", "what was retried already, too"),
        hidden_key("retry.down", "j", "move(1)", "down", "down"),
        hidden_key("retry.up", "k", "move(-1)", "up", "up"),
    ]

    def __init__(self, title: str, make: Make, look: Look) -> None:
        super().__init__(title)
        self._make, self._look = make, look
        self._rules = RetryRules()
        self._made: RetryPlan | None = None
        self._groups: list[Group] = []
        self._costs: Sequence[float | None] = ()
        self._choices: list[Choice] = []

    def content(self) -> list[Widget]:
        """What would be sent, the groups, and the choices."""
        return [
            Static("Looking at what was sent …", classes="words", markup=False),
            OptionList(markup=False),
            Static("", classes="said", markup=False),
            Static("", classes="choices", markup=False),
        ]

    def on_mount(self) -> None:
        """Find the groups, and decide for the default rules."""
        self.query_one(OptionList).focus()
        self._decide()
        self._find()

    def reason_disabled(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """There has to be something to send."""
        if action == "go_on" and self._made is None:
            return "nothing is chosen; space chooses a group"
        if action in ("choose", "edit", "more") and not self._groups:
            return "there is no group"
        if action == "more" and self._group.offered is None:
            return "it was not cut at max_tokens, or there are no more"
        return super().reason_disabled(action, parameters)

    def action_go_on(self) -> None:
        """Close with the plan."""
        self.dismiss(self._made)

    @property
    def _at(self) -> int:
        """The number of the group under the cursor."""
        return self.query_one(OptionList).highlighted or 0

    @property
    def _group(self) -> Group:
        return self._groups[self._at]

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        """A click."""
        event.stop()
        self.action_choose()

    @on(OptionList.OptionHighlighted)
    def _highlighted(self) -> None:
        words = f"{self._group.advice} For instance {self._group.example}."
        if not self._is_sent(self._at):
            words += " space sends it all the same, e changes it first."
        self.query_one(".said", Static).update(Content(clean_line(words)))
        self.refresh_bindings()

    def action_move(self, step: int) -> None:
        """Down or up by the letters."""
        options = self.query_one(OptionList)
        options.action_cursor_down() if step > 0 else options.action_cursor_up()

    def action_choose(self) -> None:
        """Send the group, or not."""
        self._choose(is_sent=not self._is_sent(self._at))

    def action_more(self) -> None:
        """Send what was cut with as many max_tokens as are offered."""
        self._choose(is_sent=True, edits=read_edits([f"max_tokens={self._group.offered}"]))

    def action_edit(self) -> None:
        """Ask what to change in the requests of the group."""
        limit = self._group.offered
        dialog = InputDialog(
            f"Change {self._group.count:,} requests: {self._group.cause}",
            [
                "PATH=VALUE sets, -PATH takes out; system= and template= are texts or @file. For instance",
                "max_tokens=4096 model=claude-haiku-4-5 output_config.effort=low -temperature",
            ],
            value="" if limit is None else f"max_tokens={limit}",
            problem=_problem,
        )
        self.app.push_screen(dialog, self._edit)

    def _edit(self, text: str | None) -> None:
        if text is not None:
            self._choose(is_sent=True, edits=typed_edits(text))

    def _choose(self, **changes: object) -> None:
        self._choices[self._at] = msgspec.structs.replace(self._choices[self._at], **changes)
        self._decide()

    def _is_sent(self, number: int) -> bool:
        choice = self._choices[number]
        if choice.is_sent is not None:
            return choice.is_sent
        return self._rules.decide(self._groups[number].cause, is_changed=choice.edits != NO_EDITS) == "sent"

    def action_turn(self, rule: str) -> None:
        """Allow something, or not."""
        self._rules = msgspec.structs.replace(self._rules, **{rule: not getattr(self._rules, rule)})
        self._decide()

    def action_leave(self) -> None:
        """Close; nothing is sent."""
        self.dismiss(None)

    def _decide(self) -> None:
        boxes = (
            f"[{'x' if getattr(self._rules, rule) else ' '}] {key}  {words}" for rule, key, words in _CHOICES
        )
        self.query_one(".choices", Static).update(Content("\n".join(boxes)))
        self._list()
        self._made = None
        self.refresh_bindings()
        self._plan(self._rules, tuple(self._choices))

    def _list(self) -> None:
        """Show the groups, each with whether it is sent, and its edits."""
        options, at = self.query_one(OptionList), self._at
        options.clear_options()
        for number, (group, cost) in enumerate(zip(self._groups, self._costs, strict=True)):
            edits = edit_words(self._choices[number].edits)
            words = group_words(group, cost, edits)
            options.add_option(
                Option(Content(clean_line(f"[{'x' if self._is_sent(number) else ' '}] {words}")))
            )
        if self._groups:
            options.highlighted = at

    @work(thread=True, exclusive=True, group="triage")
    def _find(self) -> None:
        worker = get_current_worker()
        try:
            found, costs = self._look()
        except CbtuiError:  # the plan says it
            return
        if not worker.is_cancelled:
            self.app.call_from_thread(self._take, found, costs)

    def _take(self, found: Triage, costs: Sequence[float | None]) -> None:
        self._groups, self._costs = [*found.groups], costs
        self._choices = [Choice(group.places) for group in found.groups]
        self._list()
        self.refresh_bindings()

    @work(thread=True, exclusive=True, group="plan")
    def _plan(self, rules: RetryRules, choices: Sequence[Choice]) -> None:
        worker = get_current_worker()
        made: RetryPlan | None = None
        try:
            made = self._make(rules, choices)
            words = _words(made.counts)
        except NothingToRetryError as error:
            words = _words(error.counts)
        except CbtuiError as error:
            words = str(error)
        if not worker.is_cancelled:
            self.app.call_from_thread(self._show, made, words)

    def _show(self, made: RetryPlan | None, words: str) -> None:
        self._made = made
        self.query_one(".words", Static).update(Content(clean(words)))
        self.refresh_bindings()


def _problem(text: str) -> str | None:
    """What is wrong with typed edits, or None."""
    try:
        typed_edits(text)
    except CbtuiError as error:
        return str(error)
    return None


def _words(counts: RetryCounts) -> str:
    return "\n".join(retry_words(counts, "i", "space or o sends them", "a"))
