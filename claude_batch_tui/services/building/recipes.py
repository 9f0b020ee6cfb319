"""Recipes on disk: saved where the user says, and found beside a requests file; and the draft of the Build screen, so that
a closed terminal loses nothing that was typed.
"""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

import msgspec

from claude_batch_tui.errors import ConfigError, ExportError, StoreError
from claude_batch_tui.nesting import UNREADABLE
from claude_batch_tui.services.building.requests_files import beside
from claude_batch_tui.sources.recipe import Recipe, outside_files, read_recipe, recipe_toml
from claude_batch_tui.store.files import refusals_told, written_whole

_AGREED = "recipes-agreed"
_KEPT = 1_000


def save_recipe(recipe: Recipe, path: Path, *, force: bool = False) -> None:
    """Write a recipe; paths in it are as seen from its folder. Raises ConfigError where something is there already."""
    if path.exists() and not force:
        raise ConfigError(f"{path} is already there. Say --force to overwrite it.")
    if not path.parent.is_dir():
        raise ConfigError(f"{path}: there is no folder {path.parent}. Create it first.")
    content = recipe_toml(recipe, path.parent)
    with written_whole(path, ExportError) as file:
        file.write(content)


def recipe_beside(requests: Path) -> Recipe | None:
    """The recipe that a build wrote beside its requests file, or None. Raises ConfigError for a damaged one."""
    path = beside(requests).recipe
    return read_recipe(str(path)) if path.exists() else None


def recipe_path(config_dir: Path, name: str) -> Path:
    """Where a recipe saved under a name is. Raises ConfigError for a name that is no file name."""
    if not name or "/" in name or name.startswith("."):
        raise ConfigError(f"{name!r} cannot be a name of a recipe: letters, digits, dashes and blanks can.")
    return config_dir / "recipes" / f"{name.removesuffix('.toml')}.toml"


def recipe_names(config_dir: Path) -> list[str]:
    """The names of all saved recipes, newest first."""
    paths = sorted((config_dir / "recipes").glob("*.toml"), key=lambda path: -path.stat().st_mtime)
    return [path.stem for path in paths]


def save_named(recipe: Recipe, config_dir: Path, name: str) -> Path:
    """Save a recipe under a name, over what was there; its path. Raises ConfigError or ExportError."""
    path = recipe_path(config_dir, name)
    with refusals_told(path, ExportError):
        path.parent.mkdir(parents=True, exist_ok=True)
    save_recipe(recipe, path, force=True)
    return path


def read_named(config_dir: Path, name: str) -> Recipe:
    """The recipe saved under a name. Raises ConfigError where there is none, or a damaged one."""
    return read_recipe(str(recipe_path(config_dir, name)))


def files_to_agree_to(recipe: Recipe, path: Path, state_dir: Path, *, source: bool = True) -> list[str]:
    """The files outside of its folder that a recipe would have read and sent, unless it was written or agreed to here.

    Without its `source`, where that is another. Raises ConfigError where the recipe cannot be read any more.
    """
    outside = outside_files(recipe, str(path), source=source)
    return [] if not outside or _digest(path) in _agreed(state_dir) else outside


def agree_to(path: Path, state_dir: Path) -> None:
    """Ask no more about a recipe as it is now. Where the folder cannot be written, it is asked about again."""
    known = [each for each in _agreed(state_dir) if each != _digest(path)]
    with contextlib.suppress(OSError, StoreError):
        state_dir.mkdir(parents=True, exist_ok=True)
        with written_whole(state_dir / _AGREED) as file:
            file.write("\n".join([*known, _digest(path)][-_KEPT:]).encode())


def _agreed(state_dir: Path) -> list[str]:
    try:
        return (state_dir / _AGREED).read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return []


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ConfigError(f"{path}: the recipe cannot be read: {error.strerror}.") from error


class FormDraft(msgspec.Struct, frozen=True):
    """What was typed, by field, and the rows that were left out by hand."""

    fields: dict[str, str] = {}
    left_out: tuple[int, ...] = ()

    @property
    def is_empty(self) -> bool:
        """True where there is nothing to come back to."""
        return not self.fields.get("source")


def save_draft(folder: Path, draft: FormDraft) -> None:
    """Keep the draft; an empty one removes what was kept. Never an error: nothing is lost that is on the screen."""
    path = _draft_path(folder)
    try:
        if draft.is_empty:
            path.unlink(missing_ok=True)
            return
        with written_whole(path) as file:
            file.write(msgspec.json.encode(draft))
    except (OSError, StoreError):
        return


def load_draft(folder: Path) -> FormDraft | None:
    """The draft that was kept, or None."""
    try:
        draft = msgspec.json.decode(_draft_path(folder).read_bytes(), type=FormDraft)
    except (OSError, *UNREADABLE):
        return None
    return None if draft.is_empty else draft


def _draft_path(folder: Path) -> Path:
    return folder / "build-draft.json"
