"""Which JSON schema every request asked for: read from what was sent, create bodies in the spool or requests files."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from pathlib import Path

from claude_batch_tui.domain.results.structured import AskedSchema, asked_schema
from claude_batch_tui.errors import SourceError
from claude_batch_tui.services.building.requests_files import iter_request_lines
from claude_batch_tui.services.submitting.spool import is_body, iter_sent

_SCHEMA_FORMAT = b'"json_schema"'
"""What every request holds that asks for a structured answer."""
_LOOKED_AT_ONCE = 1 << 20
_EVERY = 200
"""Requests between two steps."""


class SentSchemas:
    """The schemas that were asked for, each once, and which request asked for which.

    Where all asked for the same one, as most do, nothing is kept for each request. `knows_all` says that there are no
    other requests. Raises SourceError where what was sent cannot be read.
    """

    def __init__(self, sent: Sequence[Path], *, knows_all: bool = True) -> None:
        self.schemas: list[bytes] = []
        self._sent = sent
        self._knows_all = knows_all
        self._of: dict[str, int] | None = None

    def number(self, custom_id: str) -> int | None:
        """The number of the schema a request asked for, or None where it asked for none."""
        if self._of is None:
            return 0 if self.schemas else None
        return self._of.get(custom_id)

    def reading(self) -> Iterator[None]:
        """Read what was sent, a step at a time; for a thread."""
        found: dict[bytes | None, None] = {} if self._knows_all else {None: None}
        for step in self._requests():
            if step is None:
                yield
            else:
                found.setdefault(step.schema)
        self.schemas = [schema for schema in found if schema is not None]
        if len(found) == 1 or not self.schemas:
            return
        numbers = {schema: number for number, schema in enumerate(self.schemas)}
        self._of = {}
        for step in self._requests():
            if step is None:
                yield
            elif step.schema is not None:
                self._of[step.custom_id] = numbers[step.schema]

    def _requests(self) -> Iterator[AskedSchema | None]:
        """Every request that can be read; None between, now and then."""
        for path in self._sent:
            try:
                if is_body(path) and not (yield from _holds(path, _SCHEMA_FORMAT)):
                    yield AskedSchema("", None)
                    continue
                for number, request in enumerate(
                    iter_sent(path) if is_body(path) else iter_request_lines(path)
                ):
                    asked = asked_schema(request)
                    if asked is not None:
                        yield asked
                    if number % _EVERY == 0:
                        yield None
            except OSError as error:
                raise SourceError(
                    f"Cannot read {path}, which says what was sent: {error.strerror}."
                ) from error


def _holds(path: Path, words: bytes) -> Generator[None, None, bool]:
    """Whether a file holds some bytes, looked at piece by piece."""
    kept = b""
    with path.open("rb") as file:
        while piece := file.read(_LOOKED_AT_ONCE):
            if words in kept + piece:
                return True
            kept = piece[-len(words) :]
            yield
    return False
