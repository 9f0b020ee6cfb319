"""The requests of a batch: bytes of a spooled create body, or made when they are looked at."""

from __future__ import annotations

import mmap
from array import array
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import msgspec

from claude_batch_tui.domain.requests.limits import CUSTOM_ID
from claude_batch_tui.simulator.failures import Failure


class Element(msgspec.Struct, forbid_unknown_fields=True):
    """One member of `requests`; its params stay as bytes."""

    custom_id: str
    params: msgspec.Raw


ELEMENT = msgspec.json.Decoder(Element)

Fetch = Callable[[int], bytes]
"""Gives the JSON bytes of a request by its index."""


class Rows:
    """The requests of one batch, by index."""

    def __len__(self) -> int:
        """How many there are."""
        raise NotImplementedError

    def opened(self) -> AbstractContextManager[Fetch]:
        """A way to fetch them, for as long as the context lasts."""
        raise NotImplementedError

    def answer(self, index: int) -> str | None:  # noqa: ARG002 - for those that have one
        """The text of a prepared answer, or None where one has to be made up."""
        return None

    def known(self, index: int) -> tuple[str, bool] | None:  # noqa: ARG002 - for those that know it
        """The custom_id of a request and whether it is valid, or None where it has to be decoded."""
        return None

    def discard(self) -> None:
        """Give back what disk space they take."""


class SpooledRows(Rows):
    """Requests in a file. Twelve bytes of memory each; the file is mapped only while somebody reads."""

    def __init__(self, file: Path, starts: array[int], lengths: array[int]) -> None:
        self._file = file
        self._starts = starts
        self._lengths = lengths

    def __len__(self) -> int:
        return len(self._starts)

    @contextmanager
    def opened(self) -> Iterator[Fetch]:
        """Map the file. Its pages belong to the system's cache and can be dropped at any time."""
        starts, lengths = self._starts, self._lengths
        with self._file.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            # Slices of the map are copies of one request: a view would keep the map open past its context.
            yield lambda index: mapped[starts[index] : starts[index] + lengths[index]]

    def discard(self) -> None:
        """Remove the file."""
        self._file.unlink(missing_ok=True)


class MadeRows(Rows):
    """Requests made on demand by `make`, and their answers by `answers`.

    With `custom_id` and `valid` given, they can be counted without being made.
    """

    def __init__(
        self,
        count: int,
        make: Callable[[int], bytes],
        answers: Callable[[int], str | None] | None = None,
        custom_id: Callable[[int], str] | None = None,
        valid: Callable[[int], bool] | None = None,
    ) -> None:
        self._count = count
        self._make = make
        self._answers = answers
        self._custom_id = custom_id
        self._valid = valid

    def __len__(self) -> int:
        return self._count

    @contextmanager
    def opened(self) -> Iterator[Fetch]:
        """Nothing has to be opened."""
        yield self._make

    def answer(self, index: int) -> str | None:
        """The prepared answer, if there is one."""
        return self._answers(index) if self._answers else None

    def known(self, index: int) -> tuple[str, bool] | None:
        """The custom_id and validity of a request, where they were given beforehand."""
        return (self._custom_id(index), self._valid(index)) if self._custom_id and self._valid else None


def custom_id_problem(index: int, element: bytes | memoryview) -> Failure:
    """Why a member of `requests` could not be decoded: always a 400 for the whole batch."""
    try:
        found = msgspec.json.decode(element)
    except msgspec.DecodeError as error:
        return Failure(400, f"The request body is not valid JSON: {error}")
    where = f"requests.{index}"
    if not isinstance(found, dict):
        return Failure(400, f"{where}: Input should be a valid dictionary or object to extract fields from")
    for name in ("custom_id", "params"):
        if name not in found:
            return Failure(400, f"{where}.{name}: Field required")
    extra = next((name for name in found if name not in {"custom_id", "params"}), None)
    if extra is not None:
        return Failure(400, f"{where}.{extra}: Extra inputs are not permitted")
    return Failure(400, f"{where}.custom_id: Input should be a valid string")


def check_custom_id(index: int, custom_id: str) -> None:
    """Raise the API's 400 for a custom_id it does not take."""
    if len(custom_id) > 64:
        raise Failure(400, f"requests.{index}.custom_id: String should have at most 64 characters")
    if not CUSTOM_ID.fullmatch(custom_id):
        raise Failure(
            400, f"requests.{index}.custom_id: String should match pattern '^[a-zA-Z0-9_-]{{1,64}}$'"
        )
