"""Trying again from a screen: what failed, what it costs, the question that is paid, and the submission."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import datetime
from typing import TYPE_CHECKING

from textual import work

from claude_batch_tui.domain.tracked import TrackedBatch
from claude_batch_tui.errors import CbtuiError, DraftError
from claude_batch_tui.tui.screens.frame import Frame
from claude_batch_tui.wording import counted_batches

# What is needed once R was pressed is imported then: the first frame does not wait for it.
if TYPE_CHECKING:
    from claude_batch_tui.domain.retrying import RetryRules
    from claude_batch_tui.engine.engine import Engine, Forecasted
    from claude_batch_tui.services.submitting.retry import RetryPlan


class RetryingFrame(Frame):
    """A screen from which failed requests are sent again."""

    def why_no_retry(self) -> str | None:
        """Why nothing can be sent again now, or None where it can."""
        raise NotImplementedError

    def reason_disabled(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """What was never sent from here cannot be sent again."""
        return self.why_no_retry() if action == "retry" else super().reason_disabled(action, parameters)

    def owner_of(self, batch_ids: Sequence[str]) -> Engine | None:
        """The engine a retry of these batches goes through from plan to POST; None where none has them, which is said."""
        try:
            return self.dashboard.workspaces.owner(batch_ids)
        except DraftError as error:
            self.say(str(error), kind="error")
            return None

    def ask_retry(self, title: str, engine: Engine, make: Callable[[RetryRules], RetryPlan]) -> None:
        """Show what would be sent again; after that check, price and ask, all by `engine`, whatever workspace is on the
        screen by then. `make` runs in a thread.
        """
        from claude_batch_tui.tui.dialogs.retry import RetryDialog

        def go_on(made: RetryPlan | None) -> None:
            if made is not None:
                self.say("Checking and pricing …", seconds=60.0)
                self._price_retry(engine, made)

        self.app.push_screen(RetryDialog(title, make), go_on)

    def ask_retry_of(self, batches: Sequence[TrackedBatch], now: datetime) -> None:
        """The same for all that failed in ended batches; results that are not on this machine are downloaded first."""
        engine = self.owner_of([tracked.id for tracked in batches])
        if engine is None:
            return
        paths = {tracked.id: engine.read_results(tracked.id) for tracked in batches}
        missing = [tracked for tracked in batches if paths[tracked.id] is None]
        if missing:
            readable = [tracked for tracked in missing if tracked.batch.results_readable(now)]
            for tracked in readable:
                engine.download(tracked.id)
            words = "downloading, then R again" if readable else "and they can no longer be read"
            self.say(f"The results of {missing[0].title} are not on this machine: {words}.")
            return

        def make(rules: RetryRules) -> RetryPlan:
            from claude_batch_tui.engine.retrier import Wanted
            from claude_batch_tui.store.opening import open_indexed

            with ExitStack() as stack:
                opened = {
                    key: stack.enter_context(open_indexed(path, engine.cache))
                    for key, path in paths.items()
                    if path
                }
                wanted = [Wanted(key, one.index, range(one.index.count)) for key, one in opened.items()]
                return engine.plan_retry(wanted, rules)

        self.ask_retry(
            f"Retry {batches[0].title if len(batches) == 1 else counted_batches(len(batches))}", engine, make
        )

    @work(thread=True, exclusive=True, group="retry")
    def _price_retry(self, engine: Engine, made: RetryPlan) -> None:
        try:
            found = engine.check_retry(made)
        except CbtuiError as error:
            self.app.call_from_thread(self.say, str(error), kind="error")
            return
        self.app.call_from_thread(self._confirm_retry, engine, made, found)

    def _confirm_retry(self, engine: Engine, made: RetryPlan, found: Forecasted) -> None:
        from claude_batch_tui.tui.dialogs.confirm import paid_question
        from claude_batch_tui.tui.screens.build_words import confirm_lines

        self.say("Nothing has been sent.")
        count = made.counts.chosen
        body = [*confirm_lines(found.report, made.name, engine.snapshot, found.in_flight)]
        body.append(
            f"retry of  {made.first.name or made.first.batch_id}, in the same run, under the same custom_ids"
        )
        dialog = paid_question(
            f"Send {count:,} requests again?", body, count=count, why=found.over_limits, yes="Send again"
        )
        self.app.push_screen(dialog, lambda agreed: self._send_retry(engine, made, found) if agreed else None)

    def _send_retry(self, engine: Engine, made: RetryPlan, found: Forecasted) -> None:
        from claude_batch_tui.tui.dialogs.submission import SubmissionDialog

        def send(token: str, again: bool) -> None:
            engine.retry(token, made, found.report, again=again)

        def created(batch_id: str | None) -> None:
            if batch_id:
                self.dashboard.show_created(batch_id)

        self.app.push_screen(
            SubmissionDialog.of_sending(send, again=made.rules.again, engine=engine), created
        )


def retry_reason(batches: Sequence[TrackedBatch]) -> str | None:
    """Why batches cannot be retried, or None where they can."""
    if not any(tracked.batch.has_ended for tracked in batches):
        return "only a batch that has ended can be retried"
    if any(tracked.run_id is None for tracked in batches):
        return "it was not submitted from this machine, so what was sent is not known"
    return None
