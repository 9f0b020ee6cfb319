"""Answers held against the schemas they were asked for, a step at a time: what does not fit gets a class of its own."""

from __future__ import annotations

from array import array
from collections.abc import Generator, Iterator
from pathlib import Path

import msgspec

from claude_batch_tui.domain.results.result import CLASSES, STOP_REASONS
from claude_batch_tui.errors import SourceError
from claude_batch_tui.services.results.answers import schema_text
from claude_batch_tui.services.results.schemas import Schema
from claude_batch_tui.services.results.sent_schemas import SentSchemas
from claude_batch_tui.store.results.file import ResultsFile
from claude_batch_tui.store.results.opening import open_indexed
from claude_batch_tui.store.results.schema_cache import load_misfits, misfits_path, save_misfits

_COMPLETE = CLASSES.index("complete")
_SCHEMA_INVALID = CLASSES.index("schema_invalid")
_TOOL_USE = STOP_REASONS.index("tool_use")
_EVERY = 200
"""Answers between two steps: about 2 ms."""


class Sent(msgspec.Struct, frozen=True):
    """The files that say what was asked for in the requests of a results file; of all of them where `knows_all`."""

    files: tuple[Path, ...] = ()
    knows_all: bool = True


def validate_schemas(results: ResultsFile, sent: Sent, cache: Path | None) -> None:
    """`validating_schemas` to its end."""
    for _ in validating_schemas(results, sent, cache):
        pass


def validated_classes(path: Path, sent: Sent, cache: Path) -> dict[str, int]:
    """How many entries a results file has of each ledger class. Raises SourceError where it cannot be read."""
    with open_indexed(path, cache) as results:
        validate_schemas(results, sent, cache)
        return results.index.class_counts()


def validating_schemas(results: ResultsFile, sent: Sent, cache: Path | None) -> Iterator[None]:
    """Give complete answers that do not fit their schema the class `schema_invalid`; for a thread.

    The index has to be complete; its `is_validated` is False while this goes on. What is found is kept beside the index
    or in the folder `cache` for the next time. A schema that cannot be used judges nothing, and neither does a file
    of requests that cannot be read, or one that is damaged.
    """
    index = results.index
    if not sent.files:
        return
    index.is_validated = False
    try:
        place = misfits_path(results.path, cache)
        known = load_misfits(place, results.path, sent.files) if place is not None else None
        if known is not None:
            index.classify(known, _SCHEMA_INVALID)
            return
        asked = SentSchemas(sent.files, knows_all=sent.knows_all)
        yield from asked.reading()
        found = yield from _misfits(results, asked)
        if place is not None:
            save_misfits(place, results.path, sent.files, found)
    except (OSError, ValueError, SourceError):
        return
    finally:
        index.is_validated = True


def _misfits(results: ResultsFile, asked: SentSchemas) -> Generator[None, None, array[int]]:
    """Mark the entries that do not fit, and return their positions."""
    index, found = results.index, array("I")
    schemas = [_usable(schema) for schema in asked.schemas]
    classes, stops = bytes(index.classes), bytes(index.stops)
    at = classes.find(_COMPLETE) if any(schemas) else -1
    looked = 0
    while at >= 0:
        # An answer that stops for a tool has not come to what was asked for.
        if stops[at] != _TOOL_USE:
            number = asked.number(index.custom_id(at))
            schema = None if number is None else schemas[number]
            if schema is not None and not _fits(results.line(at), schema):
                found.append(at)
                index.classify((at,), _SCHEMA_INVALID)
            looked += 1
            if looked % _EVERY == 0:
                yield
        at = classes.find(_COMPLETE, at + 1)
    return found


def _fits(line: bytes, schema: Schema) -> bool:
    """Whether an answer fits; one of a shape that is unknown here is not judged."""
    text = schema_text(line)
    return text is None or schema.fits(text)


def _usable(schema: bytes) -> Schema | None:
    try:
        return Schema(schema)
    except ValueError:
        return None
