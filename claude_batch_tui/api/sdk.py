"""The official SDK's clients. Importing this module imports the SDK: about a second and 55 MB.

Every call is made once (`max_retries=0`) and follows no redirect: the SDK would send a create up to three times, and
a redirect would carry the prompts to another host.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from typing import IO, Any, TypeVar

import anthropic
import httpx2

from claude_batch_tui.api.access import (
    ASYNC_HOOKS,
    CUSTOM_HEADERS,
    HOOKS,
    named_network,
    require_sound_headers,
)
from claude_batch_tui.api.translation import refused, translated, unanswered
from claude_batch_tui.credentials import ending, read_secret, unmounted
from claude_batch_tui.errors import ConfigError, NoCredentialsError, UnavailableError, UnknownOutcomeError

_Client = TypeVar("_Client", anthropic.Anthropic, anthropic.AsyncAnthropic)
_STREAMED = "X-Stainless-Raw-Response"
NO_CREDENTIALS = (
    "No API key was found. Set ANTHROPIC_API_KEY, or log in with a profile and pass --profile NAME; "
    "`cbtui demo` needs neither."
)


class Sdk:
    """An asynchronous client for small calls, and a synchronous one for each of the bulk bytes.

    `options` are those of the SDK's clients. Raises ConfigError for what cannot be sent, and NoCredentialsError where
    nothing proves who calls.
    """

    def __init__(
        self, options: Mapping[str, Any], environ: Mapping[str, str], *, key_name: str, profile: str | None
    ) -> None:
        headers = {**options["default_headers"], **_custom_headers(environ)}
        self._options = {**options, "default_headers": headers, "max_retries": 0, "open_telemetry": False}
        self._key_name, self._profile = key_name, profile
        with named_network():
            transport = anthropic.DefaultAsyncHttpxClient(follow_redirects=False, event_hooks=ASYNC_HOOKS)
        with _translated():
            client = anthropic.AsyncAnthropic(**self._options, http_client=transport)
        self._client = _with_sound_headers(client, key_name=key_name)
        if client.api_key is None and client.auth_token is None and client.credentials is None:
            raise NoCredentialsError(NO_CREDENTIALS)
        self.base_url = str(client.base_url).rstrip("/")

    @property
    def credential(self) -> str:
        """What proves who calls: its kind, and the last four characters of a key or token."""
        client = self._client
        if client.api_key is not None:
            return f"key {ending(client.api_key)}"
        if client.auth_token is not None:
            return f"token {ending(client.auth_token)}"
        return f"profile {self._profile or 'default'}"

    async def get(self, path: str, query: Mapping[str, Any], within: httpx2.Timeout) -> httpx2.Response:
        """The answer, read whole."""
        return await self.call("GET", path, {"params": query, "timeout": within})

    async def call(
        self,
        method: str,
        path: str,
        options: Mapping[str, Any],
        body: bytes | None = None,
        *,
        creating: bool = False,
    ) -> httpx2.Response:
        """The answer to any call, read whole; `options` are the SDK's. `creating` marks one that must not happen twice."""
        more: dict[str, Any] = {} if body is None else {"content": body}
        call = getattr(self._client, method.lower())
        with _translated(creating=creating):
            response: httpx2.Response = await call(path, cast_to=httpx2.Response, options=options, **more)
        return response

    def post_file(
        self, path: str, content: IO[bytes], headers: Mapping[str, str], timeout: httpx2.Timeout
    ) -> httpx2.Response:
        """The answer to a create, whose body is streamed over a connection of its own. Blocks."""
        with self._sync_client() as client, _translated(creating=True):
            options: Any = {"headers": headers, "timeout": timeout}
            response = client.post(path, cast_to=httpx2.Response, content=content, options=options)
            response.read()
        return response

    @contextlib.contextmanager
    def stream(
        self, path: str, headers: Mapping[str, str], timeout: httpx2.Timeout
    ) -> Iterator[httpx2.Response]:
        """The answer of which nothing but the headers was read. Blocks."""
        with self._sync_client() as client:
            with _translated():
                options: Any = {"headers": {_STREAMED: "stream", **headers}, "timeout": timeout}
                response = client.get(path, cast_to=httpx2.Response, options=options)
            with contextlib.closing(response):
                yield response

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.close()

    def _sync_client(self) -> anthropic.Anthropic:
        # Reading the certificates takes 60 ms; a plain connection, which stays on this machine, has none to check.
        needs_certificates = not self.base_url.startswith("http://")
        with named_network():
            transport = anthropic.DefaultHttpxClient(
                follow_redirects=False, event_hooks=HOOKS, verify=needs_certificates
            )
        with _translated():
            client = anthropic.Anthropic(**self._options, http_client=transport)
        return _with_sound_headers(client, key_name=self._key_name)


@contextlib.contextmanager
def _translated(*, creating: bool = False) -> Iterator[None]:
    """Turn the errors of the SDK and of the transport raised inside into ours; see `translated`."""
    try:
        with translated(creating=creating):
            yield
    except anthropic.APIStatusError as error:
        raise refused(error.response, creating=creating) from error
    except anthropic.APIConnectionError as error:
        raise unanswered(error.__cause__ or error, error.request.url, creating=creating) from error
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


def _custom_headers(environ: Mapping[str, str]) -> dict[str, Any]:
    """What to add to the headers that the SDK reads from its environment variable: it takes a byte order mark for a
    part of the first one's name.
    """
    first, colon, value = environ.get(CUSTOM_HEADERS, "").partition("\n")[0].partition(":")
    name = first.strip()
    if not colon or unmounted(name) == name:
        return {}
    return {name: anthropic.omit, unmounted(name): value.strip()}


def _with_sound_headers(client: _Client, *, key_name: str) -> _Client:
    """The client with its key or token as it was meant, and all its headers such that they can be sent.

    `key_name` is how the user calls the key.
    """
    if client.api_key is not None:
        client.api_key = read_secret(client.api_key, key_name)
    if client.auth_token is not None:
        client.auth_token = read_secret(client.auth_token, "ANTHROPIC_AUTH_TOKEN")
    require_sound_headers(client.default_headers)
    return client
