"""Checking and writing a draft in a thread of the Build screen; what comes of it is shown in the preview's place."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path

from textual.worker import Worker, get_current_worker

from claude_batch_tui.errors import CbtuiError, ScriptError
from claude_batch_tui.tui.build.draft import BuildDraft, Checked, check_draft, write_draft
from claude_batch_tui.tui.build.fields import MissingError
from claude_batch_tui.tui.build.preview import BuildPreview
from claude_batch_tui.tui.build.words import guess_lines, trust_lines
from claude_batch_tui.tui.dialogs.questions import ConfirmDialog, if_agreed
from claude_batch_tui.tui.screen import DashboardScreen
from claude_batch_tui.wording.values import size

Updates = Generator[str | Checked]
Stopped = Callable[[], bool]


class CheckingScreen(DashboardScreen):
    """A screen that shows what becomes of the work."""

    def show_check(self, checked: Checked) -> None:
        """Show what a check found."""
        raise NotImplementedError

    def show_cost(self, checked: Checked) -> None:
        """Show the same with what the API counted since."""
        raise NotImplementedError

    def show_trouble(self, sentence: str, field: str | None = None) -> None:
        """Show what went wrong, and go to the field that is to be filled in."""
        raise NotImplementedError


class BackgroundBuild:
    """The work on a draft that takes its time: one check or one writing, which a change of the draft or a key stops."""

    def __init__(self, screen: CheckingScreen, draft: BuildDraft) -> None:
        self._screen = screen
        self._draft = draft
        self._worker: Worker[None] | None = None
        """What was begun last."""

    @property
    def is_busy(self) -> bool:
        """True while something goes on that nobody has stopped; the thread of what was stopped may still end."""
        worker = self._worker
        return worker is not None and not worker.is_cancelled and not worker.is_finished

    def check(self) -> None:
        """Build and check all of the draft, once a script in it was agreed to."""
        if self.is_busy:
            self._screen.say("Still at work; ctrl+c stops it.")
        else:
            self._once_understood(partial(self._once_trusted, self._begin_check))

    def write(self, target: Path) -> None:
        """Write the requests file, once a script was agreed to, in place of a check that runs."""
        self._once_trusted(partial(self._begin_writing, target))

    def stop(self) -> None:
        """Stop what runs; what was begun is not shown any more."""
        self._draft.changes += 1
        for group in ("check", "write"):
            self._screen.workers.cancel_group(self._screen, group)

    def stop_check(self) -> None:
        """Stop a check: the draft is another by now. A file that is being written is written as it was asked for."""
        self._screen.workers.cancel_group(self._screen, "check")

    def _once_understood(self, build: Callable[[], None]) -> None:
        """A file whose reading rests on a guess is checked after that was agreed to."""
        guesses = self._preview.reading.guesses
        if not guesses or guesses == self._draft.agreed_guesses:
            build()
            return

        def agree() -> None:
            self._draft.agreed_guesses = guesses
            build()

        dialog = ConfirmDialog(
            "Is the file read right?", guess_lines(guesses), yes="Read it so", no="Change it"
        )
        self._screen.app.push_screen(dialog, if_agreed(agree))

    def _once_trusted(self, build: Callable[[], None]) -> None:
        """A script runs only after it was shown and agreed to."""
        script = self._draft.untrusted_script()
        if script is None:
            build()
            return
        digest = script.sha256()

        def trust() -> None:
            self._draft.trust(digest)
            build()

        body = trust_lines(Path(script.label), script.size, digest, self._draft.spec().script_env)
        dialog = ConfirmDialog("Run this script?", body, yes="Run it", no="Not now")
        self._screen.app.push_screen(dialog, if_agreed(trust))

    def _begin_check(self) -> None:
        dashboard = self._screen.dashboard
        count = dashboard.engines.home.forecast

        def check(stopped: Stopped) -> Updates:
            now = dashboard.now()
            return check_draft(self._draft, config=dashboard.config, now=now, count=count, stopped=stopped)

        self._begin(check, "check")

    def _begin_writing(self, target: Path) -> None:
        self.stop()
        self._begin(partial(write_draft, self._draft, target), "write")

    def _begin(self, begin: Callable[[Stopped], Updates], group: str) -> None:
        """Work in a thread, and show what it says, as long as nobody has stopped it."""
        changes, app = self._draft.changes, self._screen.app
        if self._worker is None:
            # What is there stays: a full collection that looks at all of it, while rows are built, stops every key for 50 ms.
            gc.freeze()

        def work() -> None:
            worker = get_current_worker()
            try:
                with contextlib.closing(begin(lambda: worker.is_cancelled)) as updates:
                    for update in updates:
                        if worker.is_cancelled or not app.call_from_thread(self._show, update, changes):
                            return
            except CbtuiError as error:
                if not worker.is_cancelled:
                    app.call_from_thread(self._show_trouble, error)

        self._worker = self._screen.run_worker(work, thread=True, exclusive=True, group=group)

    @property
    def _preview(self) -> BuildPreview:
        return self._screen.query_one(BuildPreview)

    def _show_trouble(self, error: CbtuiError) -> None:
        words = f"{error}\n\n{error.traceback}" if isinstance(error, ScriptError) else str(error)
        self._screen.show_trouble(words, error.field if isinstance(error, MissingError) else None)

    def _show(self, update: str | Checked, changes: int) -> bool:
        """How far the work is, what it gave, or what the API counted since; False where it is of another draft."""
        if isinstance(update, str):
            self._screen.say(update, seconds=5.0)
            return True
        if update.cost is not None:
            is_taken = self._draft.take_cost(update)
            if is_taken:
                self._screen.show_cost(update)
            return is_taken
        if update.found is None and update.files is not None:
            report, path = update.report, update.files.requests
            self._screen.say(f"{report.requests:,} requests, {size(report.bytes)}, written to {path}")
            return True
        is_taken = self._draft.take(update, changes)
        if is_taken:
            self._screen.show_check(update)
            if update.is_ready:
                self._screen.say("Checked. enter asks whether to submit; nothing has been sent.")
            else:
                words = (
                    "Nothing has been sent. enter opens a cause, e goes to the rows, x leaves one out, X all."
                )
                self._screen.say(words, kind="error")
        return is_taken
