"""Checking a draft: a script agreed to, all of it built and checked in a thread, and its cost counted."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError
from functools import partial
from pathlib import Path

import msgspec
from textual import work
from textual.worker import Worker, get_current_worker

from claude_batch_tui.engine.engine import Forecasted
from claude_batch_tui.errors import CbtuiError, ScriptError
from claude_batch_tui.services.building.build import BuildReport
from claude_batch_tui.sources.whole_file import WholeFile
from claude_batch_tui.tui.build.building import Checked, DraftFolder, Order, build_and_check
from claude_batch_tui.tui.build.drafting import DraftingFrame
from claude_batch_tui.tui.build.words import check_lines, trust_lines
from claude_batch_tui.tui.dialogs.confirm import ConfirmDialog, if_agreed
from claude_batch_tui.tui.dialogs.input import InputDialog
from claude_batch_tui.wording import size

_COUNTED_WITHIN = 30.0
"""Seconds the API has to count the input; without its count the cost is known more roughly."""


class CheckingFrame(DraftingFrame):
    """A screen that builds and checks what its form says. `checked` is of the draft as it is now, or None."""

    def __init__(self) -> None:
        super().__init__()
        self.checked: Checked | None = None
        self._worker: Worker[None] | None = None
        """The check or the writing that was begun last."""
        self._changes = 0
        """How often the draft has changed, or work on it was stopped: what was begun before that is not shown."""
        self._problem = -1
        """The place among the problems of the check; -1 before the first was asked for."""
        self._skip_bad_rows = False
        self._trusted: str | None = None
        """The sha256 of the script that may run."""

    def on_mount(self) -> None:
        """Know where a checked draft lies."""
        self._folder = DraftFolder(self.dashboard.config.data_dir / "spool")

    def on_unmount(self) -> None:
        """Remove what was built and not sent."""
        self._folder.drop()

    @property
    def is_busy(self) -> bool:
        """True while a check or a writing goes on that nobody has stopped; the thread of one stopped may still end."""
        worker = self._worker
        return worker is not None and not worker.is_cancelled and not worker.is_finished

    def draft_changed(self) -> None:
        """Check again, with every row."""
        self.outdate()
        self._skip_bad_rows = False

    def outdate(self) -> None:
        """Forget the check of the draft before; one that runs is stopped, and is never shown."""
        self.checked = None
        self._changes += 1
        self.workers.cancel_group(self, "check")

    def cancel_running(self) -> bool:
        """What ctrl+c stops first."""
        if not self.is_busy:
            return False
        self._stop()
        self.say("Stopped; nothing was written.")
        return True

    def _stop(self) -> None:
        """Stop what runs."""
        self._changes += 1
        for group in ("check", "write"):
            self.workers.cancel_group(self, group)

    def _begin_check(self) -> None:
        self._worker = self._check(self._changes)

    def check_draft(self, *, skip_bad_rows: bool = False) -> None:
        """Build and check, once a script was agreed to; `skip_bad_rows` holds until something is typed."""
        if self.is_busy:
            self.say("Still at work; ctrl+c stops it.")
            return
        if skip_bad_rows:
            self._skip_bad_rows, self.checked = True, None
        self._once_trusted(self._begin_check)

    def action_problem(self, step: int) -> None:
        """Preview the row of the next problem."""
        problems = self.checked.problems if self.checked else []
        if problems:
            self._problem = (self._problem + step) % len(problems) if self._problem >= 0 else 0
            problem = problems[self._problem]
            self.say(
                f"{self._problem + 1} of {len(problems)}: {problem.message}",
                kind="error" if problem.is_error else "note",
            )
            self.pane.read_line(problem.line)

    def action_write(self) -> None:
        """Write the requests file instead of sending."""

        def write(target: str | None) -> None:
            if target:
                self._once_trusted(partial(self._begin_writing, Path(target).expanduser()))

        source = Path(self.form.source or "requests")
        dialog = InputDialog(
            "Write the requests file",
            ["Nothing is sent. `cbtui submit FILE` sends it later."],
            value=str(source.with_name(f"{source.stem}.requests.jsonl")),
        )
        self.app.push_screen(dialog, write)

    def _once_trusted(self, build: Callable[[], object]) -> None:
        """A script runs only after it was shown and agreed to."""
        path = self.form.source_path
        if self.form.source_kind != "custom" or not path.is_file():
            build()
            return
        script = WholeFile(str(path))
        digest = script.sha256()
        if digest == self._trusted:
            build()
            return

        def trust() -> None:
            self._trusted = digest
            build()

        body = trust_lines(path, script.size, digest)
        dialog = ConfirmDialog("Run this script?", body, yes="Run it", no="Not now")
        self.app.push_screen(dialog, if_agreed(trust))

    def _order(self) -> Order:
        """What the form asks for. Raises ConfigError for what is wrong in it, or missing."""
        return Order(
            self.form.spec(complete=True),
            self.form.typed("name"),
            self.form.betas,
            self.left_out,
            self._skip_bad_rows,
        )

    @work(thread=True, exclusive=True, group="check")
    def _check(self, changes: int) -> None:
        """Build into a folder of our own and check all of it, in a thread; of the draft after so many changes."""
        worker, dashboard = get_current_worker(), self.dashboard
        try:
            order = self._order()
            with self._folder.lent() as out:
                for update in build_and_check(order, out, config=dashboard.config, now=dashboard.now()):
                    if worker.is_cancelled:
                        return
                    if isinstance(update, Checked):
                        self.app.call_from_thread(self._show_check, update, changes, out)
                        self._count_cost(update, out)
                    else:
                        self.app.call_from_thread(self.say, update, seconds=5.0)
        except CbtuiError as error:
            if not worker.is_cancelled:
                self.app.call_from_thread(self._show_trouble, error)

    def _begin_writing(self, target: Path) -> None:
        """Write, and stop a check that runs."""
        self._stop()
        self._worker = self._write(target, self._changes)

    @work(thread=True, exclusive=True, group="write")
    def _write(self, target: Path, changes: int) -> None:
        """Build into a file of the user, in a thread. A change of the draft after that does not stop it."""
        worker = get_current_worker()
        try:
            order = self._order()
            for update in order.build(target):
                if worker.is_cancelled:
                    return
                if isinstance(update, BuildReport) and update.files is None:
                    self.app.call_from_thread(self._show_check, Checked(order.spec, update, None), changes)
                elif isinstance(update, BuildReport):
                    words = f"{update.requests:,} requests, {size(update.bytes)}, written to {target}"
                    self.app.call_from_thread(self.say, words)
        except CbtuiError as error:
            if not worker.is_cancelled:
                self.app.call_from_thread(self._show_trouble, error)

    def _show_trouble(self, error: CbtuiError) -> None:
        words = f"{error}\n\n{error.traceback}" if isinstance(error, ScriptError) else str(error)
        self.pane.show_trouble(words)

    def _show_check(self, checked: Checked, changes: int, out: Path | None = None) -> None:
        """Show it, unless it was stopped or the draft has changed since it was begun; keep what it built, in `out`."""
        if changes != self._changes:
            return
        if out is not None:
            self._folder.keep(out)
        self.checked, self._problem = checked, -1
        self.pane.fill(check_lines(checked.report, checked.found), "checked")
        self.pane.focus()
        if checked.is_ready:
            self.say("Checked. enter asks whether to submit; nothing has been sent.")
        else:
            self.say("Nothing has been sent. e goes to the rows, x leaves one out, X all.", kind="error")

    def _count_cost(self, checked: Checked, out: Path) -> None:
        """Have the API count the input, and show the better figures when they are there. In the check's thread."""
        worker = get_current_worker()
        if checked.found is None or not checked.is_ready or worker.is_cancelled:
            return
        counting = self.dashboard.engines.home.forecast(out, checked.found, checked.spec.path)
        try:
            cost = counting.result(timeout=_COUNTED_WITHIN)
        except (CbtuiError, TimeoutError, CancelledError):
            return
        if not worker.is_cancelled:
            self.app.call_from_thread(self._show_cost, checked, cost)

    def _show_cost(self, checked: Checked, cost: Forecasted) -> None:
        if self.checked is checked:
            self.checked = msgspec.structs.replace(checked, cost=cost, found=cost.report)
            self.pane.show(check_lines(checked.report, cost.report, cost.in_flight))
