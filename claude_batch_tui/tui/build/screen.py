"""Build: a file becomes requests, checked and priced, and then one confirmed batch.

source      ~/tickets.csv                   [Request] JSON  Recipe  Check
template    Subject: {{ subject }} …        ── user ──
…                                           Subject: Printer …
check       2,400 requests · at most $1.99  ticket  subject …
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input

from claude_batch_tui.errors import CbtuiError, ConfigError
from claude_batch_tui.home import expand_home
from claude_batch_tui.services.building.recipes import recipe_names
from claude_batch_tui.services.building.trying import Tried
from claude_batch_tui.services.results.recent import remember_file
from claude_batch_tui.sources.open_rows import names_text
from claude_batch_tui.sources.recipe import Recipe, recipe_toml
from claude_batch_tui.tui.build.advice import names_in_templates
from claude_batch_tui.tui.build.answers import ask_answers
from claude_batch_tui.tui.build.background import BackgroundBuild, CheckingScreen
from claude_batch_tui.tui.build.check_view import CheckView
from claude_batch_tui.tui.build.choosing import ANSWERS, TEMPLATES, picker_for, source_picker
from claude_batch_tui.tui.build.draft import BuildDraft, Checked
from claude_batch_tui.tui.build.editors import FieldEditor, FieldInput
from claude_batch_tui.tui.build.fields import FIELDS, label_of, values_of
from claude_batch_tui.tui.build.form import BuildForm, CostLine, Fold
from claude_batch_tui.tui.build.keys import KEYS, why_not
from claude_batch_tui.tui.build.live import Live, LiveReading
from claude_batch_tui.tui.build.preview import BuildPreview
from claude_batch_tui.tui.build.recipes import ask_recipe, ask_recipe_name
from claude_batch_tui.tui.build.rows_table import RowsTable
from claude_batch_tui.tui.build.submit import ask_pilot, ask_to_submit, ask_to_try
from claude_batch_tui.tui.build.words import steps_words, tried_lines
from claude_batch_tui.tui.dialogs.questions import ConfirmDialog, InputDialog, if_agreed
from claude_batch_tui.tui.widgets.inputs import typed_out
from claude_batch_tui.tui.widgets.key_line import KeyLine
from claude_batch_tui.tui.widgets.lines import StatusLine, TabsLine, TitleLine
from claude_batch_tui.wording.submissions import layout_words

_PAUSE_BEFORE_PREVIEW = 0.2
"""Seconds without a key before a request is read, and before the draft is kept."""
_PAUSE_BEFORE_SAVING = 1.0
_READ_WITHIN = 2.0
"""Seconds that a list of columns waits for the source to be read."""
_TYPED = "FieldInput, FieldEditor, CostLine"
_IN_ORDER = f"{_TYPED}, Fold"
_NAMES = {"request": "Request", "json": "JSON", "recipe": "Recipe", "rows": "Rows", "check": "Check"}
"""What can be shown beside the form."""


class ViewsLine(TabsLine):
    """`[Request] JSON  Recipe  Check`: what is shown, and what else can be."""

    class Picked(Message):
        """A view was clicked; its number from 1."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def show_views(self, names: Sequence[str], active: int) -> None:
        """The views there are now, and the number of the one that is shown, from 1."""
        self._tabs = names
        self.show(active=active)

    def on_tabs_line_chosen(self, event: TabsLine.Chosen) -> None:
        """A click on a view is none on a screen."""
        event.stop()
        self.post_message(self.Picked(event.number))


class BuildScreen(CheckingScreen):
    """The form, and beside or below it a request, the recipe, the first rows or the check; all of it is about `draft`."""

    CSS_PATH: ClassVar = "screen.tcss"
    help_title: ClassVar[str] = "Build"
    pane_titles: ClassVar = {"form": "Form", "side": "Preview"}
    AUTO_FOCUS = "#source Input"
    BINDINGS: ClassVar[list[BindingType]] = KEYS

    def __init__(self) -> None:
        super().__init__()
        self.draft = BuildDraft(self.dashboard.config)
        self.background = BackgroundBuild(self, self.draft)
        self._live_reading = LiveReading(self, show=self._show_live, show_cost=self._show_cost)
        self._live: Live | None = None
        self._is_read = asyncio.Event()
        self._view = "request"
        self._preview_timer: Timer | None = None
        self._save_timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """Form and preview, of what was typed before the terminal was closed."""
        self.draft.load()
        yield TitleLine("BUILD")
        yield TabsLine(2)
        left = Vertical(BuildForm(self.draft.values), CostLine(), id="left")
        views = ViewsLine(1, ("Request",), id="views")
        preview = BuildPreview(self.draft.spec)
        yield Vertical(left, Vertical(views, preview, CheckView(), RowsTable(), id="side"), id="main")
        yield StatusLine()
        yield KeyLine()

    def on_mount(self) -> None:
        """Preview what was typed before."""
        self._show_view("request")
        self._form_changed()
        if self.draft.source is not None:
            self.say(f"The draft of {self.draft.source_path.name} is back; esc, then C, empties the form.")

    def on_unmount(self) -> None:
        """Remove what was built and not sent."""
        self.draft.folders.drop()

    def on_resize(self) -> None:
        """The rows have a place of their own where there is room."""
        if self.is_mounted:
            self._show_view(self._view)

    def on_screen_resume(self, event: events.ScreenResume) -> None:  # noqa: ARG002  Textual calls the base's own, too
        """A check that was sent meanwhile is shown no more."""
        if self.is_mounted:
            self._show_views()

    def on_descendant_focus(self, _event: events.DescendantFocus) -> None:
        """On a small screen the part with the keys has the room: the height of the form says so, no other style does."""
        side = self.query_one("#side")
        self.set_class(self.focused is not None and side in self.focused.ancestors, "-side", update=False)
        self.app.stylesheet.update_nodes([self.query_one("#left")])

    @property
    def awaits_letter(self) -> bool:
        """Whether letters belong to the form: none of them is a key there."""
        return self.focused is not None and self.query_one("#left") in self.focused.ancestors

    @property
    def tab_words(self) -> str:
        """An editor of several lines keeps enter to itself; a path is completed."""
        if isinstance(self.focused, FieldInput) and self.focused.can_complete:
            return "complete"
        return "next field" if isinstance(self.focused, FieldEditor) else super().tab_words

    @property
    def form(self) -> BuildForm:
        """What is typed."""
        return self.query_one(BuildForm)

    @property
    def preview(self) -> BuildPreview:
        """What is shown of it."""
        return self.query_one(BuildPreview)

    @property
    def check_view(self) -> CheckView:
        """What a check found."""
        return self.query_one(CheckView)

    def title_left(self) -> str:
        """The source."""
        return self.draft.source_path.name if self.draft.source else "new batch"

    def reason_disabled(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Some keys need a source, or a check."""
        if not self.is_mounted:
            return None
        if action == "choose" and isinstance(self.focused, Fold):
            return "enter opens these fields"
        reason = why_not(
            action,
            has_source=self.draft.source is not None,
            has_row=self.preview.request is not None,
            checked=self.draft.checked,
            has_recipes=action != "reuse" or bool(recipe_names(self.dashboard.config.config_dir)),
        )
        return reason or super().reason_disabled(action, parameters)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Out of a field leads only who is in one: from there esc is back."""
        if action == "leave_field" and not (self.is_mounted and self.awaits_letter):
            return False
        return super().check_action(action, parameters)

    # The form.

    @on(BuildForm.Changed)
    def _form_changed(self) -> None:
        self._take_form()
        self._adapt()
        for timer in (self._preview_timer, self._save_timer):
            if timer is not None:
                timer.stop()
        self._preview_timer = self.set_timer(_PAUSE_BEFORE_PREVIEW, self._read_row)
        self._save_timer = self.set_timer(_PAUSE_BEFORE_SAVING, self.draft.save)
        self.refresh_bindings()

    def _adapt(self) -> None:
        """The fields for the kind of source; a name that is half typed has none yet."""
        draft = self.draft
        is_guess = draft.source_kind == "text" and not names_text(draft.source or "")
        is_half_typed = is_guess and "kind" not in draft.values and not draft.names_a_source
        self.form.adapt(None if is_half_typed else draft.source_kind)

    def _take_form(self) -> None:
        """The draft is what is typed; a check of what it was before is stopped, and is never shown."""
        before = self.draft.changes
        if self.draft.change(self.form.values):
            self.preview.begin_anew()
        if self.draft.changes != before:
            self.background.stop_check()
            self._show_views()

    def _read_row(self) -> None:
        self._live_reading.read(self.draft.values)
        if self.draft.source is None:
            self.preview.welcome()
        else:
            self.preview.read_row()

    def _show_live(self, live: Live) -> None:
        """What is known of the form as it is now, from its thread."""
        self._live = live
        self._is_read.set()
        columns = live.sample.columns
        names = names_in_templates(self.draft.values, columns) if columns else None
        self.form.mark(names, columns, tuple(live.known.models.by_name))
        self.form.leave_out(live.advice.needless)
        self.form.tell(live.advice.facts, live.advice.notes, self._folded_words())
        self.query_one(RowsTable).show(columns, live.sample.rows)
        self._show_views()

    def _show_cost(self, words: str) -> None:
        self.query_one(CostLine).tell(words)

    def _folded_words(self) -> dict[str, str]:
        more = "several rows, images, ids, --set" if self.draft.source_kind != "custom" else "ids, --set"
        reading = self.preview.reading_words
        if not reading and self._live is not None:
            reading = layout_words(self._live.sample.reading)
        return {"reading": reading, "more": more}

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()

    async def action_next_pane(self) -> None:  # type: ignore[override]  # awaited either way
        """To the next field; a path that is half typed is completed first."""
        await typed_out(self.focused)
        if not isinstance(self.focused, FieldInput) or not await self.focused.complete():
            super().action_next_pane()

    async def action_field(self, step: int, typed: bool = False) -> None:
        """The next field, or the one before; only one that is `typed` into. From a source that there is not, the files there are."""
        await typed_out(self.focused)
        here = self.form.here
        self._take_form()
        if step > 0 and here is not None and here.spec.name == "source" and not self.draft.names_a_source:
            self.action_files()
        elif step > 0:
            self.focus_next(_TYPED if typed else _IN_ORDER)
        else:
            self.focus_previous(_IN_ORDER)

    async def _reads_source(self) -> None:
        """Wait for the columns of the source as it is typed now: a key typed ahead asks for them."""
        if not self.draft.names_a_source:
            return
        if self._live is None or self._live.source != self.draft.source:
            self._is_read.clear()
            self._read_row()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._is_read.wait(), _READ_WITHIN)

    async def action_choose(self) -> None:
        """List what can stand in the field one is in, and put there what is chosen."""
        await typed_out(self.focused)
        self._take_form()
        here = self.form.here
        name = here.spec.name if here is not None else "source"
        if name == "source":
            self.action_files()
            return
        if FIELDS[name].form == "column" or name in TEMPLATES:
            await self._reads_source()
        dialog = picker_for(self, name, self.draft.values, self._live, self.form.begun)
        if dialog is None:
            needs_source = self.draft.source is None and (FIELDS[name].form == "column" or name in TEMPLATES)
            hint = "name a source, then its columns stand here" if needs_source else "type it"
            self.say(f"There is nothing to choose for {label_of(name)}: {hint}.")
            return

        def chosen(value: str | None) -> None:
            if value is None:
                return
            if name in TEMPLATES:
                self.form.insert(value)
            else:
                self.form.set(name, _near(value) if FIELDS[name].form == "path" else value)
                self.form.focus_field(name)
                self.focus_next(_TYPED)

        self.app.push_screen(dialog, chosen)

    def action_files(self) -> None:
        """Choose the source by walking through folders."""

        def chosen(path: str | None) -> None:
            if path == ANSWERS:
                ask_answers(self, self._use_answers)
            elif path is not None:
                self._use_source(_near(path))

        self.app.push_screen(source_picker(self, self.draft.source_path), chosen)

    def _use_source(self, path: str) -> None:
        self.form.set("source", path)
        self._take_form()
        self._adapt()
        self.form.focus_field("source")
        self.focus_next(_TYPED)

    def _use_answers(self, path: Path) -> None:
        """The rows that answers are; their ids stay."""
        self.form.set("id_column", "id")
        self._use_source(str(path))
        self.form.focus_field("template")

    def action_edit(self) -> None:
        """The template in $EDITOR, with the dashboard out of the way."""
        try:
            text = self.dashboard.edit_text(self.draft.values.get("template", ""))
        except ConfigError as error:
            self.say(str(error), kind="error")
        else:
            self.form.set("template", text)

    def action_clear(self) -> None:
        """Empty the form after asking; the settings' model and limit stay."""

        def clear() -> None:
            self.draft.clear()
            self.form.fill(self.draft.values)
            self._show_view("request")
            self.preview.welcome()
            self.form.focus_field("source")

        body = ["What is typed is forgotten. s saves it as a recipe before."]
        dialog = ConfirmDialog("Empty the form?", body, yes="Empty it")
        self.app.push_screen(dialog, if_agreed(clear))

    def action_save_recipe(self) -> None:
        """Save the form under a name."""
        ask_recipe_name(self, self.draft)

    def action_reuse(self) -> None:
        """Fill the form from a saved recipe."""

        def fill(recipe: Recipe) -> None:
            self.draft.renew()
            self.background.stop_check()
            values = values_of(recipe)
            self.form.fill(values | {"source": _near(values.get("source", ""))})
            self._form_changed()  # also where no field is another than before

        ask_recipe(self, fill)

    def action_leave_field(self) -> None:
        """Out of a field, to what is beside the form."""
        self._focus_side()

    def action_back(self) -> None:
        """Back to the batches; what was typed is kept, on disk too."""
        self.draft.save()
        super().action_back()

    # What is beside it.

    @property
    def _views(self) -> list[str]:
        """The views there are now."""
        views = ["request", "json", "recipe"]
        if not self.is_wide and self.query_one(RowsTable).columns:
            views.append("rows")
        return [*views, "check"] if self.draft.checked is not None else views

    def _show_view(self, view: str) -> None:
        """Show one of them."""
        before, self._view = self._view, view if view in self._views else "request"
        self.check_view.display = self._view == "check"
        self.query_one(RowsTable).display = self._view == "rows" or self.is_wide
        self.preview.display = self._view in {"request", "json", "recipe"}
        self.preview.as_json = self._view == "json"
        if self._view == "recipe":
            self.preview.fill([(line, None) for line in self._recipe_text().split("\n")], "preview")
        elif self._view != "check" and self.draft.source is not None:
            self.preview.show_preview(self.draft.left_out)
        self._show_views()
        if before != self._view and self.has_class("-side") and self.focused is not self.query_one(RowsTable):
            self._focus_side()

    def _show_views(self) -> None:
        views = self._views
        if self._view not in views:  # the check is of another draft by now
            self._show_view("request")
            return
        self.query_one(ViewsLine).show_views([_NAMES[each] for each in views], views.index(self._view) + 1)

    def _focus_side(self) -> None:
        shown = {"check": self.check_view.list, "rows": self.query_one(RowsTable)}
        self.set_focus(shown.get(self._view, self.preview))

    def _recipe_text(self) -> str:
        """The recipe behind the form, as it would be saved."""
        draft = self.draft
        try:
            recipe = Recipe(spec=draft.spec(), name=draft.name, betas=draft.betas)
            return recipe_toml(recipe, Path.cwd()).decode()
        except CbtuiError as error:
            return f"# {error}"

    @on(ViewsLine.Picked)
    def _picked(self, message: ViewsLine.Picked) -> None:
        self._show_view(self._views[message.number - 1])

    @on(BuildPreview.Previewed)
    def _previewed(self, message: BuildPreview.Previewed) -> None:
        self.query_one(RowsTable).mark(self.preview.row)
        self.form.tell_folded(self._folded_words())
        if message.of_problem:
            self._show_view("json" if self._view == "json" else "request")
            self.preview.focus()
        elif self._view in {"request", "json"}:
            self.preview.show_preview(self.draft.left_out)
        elif self._view == "recipe":
            self._show_view("recipe")

    @on(BuildPreview.Filled)
    def _filled(self, message: BuildPreview.Filled) -> None:
        checked = self.draft.checked
        words = steps_words(
            message.place,
            has_source=self.draft.names_a_source,
            is_ready=checked is not None and checked.is_ready,
            ascii_only=self.dashboard.ascii_only,
        )
        self.query_one(TabsLine).show(right=words)
        self.show_snapshot(self.snapshot)
        self.refresh_bindings()

    @on(RowsTable.Walked)
    def _walked(self, message: RowsTable.Walked) -> None:
        if message.step:
            self.action_row(message.step)

    @on(RowsTable.Inserted)
    def _inserted(self, message: RowsTable.Inserted) -> None:
        if not self.form.insert(message.column):
            self.say("These requests are ready: there is no template to put a column into.")

    def action_row(self, step: int) -> None:
        """Preview another row."""
        if self._view == "check":
            self._show_view("request")
        self.preview.read_row(step)

    def action_view(self, step: int) -> None:
        """The next view, or the one before."""
        views = self._views
        self._show_view(views[(views.index(self._view) + step) % len(views)])

    def show_check(self, checked: Checked) -> None:
        """Show what a check found, and have its list take the keys."""
        self.check_view.show(checked)
        self._show_view("check")
        self._focus_side()
        self.preview.post_message(BuildPreview.Filled("checked"))

    def show_cost(self, checked: Checked) -> None:
        """The same with what the API counted since."""
        self.check_view.show(checked)

    def show_trouble(self, sentence: str, field: str | None = None) -> None:
        """Show what went wrong in place of the preview, and go to the field that is to be filled in."""
        self._show_view("request")
        self.preview.show_trouble(sentence)
        if field is not None:
            self.form.focus_field(field)

    @on(CheckView.Row)
    def _row_of_problem(self, message: CheckView.Row) -> None:
        self._say_problem(message.problem.message, "", is_error=message.problem.is_error)
        self.preview.read_line(message.problem.line)

    def action_problem(self, step: int) -> None:
        """Preview the row of the next problem."""
        problem, checked = self.draft.next_problem(step), self.draft.checked
        if problem is None or checked is None:
            return
        place = f"{self.draft.problem_number + 1} of {len(checked.problems)}: "
        self._say_problem(problem.message, place, is_error=problem.is_error)
        self.preview.read_line(problem.line)

    def _say_problem(self, message: str, place: str, *, is_error: bool) -> None:
        self.say(f"{place}{message}", kind="error" if is_error else "note")

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
        self._show_view("request")

    def action_try_row(self) -> None:
        """Send the row of the preview alone, at once, after asking."""

        def show(answer: Tried) -> None:
            self._show_view("request")
            self.preview.fill(tried_lines(answer), "tried")
            self.preview.focus()
            self.say("This is the answer. J and K go on with the preview.")

        ask_to_try(self, self.draft, self.preview.request, show)

    # Check, and submit.

    async def action_check(self) -> None:
        """Build and check; when that was done and all is well, ask whether to submit."""
        await typed_out(self.focused)
        self._take_form()
        checked = self.draft.checked
        if not self.background.is_busy and checked is not None and checked.is_ready:
            self.action_submit()
            return
        if self.draft.source is not None and not self.draft.names_a_source:  # before what else is missing
            self.show_trouble(f"{self.draft.source}: there is no such file. Check the path.", "source")
            return
        if self.draft.names_a_source:
            remember_file(self.dashboard.config.state_dir, self.draft.source_path, "sources")
        self.background.check()

    def action_submit(self) -> None:
        """Ask whether to submit what was checked."""
        ask_to_submit(self, self.draft)

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
                self.background.write(expand_home(target))

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


def _near(path: str) -> str:
    """A path as one would type it here: from the current folder where it lies in it."""
    here = f"{Path.cwd()}/"
    return path.removeprefix(here) if path.startswith(here) else path
