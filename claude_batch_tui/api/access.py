"""Where the API is and what proves who calls, checked before anything is sent."""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final

import httpx2

from claude_batch_tui.config import Config
from claude_batch_tui.credentials import unmounted
from claude_batch_tui.errors import ConfigError
from claude_batch_tui.redaction import remember_secret

_log = logging.getLogger(__name__)
CUSTOM_HEADERS = "ANTHROPIC_CUSTOM_HEADERS"
_PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_PLACE_IN_C = re.compile(r"^\[[^]]*\] | \(_ssl\.c:\d+\)$")
_NAME = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)
_UNSENDABLE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
_SECRET_NAME = re.compile(r"auth|key|token|secret|passw|cookie|credential|signature", re.IGNORECASE)


def base_url_of(config: Config, environ: Mapping[str, str]) -> str | None:
    """The address that settings or environment name, None where the SDK is to look further.

    Raises ConfigError for one that is none, and for one to which a key would travel in clear.
    """
    given, origin = config.base_url, "The base URL (--base-url or base_url)"
    if given is None:
        given, origin = environ.get("ANTHROPIC_BASE_URL"), "ANTHROPIC_BASE_URL"
    if given is None:
        return None
    address = unmounted(given)
    require_address(address, origin, config.hosts_by_http)
    return address


def require_address(address: str, origin: str, by_http: Collection[str] = ()) -> None:
    """Raise ConfigError, which begins with `origin`, for an address that is none or not private.

    `by_http` are the hosts that may be reached without encryption; those of this machine always may.
    """
    if not address:
        raise ConfigError(
            f"{origin} is empty: unset it, or set an address such as https://api.anthropic.com."
        )
    if "://" not in address:
        raise ConfigError(
            f"{origin}, {address}, does not begin with https://, or http:// for a server on this machine."
        )
    try:
        url = httpx2.URL(address)
    except httpx2.InvalidURL as error:
        raise ConfigError(f"{origin} is not a URL: {error}.") from error
    except UnicodeError as error:
        raise ConfigError(f"{origin} is not a URL: it holds bytes that are no UTF-8.") from error
    if url.scheme not in ("http", "https"):
        raise ConfigError(
            f"{origin}, {address}, begins with {url.scheme}://: the API is reached by https://."
        )
    if not url.host:
        raise ConfigError(f"{origin}, {address}, names no host.")
    if url.userinfo:
        raise ConfigError(
            f"{origin}, {address}, holds a password or a name, and would be written down with it: "
            f"send it as a header of {CUSTOM_HEADERS}."
        )
    if url.scheme == "http" and url.host.lower() not in by_http and not _is_this_machine(url.host):
        raise ConfigError(
            f"{origin}, {address}, is not https, and {url.host} is not this machine: prompts and the key would travel "
            f'in clear. Use an https address, or, for a gateway of a private network, set allow_http = "{url.host}" '
            "in config.toml."
        )


@contextlib.contextmanager
def named_network() -> Iterator[None]:
    """Raise ConfigError for certificates or a proxy of the environment with which no client can be made."""
    try:
        yield
    except OSError as error:
        variable = "SSL_CERT_FILE" if os.environ.get("SSL_CERT_FILE") else "SSL_CERT_DIR"
        raise ConfigError(
            f"The certificates of {variable} ({os.environ.get(variable, 'not set')}) cannot be read: "
            f"{_PLACE_IN_C.sub('', error.strerror or str(error))}. It names a file of PEM certificates."
        ) from error
    except (ImportError, ValueError, httpx2.InvalidURL) as error:
        advice = (
            "use one of http:// or https://" if isinstance(error, ImportError) else str(error).rstrip(".")
        )
        names = " ".join(sorted(name for name in os.environ if name.lower() in _PROXY_VARIABLES))
        raise ConfigError(f"The proxy of the environment ({names}) cannot be used: {advice}.") from error


def require_sound_headers(headers: Mapping[str, object]) -> None:
    """Raise ConfigError, without showing a value, for a header that cannot be sent; what they hold of secrets is
    remembered, so that no text shows it.
    """
    for name, value in headers.items():
        if isinstance(value, str):
            if _SECRET_NAME.search(name):
                remember_secret(value)
            _require_sendable(name, value)


def check_request(request: httpx2.Request) -> None:
    """Look at a request as it is about to leave: a token that the SDK found by itself is in no header before.

    Raises ConfigError for a header that cannot be sent.
    """
    authorization = request.headers.get("authorization", "")
    remember_secret(authorization.partition(" ")[2])
    if authorization != authorization.strip():
        request.headers["authorization"] = authorization.strip()
    for name, value in request.headers.items():
        _require_sendable(name, value)


async def _check_request_async(request: httpx2.Request) -> None:
    check_request(request)


def _log_answer(response: httpx2.Response) -> None:
    """Write down that something was answered, and by which ids it can be found again; never what was said."""
    request = response.request
    key = request.headers.get("idempotency-key")
    _log.info(
        "%s %s: HTTP %d, %s%s",
        request.method,
        request.url.path,
        response.status_code,
        response.headers.get("request-id", "no request id"),
        f", idempotency key {key}" if key else "",
    )


async def _log_answer_async(response: httpx2.Response) -> None:
    _log_answer(response)


_Hooks = Mapping[str, list[Callable[..., Any]]]
HOOKS: Final[_Hooks] = {"request": [check_request], "response": [_log_answer]}
"""What every client of the transport does with a request that is about to leave, and with an answer."""
ASYNC_HOOKS: Final[_Hooks] = {"request": [_check_request_async], "response": [_log_answer_async]}
"""The same of an asynchronous client."""


def _require_sendable(name: str, value: str) -> None:
    if not _NAME.fullmatch(name):
        raise ConfigError(f"The name of a header in {CUSTOM_HEADERS} holds a blank or an odd character.")
    if _UNSENDABLE.search(value):
        raise ConfigError(
            f"The header {name} holds a line end or a control character: look at where it comes from "
            f"({CUSTOM_HEADERS}, --betas, workspace, user_profile_id, api_version, or the token of a profile)."
        )


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
