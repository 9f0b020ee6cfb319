"""What answers and failures say, in our own terms: facts of headers, and refusals and the transport's errors as ours.

What is certain and what is not, for a create (measured on SDK 2.11): connection, proxy, TLS and pool failures happen
before a byte of the request has left; a refusal with an API error body means nothing was created; everything else
leaves the outcome open.
"""

from __future__ import annotations

import contextlib
import logging
import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.request import getproxies, proxy_bypass

import httpx2
import msgspec

from claude_batch_tui.api.protocol import ResponseFacts
from claude_batch_tui.errors import (
    ApiError,
    AuthenticationError,
    ConfigError,
    NotFoundError,
    NotTheApiError,
    RateLimitedError,
    RejectedError,
    UnavailableError,
    UnknownOutcomeError,
)
from claude_batch_tui.nesting import UNREADABLE
from claude_batch_tui.redaction import redact

_log = logging.getLogger(__name__)


def response_facts(headers: Mapping[str, str], seconds: float) -> ResponseFacts:
    """The facts of an answer that took `seconds`."""
    server_date = _date(headers.get("date"))
    left = headers.get(f"{_RATE}-remaining", "")
    return ResponseFacts(
        request_id=_said(headers, "request-id"),
        workspace_id=_said(headers, "anthropic-workspace-id"),
        organization_id=_said(headers, "anthropic-organization-id"),
        retry_after=retry_after_seconds(headers.get("retry-after")),
        server_date=server_date,
        seconds=seconds,
        requests_left=int(left) if re.fullmatch(r"[0-9]{1,18}", left) else None,
        reset_in=_until(headers.get(f"{_RATE}-reset"), server_date),
    )


def _said(headers: Mapping[str, str], name: str) -> str | None:
    """A header that is shown and written down, without secrets."""
    value = headers.get(name)
    return value and redact(value)


_RATE = "anthropic-ratelimit-requests"
"""Seen on list, create and results as -limit, -remaining and -reset (RFC 3339), 2026-09-02."""


def _until(value: str | None, server_date: datetime | None) -> float | None:
    try:
        reset = datetime.fromisoformat(value) if value else None
    except ValueError:
        return None
    if reset is None or server_date is None or reset.tzinfo is None:
        return None
    return max((reset - server_date).total_seconds(), 0.0)


def retry_after_seconds(value: str | None, now: datetime | None = None) -> float | None:
    """Seconds a Retry-After asks for, as a number or a date; None where it is absent or makes no sense."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        date = _date(value)
        if date is None:
            return None
        seconds = (date - (now or datetime.now(UTC))).total_seconds()
    return max(seconds, 0.0) if math.isfinite(seconds) else None


def _date(value: str | None) -> datetime | None:
    if not value:
        return None
    try:
        parsed = parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


_NOT_SENT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
)
_SPEND_CAPS = {"enforced_spend_limit_reached", "contract_spend_limit_reached"}


@contextlib.contextmanager
def translated(*, creating: bool = False) -> Iterator[None]:
    """Turn the transport's errors raised inside into ours. `creating` marks the call that must not happen twice."""
    try:
        yield
    except (httpx2.TransportError, httpx2.StreamError) as error:
        raise unanswered(error, _url_of(error), creating=creating) from error
    except httpx2.InvalidURL as error:
        raise ConfigError(f"The base URL is not a URL: {error}.") from error
    except httpx2.DecodingError as error:
        if creating:
            raise UnknownOutcomeError(f"The answer to the create could not be read: {error}.") from error
        raise UnavailableError(f"The answer of the API could not be read: {error}.") from error


def _url_of(error: httpx2.TransportError | httpx2.StreamError) -> httpx2.URL | None:
    if not isinstance(error, httpx2.TransportError):
        return None
    with contextlib.suppress(RuntimeError):  # one that no request was given
        return error.request.url
    return None


def refused(response: httpx2.Response, *, creating: bool = False) -> ApiError:
    """What an answer means that was read and is no success."""
    status = response.status_code
    body = _body_of(response)
    error_type, message = _words(response, body)
    request_id = response.headers.get("request-id")
    facts: dict[str, Any] = {"status": status, "error_type": error_type, "request_id": request_id}
    sentence = f"{message.rstrip('.')} (HTTP {status}{f', {request_id}' if request_id else ''})."
    asked = retry_after_seconds(response.headers.get("retry-after"))
    is_read = response.request.method == "GET"
    if is_read and (300 <= status < 400 or status == 511):
        return NotTheApiError(sentence, **facts)
    if status in (401, 403):
        return AuthenticationError(sentence, **facts)
    if status == 404:
        return NotFoundError(sentence, **facts)
    if status in (400, 402, 413, 422) or 300 <= status < 400:
        return RejectedError(sentence, **facts)
    if status == 429 and _error_code(body) in _SPEND_CAPS:
        return RejectedError(sentence, **facts)
    if status == 429 and (error_type or not creating):
        return RateLimitedError(sentence, retry_after=asked, **facts)
    if creating:
        return UnknownOutcomeError(sentence, **facts)
    if status == 409:
        return RejectedError(sentence, **facts)
    return UnavailableError(sentence, retry_after=asked, **facts)


def _body_of(response: httpx2.Response) -> object:
    with contextlib.suppress(*UNREADABLE):
        return msgspec.json.decode(response.content)
    return None


def _words(response: httpx2.Response, body: object) -> tuple[str | None, str]:
    """The API's error type and message, or None and what little a gateway's page says."""
    if 300 <= response.status_code < 400:
        target = response.headers.get("location", "another address")
        return None, f"The server answered with a redirect to {target}, which is not followed: {_LOGIN}"
    inner = body.get("error") if isinstance(body, dict) else None
    if isinstance(inner, dict) and isinstance(inner.get("message"), str):
        return str(inner.get("type") or "") or None, inner["message"]
    if response.status_code == 413:
        return None, "The request is larger than the API accepts"
    if is_page(response):
        return (
            None,
            f"The server answered with a web page{_title(response)} in place of the API's words",
        )
    return None, "The server answered with an error page"


_LOGIN = "the login page of this network or of a proxy? Log in with a browser, or look at --base-url"
_PAGE_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{1,80})", re.IGNORECASE)
_LOOKED_AT = 4_096
"""Bytes of a page in which its title is looked for."""


def is_page(response: httpx2.Response) -> bool:
    """Whether an answer that has been read is a web page."""
    return "html" in response.headers.get("content-type", "") or response.content.lstrip()[:1] == b"<"


def page_error(response: httpx2.Response) -> NotTheApiError:
    """What to say of a web page that came, read or not, where an answer of the API should be."""
    url, status = response.url, response.status_code
    title = _title(response) if response.is_closed else ""
    return NotTheApiError(
        f"{url.scheme}://{url.netloc.decode()} answered with a web page{title} and not as the API does: "
        f"{_LOGIN} (HTTP {status}).",
        status=status,
    )


def _title(response: httpx2.Response) -> str:
    found = _PAGE_TITLE.search(response.content[:_LOOKED_AT].decode("utf-8", "replace"))
    return f", {' '.join(found[1].split())!r}," if found else ""


def _error_code(body: object) -> str | None:
    inner = body.get("error") if isinstance(body, dict) else None
    details = inner.get("details") if isinstance(inner, dict) else None
    code = details.get("error_code") if isinstance(details, dict) else None
    return code if isinstance(code, str) else None


def unanswered(
    cause: BaseException, url: httpx2.URL | None, *, creating: bool = False
) -> ApiError | ConfigError:
    """What it means that no answer came, or not all of it."""
    if isinstance(cause, ConfigError):  # our own look at a request that was about to leave
        return ConfigError(str(cause))
    not_sent = isinstance(cause, _NOT_SENT)
    reason = _reason(cause)
    _log.warning("No answer%s: %s", "" if not_sent else " to what was sent", reason)
    if creating and not not_sent:
        return UnknownOutcomeError(f"The request was sent, but no answer came: {reason}.")
    place = f" at {url.scheme}://{url.netloc.decode()}{_proxy_of(url)}" if url is not None else ""
    return UnavailableError(f"Cannot reach the API{place}: {reason}.", sent=not not_sent)


def _proxy_of(url: httpx2.URL) -> str:
    """The proxy of the environment on the way there, without what proves who we are to it."""
    proxies = getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(url.host):
        return ""
    return f" through the proxy {proxy.rpartition('@')[2].rpartition('://')[2].rstrip('/')}"


def _reason(cause: BaseException) -> str:
    if isinstance(cause, httpx2.ConnectTimeout):
        return "the connection timed out"
    if isinstance(cause, httpx2.TimeoutException):
        return "the answer took too long"
    if isinstance(cause, httpx2.RemoteProtocolError):
        return "the connection was closed in the middle of the answer"
    if isinstance(cause, httpx2.ProxyError):
        return f"the proxy says: {str(cause) or 'nothing'}. Look at HTTPS_PROXY and NO_PROXY"
    if isinstance(cause, httpx2.NetworkError) and not str(cause):
        return "the connection broke"
    words = str(cause) or type(cause).__name__
    if "CERTIFICATE_VERIFY_FAILED" in words:
        why = words.split("verify failed: ", 1)[-1].split(" (_ssl", 1)[0]
        return (
            f"its certificate is not trusted ({why}). Where your network has an authority of its own, "
            "set SSL_CERT_FILE to the file of its certificates"
        )
    for prefix in ("[Errno ", "[SSL"):
        if words.startswith(prefix) and "] " in words:
            words = words.split("] ", 1)[1]
    return words.rstrip(".")
