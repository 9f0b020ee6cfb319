"""The price table in force: the one we ship, with the user's own rows before it."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from claude_batch_tui.domain.pricing import PriceTable, load_prices
from claude_batch_tui.errors import ConfigError


def read_prices(config_dir: Path) -> PriceTable:
    """The built-in table and `prices.toml` of the config folder, where there is one."""
    built_in = resources.files("claude_batch_tui.domain").joinpath("prices.toml").read_bytes()
    own = config_dir / "prices.toml"
    try:
        override = own.read_bytes()
    except FileNotFoundError:
        return load_prices(built_in)
    except OSError as error:
        raise ConfigError(f"{own}: cannot read your prices: {error.strerror}.") from error
    return load_prices(built_in, override)
