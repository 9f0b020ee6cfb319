"""What a retry would send again, and what the user allows beyond that."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import msgspec
from textual import work
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static
from textual.worker import get_current_worker

from claude_batch_tui.domain.plain_text import clean
from claude_batch_tui.domain.results.failures import RetryCounts, RetryRules
from claude_batch_tui.errors import CbtuiError
from claude_batch_tui.services.submitting.retry import NothingToRetryError, RetryPlan
from claude_batch_tui.tui.dialogs.box import Box
from claude_batch_tui.wording import retry_words

_CHOICES = (
    ("include_invalid", "i", "errors that say the request is invalid"),
    ("any_outcome", "o", "what succeeded or was canceled, too: paid once more"),
    ("again", "a", "what was retried already"),
)


class RetryDialog(Box[RetryPlan | None]):
    """Gives the plan to go on with, or None. `make` decides for the rules chosen; it runs in a thread."""

    DEFAULT_CSS = """
    RetryDialog .words { height: auto; margin-bottom: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter", "go_on", "check and price", id="retry.go-on", tooltip="check it and say what it costs"
        ),
        Binding(
            "i", "turn('include_invalid')", "invalid", id="retry.invalid", tooltip="invalid requests too"
        ),
        Binding("o", "turn('any_outcome')", "any outcome", id="retry.any", tooltip="what did not fail, too"),
        Binding("a", "turn('again')", "again", id="retry.again", tooltip="what was retried already, too"),
        Binding("escape,q", "leave", "leave", id="retry.leave", tooltip="leave; nothing is sent"),
    ]

    def __init__(self, title: str, make: Callable[[RetryRules], RetryPlan]) -> None:
        super().__init__(title)
        self._make = make
        self._rules = RetryRules()
        self._made: RetryPlan | None = None

    def content(self) -> list[Widget]:
        """What would be sent, and the choices."""
        return [
            Static("Looking at what was sent …", classes="words", markup=False),
            Static("", classes="choices", markup=False),
        ]

    def on_mount(self) -> None:
        """Decide for the default rules."""
        self._decide()

    def reason_disabled(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """There has to be something to send."""
        if action == "go_on" and self._made is None:
            return "there is nothing to send"
        return super().reason_disabled(action, parameters)

    def action_go_on(self) -> None:
        """Close with the plan."""
        self.dismiss(self._made)

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
        self._made = None
        self.refresh_bindings()
        self._plan(self._rules)

    @work(thread=True, exclusive=True, group="plan")
    def _plan(self, rules: RetryRules) -> None:
        worker = get_current_worker()
        made: RetryPlan | None = None
        try:
            made = self._make(rules)
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


def _words(counts: RetryCounts) -> str:
    return "\n".join(retry_words(counts, "i", "o", "a"))
