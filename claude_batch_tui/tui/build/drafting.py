"""Drafting a batch: the form, the draft of it that is kept on disk, and the recipes that fill it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from textual import on
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input

from claude_batch_tui.errors import CbtuiError, ConfigError
from claude_batch_tui.services.building.form_drafts import FormDraft, load_draft, save_draft
from claude_batch_tui.services.building.recipes import read_named, recipe_names, save_named
from claude_batch_tui.sources.recipe import Recipe
from claude_batch_tui.tui.build.fields import BuildFields
from claude_batch_tui.tui.build.form import without_field
from claude_batch_tui.tui.build.pane import BuildPane
from claude_batch_tui.tui.dialogs.file_picker import FilePicker
from claude_batch_tui.tui.dialogs.input import InputDialog
from claude_batch_tui.tui.frame import Frame
from claude_batch_tui.tui.terminal.lending import edited

_PAUSE_BEFORE_PREVIEW = 0.2
"""Seconds without a key before a request is read, and before the draft is kept."""
_PAUSE_BEFORE_KEEPING = 1.0


class DraftingFrame(Frame):
    """A screen with a form, and beside or below it what becomes of a row."""

    def __init__(self) -> None:
        super().__init__()
        self.left_out: frozenset[int] = frozenset()
        """The lines of rows left out by hand."""
        self._source: str | None = None
        """The source whose rows those are."""
        self._preview_timer: Timer | None = None
        self._keep_timer: Timer | None = None

    def parts(self) -> Iterable[Widget]:
        """Form and preview."""
        form = BuildFields(self.dashboard.config)
        yield form
        yield BuildPane(form.spec)

    @property
    def form(self) -> BuildFields:
        """What is typed."""
        return self.query_one(BuildFields)

    @property
    def pane(self) -> BuildPane:
        """What is shown of it."""
        return self.query_one(BuildPane)

    def draft_changed(self) -> None:
        """Something else would be built now: what is known of the draft before is of no use."""

    def source_changed(self) -> None:
        """It is another source altogether."""
        self.left_out = frozenset()
        self.pane.begin_anew()

    def on_mount(self) -> None:
        """Come back to what was typed before the terminal was closed."""
        self.form.adapt()
        draft = load_draft(self.dashboard.config.data_dir)
        if draft is not None:
            self._source, self.left_out = draft.fields["source"], frozenset(draft.left_out)
            self.form.fill(draft.fields)
            self.say(f"The draft of {Path(draft.fields['source']).name} is back; C empties the form.")

    @on(Input.Changed)
    def _typed(self) -> None:
        self.draft_changed()
        self.form.adapt()
        for timer in (self._preview_timer, self._keep_timer):
            if timer is not None:
                timer.stop()
        self._preview_timer = self.set_timer(_PAUSE_BEFORE_PREVIEW, self._preview)
        self._keep_timer = self.set_timer(_PAUSE_BEFORE_KEEPING, self.keep_draft)
        self.refresh_bindings()

    def _preview(self) -> None:
        if self.form.source is None:
            self.pane.welcome()
        else:
            self.pane.read_row()

    @on(Input.Changed, "#source Input")
    def _other_source(self) -> None:
        if self.form.source != self._source:
            self._source = self.form.source
            self.source_changed()

    def action_files(self) -> None:
        """Choose the source by walking through folders."""
        given = self.form.source_path
        folder = given if given.is_dir() else given.parent

        def chosen(path: str | None) -> None:
            if path is not None:
                self.form.set("source", path)
                self.pane.focus()

        start = folder if folder.is_dir() else Path()
        self.app.push_screen(FilePicker(start, self.dashboard.now()), chosen)

    def action_edit(self) -> None:
        """The template in $EDITOR, with the dashboard out of the way."""
        try:
            text = edited(self.app, (self.form.typed("template") or "").replace("\\n", "\n"))
        except ConfigError as error:
            self.say(str(error), kind="error")
        else:
            self.form.set("template", text)

    def action_clear(self) -> None:
        """Empty the form; the settings' model and limit stay."""
        self.left_out = frozenset()
        self.form.clear()
        self.forget_draft()
        self.pane.welcome()
        self.form.focus_source()

    def action_save_recipe(self) -> None:
        """Save the form under a name."""

        def save(name: str | None) -> None:
            if not name:
                return
            try:
                recipe = Recipe(spec=self.form.spec(), name=self.form.typed("name"), betas=self.form.betas)
                path = save_named(recipe, self.dashboard.config.config_dir, name)
                self.say(f"Recipe saved: {path}. `cbtui build --recipe` runs it, R fills the form from it.")
            except CbtuiError as error:
                self.say(str(error), kind="error")
            self.refresh_bindings()

        stem = Path(self.form.source or "recipe").stem
        self.app.push_screen(InputDialog("Save as a recipe", ["A name of yours:"], value=stem), save)

    def action_reuse(self) -> None:
        """Fill the form from a saved recipe."""
        folder = self.dashboard.config.config_dir
        names = recipe_names(folder)

        def fill(name: str | None) -> None:
            if not name:
                return
            try:
                recipe = read_named(folder, name)
                self.form.fill_from(recipe)
            except CbtuiError as error:
                self.say(str(error), kind="error")
                return
            kept = without_field(recipe)
            also = f"; it also says {', '.join(kept)}" if kept else ""
            self.say(f"Filled from the recipe {name}{also}.")

        def problem(text: str) -> str | None:
            return None if text in names else f"There is no recipe {text!r}."

        dialog = InputDialog(
            "Reuse a recipe", [f"Saved: {', '.join(names)}"], value=names[0] if names else "", problem=problem
        )
        self.app.push_screen(dialog, fill)

    def keep_draft(self) -> None:
        """Keep what is typed on disk."""
        draft = FormDraft(self.form.kept(), tuple(sorted(self.left_out)))
        save_draft(self.dashboard.config.data_dir, draft)

    def forget_draft(self) -> None:
        """Keep nothing on disk."""
        save_draft(self.dashboard.config.data_dir, FormDraft())
