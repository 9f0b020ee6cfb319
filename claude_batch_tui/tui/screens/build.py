"""Build: a file becomes requests, checked and priced, and then one confirmed batch.

source      ~/tickets.csv
template    Subject: {{ subject }} …
── preview of one request, or what the check found ──
"""

from __future__ import annotations

from asyncio import wrap_future
from functools import partial
from pathlib import Path
from typing import ClassVar
from uuid import uuid4

from textual import on, work
from textual.binding import BindingType
from textual.widgets import Input

from claude_batch_tui.errors import CbtuiError
from claude_batch_tui.runtime import read_prices
from claude_batch_tui.services.recipes import recipe_names
from claude_batch_tui.services.submitting.order import Pilot, Rest, SendOrder
from claude_batch_tui.services.trying import Trial, Tried, trial
from claude_batch_tui.tui.dialogs.confirm import ConfirmDialog, if_agreed
from claude_batch_tui.tui.dialogs.input import InputDialog
from claude_batch_tui.tui.dialogs.submission import ask_and_follow
from claude_batch_tui.tui.screens.build_keys import KEYS, why_not
from claude_batch_tui.tui.screens.build_pane import BuildPane
from claude_batch_tui.tui.screens.build_words import steps_words, trial_lines, tried_lines
from claude_batch_tui.tui.screens.checking import CheckingFrame
from claude_batch_tui.tui.widgets.title_line import TabsLine

_PILOT = 10


class BuildScreen(CheckingFrame):
    """The form, and beside or below it the preview or the check."""

    help_title: ClassVar[str] = "Build"
    number: ClassVar[int] = 2
    AUTO_FOCUS = "#source Input"
    BINDINGS: ClassVar[list[BindingType]] = KEYS

    def __init__(self) -> None:
        super().__init__()
        self._pilot_run: str | None = None
        """The run of the pilot that was sent of this source."""

    def source_changed(self) -> None:
        """A pilot was of the source before."""
        super().source_changed()
        self._pilot_run = None

    def title_left(self) -> str:
        """The source."""
        source = self.form.source
        return Path(source).name if source else "new batch"

    def reason_disabled(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Some keys need a source, or a check."""
        if not self.is_mounted:
            return None
        reason = why_not(
            action,
            has_source=self.form.source is not None,
            has_row=self.pane.request is not None,
            checked=self.checked,
            has_recipes=action != "reuse" or bool(recipe_names(self.dashboard.config.config_dir)),
        )
        return reason or super().reason_disabled(action, parameters)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        is_source = event.input.parent is not None and event.input.parent.id == "source"
        if is_source and not self.form.names_a_source:
            self.action_files()
        else:
            self.action_check()

    def action_leave_field(self) -> None:
        """Out of a field; from there back to the batches."""
        if isinstance(self.focused, Input):
            self.pane.focus()
        else:
            self.action_back()

    def action_back(self) -> None:
        """Back to the batches; what was typed is kept, on disk too."""
        self.keep_draft()
        super().action_back()

    # Previewing.

    @on(BuildPane.Previewed)
    def _previewed(self, message: BuildPane.Previewed) -> None:
        if self.checked is None or message.of_problem:
            self.pane.show_preview(self.left_out)

    @on(BuildPane.Filled)
    def _filled(self, message: BuildPane.Filled) -> None:
        checked = self.checked
        words = steps_words(
            message.place,
            has_source=self.form.source is not None,
            is_ready=checked is not None and checked.is_ready,
            ascii_only=self.dashboard.ascii_only,
        )
        self.query_one(TabsLine).show(right=words)
        self.show_snapshot(self.snapshot)
        self.refresh_bindings()

    def action_row(self, step: int) -> None:
        """Preview another row."""
        self.pane.read_row(step)

    def action_json(self) -> None:
        """Preview as text or as JSON."""
        self.pane.turn()
        if self.checked is None:
            self.pane.show_preview(self.left_out)

    def action_leave_out_row(self) -> None:
        """Leave the row of the preview out, or take it in again; a check has to follow."""
        request = self.pane.request
        if request is None:
            return
        line = request.line
        self.left_out ^= {line}
        self.outdate()
        self.keep_draft()
        word = "left out" if line in self.left_out else "in again"
        self.say(
            f"The row of line {line:,} is {word}; {len(self.left_out):,} left out by hand. enter checks again."
        )
        self.pane.show_preview(self.left_out)

    def action_leave_out(self) -> None:
        """Leave out every row with an error, and check again."""
        self.check_draft(skip_bad_rows=True)

    # Trying one row.

    def action_try_row(self) -> None:
        """Send the row of the preview alone, at once, after asking."""
        shown = self.pane.request
        request = shown.sendable if shown else None
        if shown is None or request is None:
            self.say(
                "This row cannot be sent: " + (shown.problem if shown and shown.problem else "it is none.")
            )
            return
        try:
            chosen = trial(request, read_prices(self.dashboard.config), f"line {shown.line}")
            self.form.spec(complete=True)
        except CbtuiError as error:
            self.say(str(error), kind="error")
            return
        body = trial_lines(shown, chosen, self.snapshot)
        dialog = ConfirmDialog("Send this row alone?  This is paid.", body, yes="Send", no="Not now")
        self.app.push_screen(dialog, if_agreed(partial(self._try, chosen)))

    @work(thread=True, exclusive=True, group="try")
    def _try(self, chosen: Trial) -> None:
        """Send one row and show its answer."""
        self.app.call_from_thread(self.say, "Sent; waiting for the answer …", seconds=60.0)
        try:
            answer = self.dashboard.engine.try_request(chosen).result()
        except CbtuiError as error:
            self.app.call_from_thread(self.say, str(error), kind="error")
            return
        self.app.call_from_thread(self._show_tried, answer)

    def _show_tried(self, answer: Tried) -> None:
        self.pane.fill(tried_lines(answer), "tried")
        self.pane.focus()
        self.say("This is the answer. J and K go on with the preview.")

    # Submitting.

    def action_check(self) -> None:
        """Build and check; when that was done and all is well, ask whether to submit."""
        if not self.is_busy and self.checked is not None and self.checked.is_ready:
            self._ask()
        else:
            self.check_draft()

    def action_pilot(self) -> None:
        """Ask how large the sample is, and then as for any submission."""
        total = self.checked.requests if self.checked else 0

        def problem(text: str) -> str | None:
            fits = text.isdigit() and 0 < int(text) < total
            return None if fits else f"A number from 1 to {total - 1:,}."

        def ask(text: str | None) -> None:
            if text:
                self._ask(pilot=int(text))

        dialog = InputDialog(
            "Pilot: how many requests?",
            ["A random sample goes first, as a batch of its own. The rest goes without it."],
            value=str(min(_PILOT, max(total - 1, 1))),
            problem=problem,
        )
        self.app.push_screen(dialog, ask)

    @work(exclusive=True, group="ask")
    async def _ask(self, pilot: int | None = None, *, again: bool = False) -> None:
        """Begin to send what was checked: all of it, a sample of `pilot` requests, or what the pilot before has not
        sent. Nothing goes out before the question that is paid has a yes.
        """
        checked, found = self.checked, self.checked.found if self.checked is not None else None
        if checked is None or found is None or checked.files is None:
            return
        part: Pilot | Rest | None = None
        if pilot is not None:
            part = Pilot(pilot)
        elif self._pilot_run is not None:
            part = Rest(self._pilot_run)
        source = checked.spec.path
        order = SendOrder(
            requests=checked.files.requests,
            rows=checked.files.rows,
            part=part,
            name=self.form.typed("name")
            or f"{Path(source).stem}-{self.dashboard.now().astimezone():%Y-%m-%d}",
            source=source,
            betas=self.form.betas,
            report=found,
            again=again,
            counts_input=part is not None,
        )
        engine, token = self.dashboard.workspaces.sender, uuid4().hex
        self.say("Preparing …", seconds=60.0)
        try:
            question = await wrap_future(engine.submit(token, order))
        except CbtuiError as error:
            self.say(f"{error} Nothing was sent.", kind="error")
            return
        self.say("Nothing has been sent.")
        if self.checked is None or self.checked.files != checked.files:  # the draft is another one by now
            engine.answer(token, agreed=False)
            return

        def created(batch_id: str) -> None:
            if pilot is not None:
                tracked = engine.snapshot.find(batch_id)
                self._pilot_run = tracked.run_id if tracked else None
            else:
                self.checked, self._pilot_run = None, None
                self.forget_draft()
            self.dashboard.show_created(batch_id)

        ask_and_follow(
            self.app,
            engine,
            token,
            order,
            question,
            again=lambda: self._ask(pilot, again=True),
            created=created,
        )
