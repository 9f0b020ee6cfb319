"""The one place where the SDK's and the transport's errors become ours.

What is certain and what is not, for a create (measured on SDK 2.11): connection, proxy, TLS and pool failures happen
before a byte of the request has left; a refusal with an API error body means nothing was created; everything else
leaves the outcome open.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import anthropic
import httpx2

from claude_batch_tui.api.headers import retry_after_seconds
from claude_batch_tui.errors import (
    ApiError,
    AuthenticationError,
    ConfigError,
    NoCredentialsError,
    NotFoundError,
    RateLimitedError,
    RejectedError,
    UnavailableError,
    UnknownOutcomeError,
)

_NOT_SENT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
)
_SPEND_CAPS = {"enforced_spend_limit_reached", "contract_spend_limit_reached"}
NO_CREDENTIALS = (
    "No API key was found. Set ANTHROPIC_API_KEY, or log in with a profile and pass --profile NAME; "
    "`cbtui demo` needs neither."
)


@contextlib.contextmanager
def translated(*, creating: bool = False) -> Iterator[None]:
    """Turn foreign errors raised inside into ours. `creating` marks the call that must not happen twice."""
    try:
        yield
    except anthropic.APIStatusError as error:
        raise _of_status(error, creating=creating) from error
    except anthropic.APIConnectionError as error:
        raise _of_connection(error.__cause__ or error, error.request.url, creating=creating) from error
    except (httpx2.TransportError, httpx2.StreamError) as error:
        raise _of_connection(error, None, creating=creating) from error
    except httpx2.InvalidURL as error:
        raise ConfigError(f"The base URL is not a URL: {error}.") from error
    except anthropic.CredentialsError as error:
        raise ConfigError(f"The credentials cannot be used: {error}") from error
    except TypeError as error:
        if "authentication method" in str(error):
            raise NoCredentialsError(NO_CREDENTIALS) from error
        raise
    except (anthropic.AnthropicError, json.JSONDecodeError) as error:
        if creating:
            raise UnknownOutcomeError(f"The answer to the create could not be read: {error}.") from error
        raise UnavailableError(f"The answer of the API could not be read: {error}.") from error


def _of_status(error: anthropic.APIStatusError, *, creating: bool) -> ApiError:
    status = error.status_code
    error_type, message = _words(error)
    facts: dict[str, Any] = {"status": status, "error_type": error_type, "request_id": error.request_id}
    sentence = f"{message.rstrip('.')} (HTTP {status}{f', {error.request_id}' if error.request_id else ''})."
    if status in (401, 403):
        return AuthenticationError(sentence, **facts)
    if status == 404:
        return NotFoundError(sentence, **facts)
    if status in (400, 402, 413, 422) or 300 <= status < 400:
        return RejectedError(sentence, **facts)
    if status == 429 and _error_code(error) in _SPEND_CAPS:
        return RejectedError(sentence, **facts)
    if status == 429 and (error_type or not creating):
        wait = retry_after_seconds(error.response.headers.get("retry-after"))
        return RateLimitedError(sentence, retry_after=wait, **facts)
    if creating:
        return UnknownOutcomeError(sentence, **facts)
    if status == 409:
        return RejectedError(sentence, **facts)
    return UnavailableError(sentence, **facts)


def _words(error: anthropic.APIStatusError) -> tuple[str | None, str]:
    """The API's error type and message, or None and what little a gateway's page says."""
    if 300 <= error.status_code < 400:
        target = error.response.headers.get("location", "another address")
        return None, f"The server answered with a redirect to {target}, which is not followed"
    body = error.body
    inner = body.get("error") if isinstance(body, dict) else None
    if isinstance(inner, dict) and isinstance(inner.get("message"), str):
        return str(inner.get("type") or "") or None, inner["message"]
    if error.status_code == 413:
        return None, "The request is larger than the API accepts"
    return None, "The server answered with an error page"


def _error_code(error: anthropic.APIStatusError) -> str | None:
    body = error.body
    inner = body.get("error") if isinstance(body, dict) else None
    details = inner.get("details") if isinstance(inner, dict) else None
    code = details.get("error_code") if isinstance(details, dict) else None
    return code if isinstance(code, str) else None


def _of_connection(cause: BaseException, url: httpx2.URL | None, *, creating: bool) -> ApiError | ConfigError:
    if isinstance(cause, ConfigError):  # our own look at a request that was about to leave
        return ConfigError(str(cause))
    not_sent = isinstance(cause, _NOT_SENT)
    reason = _reason(cause)
    if creating and not not_sent:
        return UnknownOutcomeError(f"The request was sent, but no answer came: {reason}.")
    place = f" at {url.scheme}://{url.netloc.decode()}" if url is not None else ""
    return UnavailableError(f"Cannot reach the API{place}: {reason}.", sent=not not_sent)


def _reason(cause: BaseException) -> str:
    if isinstance(cause, httpx2.ConnectTimeout):
        return "the connection timed out"
    if isinstance(cause, httpx2.TimeoutException):
        return "the answer took too long"
    if isinstance(cause, httpx2.RemoteProtocolError):
        return "the connection was closed in the middle of the answer"
    words = str(cause) or type(cause).__name__
    for prefix in ("[Errno ", "[SSL"):
        if words.startswith(prefix) and "] " in words:
            words = words.split("] ", 1)[1]
    return words.rstrip(".")
