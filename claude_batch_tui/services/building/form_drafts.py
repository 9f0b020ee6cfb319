"""The draft of the Build screen on disk, so that a closed terminal loses nothing that was typed."""

from __future__ import annotations

from pathlib import Path

import msgspec

from claude_batch_tui.errors import StoreError
from claude_batch_tui.store.files import written_whole


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
    path = _path(folder)
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
        draft = msgspec.json.decode(_path(folder).read_bytes(), type=FormDraft)
    except (OSError, msgspec.DecodeError, msgspec.ValidationError):
        return None
    return None if draft.is_empty else draft


def _path(folder: Path) -> Path:
    return folder / "build-draft.json"
