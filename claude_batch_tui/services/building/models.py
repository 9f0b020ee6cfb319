"""What is known of the models today: the built-in table, and over it what the API said last, kept on disk."""

from __future__ import annotations

import contextlib
import hashlib
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from claude_batch_tui.api.protocol import BatchesApi
from claude_batch_tui.domain.requests.models import ModelFacts, Models, load_models
from claude_batch_tui.errors import ApiError, StoreError
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
    from importlib.resources import files  # 8 ms that most commands need not pay

    table = (files("claude_batch_tui.domain") / "models.toml").read_bytes()
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
        models = await api.models()
    except ApiError:
        return False
    with contextlib.suppress(StoreError), written_whole(_path(folder, hint)) as file:
        file.write(msgspec.json.encode(_Answer(now, models)))
    return bool(models)


def _answer(folder: Path, hint: str) -> _Answer | None:
    try:
        return msgspec.json.decode(_path(folder, hint).read_bytes(), type=_Answer)
    except (OSError, msgspec.DecodeError, msgspec.ValidationError):
        return None


def _path(folder: Path, hint: str) -> Path:
    return folder / f"models-{hashlib.sha256(hint.encode()).hexdigest()[:12]}.json"
