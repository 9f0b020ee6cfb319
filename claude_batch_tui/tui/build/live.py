"""What Build finds out by itself while it is typed into, in a thread: columns and first rows, what is wrong, what it costs."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from time import monotonic
from typing import Any, NamedTuple

from textual.worker import get_current_worker

from claude_batch_tui.config import Config
from claude_batch_tui.domain.requests.limits import MAX_REQUESTS
from claude_batch_tui.errors import CbtuiError
from claude_batch_tui.services.building.check import PROCESSING
from claude_batch_tui.services.building.estimate import Estimate, estimate
from claude_batch_tui.services.building.models import known_models, read_prices
from claude_batch_tui.services.building.preview import Sample, sample_rows
from claude_batch_tui.sources.patience import Patience
from claude_batch_tui.store.workspaces import hint_of
from claude_batch_tui.tui.build.advice import Advice, Known, advice
from claude_batch_tui.tui.build.fields import FIELDS, READY, betas_of, kind_of, spec_of
from claude_batch_tui.tui.screen import DashboardScreen
from claude_batch_tui.wording.values import counted, money

ROWS = 50
"""First rows that are shown; of documents, which may be large, fewer."""
_DOCUMENTS = 5
_QUICK = 0.5
"""Seconds the first rows may take where they are read again for the cost with every change."""
_SECONDS = 5.0
"""How long a query may look for its first rows."""


class Live(NamedTuple):
    """All that is known of what is typed: `source` is the one it was read from."""

    source: str | None
    sample: Sample
    advice: Advice
    known: Known


class LiveReading:
    """Reads along: `show` is given what is known at once, `show_cost` the words for the cost, later."""

    def __init__(
        self,
        screen: DashboardScreen,
        *,
        show: Callable[[Live], None],
        show_cost: Callable[[str], None],
    ) -> None:
        self._screen = screen
        self._show = show
        self._show_cost = show_cost
        self._sampled: tuple[object, Sample] = (None, Sample())
        self._is_slow = False

    def read(self, values: Mapping[str, str]) -> None:
        """Find out about these values, in place of those before."""
        dashboard = self._screen.dashboard
        config, now = dashboard.config, dashboard.now()

        def work() -> None:
            worker = get_current_worker()
            app = self._screen.app
            for show, said in self._found(values, config, now, lambda: worker.is_cancelled):
                if worker.is_cancelled:
                    return
                app.call_from_thread(show, said)

        self._screen.run_worker(work, thread=True, exclusive=True, group="live")

    def _found(
        self, values: Mapping[str, str], config: Config, now: datetime, stopped: Callable[[], bool]
    ) -> Any:
        try:
            known = known_today(config, now)
        except CbtuiError as error:
            yield self._show_cost, str(error)
            return
        sample = self._sample(values, Patience(_SECONDS, stopped))
        yield self._show, Live(values.get("source"), sample, advice(values, sample.columns, known), known)
        yield self._show_cost, self._cost(values, known, Patience(_SECONDS, stopped), stopped)

    def _sample(self, values: Mapping[str, str], patience: Patience) -> Sample:
        """The first rows, read again only where the source is another or is read otherwise."""
        if kind_of(values) in {None, *READY}:
            return Sample()
        said = {name: text for name, text in values.items() if FIELDS[name].section in {"source", "reading"}}
        with suppress(CbtuiError, OSError):
            spec = spec_of(said)
            key = (tuple(sorted(said.items())), _stamp(spec.path))
            if self._sampled[0] != key:
                begun = monotonic()
                count = _DOCUMENTS if spec.kind == "documents" else ROWS
                self._sampled = (key, sample_rows(spec, count, patience))
                self._is_slow = monotonic() - begun > _QUICK
            return self._sampled[1]
        return Sample()

    def _cost(
        self, values: Mapping[str, str], known: Known, patience: Patience, stopped: Callable[[], bool]
    ) -> str:
        """What the draft costs as far as its beginning tells; nothing where that says nothing."""
        if kind_of(values) == "custom" or self._is_slow:
            return ""
        try:
            found = estimate(
                spec_of(values, complete=True),
                prices=known.prices,
                models=known.models,
                betas=betas_of(values),
                api_version=known.api_version,
                patience=patience,
                stopped=stopped,
            )
        except (CbtuiError, OSError):
            return ""
        return "" if found is None else estimate_words(found)


def known_today(config: Config, now: datetime) -> Known:
    """What is known of models and prices. Raises ConfigError for a price table of the user's that cannot be read."""
    models = known_models(config.data_dir, hint_of(config, os.environ), now)
    return Known(models, read_prices(config), config.api_version, (now + PROCESSING).date())


def estimate_words(found: Estimate) -> str:
    """`about 2,400 requests · input $0.03 · at most $1.99`: a cost before it is checked."""
    about = "" if found.is_exact else "about "
    words = f"{about}{counted(found.requests, 'request')}"
    at_most = found.forecast.at_most
    if at_most.unpriced:
        words += f" · no price for {', '.join(at_most.unpriced)}"
    else:
        words += f" · input {money(found.forecast.about.batch)} · at most {money(at_most.batch)}"
    if found.requests > MAX_REQUESTS:
        words += " · several batches"
    if found.unusable:
        words += f" · without {found.unusable} of the first {found.sampled} rows"
    return words


def _stamp(path: str) -> Sequence[int]:
    """What changes with a file."""
    with suppress(OSError):
        status = os.stat(path)  # noqa: PTH116  a path that may be a pattern
        return (status.st_mtime_ns, status.st_size)
    return ()
