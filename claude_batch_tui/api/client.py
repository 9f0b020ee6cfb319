"""The API behind `BatchesApi`: what reads goes over REST where the key is all there is to say, all else by the official SDK.

Answers are decoded with msgspec, since the SDK's models cost 52 ms for 1,000 batches.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_args
from urllib.parse import quote

import httpx2
import msgspec

from claude_batch_tui.api.access import base_url_of, require_address
from claude_batch_tui.api.protocol import BatchPage, ResponseFacts, ResultsStream
from claude_batch_tui.api.rest import Rest, plain_key
from claude_batch_tui.api.translation import is_page, page_error, response_facts, translated
from claude_batch_tui.config import Config
from claude_batch_tui.domain.batches.batch import Batch
from claude_batch_tui.domain.requests.limits import CREATE_SECONDS
from claude_batch_tui.domain.requests.models import Lifecycle, ModelFacts
from claude_batch_tui.errors import ConfigError, UnavailableError, UnknownOutcomeError
from claude_batch_tui.first_import import uncollected
from claude_batch_tui.logs import make_log_records_safe
from claude_batch_tui.nesting import UNREADABLE

if TYPE_CHECKING:
    from claude_batch_tui.api.sdk import Sdk

_BATCHES = "/v1/messages/batches"
_CALL = httpx2.Timeout(connect=10, read=60, write=60, pool=10)
_CREATE = httpx2.Timeout(connect=10, read=CREATE_SECONDS, write=60, pool=10)
_LONGEST_MODELS_LIST = 1000
_COUNTED = (
    "model",
    "messages",
    "system",
    "tools",
    "tool_choice",
    "thinking",
    "output_config",
    "cache_control",
)
"""What count_tokens takes (types/message_count_tokens_params.py of the SDK 2.11)."""
_T = TypeVar("_T")


class _Page(msgspec.Struct):
    data: list[msgspec.Raw] = []
    has_more: bool = False
    first_id: str | None = None
    last_id: str | None = None


class _Counted(msgspec.Struct):
    input_tokens: int


class AnthropicApi:
    """The API. The SDK is imported with the first call that it makes: at once where it has to find the credentials."""

    def __init__(self, config: Config, *, api_key: str | None = None) -> None:
        make_log_records_safe()
        headers = {}
        if config.workspace:
            headers["anthropic-workspace-id"] = config.workspace
        if config.api_version:
            headers["anthropic-version"] = config.api_version
        self._options: dict[str, Any] = {
            "default_headers": headers,
            "base_url": base_url_of(config, os.environ),
        }
        if api_key is not None:
            self._options["api_key"] = api_key
        elif config.profile and config.profile not in config.profiles:
            self._options["profile"] = config.profile
        who = config.user_profile_id
        self._paid_headers = {"anthropic-user-profile-id": who} if who else {}
        self._key_name = "ANTHROPIC_API_KEY" if api_key is None else "The API key"
        self._profile = config.profile
        self._making_sdk = threading.Lock()
        self._made_sdk: Sdk | None = None
        key = plain_key(config, os.environ, api_key)
        self._reads: Rest | Sdk
        if key is None:
            self._reads = self._sdk
        else:
            self._reads = Rest(
                key, key_name=self._key_name, base_url=self._options["base_url"], headers=headers
            )
        require_address(self.base_url, "The base URL of the profile", config.hosts_by_http)

    @property
    def _sdk(self) -> Sdk:
        """The SDK, one for all threads. The first time it is imported, which blocks for a second."""
        with self._making_sdk:
            if self._made_sdk is None:
                with uncollected():
                    from claude_batch_tui.api.sdk import Sdk
                self._made_sdk = Sdk(
                    self._options, os.environ, key_name=self._key_name, profile=self._profile
                )
            return self._made_sdk

    @property
    def base_url(self) -> str:
        """The origin in force, without a trailing slash."""
        return self._reads.base_url

    @property
    def credential(self) -> str:
        """Where the credential comes from and its last four characters."""
        kind, _, shown = self._reads.credential.partition(" ")
        return f"{self._profile} {shown}" if self._profile and kind == "key" else self._reads.credential

    async def list_page(
        self, *, limit: int = 1000, after_id: str | None = None, before_id: str | None = None
    ) -> BatchPage:
        """One page of batches, newest first."""
        cursor = {"after_id": after_id, "before_id": before_id}
        query = {"limit": limit, **{name: value for name, value in cursor.items() if value}}
        content, facts = await self._call("GET", _BATCHES, query)
        page = _decode(content, _Page)
        batches: list[Batch] = []
        for raw in page.data:
            with contextlib.suppress(*UNREADABLE):
                batches.append(msgspec.json.decode(raw, type=Batch))
        return BatchPage(
            batches=tuple(batches),
            has_more=page.has_more,
            first_id=page.first_id,
            last_id=page.last_id,
            facts=facts,
            unreadable=len(page.data) - len(batches),
        )

    async def retrieve(self, batch_id: str) -> tuple[Batch, ResponseFacts]:
        """One batch."""
        content, facts = await self._call("GET", _batch_path(batch_id))
        return _decode(content, Batch), facts

    async def cancel(self, batch_id: str) -> tuple[Batch, ResponseFacts]:
        """Ask for cancellation."""
        content, facts = await self._call("POST", _batch_path(batch_id) + "/cancel")
        return _decode(content, Batch), facts

    async def delete(self, batch_id: str) -> ResponseFacts:
        """Delete an ended batch."""
        _, facts = await self._call("DELETE", _batch_path(batch_id))
        return facts

    async def models(self) -> tuple[ModelFacts, ...]:
        """All models, retired ones too."""
        query: dict[str, Any] = {"limit": _LONGEST_MODELS_LIST, "lifecycle": list(get_args(Lifecycle))}
        content, _ = await self._call("GET", "/v1/models", query)
        return tuple(_model(entry) for entry in _decode(content, dict[str, Any]).get("data", []))

    async def count_tokens(self, params: dict[str, Any], *, betas: Sequence[str] = ()) -> int:
        """What the API counts; keys that only matter for the answer are left out."""
        counted = {key: value for key, value in params.items() if key in _COUNTED}
        headers = {"anthropic-beta": ",".join(betas)} if betas else {}
        content, _ = await self._call(
            "POST", "/v1/messages/count_tokens", body=msgspec.json.encode(counted), headers=headers
        )
        return _decode(content, _Counted).input_tokens

    async def message(self, params: bytes, *, betas: Sequence[str] = ()) -> bytes:
        """One message, waited for. What is not certain to have failed raises UnknownOutcomeError."""
        headers = {"anthropic-beta": ",".join(betas)} if betas else {}
        headers |= self._paid_headers
        content, _ = await self._call("POST", "/v1/messages", body=params, headers=headers, creating=True)
        return content

    def create(
        self,
        body: Path,
        *,
        idempotency_key: str,
        betas: Sequence[str] = (),
        on_sent: Callable[[int], None] | None = None,
    ) -> tuple[Batch, ResponseFacts]:
        """Create a batch from the body file, streamed from disk over a connection of its own. Blocks."""
        headers = {
            "content-type": "application/json",
            "idempotency-key": idempotency_key,
            **self._paid_headers,
        }
        if betas:
            headers["anthropic-beta"] = ",".join(betas)
        started = time.monotonic()
        with _BodyFile(body, on_sent) as content:
            response = self._sdk.post_file(_BATCHES, content, headers, _CREATE)
        facts = response_facts(response.headers, time.monotonic() - started)
        try:
            batch = msgspec.json.decode(response.content, type=Batch)
        except UNREADABLE as error:
            odd = f"The API answered HTTP {response.status_code} with something that is not a batch."
            raise UnknownOutcomeError(
                str(page_error(response)) if is_page(response) else odd,
                status=response.status_code,
                request_id=facts.request_id,
            ) from error
        return batch, facts

    @contextlib.contextmanager
    def open_results(self, batch_id: str, *, silence: float = 60.0) -> Iterator[ResultsStream]:
        """The results as raw bytes over our own path, never over the answer's results_url. Blocks."""
        headers = {"accept": "application/x-jsonl", "accept-encoding": "identity"}
        timeout = httpx2.Timeout(connect=10, read=silence, write=60, pool=10)
        with self._reads.stream(_batch_path(batch_id) + "/results", headers, timeout) as response:
            if "html" in response.headers.get("content-type", ""):
                raise page_error(response)
            yield _ResponseStream(response)

    async def close(self) -> None:
        """Give the connections back."""
        for each in {self._reads, self._made_sdk or self._reads}:
            await each.close()

    async def _call(
        self,
        method: str,
        path: str,
        query: dict[str, Any] | None = None,
        *,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        creating: bool = False,
    ) -> tuple[bytes, ResponseFacts]:
        started = time.monotonic()
        timeout = _CREATE if creating else _CALL
        if method == "GET":
            response = await self._reads.get(path, query or {}, timeout)
        else:
            options: dict[str, Any] = {"timeout": timeout}
            if body is not None:
                options["headers"] = {"content-type": "application/json", **(headers or {})}
            sdk = await asyncio.to_thread(lambda: self._sdk)
            response = await sdk.call(method, path, options, body, creating=creating)
        if is_page(response):
            page = page_error(response)
            raise UnknownOutcomeError(str(page)) if creating else page
        return response.content, response_facts(response.headers, time.monotonic() - started)


class _BodyFile(io.FileIO):
    """A create body on its way from the disk to the wire, which says how much of it was read.

    It has a `fileno`, so the transport sends its Content-Length.
    """

    def __init__(self, path: Path, on_sent: Callable[[int], None] | None) -> None:
        super().__init__(path)
        self._on_sent = on_sent

    def read(self, size: int | None = -1, /) -> bytes:
        """The next piece."""
        piece = super().read(size) or b""
        if self._on_sent is not None:
            self._on_sent(self.tell())
        return piece

    def __next__(self) -> bytes:
        if piece := self.read(1 << 16):
            return piece
        raise StopIteration


class _ResponseStream:
    """The body of a response as it arrives, decompressed by code that checks the stream's end."""

    def __init__(self, response: httpx2.Response) -> None:
        self._response = response
        self._encoding = response.headers.get("content-encoding", "identity").lower()
        length = response.headers.get("content-length", "")
        self.content_length = int(length) if length.isdigit() and self._encoding == "identity" else None

    def __iter__(self) -> Iterator[bytes]:
        """The next bytes; see `ResultsStream`."""
        with translated():
            if self._encoding == "identity":
                yield from self._response.iter_raw()
            elif self._encoding in ("gzip", "deflate"):
                yield from _decompressed(self._response.iter_raw())
            else:
                raise UnavailableError(f"The results came in an encoding we cannot read: {self._encoding}.")


def _decompressed(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The body without its compression. Raises UnavailableError where it is damaged or has no end."""
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        for piece in pieces:
            yield unpack.decompress(piece)
    except zlib.error as error:
        raise UnavailableError(f"The compressed results are damaged: {error}.") from error
    if not unpack.eof:
        raise UnavailableError("The compressed results were cut off.")


def _batch_path(batch_id: str) -> str:
    if batch_id.strip(" .") == "":  # the address would be that of the list, or of something above it
        raise ConfigError(f"{batch_id!r} is no id of a batch: `cbtui list` shows the ids.")
    return f"{_BATCHES}/{quote(batch_id, safe='')}"


def _decode(content: bytes, kind: type[_T]) -> _T:
    try:
        return msgspec.json.decode(content, type=kind)
    except UNREADABLE as error:
        raise UnavailableError(f"The answer of the API could not be read: {error}.") from error


def _model(entry: dict[str, Any]) -> ModelFacts:
    capabilities = entry.get("capabilities")
    capabilities = capabilities if isinstance(capabilities, dict) else {}
    batch, effort = capabilities.get("batch"), capabilities.get("effort")
    supported = batch.get("supported") if isinstance(batch, dict) else None
    efforts = None
    if isinstance(effort, dict):
        efforts = [name for name, leaf in effort.items() if isinstance(leaf, dict) and leaf.get("supported")]
    try:
        return msgspec.convert({**entry, "batch_supported": supported, "efforts": efforts}, type=ModelFacts)
    except msgspec.ValidationError:
        return ModelFacts(id=str(entry.get("id", "")))
