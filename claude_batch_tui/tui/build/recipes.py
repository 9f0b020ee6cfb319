"""Recipes of the Build screen: the form saved under a name, and filled again from what was saved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from claude_batch_tui.errors import CbtuiError
from claude_batch_tui.services.building.recipes import (
    agree_to,
    files_to_agree_to,
    read_named,
    recipe_names,
    recipe_path,
    save_named,
)
from claude_batch_tui.sources.recipe import Recipe
from claude_batch_tui.tui.build.draft import BuildDraft
from claude_batch_tui.tui.dialogs.picking import Choice, PickDialog
from claude_batch_tui.tui.dialogs.questions import ConfirmDialog, InputDialog, if_agreed
from claude_batch_tui.tui.screen import DashboardScreen


def ask_recipe_name(screen: DashboardScreen, draft: BuildDraft) -> None:
    """Save the draft as a recipe, under a name that is typed."""

    def save(name: str | None) -> None:
        if not name:
            return
        try:
            recipe = Recipe(spec=draft.spec(), name=draft.name, betas=draft.betas)
            path = save_named(recipe, screen.dashboard.config.config_dir, name)
            agree_to(path, screen.dashboard.config.state_dir)
        except CbtuiError as error:
            screen.say(str(error), kind="error")
        else:
            screen.say(f"Recipe saved: {path}. `cbtui build --recipe` runs it, R fills the form from it.")
        screen.refresh_bindings()

    stem = Path(draft.source or "recipe").stem
    screen.app.push_screen(InputDialog("Save as a recipe", ["A name of yours:"], value=stem), save)


def ask_recipe(screen: DashboardScreen, fill: Callable[[Recipe], None]) -> None:
    """Fill the form from a saved recipe, chosen from a list."""
    folder, state = screen.dashboard.config.config_dir, screen.dashboard.config.state_dir
    names = recipe_names(folder)

    def read(name: str | None) -> None:
        if not name:
            return
        try:
            recipe = read_named(folder, name)
            path = recipe_path(folder, name)
            outside = files_to_agree_to(recipe, path, state)
        except CbtuiError as error:
            screen.say(str(error), kind="error")
            return
        if not outside:
            use(name, recipe)
            return

        def agreed() -> None:
            agree_to(path, state)
            use(name, recipe)

        body = ["It has these files outside of its folder read and sent:", "", *outside]
        dialog = ConfirmDialog(f"Use the recipe {name}?", body, yes="Read them", no="Not now")
        screen.app.push_screen(dialog, if_agreed(agreed))

    def use(name: str, recipe: Recipe) -> None:
        fill(recipe)
        screen.say(f"Filled from the recipe {name}.")

    screen.app.push_screen(PickDialog("Reuse a recipe", [Choice(name, name) for name in names]), read)
