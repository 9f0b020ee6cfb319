"""What screens and dialogs may ask of the app: a module below both, so that neither has to import the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol, cast

from textual.dom import DOMNode

from claude_batch_tui.config import Config
from claude_batch_tui.domain.batches.tracked import Snapshot
from claude_batch_tui.engine.group import EngineGroup
from claude_batch_tui.tui.widgets.lines import Kind

_WRITING = frozenset(
    (
        "cancel",
        "delete",
        "rename",
        "tag",
        "note",
        "adopt",
        "hide",
        "prune",
        "forget",
        "try_row",
        "pilot",
        "prime",
    )
)
"""Actions that pay, delete or label and nothing else; where others lead to such an act, the engine refuses it."""


class Dashboard(Protocol):
    """The app as its screens know it; `app.DashboardApp` is the one there is."""

    config: Config
    ascii_only: bool
    """Whether only ASCII characters may be drawn."""
    engines: EngineGroup
    """The engines of the profiles that are watched."""
    snapshot: Snapshot
    """The newest snapshot of what is on the screen."""
    banner: str | None
    """What the status line of the batches says while there is nothing else to say."""
    now: Callable[[], datetime]
    """The clock every age is measured by."""
    saved: int
    """How many files of results were saved since the start."""

    def begin(self) -> None:
        """The first frame is on the terminal: begin to talk to the API. Only the first call counts."""

    def say(self, text: str, kind: Kind = "note", seconds: float | None = None) -> None:
        """Tell the user something in the status line."""

    def copy(self, text: str) -> None:
        """Copy text to the clipboard, and say by which way it went."""

    def edit_text(self, text: str) -> str:
        """The text as the user leaves it in $VISUAL or $EDITOR. Raises ConfigError where that cannot be started."""

    def page_text(self, text: str) -> None:
        """Show text in $PAGER. Raises ConfigError where there is none or it cannot be started."""

    def action_show(self, mode: str) -> None:
        """Go to `batches`, `build` or `results`."""

    def action_show_workspace(self, name: str | None) -> None:
        """Show the batches of another workspace, None for all."""

    def action_next_workspace(self) -> None:
        """Show the next of the workspaces that are watched, and all of them after the last."""

    def open_batch(self, batch_id: str) -> None:
        """Show the results of a batch, downloading them where they are not here."""

    def open_run(self, run_id: str, batch_ids: Sequence[str], title: str) -> None:
        """Show the results of these batches of a run as one."""

    def show_created(self, batch_id: str, run_id: str | None = None) -> None:
        """Go to the batches with the cursor on a new one, or on its run where that is named and has a row."""


def dashboard_of(node: DOMNode) -> Dashboard:
    """The app that a screen or widget is on, with its type."""
    return cast("Dashboard", node.app)


def reason_disabled(node: object, action: str, parameters: tuple[object, ...]) -> str | None:
    """Why an action of `node` cannot be done now, as the end of a sentence; None where it can, or where no reason is known."""
    if action in _WRITING and cast("DOMNode", node).app.config.read_only:  # type: ignore[attr-defined]
        return "this screen is read-only (--read-only)"
    ask = getattr(node, "reason_disabled", None)
    return None if ask is None else ask(action, parameters)


def check_action(
    node: object, allowed: bool | None, action: str, parameters: tuple[object, ...]
) -> bool | None:
    """What Textual's `check_action` of `node` gives: None, which greys the key, where the node has a reason; else `allowed`."""
    return None if allowed and reason_disabled(node, action, parameters) is not None else allowed
