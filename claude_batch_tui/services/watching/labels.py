"""Names, tags, notes and runs for batches: kept on this machine, in store and journal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from claude_batch_tui.domain.batches.tracked import TrackedBatch
from claude_batch_tui.errors import ConfigError
from claude_batch_tui.store import labels
from claude_batch_tui.store.store import Store
from claude_batch_tui.store.workspaces import Workspace

_LONGEST_TAG = 40


def tag_changes(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """What `+a,d -b c` asks for: tags to add (`+` may be left out) and to remove. Raises ConfigError.

    A sign holds for all tags of its word that commas part.
    """
    words = [
        word[0] + tag if word[0] in "+-" and number else tag
        for word in words
        for number, tag in enumerate(each for each in word.split(",") if each)
    ]
    add = [word.removeprefix("+") for word in words if not word.startswith("-")]
    remove = [word.removeprefix("-") for word in words if word.startswith("-")]
    for tag in (*add, *remove):
        if not tag or len(tag) > _LONGEST_TAG or not tag.isprintable() or set(tag) & set(' ,"()'):
            raise ConfigError(
                f"{tag!r} is no tag: up to {_LONGEST_TAG} characters without blanks, commas, quotes or parentheses."
            )
    return add, remove


def target_of(found: Sequence[TrackedBatch]) -> str:
    """What a name or note belongs to: the batch, or the run of several. Raises ConfigError where they share none."""
    if len(found) == 1:
        return found[0].id
    runs = {tracked.run_id for tracked in found}
    run_id = runs.pop() if len(runs) == 1 else None
    if run_id is None:
        raise ConfigError(f"{len(found)} batches that are no run: use the id of one.")
    return run_id


def set_name(
    found: Sequence[TrackedBatch], name: str | None, *, store: Store, workspace: Workspace, now: datetime
) -> None:
    """Name a batch, or a run of several; None takes the name away. Raises ConfigError as `target_of` does."""
    labels.name(store, workspace, target_of(found), name, now)


def set_note(
    found: Sequence[TrackedBatch], text: str | None, *, store: Store, workspace: Workspace, now: datetime
) -> None:
    """Write a note on a batch, or on a run of several; None takes it away. Raises ConfigError as `target_of` does."""
    labels.note(store, workspace, target_of(found), text, now)


def adopt(
    found: Sequence[TrackedBatch], *, name: str | None, store: Store, workspace: Workspace, now: datetime
) -> str:
    """Give batches made elsewhere one run of ours, and a name if there is one; the id of the run.

    Raises ConfigError for a batch that has a run already.
    """
    from ulid import ULID  # late: it reads the metadata of packages, and a first frame would wait for that

    for tracked in found:
        if tracked.provisional:
            raise ConfigError(
                f"{tracked.title} was found for a lost submission of {tracked.source or 'this machine'}: the "
                "command that sent it, once more with --accept or --reject, says whether it is its batch."
            )
        if tracked.run_id is not None:
            raise ConfigError(f"{tracked.title} has a run already, {tracked.run_id}.")
    run_id = f"run_{ULID()}"
    labels.adopt(store, workspace, [tracked.id for tracked in found], run_id, now)
    if name:
        labels.name(store, workspace, found[0].id if len(found) == 1 else run_id, name, now)
    return run_id
