"""What every source of rows gives: its columns, which one is meant, its rows, and their values as templates see them."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

import msgspec

from claude_batch_tui.errors import SourceError

PROMPT_NAMES = ("prompt", "content", "text")
"""Columns taken for the prompt where none is named, in this order."""
_MOST_SAME = 3
"""Columns of one name that are told each by itself."""
_encode = msgspec.json.Encoder(enc_hook=str).encode


class Origin(Protocol):
    """Where rows come from. `label` names it in sentences; `size` and `bytes_read` tell how far reading is."""

    label: str
    size: int
    bytes_read: int

    def sha256(self) -> str:
        """The hash of all of it, in hex."""


class Row(msgspec.Struct, frozen=True, gc=False):
    """One row as read. `line` is the 1-based line on which it starts; the number of the row where there are no lines."""

    line: int
    values: dict[str, Any]
    doubt: str | None = None
    """Why it may be read wrongly, as a phrase."""
    count: int = 1
    """How many rows of the source are in it."""


class BadRow(msgspec.Struct, frozen=True):
    """A row that cannot become a request; `code` and `message` are a problem's. `values` is what was read of it."""

    line: int
    code: str
    message: str
    values: dict[str, Any] = {}
    custom_id: str | None = None
    lines: int = 1
    """How many lines of the file it takes."""
    count: int = 1


class Doubt(NamedTuple):
    """Something about a whole source that may be meant otherwise. `code` and `message` are a warning's.

    `is_guess` is True where reading rests on it: it is repeated before anything is paid.
    """

    code: str
    message: str
    is_guess: bool = False


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """How a source was understood; None for what it does not have. `columns` is their number, `path` that in JSON."""

    form: str | None = None
    """What the source is, where its kind does not say it."""
    encoding: str | None = None
    encoding_guessed: bool = False
    changed_words: tuple[tuple[str, str], ...] = ()
    """Words as the guessed encoding spells them, and as the next best one does."""
    other_encoding: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    header_line: int | None = None
    columns: int | None = None
    path: str | None = None
    doubts: tuple[Doubt, ...] = ()

    @property
    def guesses(self) -> tuple[str, ...]:
        """The doubts on which reading rests, as sentences."""
        return tuple(doubt.message for doubt in self.doubts if doubt.is_guess)


def reading_of(source: object) -> Reading:
    """How a source was understood, as far as it says so."""
    reading = getattr(source, "reading", None)
    return reading if isinstance(reading, Reading) else Reading()


def own_names(names: Sequence[str], doubts: list[Doubt]) -> tuple[str, ...]:
    """The names of columns, each its own: of two `text` the second is `text_2`, which goes to `doubts`."""
    columns: dict[str, int] = {}
    same: list[str] = []
    taken, counts = set(names), dict[str, Iterator[int]]()
    for number, name in enumerate(names, 1):
        own = name
        if own in columns:
            # Each count is tried once: a file may have thousands of columns of one name.
            tried = (f"{name}_{count}" for count in counts.setdefault(name, itertools.count(2)))
            own = next(other for other in tried if other not in taken and other not in columns)
            same.append(
                f"columns {columns[name]} and {number} are both named {name!r}; the second is {own!r} here"
            )
        columns[own] = number
    doubts += (Doubt("same_name", message) for message in same[:_MOST_SAME])
    if len(same) > _MOST_SAME:
        doubts.append(Doubt("same_name", f"{len(same) - _MOST_SAME} more columns have the name of another"))
    return tuple(columns)


class NoText:
    """What stands in a row for a value that is no text. Using it refuses the row; where nobody does, nothing happens."""

    def __init__(self, code: str, message: str, kept: str | None = None) -> None:
        """`kept` is what files beside the requests have of it."""
        self.code = code
        self.message = message
        self.kept = kept

    def __str__(self) -> str:
        """Raise RowRefusedError: there is no text."""
        raise RowRefusedError(self.code, self.message)

    def __format__(self, spec: str) -> str:
        """Raise RowRefusedError: there is no text."""
        return str(self)


def written(value: object) -> object:
    """What a rows file says of a value that is no JSON; an `enc_hook` of msgspec."""
    return value.kept if isinstance(value, NoText) else str(value)


_encode_kept = msgspec.json.Encoder(enc_hook=written).encode


class RowRefusedError(Exception):
    """A row that no request can be made from; the sentence says why, `code` is a problem's. `custom_id` is a known one."""

    def __init__(self, code: str, message: str, custom_id: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.custom_id = custom_id


class RowSource(Protocol):
    """Something of the user's as rows. Reading streams: memory is flat in its size."""

    @property
    def file(self) -> Origin:
        """Where the rows come from."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, in order."""

    def rows(self) -> Iterator[Row | BadRow]:
        """All rows from the first; every call starts anew. Raises SourceError where reading cannot go on."""


@runtime_checkable
class LateColumns(Protocol):
    """A source whose rows may have columns that its first rows have not."""

    def read_all_columns(self) -> bool:
        """Read the whole source for its columns; True where there are more than were known."""


def find_column(wanted: str, columns: Sequence[str], option: str, file: str) -> str:
    """The name of the column `wanted` means; a name wins over a number. Raises SourceError with all columns."""
    if wanted in columns:
        return wanted
    if wanted.isascii() and wanted.isdigit() and 1 <= int(wanted) <= len(columns):
        return columns[int(wanted) - 1]
    raise SourceError(f"{file}: {option} {wanted!r}: there is no such column.{nearest(wanted, columns)}")


def guess_prompt_column(columns: Sequence[str]) -> str | None:
    """`prompt`, `content` or `text` in any case, or the only column there is; else None."""
    lowered = {name.lower(): name for name in reversed(columns)}
    for name in PROMPT_NAMES:
        if name in lowered:
            return lowered[name]
    return columns[0] if len(columns) == 1 else None


def nearest(wanted: str, columns: Sequence[str]) -> str:
    """` Did you mean 'x'? Columns: …`, or the columns alone where none is near."""
    lowered = {name.lower(): name for name in columns}
    near = difflib.get_close_matches(wanted.lower(), lowered, 1)
    return (f" Did you mean {lowered[near[0]]!r}?" if near else "") + f" Columns: {list_columns(columns)}."


def list_columns(columns: Sequence[str], most: int = 40) -> str:
    """The columns as a user can name them; of very many the first ones."""
    shown = ", ".join(columns[:most])
    return shown if len(columns) <= most else f"{shown} and {len(columns) - most} more"


def as_row(columns: Sequence[str], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of all columns in order, then those of no column; a missing one is the empty text."""
    row = {name: values.get(name, "") for name in columns}
    if len(values) > len(row) or not values.keys() <= row.keys():
        row |= values
    return row


def as_text(value: Any) -> str:
    """A value as a template prints it: texts as they are, all else as JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping | list | tuple):
        return _encode(value).decode()
    return str(value)


def as_cell(value: Any) -> str:
    """A value as it is shown in a table; of what is no text what is kept of it, so that no row is refused."""
    if isinstance(value, NoText):
        return value.kept or ""
    return _encode_kept(value).decode() if isinstance(value, Mapping | list | tuple) else as_text(value)


def text_of(values: Mapping[str, Any], name: str, place: str) -> str:
    """The text of a column. Raises SourceError, which begins with `place`, where the row has none."""
    try:
        return as_text(values.get(name, ""))
    except RowRefusedError as error:
        raise SourceError(f"{place}: column {name!r} holds what is no text.") from error
