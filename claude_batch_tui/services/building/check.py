"""Check: a requests file becomes a priced draft, with all problems in it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import msgspec

from claude_batch_tui.config import Config
from claude_batch_tui.domain.money.pricing import (
    Cost,
    CostForecast,
    PriceTable,
    cost_forecast,
)
from claude_batch_tui.domain.requests.draft import Draft
from claude_batch_tui.domain.requests.models import Models
from claude_batch_tui.domain.requests.validation import RequestsCheck
from claude_batch_tui.media import look_at
from claude_batch_tui.services.building.models import known_models, read_prices
from claude_batch_tui.services.building.progress import (
    ROWS_BETWEEN_LOOKS,
    Clock,
    SourceProgress,
    is_due,
)
from claude_batch_tui.sources.jsonl import numbered_lines
from claude_batch_tui.sources.ready import require_requests_file
from claude_batch_tui.sources.source_file import open_source

PROCESSING = timedelta(hours=24)
"""How long a batch may take before it expires (batch guide)."""
_LARGE = 100_000
"""Bytes of a request that may hold a PDF, which takes up to 50 ms."""


class CheckReport(msgspec.Struct, frozen=True):
    """A draft and what it will cost, as far as it is known without asking anybody."""

    draft: Draft
    forecast: CostForecast

    @property
    def at_most(self) -> Cost:
        """The cost at most."""
        return self.forecast.at_most


CheckUpdate = SourceProgress | CheckReport


def check(
    path: Path,
    *,
    prices: PriceTable,
    models: Models | None = None,
    betas: tuple[str, ...] = (),
    api_version: str | None = None,
    deadline: date | None = None,
    user_profile_id: str | None = None,
    clock: Clock = time.monotonic,
) -> Iterator[CheckUpdate]:
    """Check every request of a file, made by us or not; see `RequestsCheck` for what is known of models and time.

    An iterator for a thread: progress about ten times a second, then one report. Problems of requests are in the report;
    raises SourceError where the file cannot be read, or is no requests file.
    """
    checked = RequestsCheck(
        str(path),
        models=models,
        betas=betas,
        api_version=api_version,
        deadline=deadline,
        look=look_at,
        user_profile_id=user_profile_id,
    )
    look = is_due(clock)
    with open_source(str(path)) as file:
        require_requests_file(file)
        for line in numbered_lines(file):
            checked.add(line.number, line.data)
            is_time = checked.requests % ROWS_BETWEEN_LOOKS == 0 or len(line.data) > _LARGE
            if is_time and look():
                yield SourceProgress(checked.requests, file.bytes_read, file.size)
    draft = checked.draft()
    as_of = models.as_of if models is not None else None
    yield CheckReport(draft, cost_forecast(draft.models, prices, shared=draft.shared, models_as_of=as_of))


def check_file(
    path: Path, config: Config, now: datetime, *, hint: str, betas: tuple[str, ...] = ()
) -> Iterator[CheckUpdate]:
    """Check a requests file by all that is known here of prices, models and time; see `check`.

    `hint` tells accounts apart, whose models differ. Raises SourceError for a file and ConfigError for a price table
    that cannot be read.
    """
    return check(
        path,
        prices=read_prices(config),
        models=known_models(config.data_dir, hint, now),
        betas=betas,
        api_version=config.api_version,
        deadline=(now + PROCESSING).date(),
        user_profile_id=config.user_profile_id,
    )


def report_of(updates: Iterable[CheckUpdate]) -> CheckReport:
    """A check run to its end, with nobody told how far it is."""
    return next(update for update in updates if isinstance(update, CheckReport))
