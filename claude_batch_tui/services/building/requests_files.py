"""A requests file and the files beside it: where they are, and whether they belong together."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from claude_batch_tui.domain.requests.draft import SourceRow
from claude_batch_tui.errors import ConfigError, SourceError
from claude_batch_tui.nesting import UNREADABLE
from claude_batch_tui.sources.jsonl import numbered_lines
from claude_batch_tui.sources.source_file import open_source

ANSWERS_ENDING = ".answers.jsonl"
"""How the name ends of a file of answers that are the rows of a next build."""


class _Identified(msgspec.Struct):
    custom_id: str


_decode_id = msgspec.json.Decoder(_Identified).decode


def custom_id_of(line: bytes) -> str:
    """The custom_id of a request or of a row. Raises one of `UNREADABLE` where it has none."""
    return _decode_id(line).custom_id


class RequestsFiles(msgspec.Struct, frozen=True):
    """The files of one build: X.jsonl, X.rows.jsonl, X.recipe.toml, and X.left-out.jsonl where rows were left out."""

    requests: Path
    rows: Path
    left_out: Path
    recipe: Path

    def require_free(self, source: str, *, force: bool) -> None:
        """Raise ConfigError where writing would destroy something."""
        folder = self.requests.parent
        if not folder.is_dir():
            raise ConfigError(f"-o {self.requests}: there is no folder {folder}. Create it first.")
        for path in (self.requests, self.rows, self.left_out, self.recipe):
            if path.is_dir():
                raise ConfigError(f"-o {self.requests}: {path} is a folder. Name a file.")
            if path.exists() and Path(source).exists() and path.samefile(source):
                raise ConfigError(f"-o {self.requests}: {path} is the source itself. Name another file.")
            if path.exists() and not force:
                raise ConfigError(
                    f"-o {self.requests}: {path} is already there. Say --force to overwrite it."
                )


def beside(requests: Path) -> RequestsFiles:
    """The names that belong to the requests file at that path."""
    stem = requests.name.removesuffix(".jsonl")
    rows, left_out, recipe = (
        requests.with_name(f"{stem}{end}") for end in (".rows.jsonl", ".left-out.jsonl", ".recipe.toml")
    )
    return RequestsFiles(requests, rows, left_out, recipe)


def iter_request_lines(path: Path) -> Iterator[bytes]:
    """Every line of a requests file that is not blank, without the white space round it: the elements of a body."""
    with open_source(str(path)) as file:
        for line in numbered_lines(file):
            yield line.data


def ids_of_requests(path: Path) -> list[str]:
    """The custom_ids of a requests file, in its order. Raises SourceError where it is none, or has one twice."""
    found: dict[str, int] = {}
    for number, line in enumerate(iter_request_lines(path), 1):
        try:
            custom_id = custom_id_of(line)
        except UNREADABLE as error:
            raise SourceError(
                f"{path}, request {number:,}, has no custom_id: this is no requests file."
            ) from error
        if found.setdefault(custom_id, number) != number:
            raise SourceError(
                f"{path}, request {number:,}: request {found[custom_id]:,} has its custom_id too."
            )
    return list(found)


def made_of(rows: Path | None) -> str | None:
    """The run, batch or file whose answers are the rows in a rows file, or None. One line is read."""
    if rows is None:
        return None
    try:
        with rows.open("rb") as file:
            first = msgspec.json.decode(file.readline(), type=SourceRow)
    except (OSError, *UNREADABLE):
        return None
    run = first.row.get("run")
    return run if first.source.endswith(ANSWERS_ENDING) and isinstance(run, str) else None


def rows_match(requests: Path, rows: Path) -> bool:
    """True where both files hold the same custom_ids in the same order."""
    return _ids_sha256(requests) == _ids_sha256(rows) is not None


def _ids_sha256(path: Path) -> str | None:
    """The hash of all custom_ids, each followed by a newline; None where a line has none."""
    digest = hashlib.sha256()
    try:
        for line in iter_request_lines(path):
            digest.update(custom_id_of(line).encode() + b"\n")
    except UNREADABLE:
        return None
    return digest.hexdigest()
