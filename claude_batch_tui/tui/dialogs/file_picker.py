"""Choosing a file by walking through folders, or one of those used last, by typing a part of its name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Static

from claude_batch_tui.domain.plain_text import clean_line
from claude_batch_tui.home import expand_home
from claude_batch_tui.services.building.folder_entries import FolderEntry, folder_entries
from claude_batch_tui.tui.dialogs.picking import Choice, PickDialog
from claude_batch_tui.tui.widgets.inputs import LineInput
from claude_batch_tui.tui.widgets.key_line import shown_key
from claude_batch_tui.wording.values import ago, size

UP, _HERE = "../", "./"
_RECENT = 5


class FilePicker(PickDialog):
    """Gives the path of the file or folder chosen, or None. A path that is typed leads to its folder; a dot shows hidden files.

    `recent` are paths that were chosen before. With `endings` only files that end so are shown, and no folder is a choice.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("files.up", "backspace,left", "up", "folder above", "the folder above", priority=True),
    ]

    shows_place: ClassVar[bool] = True

    def __init__(
        self,
        folder: Path,
        now: datetime,
        *,
        title: str = "Where do the requests come from?",
        recent: Sequence[str] = (),
        endings: tuple[str, ...] = (),
    ) -> None:
        super().__init__(title)
        self._folder = self._base = folder.absolute()
        self._now = now
        self._recent = recent[:_RECENT]
        self._endings = endings
        self._read: tuple[Path, bool] | None = None
        self._entries: tuple[FolderEntry, ...] = ()

    def choices(self, typed: str) -> Sequence[Choice]:
        """Recent files before anything is typed, then the folder's: those that have what is typed in their names."""
        self._folder = self._base
        if "/" in typed or typed == "~":
            folder, _, typed = typed.rpartition("/") if "/" in typed else (typed, "/", "")
            self._folder = self._base / expand_home(folder or "/")
        words = typed.lower().split()
        trouble = self._look(hidden=typed.startswith("."))
        self.query_one(".place", Static).update(Content(clean_line(f"{str(self._folder).rstrip('/')}/")))
        if trouble is not None:
            return [Choice(UP, UP, trouble)]
        found = [
            self._choice(entry)
            for entry in self._entries
            if all(word in entry.name.lower() for word in words)
            and (entry.is_folder or entry.name == typed or entry.name.lower().endswith(self._endings or ""))
        ]
        if typed:
            return found
        here = [] if self._endings else [Choice(_HERE, _HERE, "all documents of this folder, a request each")]
        recent = [Choice(path, short_path(path), "used before") for path in self._recent]
        return [*recent, Choice(UP, UP, "the folder above"), *found, *here]

    @property
    def nothing(self) -> str:
        """No file, and which are listed."""
        only = f" Listed are folders and {' '.join(self._endings)}." if self._endings else ""
        return f"No file here has this in its name.{only}"

    def first(self, usable: Sequence[int]) -> int | None:
        """A file used before, else the first file that there is, else a folder; `../` only where there is nothing else."""

        def order(at: int) -> int:
            choice = self._shown[at]
            return 2 if choice.value in {UP, _HERE} else choice.name.endswith("/")

        return min(usable, key=order, default=None)

    def taken(self, choice: Choice) -> None:
        """A file is given; a folder is opened."""
        path = Path(choice.value) if choice.value.startswith("/") else self._folder / choice.value
        if choice.value == _HERE:
            self.dismiss(str(self._folder))
        elif choice.value == UP:
            self.action_up()
        elif path.is_dir() and choice.value not in self._recent:
            self._open(path)
        else:
            self.dismiss(str(path))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While something is typed, the keys of the folder above edit it."""
        if action == "up" and self.is_mounted and self.query_one(LineInput).value:
            return False
        return super().check_action(action, parameters)

    def action_up(self) -> None:
        """The folder above, with this one marked."""
        name = self._base.name
        self._open(self._base.parent)
        self._marked = name
        self.show()

    def _open(self, folder: Path) -> None:
        self._base = folder
        self._marked = ""
        self._recent = ()
        field = self.query_one(LineInput)
        with self.prevent(LineInput.Changed):
            field.value = ""
        self.show()

    def _look(self, *, hidden: bool) -> str | None:
        """Read the folder where it was not; what is wrong with it, or None."""
        if self._read == (self._folder, hidden):
            return None
        self._read, self._entries = None, ()
        try:
            self._entries = folder_entries(self._folder, hidden=hidden)
        except OSError as error:
            return f"{self._folder.name or '/'} cannot be read: {error.strerror}"
        self._read = (self._folder, hidden)
        return None

    def _choice(self, entry: FolderEntry) -> Choice:
        facts = f"{'' if entry.is_folder else size(entry.size):>9} {ago(self._now - entry.modified_at):>6}"
        # What is looked for by its ending may be packed, which no source may be.
        unusable = None if self._endings else entry.unusable
        words = f"{facts}  {unusable or entry.kind}"
        return Choice(entry.name, entry.name + ("/" if entry.is_folder else ""), words, unusable is None)


def short_path(path: str) -> str:
    """A path from the home folder where it lies there, its end where it is long."""
    home = str(expand_home("~"))
    shown = f"~{path.removeprefix(home)}" if path.startswith(f"{home}/") else path
    return shown if len(shown) <= 48 else f"…{shown[-47:]}"
