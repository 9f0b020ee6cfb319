"""The terminal, lent to a program of the user's, with the dashboard out of the way meanwhile."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from textual.app import App, SuspendNotSupported

from claude_batch_tui.errors import ConfigError
from claude_batch_tui.terminal import named_program

_PAGERS = ("less", "more")


def edited(app: App[Any], text: str) -> str:
    """The text as it is when the user leaves $VISUAL or $EDITOR.

    Raises ConfigError where that cannot be started, or what it leaves behind is no text.
    """
    editor = named_program("VISUAL", "EDITOR") or ["vi"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.txt"
        path.write_text(text, encoding="utf-8", errors="replace")
        lend(app, [*editor, str(path)], "$EDITOR")
        try:
            return path.read_text(encoding="utf-8").removesuffix("\n")
        except UnicodeDecodeError as error:
            raise ConfigError(
                f"{editor[0]} saved the text in another encoding than UTF-8: it stays as it was."
            ) from error
        except OSError as error:
            raise ConfigError(
                f"{editor[0]} left no file that can be read ({error.strerror}): the text stays as it was."
            ) from error


def paged(app: App[Any], text: str) -> None:
    """Show text in $PAGER, or in a pager that is here. Raises ConfigError where there is none or it cannot be started."""
    pager = named_program("PAGER") or [name for name in _PAGERS if shutil.which(name)][:1]
    if not pager:
        raise ConfigError("There is no pager here: set $PAGER to one, for instance less.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "entry.txt"
        path.write_text(text + "\n", encoding="utf-8", errors="replace")
        lend(app, [*pager, str(path)], "$PAGER")


def lend(app: App[Any], command: Sequence[str], name: str) -> None:
    """Run a program in the terminal, and paint the dashboard anew. Raises ConfigError, which calls it `name`."""
    try:
        with app.suspend():
            subprocess.run(command, check=False)  # noqa: S603  the user's own program
    except OSError as error:
        raise ConfigError(f"{name} ({command[0]}) cannot be started: {error.strerror}.") from error
    except SuspendNotSupported as error:
        raise ConfigError(f"This terminal cannot be lent to {name}.") from error
    finally:
        app.refresh(layout=True)
