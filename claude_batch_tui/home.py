"""The home folder in paths that somebody typed or wrote into a file."""

from __future__ import annotations

import os
from pathlib import Path

from claude_batch_tui.errors import ConfigError

NO_HOME = "there is no home folder: HOME is not set to an absolute path, and this user has none"


def expand_home(path: str | Path) -> Path:
    """The path with the home folder for a leading `~` or `~user`; as it is where there is no such folder.

    `Path.expanduser` raises RuntimeError there, which a name that is still being typed must not do.
    """
    return Path(os.path.expanduser(path))  # noqa: PTH111


def in_home(path: str) -> Path:
    """A path below the home folder. Raises ConfigError where there is none."""
    found = expand_home(f"~/{path}")
    if not found.is_absolute():
        raise ConfigError(f"~/{path}: {NO_HOME}.")
    return found
