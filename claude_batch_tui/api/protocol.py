"""What the rest of the program knows of the Message Batches API: this protocol and these values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import msgspec

from claude_batch_tui.domain.batches.batch import Batch
from claude_batch_tui.domain.requests.models import ModelFacts


class ResponseFacts(msgspec.Struct, frozen=True):
    """What the headers of an answer say, and how long it took (seconds)."""

    request_id: str | None = None
    workspace_id: str | None = None
    organization_id: str | None = None
    retry_after: float | None = None
    server_date: datetime | None = None
    seconds: float = 0.0
    requests_left: int | None = None
    """Of the rate limit's window."""
    reset_in: float | None = None
    """Seconds until that window ends, by the server's own clock."""


class BatchPage(msgspec.Struct, frozen=True):
    """One page of the list, newest first. `unreadable` counts objects we could not decode."""

    batches: tuple[Batch, ...]
    has_more: bool
    first_id: str | None
    last_id: str | None
    facts: ResponseFacts
    unreadable: int = 0


class ResultsStream(Protocol):
    """The bytes of a results file as they arrive. `content_length` is None where the server did not say."""

    content_length: int | None

    def __iter__(self) -> Iterator[bytes]:
        """The bytes in pieces as they arrive; once.

        Raises ApiError where the connection breaks, or a compressed stream has no end. An answer that is shorter than
        the file, and framed as if it were whole, ends without an error: count what has come.
        """


class BatchesApi(Protocol):
    """The API. Every call is made once: retrying is its caller's business. Raises ApiError and its kinds.

    Coroutines belong to one event loop; `open_results` and `create` block and belong in a thread.
    """

    @property
    def base_url(self) -> str:
        """The origin in force, without a trailing slash."""

    @property
    def credential(self) -> str:
        """Where the credential comes from and its last four characters, never more."""

    async def list_page(
        self, *, limit: int = 1000, after_id: str | None = None, before_id: str | None = None
    ) -> BatchPage:
        """One page of batches, newest first; `after_id` asks for older ones, `before_id` for newer ones."""

    async def retrieve(self, batch_id: str) -> tuple[Batch, ResponseFacts]:
        """One batch."""

    async def cancel(self, batch_id: str) -> tuple[Batch, ResponseFacts]:
        """Ask for cancellation."""

    async def delete(self, batch_id: str) -> ResponseFacts:
        """Delete an ended batch."""

    async def models(self) -> tuple[ModelFacts, ...]:
        """All models, retired ones too."""

    async def count_tokens(self, params: dict[str, Any], *, betas: Sequence[str] = ()) -> int:
        """The input tokens of a request's params, as the API counts them. Free."""

    async def message(self, params: bytes, *, betas: Sequence[str] = ()) -> bytes:
        """Send one request at once and not in a batch; the message as the API sent it. Paid at the standard price."""

    def create(
        self,
        body: Path,
        *,
        idempotency_key: str,
        betas: Sequence[str] = (),
        on_sent: Callable[[int], None] | None = None,
    ) -> tuple[Batch, ResponseFacts]:
        """Create a batch from the body file, streamed from disk. `on_sent` hears the bytes sent so far. Blocks.

        Raises UnknownOutcomeError wherever the batch may exist, and an ApiError with `sent=False` where the
        request certainly never left.
        """

    def open_results(self, batch_id: str, *, silence: float = 60.0) -> AbstractContextManager[ResultsStream]:
        """The results as a stream of raw bytes, which fails after so many seconds without any. Blocks.

        Raises NotFoundError while there are none.
        """

    async def close(self) -> None:
        """Give the connections back."""
