"""What a results file cost, by the usage that its index holds. For a thread."""

from __future__ import annotations

from pathlib import Path

from claude_batch_tui.config import Config
from claude_batch_tui.domain.money.pricing import PriceTable
from claude_batch_tui.domain.money.spend import Spend, spent
from claude_batch_tui.domain.results.entry import OUTCOMES
from claude_batch_tui.domain.results.result import Outcome
from claude_batch_tui.errors import ConfigError, SourceError
from claude_batch_tui.services.prices import read_prices
from claude_batch_tui.store.results.opening import open_indexed

_SUCCEEDED = OUTCOMES.index(Outcome.SUCCEEDED)


def spend_of(results: Path, prices: PriceTable, cache: Path | None = None) -> Spend:
    """The bill of a results file; `cache` as in `opening`. Lines that cannot be read cost nothing.

    Raises SourceError where the file cannot be read.
    """
    with open_indexed(results, cache) as opened:
        index = opened.index
        answers = (
            (index.usage(place), index.model(place))
            for place in range(index.count)
            if index.outcomes[place] == _SUCCEEDED
        )
        return spent(answers, prices)


def spend_where_priced(results: Path, config: Config, cache: Path) -> Spend | None:
    """The bill by the prices in force; None where the price table or the file cannot be read.

    A table of the user's that cannot be used must not lose a download; `check` and `build` say what is wrong with it.
    """
    try:
        return spend_of(results, read_prices(config), cache)
    except (ConfigError, SourceError):
        return None
