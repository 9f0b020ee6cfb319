"""What a draft will cost, while it is typed: by its first requests and how many rows there are, in a fraction of a second."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil

import msgspec

from claude_batch_tui.domain.money.pricing import CostForecast, PriceTable, cost_forecast
from claude_batch_tui.domain.requests.draft import ModelTotals
from claude_batch_tui.domain.requests.models import Models
from claude_batch_tui.domain.requests.validation import RequestsCheck
from claude_batch_tui.media import look_at
from claude_batch_tui.services.building.preview import preview
from claude_batch_tui.sources.patience import USUAL, Patience
from claude_batch_tui.sources.recipe import BuildSpec

SAMPLE = 50
"""Requests that are made for it; of documents, which may be large, fewer."""
_DOCUMENTS = 5


class Estimate(msgspec.Struct, frozen=True):
    """What `requests` will cost about as `sampled` of them do; `is_exact` where the rows were counted to their end.

    `unusable` of the sampled rows are no request.
    """

    forecast: CostForecast
    requests: int
    is_exact: bool
    sampled: int
    unusable: int


def estimate(
    spec: BuildSpec,
    *,
    prices: PriceTable,
    models: Models,
    betas: tuple[str, ...] = (),
    api_version: str | None = None,
    patience: Patience = USUAL,
    stopped: Callable[[], bool] = lambda: False,
) -> Estimate | None:
    """The cost as far as the beginning of a source tells it; None where no row became a request, or it was stopped.

    Raises ConfigError and SourceError as `build` does.
    """
    most = _DOCUMENTS if spec.kind == "documents" else SAMPLE
    shown = preview(spec, 0, most, patience=patience)
    checked = RequestsCheck(spec.path, models=models, betas=betas, api_version=api_version, look=look_at)
    usable = 0
    for request in shown.requests:
        if stopped():
            return None
        if request.sendable is not None:
            usable += 1
            checked.add(request.line, request.sendable)
    if not usable:
        return None
    sampled = len(shown.requests)
    rows, is_exact = shown.rows, shown.rows_exact
    if sampled < most:
        items, is_exact = sampled, True
    elif rows is None:
        items, is_exact = sampled, False
    else:
        items = ceil(rows / (spec.rows_per_request or 1)) * (spec.times or 1)
    factor = items / sampled
    totals = [_scaled(group, factor) for group in checked.draft().models]
    forecast = cost_forecast(totals, prices, models_as_of=models.as_of)
    return Estimate(forecast, round(usable * factor), is_exact, sampled, sampled - usable)


def _scaled(group: ModelTotals, factor: float) -> ModelTotals:
    """So many times as many requests like these."""
    numbers = ("requests", "params_bytes", "max_tokens", "open_ended", "media_tokens", "more_tokens")
    return msgspec.structs.replace(group, **{name: round(getattr(group, name) * factor) for name in numbers})
