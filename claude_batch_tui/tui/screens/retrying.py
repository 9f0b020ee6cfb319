"""Trying again from a screen: what failed, what it costs, the question that is paid, and the submission."""

from __future__ import annotations

from asyncio import wrap_future
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import uuid4

from textual import work

from claude_batch_tui.domain.tracked import TrackedBatch
from claude_batch_tui.errors import CbtuiError, DraftError
from claude_batch_tui.tui.screens.frame import Frame
from claude_batch_tui.wording import counted_batches

# What is needed once R was pressed is imported then: the first frame does not wait for it.
if TYPE_CHECKING:
    from claude_batch_tui.domain.retrying import RetryRules
    from claude_batch_tui.engine.engine import Engine
    from claude_batch_tui.services.submitting.retry import RetryPlan


class ToRetry(NamedTuple):
    """What a screen would send again: a title, the engine it goes through from plan to POST, and the plan, made in a
    thread for the rules that the user chooses.
    """

    title: str
    engine: Engine
    make: Callable[[RetryRules], RetryPlan]


class RetryingFrame(Frame):
    """A screen from which failed requests are sent again."""

    def why_no_retry(self) -> str | None:
        """Why nothing can be sent again now, or None where it can."""
        raise NotImplementedError

    def to_retry(self) -> ToRetry | None:
        """What R would send again; None where there is nothing, which is said."""
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

    def action_retry(self) -> None:
        """Show what would be sent again, and after that send it, whatever workspace is on the screen by then."""
        from claude_batch_tui.tui.dialogs.retry import RetryDialog

        found = self.to_retry()
        if found is None:
            return

        def go_on(made: RetryPlan | None) -> None:
            if made is not None:
                self._send_retry(found.engine, made)

        self.app.push_screen(RetryDialog(found.title, found.make), go_on)

    def all_failed(self, batches: Sequence[TrackedBatch], now: datetime) -> ToRetry | None:
        """All that failed in ended batches; results that are not on this machine are downloaded first."""
        engine = self.owner_of([tracked.id for tracked in batches])
        if engine is None:
            return None
        paths = {tracked.id: engine.read_results(tracked.id) for tracked in batches}
        missing = [tracked for tracked in batches if paths[tracked.id] is None]
        if missing:
            readable = [tracked for tracked in missing if tracked.batch.results_readable(now)]
            for tracked in readable:
                engine.download(tracked.id)
            words = "downloading, then R again" if readable else "and they can no longer be read"
            self.say(f"The results of {missing[0].title} are not on this machine: {words}.")
            return None

        def make(rules: RetryRules) -> RetryPlan:
            from claude_batch_tui.services.submitting.retry import Wanted
            from claude_batch_tui.store.opening import open_indexed

            with ExitStack() as stack:
                opened = {
                    key: stack.enter_context(open_indexed(path, engine.cache))
                    for key, path in paths.items()
                    if path
                }
                wanted = [Wanted(key, one.index, range(one.index.count)) for key, one in opened.items()]
                return engine.plan_retry(wanted, rules)

        title = batches[0].title if len(batches) == 1 else counted_batches(len(batches))
        return ToRetry(f"Retry {title}", engine, make)

    @work(exclusive=True, group="retry")
    async def _send_retry(self, engine: Engine, made: RetryPlan, *, again: bool = False) -> None:
        """Begin to send; nothing goes out before the question that is paid has a yes."""
        from claude_batch_tui.services.submitting.order import SendOrder
        from claude_batch_tui.tui.dialogs.submission import ask_and_follow

        order = SendOrder(part=made, again=again or made.rules.again, counts_input=True)
        token = uuid4().hex
        self.say("Checking and pricing …", seconds=60.0)
        try:
            question = await wrap_future(engine.submit(token, order))
        except CbtuiError as error:
            self.say(str(error), kind="error")
            return
        self.say("Nothing has been sent.")
        ask_and_follow(
            self.app,
            engine,
            token,
            order,
            question,
            again=lambda: self._send_retry(engine, made, again=True),
            created=self.dashboard.show_created,
        )


def retry_reason(batches: Sequence[TrackedBatch]) -> str | None:
    """Why batches cannot be retried, or None where they can."""
    if not any(tracked.batch.has_ended for tracked in batches):
        return "only a batch that has ended can be retried"
    if any(tracked.run_id is None for tracked in batches):
        return "it was not submitted from this machine, so what was sent is not known"
    return None
