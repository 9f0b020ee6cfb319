"""What can be chosen for a field of Build: files, columns with their first values, models with their prices, words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from textual.screen import ModalScreen

from claude_batch_tui.config import Config
from claude_batch_tui.home import expand_home
from claude_batch_tui.services.building.preview import Sample
from claude_batch_tui.services.results.recent import recent_files
from claude_batch_tui.sources.rows import as_cell
from claude_batch_tui.tui.build.advice import model_rows
from claude_batch_tui.tui.build.fields import FIELDS, label_of
from claude_batch_tui.tui.build.live import Live, known_today
from claude_batch_tui.tui.dialogs.file_picker import UP, FilePicker
from claude_batch_tui.tui.dialogs.picking import Choice, PickDialog
from claude_batch_tui.tui.screen import DashboardScreen

TEMPLATES = ("template", "system", "id_template")
"""Fields that a column is put into."""
ANSWERS = "answers of a run"
"""What the picker of a source gives for the answers of a run, which is to be asked for."""
_ANSWERS = Choice(ANSWERS, ANSWERS, "the next step: a judge, a repair, a translation")
_VALUES = 3
_CHARACTERS = 24
_VALUE_FILES = (".json", ".toml")


class SourcePicker(FilePicker):
    """Files, and the answers of a run."""

    def choices(self, typed: str) -> Sequence[Choice]:
        """The answers before anything is typed, and where what is typed begins their name."""
        files = super().choices(typed)
        if not ANSWERS.startswith(typed.lower()):
            return files
        place = next(
            (at for at, choice in enumerate(files) if choice.value == UP), 0
        )  # behind those used before
        return [*files[:place], _ANSWERS, *files[place:]]

    def first(self, usable: Sequence[int]) -> int | None:
        """A file, where there is one, until what is typed begins the name of the answers."""
        files = [at for at in usable if self._shown[at] is not _ANSWERS]
        return super().first(usable if self._shown_for.strip() else files or usable)

    def taken(self, choice: Choice) -> None:
        """A file or the answers are given; a folder is opened."""
        if choice is _ANSWERS:
            self.dismiss(ANSWERS)
        else:
            super().taken(choice)


def source_picker(screen: DashboardScreen, near: Path) -> FilePicker:
    """The files around a path, before them the sources used last; or `ANSWERS`."""
    config: Config = screen.dashboard.config
    start = next((folder for folder in (near, near.parent) if folder.is_dir()), Path())
    return SourcePicker(start, screen.dashboard.now(), recent=recent_files(config.state_dir, "sources"))


def picker_for(
    screen: DashboardScreen, name: str, values: Mapping[str, str], live: Live | None, begun: str = ""
) -> ModalScreen[str | None] | None:
    """The dialog that lists what can stand in a field, or None where nothing is known of it. A column that begins with
    `begun` is marked.
    """
    field, now = FIELDS[name], values.get(name, "")
    if name == "model":
        known = (
            live.known if live is not None else known_today(screen.dashboard.config, screen.dashboard.now())
        )
        rows = model_rows(known)
        choices = [Choice(model, model, words) for model, words in rows]
        title = "Models, with dollars per million tokens in a batch"
        return PickDialog(title, choices, marked=now, any_text=True)
    if field.form == "path":
        near = expand_home(now if now[:1] not in {"{", "["} else "")
        start = near.parent if near.parent.is_dir() else Path()
        title = f"{label_of(name)}: a JSON or TOML file"
        return FilePicker(start, screen.dashboard.now(), title=title, endings=_VALUE_FILES)
    if field.form == "column" or name in TEMPLATES:
        sample = live.sample if live is not None else Sample()
        if not sample.columns:
            return None
        title = f"Put a column into {label_of(name)}" if name in TEMPLATES else label_of(name)
        beginning = (each for each in sample.columns if begun and each.lower().startswith(begun.lower()))
        choices = [_column(each, sample) for each in sample.columns]
        return PickDialog(title, choices, marked=next(beginning, now))
    if field.choices:
        return PickDialog(
            label_of(name), [Choice(word, word) for word in field.choices], marked=now, any_text=True
        )
    return None


def _column(name: str, sample: Sample) -> Choice:
    values = [" ".join(as_cell(row.get(name, ""))[:_CHARACTERS].split()) for row in sample.rows[:_VALUES]]
    return Choice(name, name, " | ".join(values))
