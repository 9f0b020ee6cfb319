"""Triage: all entries that are not truly good, grouped by cause, with what is known of sending each again."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

import msgspec

from claude_batch_tui.config import Config
from claude_batch_tui.domain.requests.models import Models
from claude_batch_tui.domain.results.failures import (
    Remedy,
    RetryRules,
    advice,
    filter_of,
    rule_of,
    shape_of,
)
from claude_batch_tui.domain.results.result import CLASSES
from claude_batch_tui.errors import DraftError
from claude_batch_tui.services.building.models import known_models, read_prices
from claude_batch_tui.services.submitting.edits import read_edits
from claude_batch_tui.services.submitting.retry import (
    Choice,
    Wanted,
    being_retried,
    cause_at,
    cost_of,
    plan,
)
from claude_batch_tui.store import submissions
from claude_batch_tui.store.results.file import ResultsFile
from claude_batch_tui.store.store import Store

_COMPLETE = CLASSES.index("complete")
_ERRORED = CLASSES.index("errored")
_LOOK_UP_EVERY = 256
_WHERE = {
    "context": "class=truncated and stop=model_context_window_exceeded",
    "truncated": "class=truncated and stop=max_tokens",
}


class Group(msgspec.Struct, frozen=True):
    """Entries with one cause; errors of one type are told apart by their messages."""

    cause: str
    """The type of the error, else the class."""
    count: int
    remedy: Remedy
    advice: str
    said: str
    """The message of the error with what varies taken out; empty for other causes."""
    example: str
    """The custom_id of one of them."""
    where: str
    """The filter that shows them."""
    places: dict[str, array[int]]
    """Their positions, by batch."""
    cut_at: int = 0
    """The most tokens that an answer came to which was cut at max_tokens; 0 for other causes."""
    offered: int | None = None
    """The max_tokens to set instead; None where more are not allowed, or not needed."""


class Triage(msgspec.Struct, frozen=True):
    """What of some requests is not truly good, the largest group first."""

    entries: int
    """How many requests there are an answer to, each counted once."""
    waiting: int
    """How many were sent again already, and are waited for."""
    groups: tuple[Group, ...]

    @property
    def not_good(self) -> int:
        """How many are not truly good."""
        return sum(group.count for group in self.groups)


class _Found(msgspec.Struct):
    """A group as it grows."""

    message: str | None
    """Of an error."""
    example: str
    places: dict[str, array[int]]
    cut_at: int = 0


def triage(
    attempts: Sequence[tuple[str, ResultsFile]],
    pending: Collection[str] = frozenset(),
    stopped: Callable[[], bool] = lambda: False,
    positions: Mapping[str, Sequence[int]] | None = None,
) -> Triage:
    """Group what is not truly good in the batches of one run, the newest first; of each request the newest answer counts,
    unless an older one is truly good. `pending` are custom_ids that were sent again and have no result yet.

    With `positions`, by batch, only those. For a thread: about 10 µs an error.
    """
    several = len(attempts) > 1
    good = {
        results.index.custom_id(at)
        for _, results in attempts
        for at in range(results.index.count)
        if several and results.index.classes[at] == _COMPLETE
    }
    seen, waiting, number = set(good), set[str](), 0
    found: dict[tuple[str, str], _Found] = {}
    entries = len(good)
    for batch_id, results in attempts:
        index = results.index
        for at in range(index.count) if positions is None else positions.get(batch_id, ()):
            number += 1
            if number % _LOOK_UP_EVERY == 0 and stopped():
                return Triage(entries, len(waiting), ())
            custom_id = index.custom_id(at) if several or pending else ""
            if custom_id and custom_id in seen:
                continue
            if several and custom_id:
                seen.add(custom_id)
            entries += 1
            if index.classes[at] == _COMPLETE:
                continue
            if custom_id in pending:
                waiting.add(custom_id)
                continue
            _add(found, batch_id, results, at)
    groups = [_group(cause, shape, one) for (cause, shape), one in found.items()]
    return Triage(entries, len(waiting), tuple(sorted(groups, key=lambda group: -group.count)))


def _add(found: dict[tuple[str, str], _Found], batch_id: str, results: ResultsFile, at: int) -> None:
    """Put an entry into its group."""
    index, message = results.index, None
    cause = cause_at(index, at)
    if index.classes[at] == _ERRORED:
        result = results.read(at)
        message = "\n".join([result.error[1], *result.error_details])
    key = cause, shape_of(message or "")
    group = found.get(key)
    if group is None:
        group = found[key] = _Found(message, index.custom_id(at), {})
    group.places.setdefault(batch_id, array("I")).append(at)
    if cause == "truncated":
        group.cut_at = max(group.cut_at, index.output_tokens[at])


def _group(cause: str, shape: str, one: _Found) -> Group:
    rule = rule_of(cause)
    where = _WHERE.get(cause, f"class={cause}")
    return Group(
        cause=cause,
        count=sum(map(len, one.places.values())),
        remedy=rule.remedy,
        advice=rule.advice if one.message is None else advice(cause, one.message),
        said=shape,
        example=one.example,
        where=where if one.message is None else filter_of(cause, one.message),
        places=one.places,
        cut_at=one.cut_at,
    )


def offered_tokens(cut_at: int, ceiling: int | None) -> int | None:
    """The max_tokens to offer for answers that were cut at so many: at least twice that, as a power of two, but no more
    than the ceiling; None where they came to that already.
    """
    doubled = 1 << max(2 * cut_at - 1, 1).bit_length()
    offered = doubled if ceiling is None else min(doubled, ceiling)
    return offered if cut_at and offered > cut_at else None


def priced_triage(
    files: Sequence[tuple[str, ResultsFile]],
    *,
    store: Store,
    config: Config,
    hint: str,
    now: datetime,
    positions: Mapping[str, Sequence[int]] | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> tuple[Triage, tuple[float | None, ...]]:
    """The groups of a run's batches, with what may be offered to set, and what sending each again costs at most: None
    where the requests are not on this machine or their model has no price. `positions` as in `triage`. For a thread.
    """
    prices, models = read_prices(config), known_models(config.data_dir, hint, now)
    ids = [batch_id for batch_id, _ in files]
    newest = sorted(files, key=lambda file: _sent_at(file[0], store), reverse=True)
    found = triage(newest, being_retried(ids, store), stopped, positions)
    ceiling = _ceiling(ids, store, models)
    groups = tuple(
        msgspec.structs.replace(group, offered=offered_tokens(group.cut_at, ceiling))
        for group in found.groups
    )

    def cost(group: Group) -> float | None:
        limits = [] if group.offered is None else [f"max_tokens={group.offered}"]
        wanted = [
            Wanted(batch_id, results.index, group.places[batch_id])
            for batch_id, results in files
            if batch_id in group.places
        ]
        choice = Choice(group.places, is_sent=True, edits=read_edits(limits))
        try:
            made = plan(wanted, RetryRules(again=True), store=store, choices=[choice])
            return cost_of(made, prices, models)
        except DraftError:
            return None

    return msgspec.structs.replace(found, groups=groups), tuple(map(cost, groups))


def _sent_at(batch_id: str, store: Store) -> str:
    submission = submissions.of_batch(store, batch_id)
    return "" if submission is None else submission.created_at.isoformat()


def _ceiling(batch_ids: Sequence[str], store: Store, models: Models) -> int | None:
    """The smallest max_tokens that the models of these batches allow at most, as far as it is known."""
    sent = [one for key in batch_ids if (one := submissions.of_batch(store, key)) is not None]
    rules = [models.find(one.model or "") for one in sent]
    known = [
        limit
        for one, rule in zip(sent, rules, strict=True)
        if rule is not None and (limit := rule.ceiling(one.betas)) is not None
    ]
    return min(known, default=None)
