"""From the Build screen to the API: one row tried alone, a sample first, or all of the draft; each after asking."""

from __future__ import annotations

from asyncio import shield, wrap_future
from collections.abc import Callable
from functools import partial
from pathlib import Path
from uuid import uuid4

import msgspec

from claude_batch_tui.errors import CbtuiError
from claude_batch_tui.services.building.models import read_prices
from claude_batch_tui.services.building.preview import PreviewedRequest
from claude_batch_tui.services.building.trying import Trial, Tried, trial
from claude_batch_tui.services.submitting.order import Pilot, Rest, SendOrder
from claude_batch_tui.services.threads import in_thread
from claude_batch_tui.tui.build.draft import BuildDraft
from claude_batch_tui.tui.build.words import trial_lines
from claude_batch_tui.tui.dialogs.questions import ConfirmDialog, InputDialog, if_agreed
from claude_batch_tui.tui.screen import DashboardScreen
from claude_batch_tui.tui.submitting.dialog import ask_and_follow
from claude_batch_tui.wording.submissions import pilot_limit_words

_PILOT = 10


def ask_to_try(
    screen: DashboardScreen, draft: BuildDraft, shown: PreviewedRequest | None, show: Callable[[Tried], None]
) -> None:
    """Ask whether to send the row of the preview alone, at once; its answer is shown in the end."""
    request = shown.sendable if shown else None
    if shown is None or request is None:
        screen.say(
            "This row cannot be sent: " + (shown.problem if shown and shown.problem else "it is none.")
        )
        return
    try:
        chosen = trial(request, read_prices(screen.dashboard.config), f"line {shown.line}")
        draft.spec(complete=True)
    except CbtuiError as error:
        screen.say(str(error), kind="error")
        return
    body = trial_lines(shown, chosen, screen.snapshot)
    dialog = ConfirmDialog("Send this row alone?  This is paid.", body, yes="Send", no="Not now")
    send = partial(_try, screen, chosen, show)
    screen.app.push_screen(dialog, if_agreed(lambda: screen.run_worker(send(), exclusive=True, group="try")))


async def _try(screen: DashboardScreen, chosen: Trial, show: Callable[[Tried], None]) -> None:
    """Send one row, and show its answer. What was sent is not stopped: it is paid."""
    screen.say("Sent; waiting for the answer …", seconds=60.0)
    try:
        answer = await shield(wrap_future(screen.dashboard.engines.home.try_request(chosen)))
    except CbtuiError as error:
        screen.say(str(error), kind="error")
    else:
        show(answer)


def ask_pilot(screen: DashboardScreen, draft: BuildDraft) -> None:
    """Ask how large the sample is, and then as for any submission."""
    total = draft.checked.requests if draft.checked else 0

    def problem(text: str) -> str | None:
        fits = text.isdigit() and 0 < int(text) < total
        return None if fits else f"A number from 1 to {total - 1:,}."

    dialog = InputDialog(
        "Pilot: how many requests?",
        ["A random sample goes first, as a batch of its own. The rest goes without it."],
        value=str(min(_PILOT, max(total - 1, 1))),
        problem=problem,
    )
    screen.app.push_screen(
        dialog, lambda text: ask_to_submit(screen, draft, pilot=int(text)) if text else None
    )


def ask_to_submit(
    screen: DashboardScreen, draft: BuildDraft, *, pilot: int | None = None, prime: bool = False
) -> None:
    """Ask whether to submit what was checked, all of it, a sample of `pilot` requests, or what the pilot before has not
    sent, with `prime` one request of it first, and follow its submission.
    """
    checked = draft.checked
    if checked is None or checked.found is None or checked.files is None:
        return
    part: Pilot | Rest | None = None
    if pilot is not None:
        part = Pilot(pilot)
    elif draft.pilot_run is not None:
        part = Rest(draft.pilot_run)
    source = checked.spec.path
    order = SendOrder(
        requests=checked.files.requests,
        rows=checked.files.rows,
        part=part,
        name=draft.name or f"{Path(source).stem}-{screen.dashboard.now().astimezone():%Y-%m-%d}",
        source=source,
        betas=draft.betas,
        report=checked.found,
        counts_input=part is not None,
        guesses=checked.report.reading.guesses,
        prime=prime,
    )
    if isinstance(part, Rest):
        screen.run_worker(_ask_limit(screen, draft, order, part), exclusive=True, group="ask")
    else:
        _begin(screen, draft, order)


async def _ask_limit(screen: DashboardScreen, draft: BuildDraft, order: SendOrder, rest: Rest) -> None:
    """Offer what the answers of the pilot allow as max_tokens for the rest, where that is known."""
    engine = screen.dashboard.engines.home
    found = await in_thread(lambda: engine.pilot_limit(rest.run_id))
    if found is None:
        _begin(screen, draft, order)
        return

    def problem(text: str) -> str | None:
        return None if not text or (text.isdigit() and int(text)) else "A number from 1, or nothing."

    def begin(text: str | None) -> None:
        if text is not None:
            limited = msgspec.structs.replace(rest, max_tokens=int(text)) if text else rest
            _begin(screen, draft, msgspec.structs.replace(order, part=limited))

    screen.app.push_screen(
        InputDialog(
            "max_tokens of the rest",
            [pilot_limit_words(found), "Left empty, the requests go as they are."],
            value=str(found.tokens),
            problem=problem,
        ),
        begin,
    )


def _begin(screen: DashboardScreen, draft: BuildDraft, order: SendOrder) -> None:
    screen.run_worker(_submit(screen, draft, order), exclusive=True, group="ask")


async def _submit(screen: DashboardScreen, draft: BuildDraft, order: SendOrder) -> None:
    """Begin to send; nothing goes out before the question that is paid has a yes."""
    dashboard = screen.dashboard
    engine, token = dashboard.engines.home, uuid4().hex
    screen.say("Preparing …", seconds=60.0)
    try:
        question = await wrap_future(engine.submit(token, order))
    except CbtuiError as error:
        screen.say(f"{error} Nothing was sent.", kind="error")
        return
    screen.say("Nothing has been sent.")
    files = draft.checked.files if draft.checked else None
    if files is None or files.requests != order.requests:  # the draft is another one by now
        engine.answer(token, agreed=False)
        return

    def created(batch_id: str) -> None:
        if isinstance(order.part, Pilot):
            tracked = engine.snapshot.find(batch_id)
            draft.pilot_run = tracked.run_id if tracked else None
        else:
            draft.sent()
        dashboard.show_created(batch_id)

    ask_and_follow(
        screen.app,
        engine,
        token,
        order,
        question,
        anew=partial(_begin, screen, draft),
        created=created,
    )
