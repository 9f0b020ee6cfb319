"""What is said beside and below the fields of Build while they are typed: of models, limits, columns, and what is wrong. No screen in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

import msgspec

from claude_batch_tui.domain.money.pricing import PriceTable
from claude_batch_tui.domain.requests.draft import Severity
from claude_batch_tui.domain.requests.model_rules import (
    model_findings,
    output_findings,
    request_findings,
    sampling_finding,
)
from claude_batch_tui.domain.requests.models import ModelRules, Models
from claude_batch_tui.domain.requests.param_rules import STRICT_VERSION, Finding, findings
from claude_batch_tui.errors import CbtuiError, ConfigError
from claude_batch_tui.home import expand_home
from claude_batch_tui.sources.recipe import is_file
from claude_batch_tui.sources.rows import find_column, nearest
from claude_batch_tui.sources.template import variables_in
from claude_batch_tui.tui.build.fields import (
    FIELDS,
    READY,
    betas_of,
    in_fields,
    kind_of,
    params_of,
    problem_of,
)
from claude_batch_tui.wording.values import money

_SAID = {"unknown_model": "not known: a private one may be right, a misspelt one fails in every request"}
"""Sentences that need no name beside the field."""
_OF_MODEL = {"max_tokens_above_ceiling": "max_tokens"}
_VARYING = frozenset({"image_column", "document_column", "messages_column"})
_FILLED = ("system", "params", "set")
"""Other fields by which the requests of a template without a column differ."""


class Note(NamedTuple):
    """A sentence below a field; it is an error, or worth knowing."""

    text: str
    is_error: bool = True


class Known(NamedTuple):
    """What is known of models and prices today, and under which anthropic-version is sent."""

    models: Models
    prices: PriceTable
    api_version: str | None
    deadline: date


class Advice(NamedTuple):
    """What stands beside fields, and what below them."""

    facts: Mapping[str, str]
    notes: Mapping[str, Note]
    needless: frozenset[str] = frozenset()
    """Fields that the model refuses whatever is in them: they need not be shown while they are empty."""


def advice(values: Mapping[str, str], columns: Sequence[str], known: Known) -> Advice:
    """What is to be said of what is typed; `columns` are those of the source, none where they are not known.

    Files that fields name are read.
    """
    notes = dict(_unused(values)) if columns else {}
    for name in values:
        if (sentence := problem_of(name, values)) is not None:
            notes[name] = Note(sentence)
        elif FIELDS[name].form == "column" and columns and (missing := _no_column(values[name], columns)):
            notes[name] = Note(missing)
    if columns:
        known_names = names_in_templates(values, columns)
        for name in ("template", "system"):
            if name not in notes and (wrong := _no_variable(values.get(name, ""), known_names, columns)):
                notes[name] = Note(wrong)
    if (source := values.get("source")) is not None and (wrong := _no_source(source)) is not None:
        notes["source"] = Note(wrong)
    kind = kind_of(values)
    if kind is None or kind in READY:
        return Advice({}, notes)
    rules = known.models.find(values.get("model", ""))
    for name, finding in _findings(values, rules, known):
        notes.setdefault(
            name,
            Note(_SAID.get(finding.code) or _sentence(finding.message), finding.severity is Severity.ERROR),
        )
    return Advice(_facts(values, rules, known), notes, _needless(rules, known))


def names_in_templates(values: Mapping[str, str], columns: Sequence[str]) -> frozenset[str]:
    """What a template can name: the columns, the row, the prompt column, and the rows where a request has several."""
    return frozenset({*columns, "prompt", "row", *(("rows",) if "rows_per_request" in values else ())})


def model_words(name: str, rules: ModelRules | None, prices: PriceTable, deadline: date) -> str:
    """`$0.05 in  $0.25 out    1M context  128k answer  retires 2027-05-01`: a model in the list, dollars per million in a batch."""
    price = prices.find(name)
    parts = [f"{'no price':>{len('$20.00 in $20.00 out')}}"]
    if price is not None:
        half = prices.batch_factor
        parts = [f"{money(price.input * half):>6} in {money(price.output * half):>6} out"]
    if rules is not None:
        parts.append(f"{_tokens(rules.context):>4} context")
        parts.append(f"{_tokens(rules.max_tokens):>4} answer")
        if rules.lifecycle == "retired":
            parts.append("retired")
        elif rules.retires is not None:
            parts.append(f"{'retires' if rules.retires > deadline else 'was to retire'} {rules.retires}")
    return "  ".join(parts)


def model_rows(known: Known) -> list[tuple[str, str]]:
    """The models to choose from, by name, with what is known of each; those that are retired, or were to be, come last."""
    seen: set[str] = set()
    rows: list[tuple[bool, str, str]] = []
    for name, rules in known.models.by_name.items():
        if name not in seen:
            seen |= {name, *rules.ids}
            is_past = rules.lifecycle == "retired" or (rules.retires or date.max) <= known.deadline
            rows.append((is_past, name, model_words(name, rules, known.prices, known.deadline)))
    return [(name, words) for _, name, words in sorted(rows, key=lambda row: row[0])]


def _facts(values: Mapping[str, str], rules: ModelRules | None, known: Known) -> dict[str, str]:
    model = values.get("model", "")
    price = known.prices.find(model)
    facts: dict[str, str] = {}
    if price is not None:
        half = known.prices.batch_factor
        facts["model"] = f"{money(price.input * half)} in, {money(price.output * half)} out /M"
    if rules is None:
        return facts
    ceiling = rules.ceiling(betas_of(values))
    if ceiling is not None:
        facts["max_tokens"] = f"at most {ceiling:,}"
    if sampling_finding("temperature", rules, known.api_version or STRICT_VERSION) is not None:
        facts["temperature"] = "refused: leave it out"
    if rules.efforts is not None:
        facts["effort"] = "" if rules.efforts else "none with this model"
    if rules.min_cached_tokens is not None:
        facts["cache_ttl"] = f"from {rules.min_cached_tokens:,} tokens on"
    return {name: fact for name, fact in facts.items() if fact}


def _needless(rules: ModelRules | None, known: Known) -> frozenset[str]:
    if rules is None:
        return frozenset()
    refused = sampling_finding("temperature", rules, known.api_version or STRICT_VERSION) is not None
    return frozenset((*(("temperature",) if refused else ()), *(("effort",) if rules.efforts == () else ())))


def _findings(
    values: Mapping[str, str], rules: ModelRules | None, known: Known
) -> Iterable[tuple[str, Finding]]:
    """What the model refuses of each field."""
    version = known.api_version or STRICT_VERSION
    tokens = values.get("max_tokens", "").replace(",", "")
    limit = int(tokens) if tokens.isdecimal() else 0
    if tokens.isdecimal() and not limit:
        yield "max_tokens", Finding("max_tokens_too_small", "max_tokens is at least 1 in a batch")
    if "model" in values:
        for finding in model_findings(
            values["model"], known.models, max_tokens=limit, betas=betas_of(values), deadline=known.deadline
        ):
            yield _OF_MODEL.get(finding.code, "model"), finding
    yield from _of_params(values, rules, limit, version)


def _of_params(
    values: Mapping[str, str], rules: ModelRules | None, limit: int, version: str
) -> Iterable[tuple[str, Finding]]:
    said = {
        name: _params(values, name)
        for name in ("temperature", "thinking", "effort", "schema", "tools", "params")
    }
    if said["temperature"] and (refused := sampling_finding("temperature", rules, version)):
        yield "temperature", refused
    if said["thinking"]:
        raw = msgspec.Raw(msgspec.json.encode(said["thinking"]["thinking"]))
        for finding in request_findings(
            rules, max_tokens=limit or 1 << 62, thinking=raw, tool_choice=None, tools=(), has_prefill=False
        ):
            yield "thinking", finding
    for name in ("effort", "schema"):
        if said[name]:
            for finding in output_findings(
                rules, msgspec.Raw(msgspec.json.encode(said[name]["output_config"]))
            ):
                yield name, finding
    for name in ("tools", "params"):
        usual = {"model": "m", "max_tokens": 1, "messages": [{"role": "user", "content": "x"}]}
        for finding in findings({**usual, **said[name]}, version):
            yield name, finding


def _params(values: Mapping[str, str], name: str) -> dict[str, object]:
    """What one field says of params; nothing where it cannot be meant, which is said elsewhere."""
    try:
        return params_of({name: values[name]}) if name in values else {}
    except ConfigError:
        return {}


def _no_column(name: str, columns: Sequence[str]) -> str | None:
    try:
        find_column(name, columns, "", "")
    except CbtuiError:
        return f"There is no such column.{nearest(name, columns)}"
    return None


def _no_variable(template: str, names: frozenset[str], columns: Sequence[str]) -> str | None:
    """Which `{{ name }}` of a template is no column; of a file it is seen in the preview."""
    if is_file(template):
        return None
    missing = [found for found in variables_in(template, names) if not found.is_known]
    if not missing:
        return None
    words = template[missing[0].start : missing[0].end]
    return f"{words} is no column.{nearest(words.strip('{} '), columns)}"


def _unused(values: Mapping[str, str]) -> Iterable[tuple[str, Note]]:
    """What of the source is in no request although it looks so; of a file or of blocks it is seen in the preview."""
    template, column = values.get("template", ""), values.get("prompt_column", "")
    if not template or is_file(template) or "{%" in template:
        return
    if "{{" not in template:
        if not _differs_elsewhere(values):
            yield (
                "template",
                Note("It names no column: every request says the same (^o puts one in).", is_error=False),
            )
        return
    printed = " ".join(template[one.start : one.end] for one in variables_in(template, ()))
    if column and not any(name in printed for name in (column, "prompt", "row")):
        yield (
            "prompt_column",
            Note("The template leaves it out: {{ prompt }} in it is this column.", is_error=False),
        )


def _differs_elsewhere(values: Mapping[str, str]) -> bool:
    """Whether requests differ by something else than the template: a file each, or a column that another field names."""
    if kind_of(values) == "documents" or not _VARYING.isdisjoint(values):
        return True
    return any("{{" in text or is_file(text) for text in (values.get(name, "") for name in _FILLED))


def _no_source(source: str) -> str | None:
    """What is wrong with a source before it is opened: one sentence."""
    path = expand_home(source)
    try:
        if path.is_file() and not path.stat().st_size:
            return "The file is empty. Choose another (^o)."
        if path.is_file():
            with path.open("rb"):
                return None
        if path.is_dir():
            next(path.iterdir(), None)
    except OSError as error:
        return f"It cannot be read: {error.strerror}. Change its permissions, or choose another (^o)."
    return None


def _tokens(count: int | None) -> str:
    if count is None:
        return "?"
    return f"{count / 1_000_000:g}M" if count >= 1_000_000 else f"{count / 1_000:g}k"


def _sentence(message: str) -> str:
    return in_fields(message).replace("`", "")
