"""Whether a batch found in the list is the one whose answer was lost: its results held against what was sent.

Ids alone prove nothing: whoever built the same table has them too. A line of the same id, model and number of input
tokens does. What differs clearly tells another batch; anything between leaves it open.
"""

from __future__ import annotations

import re
from enum import StrEnum

import msgspec

_SNAPSHOT = re.compile(r"(-latest|-0)?(-\d{8})?$")
_FEW_TOKENS = 5
_FEW_PERCENT = 0.05
"""A count is an estimate that may differ "by a small amount" from what is used (token counting guide)."""


class Verdict(StrEnum):
    """Whose batch it is."""

    OURS = "ours"
    ANOTHERS = "another's"
    OPEN = "open"


class Evidence(msgspec.Struct):
    """What the results of a batch say of a submission of so many `requests`; every field counts lines of results."""

    requests: int
    lines: int = 0
    unreadable: int = 0
    foreign: int = 0
    """With a custom_id that was not sent, or one that came before."""
    same_model: int = 0
    other_model: int = 0
    same_input: int = 0
    near_input: int = 0
    other_input: int = 0
    """Of those whose request was counted."""

    def add_model(self, asked: str, answered: str) -> None:
        """Hold the model that answered against the one that was asked."""
        if is_same_model(asked, answered):
            self.same_model += 1
        else:
            self.other_model += 1

    def add_input(self, counted: int, used: int) -> None:
        """Hold the input tokens that were used, those of caches included, against the API's count of the request."""
        if counted == used:
            self.same_input += 1
        elif abs(counted - used) <= max(_FEW_TOKENS, counted * _FEW_PERCENT):
            self.near_input += 1
        else:
            self.other_input += 1

    @property
    def is_anothers(self) -> bool:
        """Whether something differs clearly."""
        return (
            self.foreign > self.unreadable
            or self.other_model > self.same_model
            or self.other_input > self.same_input + self.near_input
        )

    @property
    def verdict(self) -> Verdict:
        """What all of it says."""
        if self.is_anothers:
            return Verdict.ANOTHERS
        is_whole = self.lines == self.requests and not self.unreadable and not self.foreign
        differs = self.other_model or self.near_input or self.other_input
        return Verdict.OURS if is_whole and self.same_input and not differs else Verdict.OPEN


def is_same_model(asked: str, answered: str) -> bool:
    """Whether a model may answer by that name: an alias is answered by its snapshot."""
    return _SNAPSHOT.sub("", asked) == _SNAPSHOT.sub("", answered)
