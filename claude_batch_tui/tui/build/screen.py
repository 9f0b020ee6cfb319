"""Build: a file becomes requests, checked and priced, and then one confirmed batch.

source      ~/tickets.csv
template    Subject: {{ subject }} …
── preview of one request, or what the check found ──
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.timer import Timer
from textual.widgets import Input

from claude_batch_tui.errors import ConfigError
from claude_batch_tui.services.building.recipes import recipe_names
from claude_batch_tui.services.building.trying import Tried
from claude_batch_tui.sources.recipe import Recipe
from claude_batch_tui.tui.build.background import BackgroundBuild
from claude_batch_tui.tui.build.draft import BuildDraft
from claude_batch_tui.tui.build.fields import values_of
from claude_batch_tui.tui.build.form import BuildForm
from claude_batch_tui.tui.build.keys import KEYS, why_not
from claude_batch_tui.tui.build.preview import BuildPreview
from claude_batch_tui.tui.build.recipes import ask_recipe, ask_recipe_name
from claude_batch_tui.tui.build.submit import ask_pilot, ask_to_submit, ask_to_try
from claude_batch_tui.tui.build.words import steps_words, tried_lines
from claude_batch_tui.tui.dialogs.file_picker import FilePicker
from claude_batch_tui.tui.dialogs.questions import InputDialog
from claude_batch_tui.tui.screen import DashboardScreen
from claude_batch_tui.tui.widgets.key_line import KeyLine
from claude_batch_tui.tui.widgets.lines import StatusLine, TabsLine, TitleLine

_PAUSE_BEFORE_PREVIEW = 0.2
"""Seconds without a key before a request is read, and before the draft is kept."""
_PAUSE_BEFORE_SAVING = 1.0


class BuildScreen(DashboardScreen):
    """The form, and beside or below it the preview or the check; what both are about is in `draft`."""

    help_title: ClassVar[str] = "Build"
    pane_titles: ClassVar = {"form": "Requests", "detail": "Preview"}
    AUTO_FOCUS = "#source Input"
    BINDINGS: ClassVar[list[BindingType]] = KEYS

    def __init__(self) -> None:
        super().__init__()
        self.draft = BuildDraft(self.dashboard.config)
        self.background = BackgroundBuild(self, self.draft)
        self._preview_timer: Timer | None = None
        self._save_timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """Form and preview, of what was typed before the terminal was closed."""
        self.draft.load()
        yield TitleLine("BUILD")
        yield TabsLine(2)
        yield Vertical(BuildForm(self.draft.values), BuildPreview(self.draft.spec), id="main")
        yield StatusLine()
        yield KeyLine()

    def on_mount(self) -> None:
        """Preview what was typed before."""
        self._form_changed()
        if self.draft.source is not None:
            self.say(f"The draft of {self.draft.source_path.name} is back; C empties the form.")

    def on_unmount(self) -> None:
        """Remove what was built and not sent."""
        self.draft.folders.drop()

    @property
    def form(self) -> BuildForm:
        """What is typed."""
        return self.query_one(BuildForm)

    @property
    def preview(self) -> BuildPreview:
        """What is shown of it."""
        return self.query_one(BuildPreview)

    def title_left(self) -> str:
        """The source."""
        return self.draft.source_path.name if self.draft.source else "new batch"

    def reason_disabled(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Some keys need a source, or a check."""
        if not self.is_mounted:
            return None
        reason = why_not(
            action,
            has_source=self.draft.source is not None,
            has_row=self.preview.request is not None,
            checked=self.draft.checked,
            has_recipes=action != "reuse" or bool(recipe_names(self.dashboard.config.config_dir)),
        )
        return reason or super().reason_disabled(action, parameters)

    # The form.

    @on(Input.Changed)
    def _form_changed(self) -> None:
        self._take_form()
        self.form.adapt(self.draft.source_kind)
        for timer in (self._preview_timer, self._save_timer):
            if timer is not None:
                timer.stop()
        self._preview_timer = self.set_timer(_PAUSE_BEFORE_PREVIEW, self._read_row)
        self._save_timer = self.set_timer(_PAUSE_BEFORE_SAVING, self.draft.save)
        self.refresh_bindings()

    def _take_form(self) -> None:
        """The draft is what is typed; a check of what it was before is stopped, and is never shown."""
        before = self.draft.changes
        if self.draft.change(self.form.values):
            self.preview.begin_anew()
        if self.draft.changes != before:
            self.background.stop_check()

    def _read_row(self) -> None:
        if self.draft.source is None:
            self.preview.welcome()
        else:
            self.preview.read_row()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        is_source = event.input.parent is not None and event.input.parent.id == "source"
        self._take_form()
        if is_source and not self.draft.names_a_source:
            self.action_files()
        else:
            self.action_check()

    def action_files(self) -> None:
        """Choose the source by walking through folders."""
        given = self.draft.source_path
        folder = given if given.is_dir() else given.parent

        def chosen(path: str | None) -> None:
            if path is not None:
                self.form.set("source", path)
                self.preview.focus()

        start = folder if folder.is_dir() else Path()
        self.app.push_screen(FilePicker(start, self.dashboard.now()), chosen)

    def action_edit(self) -> None:
        """The template in $EDITOR, with the dashboard out of the way."""
        try:
            text = self.dashboard.edit_text(self.draft.values.get("template", "").replace("\\n", "\n"))
        except ConfigError as error:
            self.say(str(error), kind="error")
        else:
            self.form.set("template", text)

    def action_clear(self) -> None:
        """Empty the form; the settings' model and limit stay."""
        self.draft.clear()
        self.form.fill(self.draft.values)
        self.preview.welcome()
        self.form.focus_field("source")

    def action_save_recipe(self) -> None:
        """Save the form under a name."""
        ask_recipe_name(self, self.draft)

    def action_reuse(self) -> None:
        """Fill the form from a saved recipe."""

        def fill(recipe: Recipe) -> None:
            self.draft.use(recipe)
            self.background.stop_check()
            self.form.fill(values_of(recipe))
            self._form_changed()  # also where no field is another than before

        ask_recipe(self, fill)

    def action_leave_field(self) -> None:
        """Out of a field; from there back to the batches."""
        if isinstance(self.focused, Input):
            self.preview.focus()
        else:
            self.action_back()

    def action_back(self) -> None:
        """Back to the batches; what was typed is kept, on disk too."""
        self.draft.save()
        super().action_back()

    # The preview.

    @on(BuildPreview.Previewed)
    def _previewed(self, message: BuildPreview.Previewed) -> None:
        if self.draft.checked is None or message.of_problem:
            self.preview.show_preview(self.draft.left_out)

    @on(BuildPreview.Filled)
    def _filled(self, message: BuildPreview.Filled) -> None:
        checked = self.draft.checked
        words = steps_words(
            message.place,
            has_source=self.draft.source is not None,
            is_ready=checked is not None and checked.is_ready,
            ascii_only=self.dashboard.ascii_only,
        )
        self.query_one(TabsLine).show(right=words)
        self.show_snapshot(self.snapshot)
        self.refresh_bindings()

    def action_row(self, step: int) -> None:
        """Preview another row."""
        self.preview.read_row(step)

    def action_json(self) -> None:
        """Preview as text or as JSON."""
        self.preview.turn()
        if self.draft.checked is None:
            self.preview.show_preview(self.draft.left_out)

    def action_problem(self, step: int) -> None:
        """Preview the row of the next problem."""
        problem, checked = self.draft.next_problem(step), self.draft.checked
        if problem is None or checked is None:
            return
        place = f"{self.draft.problem_number + 1} of {len(checked.problems)}"
        self.say(f"{place}: {problem.message}", kind="error" if problem.is_error else "note")
        self.preview.read_line(problem.line)

    def action_leave_out_row(self) -> None:
        """Leave the row of the preview out, or take it in again; a check has to follow."""
        request = self.preview.request
        if request is None:
            return
        is_out = self.draft.turn_row(request.line)
        self.background.stop_check()
        self.draft.save()
        self.say(
            f"The row of line {request.line:,} is {'left out' if is_out else 'in again'}; "
            f"{len(self.draft.left_out):,} left out by hand. enter checks again."
        )
        self.preview.show_preview(self.draft.left_out)

    def action_try_row(self) -> None:
        """Send the row of the preview alone, at once, after asking."""

        def show(answer: Tried) -> None:
            self.preview.fill(tried_lines(answer), "tried")
            self.preview.focus()
            self.say("This is the answer. J and K go on with the preview.")

        ask_to_try(self, self.draft, self.preview.request, show)

    # Check, and submit.

    def action_check(self) -> None:
        """Build and check; when that was done and all is well, ask whether to submit."""
        checked = self.draft.checked
        if not self.background.is_busy and checked is not None and checked.is_ready:
            ask_to_submit(self, self.draft)
        else:
            self.background.check()

    def action_leave_out(self) -> None:
        """Leave out every row with an error, and check again."""
        if not self.background.is_busy:
            self.draft.skip_bad_rows()
        self.background.check()

    def action_prime(self) -> None:
        """Ask to send one request first, and the others once it has ended."""
        ask_to_submit(self, self.draft, prime=True)

    def action_pilot(self) -> None:
        """Ask how large the sample is, and then as for any submission."""
        ask_pilot(self, self.draft)

    def action_write(self) -> None:
        """Write the requests file instead of sending."""

        def write(target: str | None) -> None:
            if target:
                self.background.write(Path(target).expanduser())

        source = Path(self.draft.source or "requests")
        dialog = InputDialog(
            "Write the requests file",
            ["Nothing is sent. `cbtui submit FILE` sends it later."],
            value=str(source.with_name(f"{source.stem}.requests.jsonl")),
        )
        self.app.push_screen(dialog, write)

    def cancel_running(self) -> bool:
        """What ctrl+c stops first."""
        if not self.background.is_busy:
            return False
        self.background.stop()
        self.say("Stopped; nothing was written.")
        return True
