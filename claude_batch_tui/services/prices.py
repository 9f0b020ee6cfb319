"""The price table in force: the one built in, with the user's own over it."""

from __future__ import annotations

from claude_batch_tui.config import Config
from claude_batch_tui.domain.money.pricing import PriceTable, load_prices


def read_prices(config: Config) -> PriceTable:
    """The built-in table with `prices.toml` of the config folder over it. Raises ConfigError where that cannot be read."""
    own = config.config_dir / "prices.toml"
    return load_prices(_built_in(), own.read_bytes() if own.exists() else None)


def built_in_prices() -> PriceTable:
    """The price table without the user's own."""
    return load_prices(_built_in())


def _built_in() -> bytes:
    from importlib.resources import files  # 8 ms that most commands need not pay

    return (files("claude_batch_tui.domain") / "prices.toml").read_bytes()
