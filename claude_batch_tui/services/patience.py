"""Reads of the API that fail are tried again, for a while; what pays, cancels or deletes is asked for once, as ever.

This is for commands, and for keys of the dashboard, which end with what they could not read. The polls of the dashboard
and a watch wait by themselves for as long as they run, and a download begins again where it broke.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from claude_batch_tui.api.protocol import BatchesApi, BatchPage, ResponseFacts, ResultsStream
from claude_batch_tui.domain.batches.batch import Batch
from claude_batch_tui.domain.batches.polling import wait_for_read
from claude_batch_tui.domain.requests.models import ModelFacts
from claude_batch_tui.errors import RateLimitedError, UnavailableError

_T = TypeVar("_T")


class Patience(msgspec.Struct, frozen=True):
    """How long a read is tried again from its first failure on, by which clock, and who is told of each wait."""

    seconds: float
    tell: Callable[[str], None]
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    random: Callable[[], float] = random.random

    async def read(self, call: Callable[[], Awaitable[_T]]) -> _T:
        """What the call gives, at once or when it is tried again.

        Tried again are refusals for a while (429, 5xx, 529) and connections that broke, not those that were never
        made. Raises the ApiError of the last try, which says then how often it was tried.
        """
        failures, began = 0, 0.0
        while True:
            try:
                return await call()
            except (RateLimitedError, UnavailableError) as error:
                if not error.may_pass:
                    raise
                now = self.monotonic()
                began = began if failures else now
                failures += 1
                wait = wait_for_read(
                    failures, now - began, self.seconds, self.random(), asked=error.retry_after
                )
                if wait is None:
                    error.add(tried_words(failures, now - began, error.retry_after, self.seconds))
                    raise
                self.tell(again_words(error, wait))
            await self.sleep(wait)


def again_words(error: RateLimitedError | UnavailableError, wait: float) -> str:
    """What failed, and when it is tried again."""
    asked = ", as the API asks" if error.retry_after is not None else ""
    return f"{error} Trying again in {wait:.0f} s{asked}."


def tried_words(failures: int, seconds: float, asked: float | None, limit: float) -> str:
    """Why a read is not tried again, as a sentence; nothing where that was never meant."""
    tried = f"Tried {failures} times in {seconds:.0f} s. " if failures > 1 else ""
    if asked is not None and asked > limit - seconds:
        return f"{tried}The API asks to wait {asked:.0f} s, which --timeout {seconds + asked:.0f} does."
    return tried.rstrip()


class PatientApi:
    """A `BatchesApi` whose reads are tried again."""

    def __init__(self, api: BatchesApi, patience: Patience) -> None:
        self._api = api
        self._read = patience.read
        self.cancel = api.cancel
        self.delete = api.delete
        self.message = api.message
        self.close = api.close

    @property
    def base_url(self) -> str:
        """The origin in force, without a trailing slash."""
        return self._api.base_url

    @property
    def credential(self) -> str:
        """Where the credential comes from and its last four characters, never more."""
        return self._api.credential

    async def list_page(
        self, *, limit: int = 1000, after_id: str | None = None, before_id: str | None = None
    ) -> BatchPage:
        """One page of batches, newest first; `after_id` asks for older ones, `before_id` for newer ones."""
        return await self._read(
            lambda: self._api.list_page(limit=limit, after_id=after_id, before_id=before_id)
        )

    async def retrieve(self, batch_id: str) -> tuple[Batch, ResponseFacts]:
        """One batch."""
        return await self._read(lambda: self._api.retrieve(batch_id))

    async def models(self) -> tuple[ModelFacts, ...]:
        """All models, active and deprecated."""
        return await self._read(self._api.models)

    async def count_tokens(self, params: dict[str, Any], *, betas: Sequence[str] = ()) -> int:
        """The input tokens of a request's params, as the API counts them. Free."""
        return await self._read(lambda: self._api.count_tokens(params, betas=betas))

    def create(
        self,
        body: Path,
        *,
        idempotency_key: str,
        betas: Sequence[str] = (),
        on_sent: Callable[[int], None] | None = None,
    ) -> tuple[Batch, ResponseFacts]:
        """Create a batch, once; see `BatchesApi`. Blocks."""
        return self._api.create(body, idempotency_key=idempotency_key, betas=betas, on_sent=on_sent)

    def open_results(self, batch_id: str, *, silence: float = 60.0) -> AbstractContextManager[ResultsStream]:
        """The results as a stream, asked for once: the download begins again by itself. Blocks."""
        return self._api.open_results(batch_id, silence=silence)
