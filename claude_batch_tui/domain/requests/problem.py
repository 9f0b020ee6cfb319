"""Something wrong with what the user gave, with the place where it is."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Severity(StrEnum):
    """An error stops the submission, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


class Problem(msgspec.Struct, frozen=True):
    """One finding. `code` groups findings of one kind; `line` is 1-based."""

    code: str
    message: str
    severity: Severity = Severity.ERROR
    file: str | None = None
    line: int | None = None
    custom_id: str | None = None

    @property
    def is_error(self) -> bool:
        """True where the submission must not happen."""
        return self.severity is Severity.ERROR
