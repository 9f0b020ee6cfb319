"""Sending again what failed: what that would be, what it costs, the question that is paid, and the submission."""

from __future__ import annotations

from asyncio import wrap_future
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from claude_batch_tui.domain.batches.tracked import TrackedBatch
from claude_batch_tui.errors import CbtuiError, DraftError
from claude_batch_tui.home import expand_home
from claude_batch_tui.tui.screen import DashboardScreen
from claude_batch_tui.wording.values import counted_batches

# What is needed once R was pressed is imported then: the first frame does not wait for it.
if TYPE_CHECKING:
    from claude_batch_tui.domain.results.failures import RetryRules
    from claude_batch_tui.engine.engine import Engine
    from claude_batch_tui.services.results.triage import Triage
    from claude_batch_tui.services.submitting.order import SendOrder
    from claude_batch_tui.services.submitting.retry import Choice, RetryPlan
    from claude_batch_tui.store.results.file import ResultsFile
    from claude_batch_tui.tui.submitting.retry_dialog import Look, Make

_REQUESTS = (".jsonl", ".jsonl.gz", ".ndjson")
"""How requests files end."""


def retry_reason(batches: Sequence[TrackedBatch]) -> str | None:
    """Why batches cannot be retried, or None where they can."""
    if not any(tracked.batch.has_ended for tracked in batches):
        return "only a batch that has ended can be retried"
    return None


def retry_batches(
    screen: DashboardScreen, batches: Sequence[TrackedBatch], now: datetime, done: Callable[[], None]
) -> None:
    """Ask for a retry of all that failed in ended batches; `done` follows once it is sent. Where their results are not on
    this machine, those are downloaded, and it is said that the key is to be pressed again then. What another program sent
    is asked for.
    """
    engine = owner_of(screen, [tracked.id for tracked in batches])
    if engine is None:
        return
    from claude_batch_tui.services.results.local_files import read_results

    store, workspace = engine.store, engine.workspace
    paths = {tracked.id: read_results(tracked.id, store=store, workspace=workspace) for tracked in batches}
    missing = [tracked for tracked in batches if paths[tracked.id] is None]
    if missing:
        readable = [tracked for tracked in missing if tracked.batch.results_readable(now)]
        for tracked in readable:
            engine.download(tracked.id)
        words = "downloading, then R again" if readable else "and they can no longer be read"
        screen.say(f"The results of {missing[0].title} are not on this machine: {words}.")
        return

    if (elsewhere := sent_elsewhere(engine, batches)) is not None:
        keep = partial(engine.keep_sent, elsewhere.id)
        again = partial(retry_batches, screen, batches, now, done)
        ask_what_was_sent(screen, elsewhere.title, lambda file: wrap_future(keep(file)), again)
        return

    def opened(stack: ExitStack) -> list[tuple[str, ResultsFile]]:
        from claude_batch_tui.store.results.opening import open_indexed

        cache = store.locations.cache
        return [(key, stack.enter_context(open_indexed(path, cache))) for key, path in paths.items() if path]

    def make(rules: RetryRules, choices: Sequence[Choice]) -> RetryPlan:
        from claude_batch_tui.services.submitting.retry import Wanted

        with ExitStack() as stack:
            wanted = [Wanted(key, one.index, range(one.index.count)) for key, one in opened(stack)]
            return engine.plan_retry(wanted, rules, choices)

    def look() -> tuple[Triage, Sequence[float | None]]:
        with ExitStack() as stack:
            return engine.triage(opened(stack))

    what = batches[0].title if len(batches) == 1 else counted_batches(len(batches))
    start_retry(screen, f"Retry {what}", engine, make, look, done)


def sent_elsewhere(engine: Engine, batches: Sequence[TrackedBatch]) -> TrackedBatch | None:
    """The first of some batches of which it is not known here what was sent; None where all is known."""
    from claude_batch_tui.store import submissions

    return next((one for one in batches if submissions.of_batch(engine.store, one.id) is None), None)


def ask_what_was_sent(
    screen: DashboardScreen,
    title: str,
    keep_sent: Callable[[Path], Awaitable[object]],
    then: Callable[[], object],
) -> None:
    """Ask for the requests file of a batch or a results file of another program. `keep_sent` holds it against the results
    and keeps it, or raises a CbtuiError; `then` goes on with it.
    """
    from claude_batch_tui.services.results.recent import recent_files, remember_file
    from claude_batch_tui.tui.dialogs.file_picker import FilePicker

    state_dir = screen.dashboard.config.state_dir

    async def keep(file: Path) -> None:
        screen.say(f"Holding {file.name} against the results …", seconds=60.0)
        try:
            await keep_sent(file)
        except CbtuiError as error:
            screen.say(str(error), kind="error")
            return
        remember_file(state_dir, file, "sources")
        screen.say(f"What {title} was sent is kept.")
        then()

    def chosen(path: str | None) -> None:
        if path:
            screen.run_worker(keep(expand_home(path)), group="sent", exclusive=True)

    dialog = FilePicker(
        Path(),
        screen.dashboard.now(),
        title=f"What was {title} sent? Its requests file",
        recent=[one for one in recent_files(state_dir, "sources") if one.endswith(_REQUESTS)],
        endings=_REQUESTS,
    )
    screen.app.push_screen(dialog, chosen)


def owner_of(screen: DashboardScreen, batch_ids: Sequence[str]) -> Engine | None:
    """The engine a retry of these batches goes through from plan to POST; None where none has them all, which is said."""
    try:
        return screen.dashboard.engines.owner(batch_ids)
    except DraftError as error:
        screen.say(str(error), kind="error")
        return None


def start_retry(
    screen: DashboardScreen,
    title: str,
    engine: Engine,
    make: Make,
    look: Look,
    done: Callable[[], None] = lambda: None,
) -> None:
    """Show what would be sent again, price it, ask, and send it after a yes; a worker of the screen does that.

    All goes through `engine`, whatever workspace is on the screen by then. `look` groups what is not truly good, `make`
    plans for what was chosen of it, both in a thread; they raise CbtuiErrors. `done` follows once it is sent.
    """
    screen.run_worker(_retry(screen, title, engine, make, look, done), group="retry", exclusive=True)


async def _retry(
    screen: DashboardScreen, title: str, engine: Engine, make: Make, look: Look, done: Callable[[], None]
) -> None:
    from claude_batch_tui.tui.submitting.retry_dialog import RetryDialog

    made = await screen.app.push_screen_wait(RetryDialog(title, make, look))
    if made is not None:
        from claude_batch_tui.services.submitting.order import SendOrder

        order = SendOrder(part=made, again=made.rules.again, counts_input=True)
        await _send(screen, engine, order, made.run_id, done)


async def _send(
    screen: DashboardScreen, engine: Engine, order: SendOrder, run_id: str, done: Callable[[], None]
) -> None:
    """Begin to send; nothing goes out before the question that is paid has a yes."""
    from claude_batch_tui.tui.submitting.dialog import ask_and_follow

    def created(batch_id: str) -> None:
        done()
        screen.dashboard.show_created(batch_id, run_id)

    token = uuid4().hex
    screen.say("Checking and pricing …", seconds=60.0)
    try:
        question = await wrap_future(engine.submit(token, order))
    except CbtuiError as error:
        screen.say(str(error), kind="error")
        return
    screen.say("Nothing has been sent.")
    ask_and_follow(
        screen.app,
        engine,
        token,
        order,
        question,
        anew=lambda order: screen.run_worker(
            _send(screen, engine, order, run_id, done), group="retry", exclusive=True
        ),
        created=created,
    )
