"""Every error raised on purpose.

CbtuiError
├── ConfigError               a setting or flag we cannot use, or no credentials
├── SourceError               a file of the user we cannot read, with file and line
│   └── ScriptError           a script of the user that fails, with its own traceback
├── DraftError                requests that cannot be sent as they are
├── ApiError                  the API said no, or could not be reached
│   ├── AuthenticationError   401, 403: the key was refused
│   ├── NotFoundError         404
│   ├── RejectedError         400, 402, 413, 422, 3xx: sent, understood, refused
│   ├── RateLimitedError      429, with the seconds the API asked to wait
│   ├── UnavailableError      not connected, 5xx, 529: try again later
│   │   └── NotTheApiError    something between us and the API answered: a login page, a proxy
│   └── UnknownOutcomeError   a create, cancel or delete that may or may not have happened
├── ResultsUnavailableError   not ended, archived or deleted
├── VerificationError         a file is not what it should be
├── ExportError               a file we cannot write
└── StoreError                locked, full, read-only, or from a newer version
    └── DamagedStoreError     it holds what nobody wrote: to be set aside and rebuilt

The sentence of an error says what happened, where, and what to do. It may hold text from outside: secrets are taken
out of it when the error is made, and the faces clean it before they show it.
"""

from __future__ import annotations

from typing import Any

from claude_batch_tui.redaction import redact


class CbtuiError(Exception):
    """An expected failure. `str(error)` is one sentence for the user, without secrets."""

    def __init__(self, message: str = "") -> None:
        super().__init__(redact(message))

    def add(self, words: str) -> None:
        """Say a further sentence at the end; nothing where it is empty."""
        self.args = (f"{self} {redact(words)}".rstrip(),)


class ConfigError(CbtuiError):
    """A setting or flag we cannot use."""


class NoCredentialsError(ConfigError):
    """No API key, token or profile was found."""


class SourceError(CbtuiError):
    """A file of the user that we cannot read."""


class ScriptError(SourceError):
    """A script of the user that fails. `traceback` is the script's own, or the end of what it printed."""

    def __init__(self, message: str, *, traceback: str = "") -> None:
        super().__init__(message)
        self.traceback = redact(traceback)


class DraftError(CbtuiError):
    """Requests that cannot be sent as they are."""


class ApiError(CbtuiError):
    """The API said no, or could not be reached.

    `status` is the HTTP status or None, `error_type` the API's own word, `request_id` what support asks for,
    `sent` False where it is certain that the API never saw the request.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        error_type: str | None = None,
        request_id: str | None = None,
        sent: bool = True,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error_type = error_type and redact(error_type)
        self.request_id = request_id and redact(request_id)
        self.sent = sent


class AuthenticationError(ApiError):
    """The key was refused."""


class NotFoundError(ApiError):
    """The API knows nothing under that id."""


class RejectedError(ApiError):
    """Understood and refused: sending the same again cannot help."""


class RateLimitedError(ApiError):
    """The API asked to wait `retry_after` seconds (None where it did not say)."""

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None,
        status: int | None = 429,
        error_type: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, status=status, error_type=error_type, request_id=request_id)
        self.retry_after = retry_after

    @property
    def may_pass(self) -> bool:
        """Whether the same may succeed in a moment."""
        return True


class UnavailableError(ApiError):
    """The API could not be reached or could not answer; trying again may help.

    `retry_after` is what it asked to wait, in seconds, None where it did not say.
    """

    def __init__(self, message: str, *, retry_after: float | None = None, **facts: Any) -> None:
        super().__init__(message, **facts)
        self.retry_after = retry_after

    @property
    def may_pass(self) -> bool:
        """Whether the same may succeed in a moment: not where no connection could be made at all."""
        return self.sent


class NotTheApiError(UnavailableError):
    """Something between us and the API answered in its place: a network's login page, a proxy's notice."""

    @property
    def may_pass(self) -> bool:
        """It stays until somebody logs in."""
        return False


class UnknownOutcomeError(ApiError):
    """A create, cancel or delete that may or may not have happened."""


class ResultsUnavailableError(CbtuiError):
    """There are no results to read: the batch has not ended, is archived, or was deleted."""


class VerificationError(CbtuiError):
    """A file on disk or a download is not what it should be."""


class ExportError(CbtuiError):
    """A file we cannot write."""


class StoreError(CbtuiError):
    """The local store is locked, full, read-only, or from a newer version."""


class DamagedStoreError(StoreError):
    """The local store holds what nobody wrote. `kept_as` is where it was moved, for the next start to make another."""

    kept_as: str | None = None


def unexpected(error: BaseException) -> str:
    """The kind and the words of an error that nobody foresaw, without secrets."""
    return redact(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)
