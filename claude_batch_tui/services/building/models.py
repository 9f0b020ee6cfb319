"""What is known of the models today and of their prices: the built-in tables, and over them what the API said last, kept
on disk, and the user's own `prices.toml`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sys
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from claude_batch_tui.api.protocol import BatchesApi
from claude_batch_tui.config import Config
from claude_batch_tui.domain.money.pricing import (
    ModelPrice,
    PriceTable,
    load_prices,
    require_own_prices,
)
from claude_batch_tui.domain.requests.models import ModelFacts, ModelRules, Models, load_models
from claude_batch_tui.errors import ApiError, ConfigError, StoreError
from claude_batch_tui.nesting import UNREADABLE
from claude_batch_tui.store.files import written_whole

FRESH = timedelta(hours=24)
"""How long an answer of `GET /v1/models` is not asked for again."""
_USABLE = timedelta(days=30)
"""An older answer is forgotten: the built-in table is then as good."""


class _Answer(msgspec.Struct, frozen=True):
    at: datetime
    models: tuple[ModelFacts, ...]


def known_models(folder: Path, hint: str, now: datetime) -> Models:
    """The models as far as this machine knows them. `hint` tells accounts apart, whose models differ."""
    table = _built_in("models.toml")
    answer = _answer(folder, hint)
    if answer is None or now - answer.at > _USABLE:
        return load_models(table)
    return load_models(table, answer.models, answer.at.date())


async def refreshed_models(api: BatchesApi, folder: Path, hint: str, now: datetime) -> bool:
    """Ask the API where its last answer is not fresh; True where something new was learned. Never an error."""
    answer = _answer(folder, hint)
    if answer is not None and now - answer.at < FRESH:
        return False
    try:
        return bool(await ask_models(api, folder, hint, now))
    except ApiError:
        return False


async def ask_models(api: BatchesApi, folder: Path, hint: str, now: datetime) -> tuple[ModelFacts, ...]:
    """Ask the API for its models, and keep what it says. Raises ApiError."""
    models = await api.models()
    _keep(_path(folder, hint), _Answer(now, models))
    return models


def _keep(path: Path, answer: _Answer) -> None:
    """Write an answer down; a folder that cannot be written is one where nothing is kept."""
    with contextlib.suppress(OSError, StoreError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with written_whole(path) as file:
            file.write(msgspec.json.encode(answer))


def take_prices(config: Config, file: Path) -> tuple[int, Path | None]:
    """Make a file of prices (`-` is stdin) the user's own from now on.

    How many models it has, and where the file before it is now. Raises ConfigError for what is no table of prices, which
    then changes nothing, and StoreError where the disk refuses.
    """
    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise ConfigError(f"Cannot read {file}: {error.strerror}.") from error
    taken = require_own_prices(data, str(file))
    own, before = config.config_dir / "prices.toml", None
    config.config_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    if own.exists() and own.read_bytes() != data:
        before = own.with_name("prices.toml.old")
        with written_whole(before) as kept:
            kept.write(own.read_bytes())
    with written_whole(own) as new:
        new.write(data)
    return taken, before


def usual_models(models: Models, prices: PriceTable) -> tuple[tuple[str, ModelRules, ModelPrice], ...]:
    """The models to choose from, newest first as the list has them: each once, active, with a price, and good for batches."""
    found: dict[str, tuple[str, ModelRules, ModelPrice]] = {}
    for name, rules in models.by_name.items():
        price = prices.find(name)
        if price is not None and rules.lifecycle == "active" and rules.batch_supported is not False:
            found.setdefault(rules.ids[0], (name, rules, price))
    return tuple(found.values())


def remember_defaults(config: Config, **settings: str | int) -> Path:
    """Write settings that have no value yet at the top of config.toml, above what is there; its path.

    Raises StoreError where the disk refuses, and ConfigError for a file that cannot be read.
    """
    file = config.config_dir / "config.toml"
    lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items())
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        before = file.read_text(encoding="utf-8-sig") if file.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} cannot be read: {error}.") from error
    with written_whole(file) as new:
        new.write((lines + before).encode())
    return file


def _answer(folder: Path, hint: str) -> _Answer | None:
    try:
        return msgspec.json.decode(_path(folder, hint).read_bytes(), type=_Answer)
    except (OSError, *UNREADABLE):
        return None


def _path(folder: Path, hint: str) -> Path:
    return folder / f"models-{hashlib.sha256(hint.encode()).hexdigest()[:12]}.json"


def read_prices(config: Config) -> PriceTable:
    """The built-in table with `prices.toml` of the config folder over it. Raises ConfigError where that cannot be read."""
    own = config.config_dir / "prices.toml"
    return load_prices(_built_in("prices.toml"), own.read_bytes() if own.exists() else None)


def built_in_prices() -> PriceTable:
    """The price table without the user's own."""
    return load_prices(_built_in("prices.toml"))


def _built_in(table: str) -> bytes:
    from importlib.resources import files  # 8 ms that most commands need not pay

    return (files("claude_batch_tui.domain") / table).read_bytes()
