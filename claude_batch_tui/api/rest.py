"""Reads of the documented REST API over the SDK's transport, for who has a plain key: to import the SDK takes a second and 55 MB.

What it sends is what the SDK sends for the same calls, but for what the SDK says of itself; a test compares the two on the wire.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import Any

import httpx2

from claude_batch_tui.api.access import (
    ASYNC_HOOKS,
    CUSTOM_HEADERS,
    HOOKS,
    named_network,
    require_sound_headers,
)
from claude_batch_tui.api.translation import refused, translated
from claude_batch_tui.config import Config
from claude_batch_tui.credentials import ending, read_secret

ADDRESS = "https://api.anthropic.com"
_VERSION = "2026-10-21"
"""Of the API, as the SDK 2.14 says it where nothing else is asked for (its _constants.py)."""
_THE_SDKS = ("ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_LOG", CUSTOM_HEADERS)
"""With one of these set in the environment it is the SDK that knows what to send, or what to write down."""


def plain_key(config: Config, environ: Mapping[str, str], api_key: str | None) -> str | None:
    """The key that is all there is to prove who calls; None where the SDK has to look for it, or has more to say."""
    if any(environ.get(name) for name in _THE_SDKS):
        return None
    if api_key is None and config.profile and config.profile not in config.profiles:
        return None
    return api_key if api_key is not None else environ.get("ANTHROPIC_API_KEY") or None


class Rest:
    """Reads with a plain key, by an asynchronous client; streams have a client each."""

    def __init__(self, key: str, *, key_name: str, base_url: str | None, headers: Mapping[str, str]) -> None:
        secret = read_secret(key, key_name)
        self.base_url = (base_url or ADDRESS).rstrip("/")
        self.credential = f"key {ending(secret)}"
        sent = {
            "accept": "application/json",
            "accept-encoding": "gzip, deflate",
            "user-agent": f"cbtui/{version('claude-batch-tui')}",
            "anthropic-version": _VERSION,
            "authorization": f"Bearer {secret}",
            **headers,
        }
        require_sound_headers(sent)
        with named_network():
            # Once for all clients: certificates take 50 ms and 4 MB to read. A plain connection has none to check.
            trusted = httpx2.create_ssl_context(verify=not self.base_url.startswith("http://"))
            self._options: dict[str, Any] = {"headers": sent, "verify": trusted, "follow_redirects": False}
            self._client = httpx2.AsyncClient(event_hooks=ASYNC_HOOKS, **self._options)

    async def get(self, path: str, query: Mapping[str, Any], within: httpx2.Timeout) -> httpx2.Response:
        """The answer, read whole; a list in the query is given as `name[]`, once for each."""
        named = {f"{name}[]" if isinstance(value, list) else name: value for name, value in query.items()}
        with translated():
            response = await self._client.get(self.base_url + path, params=named or None, timeout=within)
        if not response.is_success:
            raise refused(response)
        return response

    @contextlib.contextmanager
    def stream(
        self, path: str, headers: Mapping[str, str], timeout: httpx2.Timeout
    ) -> Iterator[httpx2.Response]:
        """The answer of which nothing but the headers was read. Blocks."""
        with named_network():
            client = httpx2.Client(event_hooks=HOOKS, **self._options)
        with client:
            with translated():
                request = client.build_request("GET", self.base_url + path, headers=headers, timeout=timeout)
                response = client.send(request, stream=True)
            with contextlib.closing(response):
                if not response.is_success:
                    with translated():
                        response.read()
                    raise refused(response)
                yield response

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.aclose()
