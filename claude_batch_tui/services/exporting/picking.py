"""The columns of an export that were asked for by name, and paths into answers that are JSON as further ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from claude_batch_tui.domain.filters.json_path import Path, parse_field
from claude_batch_tui.errors import ConfigError
from claude_batch_tui.exports.table import Column, Kind, Values
from claude_batch_tui.services.exporting.rows import plain, plain_value
from claude_batch_tui.services.results.answers import NO_DOCUMENT, answer_document, value_at


def column_names(text: str) -> tuple[str, ...]:
    """The names in `custom_id,json.label`, each once. Raises ConfigError where there is none, or one is wrong."""
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not names:
        raise ConfigError("--columns names no column: say for instance custom_id,json.label.")
    for name in names:
        if plain(name) != name:
            raise ConfigError(f"--columns {plain(name)}: a column's name has to be valid UTF-8.")
        path_of(name)
    return names


def path_of(name: str) -> Path | None:
    """The path a name such as `json.label` stands for; None for the name of a column. Raises ConfigError for a wrong one."""
    try:
        return parse_field(name)
    except ValueError as error:
        raise ConfigError(f"--columns {name}: {error}.") from error


class Picked:
    """Takes the columns that were asked for out of whole rows."""

    def __init__(self, names: Sequence[str], known: Sequence[Column], kinds: Mapping[str, Kind]) -> None:
        """`known` are the columns of whole rows, `kinds` those of the paths. Raises ConfigError for an unknown name."""
        places = {column.name: at for at, column in enumerate(known)}
        self._paths = path_reader(names)
        self._places: list[int] = []
        columns: list[Column] = []
        paths = 0
        for name in names:
            if path_of(name) is not None:
                self._places.append(len(known) + paths)
                columns.append(Column(name, kinds.get(name, "any")))
                paths += 1
            elif name in places:
                self._places.append(places[name])
                columns.append(known[places[name]])
            else:
                raise ConfigError(
                    f"--columns: there is no column {name!r}; there are {', '.join(places)}, "
                    "and paths such as json.label."
                )
        self.columns = tuple(columns)

    def values(self, row: Values, line: bytes) -> Values:
        """Of a whole row, made of that line, what was asked for."""
        found = [*row, *(value for _, value in self._paths(line))]
        return [found[place] for place in self._places]


def path_reader(names: Sequence[str]) -> Callable[[bytes], list[tuple[str, Any]]]:
    """What reads a line: for each path among the names the first value it leads to in the answer, or nothing."""
    paths = [(name, path) for name in names if (path := path_of(name)) is not None]

    def read(line: bytes) -> list[tuple[str, Any]]:
        document = answer_document(line) if paths else NO_DOCUMENT
        return [(name, plain_value(value_at(document, path))) for name, path in paths]

    return read
