"""Few values that occur often, by number."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Final, TypeVar

T = TypeVar("T", bound=Hashable)
_MOST: Final = 2**16


class Numbered(list[T]):
    """Values in the order in which they were met; the first stands for none, and for all beyond 65,536."""

    def __init__(self, values: Iterable[T]) -> None:
        super().__init__(values)
        self._numbers = {value: number for number, value in enumerate(self)}

    def number(self, value: T) -> int:
        """The number of a value, a new one where it was never met."""
        number = self._numbers.get(value)
        if number is None:
            if len(self) >= _MOST:
                return 0
            number = self._numbers[value] = len(self)
            self.append(value)
        return number
