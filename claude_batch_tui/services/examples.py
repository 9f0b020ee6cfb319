"""The worked examples that come with cbtui: what there is, and copies to work on."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import msgspec

from claude_batch_tui.errors import ConfigError
from claude_batch_tui.store.files import refusals_told, written_whole


class Example(msgspec.Struct, frozen=True):
    """One example. `summary` is the first line of its recipe."""

    name: str
    summary: str
    files: tuple[str, ...]


def examples() -> tuple[Example, ...]:
    """All examples by name."""
    found = []
    for folder in sorted(files("claude_batch_tui.examples").iterdir(), key=lambda one: one.name):
        if folder.is_dir() and (recipe := folder / "recipe.toml").is_file():
            summary = recipe.read_text("utf-8").splitlines()[0].removeprefix("# ")
            names = sorted(one.name for one in folder.iterdir() if one.is_file())
            found.append(Example(folder.name, summary, tuple(names)))
    return tuple(found)


def copy_example(name: str, folder: Path) -> tuple[Path, ...]:
    """Copy an example into `folder/name`; what is there stays. Raises ConfigError where a file of it is there already."""
    example = next((one for one in examples() if one.name == name), None)
    if example is None:
        known = ", ".join(one.name for one in examples())
        raise ConfigError(f"There is no example {name!r}. There are: {known}.")
    target = folder / name
    paths = tuple(target / file for file in example.files)
    for path in paths:
        if path.exists():
            raise ConfigError(f"{path} is already there. Copy into another folder with --to DIR.")
    with refusals_told(target, ConfigError):
        target.mkdir(parents=True, exist_ok=True)
    for path in paths:
        with written_whole(path, ConfigError) as file:
            file.write((files("claude_batch_tui.examples") / name / path.name).read_bytes())
    return paths
