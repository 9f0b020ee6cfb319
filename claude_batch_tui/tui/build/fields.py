"""The fields of Build and the recipe behind them: each has the name of a key of the recipe. No screen in it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, get_args

import msgspec

from claude_batch_tui.domain.requests.model_rules import EFFORTS
from claude_batch_tui.errors import ConfigError
from claude_batch_tui.home import expand_home
from claude_batch_tui.sources.open_rows import guess_kind
from claude_batch_tui.sources.params import merged, read_params, read_schema, read_tools
from claude_batch_tui.sources.recipe import BuildSpec, Recipe, SourceKind
from claude_batch_tui.sources.text import SplitBy

Section = Literal["source", "reading", "request", "more", "model", "batch"]
Form = Literal["line", "text", "path", "column"]
"""How a field is typed: a line, an editor of several, a file that can be chosen, a column of the source."""

_KINDS: tuple[SourceKind, ...] = get_args(SourceKind)
READY: frozenset[SourceKind] = frozenset({"jsonl", "custom"})
"""Kinds whose requests are ready: no row becomes one."""
_ROWS = frozenset(_KINDS) - READY
_TABLES = _ROWS - {"text", "documents"}


_BEGUN = re.compile(r"\{\{-?\s*[^{}\s]*$")
_ENDED = re.compile(r"[^{}\s]*\s*-?\}\}")


class FieldSpec(NamedTuple):
    """One field: where it stands, how it is typed, what stands in it while it is empty, and for which kinds it is."""

    name: str
    section: Section
    hint: str
    form: Form = "line"
    kinds: frozenset[SourceKind] = frozenset(_KINDS)
    choices: tuple[str, ...] = ()
    label: str = ""


def _of(*kinds: SourceKind) -> frozenset[SourceKind]:
    return frozenset(kinds)


_ALL = (
    FieldSpec("source", "source", "a file or a folder; ^o lists files", "path"),
    FieldSpec("sheet", "source", "name or number; else the only one", kinds=_of("spreadsheet")),
    FieldSpec("query", "source", "SELECT …; left out: all of the only table", "text", _of("sqlite")),
    FieldSpec("at", "source", "like data.items; else searched", kinds=_of("json")),
    FieldSpec(
        "split_by",
        "source",
        "line; or paragraph, separator, whole",
        kinds=_of("text"),
        choices=get_args(SplitBy),
    ),
    FieldSpec("separator", "source", "what parts the rows, like ===", kinds=_of("text")),
    FieldSpec(
        "script_env",
        "source",
        "environment variables it may see",
        kinds=_of("custom"),
        label="variables",
    ),
    FieldSpec("kind", "reading", "by the name of the file", choices=_KINDS),
    FieldSpec(
        "encoding",
        "reading",
        "found out; or utf-8, cp1252, cp932 …",
        kinds=_of("csv", "json", "text", "documents"),
        choices=("utf-8", "utf-16", "cp1252", "latin-1", "cp932", "gb18030"),
    ),
    FieldSpec(
        "delimiter",
        "reading",
        "found out; or a character, or tab",
        kinds=_of("csv"),
        choices=(",", ";", "tab", "|"),
    ),
    FieldSpec(
        "quote",
        "reading",
        '" unless said; none: quotes are text',
        kinds=_of("csv"),
        choices=('"', "'", "none"),
    ),
    FieldSpec("escape", "reading", "before a quote that is text, mostly \\", kinds=_of("csv")),
    FieldSpec(
        "skip_lines",
        "reading",
        "lines above the header; found out",
        kinds=_of("csv", "spreadsheet"),
        label="skip lines",
    ),
    FieldSpec(
        "no_header",
        "reading",
        "yes: the first row is a row, too",
        kinds=_of("csv"),
        choices=("yes",),
        label="no header",
    ),
    FieldSpec(
        "ragged",
        "reading",
        "fill: short rows are filled; else errors",
        kinds=_of("csv"),
        choices=("error", "fill"),
    ),
    FieldSpec("nan", "reading", "null: NaN is null; else an error", kinds=_of("json"), choices=("null",)),
    FieldSpec(
        "surrogates",
        "reading",
        "replace: U+FFFD for half a character",
        kinds=_of("json", "jsonl"),
        choices=("replace",),
    ),
    FieldSpec(
        "prompt_column",
        "request",
        "a column; guessed where it is plain",
        "column",
        _TABLES,
        label="prompt col",
    ),
    FieldSpec("template", "request", "Summarise: {{ body }}\n(left out: the prompt column)", "text", _ROWS),
    FieldSpec("system", "request", "the system prompt; columns work too", "text", _ROWS),
    FieldSpec(
        "id_column",
        "request",
        "a column of ids; else by position",
        "column",
        _TABLES,
        label="id column",
    ),
    FieldSpec(
        "rows_per_request",
        "more",
        "rows in one request; left out: one",
        kinds=_ROWS - {"documents"},
        label="per request",
    ),
    FieldSpec("times", "more", "every request so many times; left out: once", kinds=_ROWS),
    FieldSpec("messages_column", "more", "whole conversations", "column", _TABLES, label="messages col"),
    FieldSpec("image_column", "more", "an image: path, URL or file_id", "column", _ROWS, label="image col"),
    FieldSpec(
        "document_column",
        "more",
        "a PDF or text: path, URL or file_id",
        "column",
        _ROWS,
        label="document col",
    ),
    FieldSpec(
        "id_template", "more", "ids from a template: {{ shop }}-{{ nr }}", kinds=_ROWS, label="id template"
    ),
    FieldSpec("run_prefix", "more", "goes before every id", label="id prefix"),
    FieldSpec(
        "clean_ids",
        "more",
        "yes makes ids legal that are not",
        kinds=_of("jsonl"),
        choices=("yes",),
        label="clean ids",
    ),
    FieldSpec("set", "more", "PATH=VALUE over all else, a line each", "text"),
    FieldSpec("model", "model", "^o lists them", kinds=_ROWS),
    FieldSpec("max_tokens", "model", "tokens, e.g. 1024", kinds=_ROWS),
    FieldSpec("temperature", "model", "0 to 1; left out: 1", kinds=_ROWS),
    FieldSpec(
        "thinking",
        "model",
        "adaptive, disabled, or enabled 2048",
        kinds=_ROWS,
        choices=("adaptive", "disabled", "between_tools", "enabled 2048"),
    ),
    FieldSpec("effort", "model", f"{', '.join(EFFORTS)}", kinds=_ROWS, choices=EFFORTS),
    FieldSpec(
        "cache_ttl",
        "model",
        "1h or 5m: the system prompt is cached",
        kinds=_ROWS,
        choices=("1h", "5m"),
        label="cache",
    ),
    FieldSpec("schema", "model", "a file: a JSON schema of the answers", "path", _ROWS),
    FieldSpec("tools", "model", "a file with a list of tools", "path", _ROWS),
    FieldSpec(
        "params",
        "model",
        'all else as JSON: {"top_k": 5}',
        "text",
        _ROWS,
        label="other params",
    ),
    FieldSpec("name", "batch", "a name of yours for the batch"),
    FieldSpec("betas", "batch", "beta headers of the batch"),
)
FIELDS: Mapping[str, FieldSpec] = {field.name: field for field in _ALL}
FOLDED: Mapping[Section, str] = {"reading": "reading", "more": "more"}
"""Sections that are folded while nothing in them is said, and what they are called."""

_OF_PARAMS = frozenset({"temperature", "thinking", "effort", "schema", "tools", "params"})
_NEWLINES = ("separator", "id_template", "run_prefix")
"""Lines in which a newline is typed as two characters."""
_OPTION = re.compile(
    r"(?:\b([Ss])ay )?--([a-z]+(?:-[a-z]+)*)(?: ([A-Z]+\b|'[^' ]+'|(?:none|null|replace|fill|\d+)\b))?"
)


def label_of(name: str) -> str:
    """What stands before a field."""
    return FIELDS[name].label or name


def in_fields(sentence: str) -> str:
    """A sentence that says options of the command line, with the fields of the form instead where there are such."""

    def field(found: re.Match[str]) -> str:
        name = found[2].replace("-", "_")
        if name not in FIELDS:
            return found[0]
        fill_in = {"S": "Fill in ", "s": "fill in "}.get(found[1] or "", "")
        value = (found[3] or "").strip("'")
        is_value = not value.isupper() or name in {"delimiter", "quote"}
        return f"{fill_in}`{label_of(name)}`{f': {value}' if value and is_value else ''}"

    return _OPTION.sub(field, sentence)


def kind_of(values: Mapping[str, str]) -> SourceKind | None:
    """What kind of source it is, said or by its name; None where none is named."""
    said = next((kind for kind in _KINDS if kind == values.get("kind")), None)
    source = values.get("source")
    return said or (guess_kind(str(expand_home(source))) if source else None)


def visible_fields(kind: SourceKind, values: Mapping[str, str]) -> frozenset[str]:
    """The fields that mean something for a kind of source, and those of rows that say something all the same."""
    return frozenset(
        name
        for name, field in FIELDS.items()
        if kind in field.kinds or (name in values and kind in _ROWS and field.kinds == _TABLES)
    )


class MissingError(ConfigError):
    """A field that a build needs is empty: `field` is its name."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def spec_of(values: Mapping[str, str], *, complete: bool = False) -> BuildSpec:
    """The build the fields mean, by what is typed into them.

    Raises ConfigError for what cannot be meant, and for what is missing where it has to be `complete`.
    """
    source = values.get("source")
    if source is None:
        raise ConfigError("Name a source: a file, a folder, or a pattern like notes/*.md.")
    if (said := values.get("kind")) is not None and said not in _KINDS:
        raise ConfigError(f"kind is one of {', '.join(_KINDS)}, not {said!r}.")
    kind = kind_of(values) or "csv"
    given = {name: values[name] for name in visible_fields(kind, values) if name in values}
    options = {
        name: _READ.get(name, _as_typed)(name, text) for name, text in given.items() if name not in _OF_PARAMS
    }
    for name in ("source", "kind", "name", "betas"):
        options.pop(name, None)
    params = params_of(given)
    if kind not in READY:
        options["model"] = given.get("model") or params.get("model")
        if complete and options["model"] is None:
            raise MissingError("model", "Name a model, e.g. claude-haiku-4-5.")
        options["max_tokens"] = options.get("max_tokens") or params.get("max_tokens")
        if complete and options["max_tokens"] is None:
            raise MissingError("max_tokens", "Say how long an answer may be: max_tokens, e.g. 1024.")
        options["model"] = options["model"] or "(no model yet)"
        options["max_tokens"] = options["max_tokens"] or 1
    if options.get("separator") is not None:
        options.setdefault("split_by", "separator")
    return BuildSpec(kind=kind, path=str(expand_home(source)), params=params, **options)


def params_of(values: Mapping[str, str]) -> dict[str, Any]:
    """What the fields say of params: `params` as JSON or a file, and over it the fields of their own. Raises ConfigError."""
    params = read_params(values["params"]) if "params" in values else {}
    said: dict[str, Any] = {}
    if (text := values.get("temperature")) is not None:
        try:
            said["temperature"] = json.loads(text)
        except ValueError:
            said["temperature"] = None
        if isinstance(said["temperature"], bool) or not isinstance(said["temperature"], int | float):
            raise ConfigError(f"temperature is a number from 0 to 1, not {text!r}.")
    if (text := values.get("thinking")) is not None:
        said["thinking"] = _thinking(text)
    if (text := values.get("effort")) is not None:
        said["output_config"] = {"effort": text}
    if (text := values.get("schema")) is not None:
        said = merged(said, {"output_config": read_schema(text)})
    if (text := values.get("tools")) is not None:
        said["tools"] = read_tools(text)
    return merged(params, said)


def values_of(recipe: Recipe) -> dict[str, str]:
    """The fields that mean a recipe; nothing of it is lost."""
    spec = recipe.spec
    values: dict[str, Any] = {
        name: getattr(spec, name)
        for name in FIELDS
        if name in BuildSpec.__struct_fields__ and name not in {"kind", "set", "params"}
    }
    params = dict(spec.params)
    model, limit = spec.model or params.pop("model", None), spec.max_tokens or params.pop("max_tokens", None)
    params.pop("model", None)
    params.pop("max_tokens", None)
    said = [_one_line(each) for each in spec.set]
    if spec.kind in READY:
        # There they go over what the file says, as the others do.
        own = (("model", model), ("max_tokens", limit))
        said = [*(f"{name}={value}" for name, value in own if value is not None), *said]
        model = limit = None
    values |= {
        "source": spec.path,
        "kind": None if guess_kind(spec.path) == spec.kind else spec.kind,
        "script_env": " ".join(spec.script_env) or None,
        "delimiter": "tab" if spec.delimiter == "\t" else spec.delimiter,
        "split_by": None if spec.split_by == "line" or spec.separator is not None else spec.split_by,
        "ragged": None if spec.ragged == "error" else spec.ragged,
        "no_header": "yes" if spec.no_header else None,
        "clean_ids": "yes" if spec.clean_ids else None,
        "set": "\n".join(said) or None,
        "model": model,
        "max_tokens": limit,
        "name": recipe.name,
        "betas": " ".join(recipe.betas) or None,
        **_params_typed(params),
    }
    typed = {name: str(value) for name, value in values.items() if value is not None}
    return typed | {name: typed[name].replace("\n", "\\n") for name in _NEWLINES if name in typed}


def betas_of(values: Mapping[str, str]) -> tuple[str, ...]:
    """Beta headers, with blanks or commas between them."""
    return tuple(values.get("betas", "").replace(",", " ").split())


def _params_typed(params: dict[str, Any]) -> dict[str, str | None]:
    """Params apart: what has a field of its own in the form that this field can say, and all else as JSON."""
    rest, typed = dict(params), dict[str, str | None]()
    temperature = rest.get("temperature")
    if isinstance(temperature, int | float) and not isinstance(temperature, bool):
        typed["temperature"] = json.dumps(rest.pop("temperature"))
    thinking = rest.get("thinking")
    if isinstance(thinking, dict) and (words := _thinking_typed(thinking)) is not None:
        typed["thinking"] = words
        del rest["thinking"]
    if isinstance(tools := rest.get("tools"), list) and tools:
        typed["tools"] = _as_json(rest.pop("tools"))
    if isinstance(config := rest.get("output_config"), dict):
        config = dict(config)
        if isinstance(config.get("effort"), str):
            typed["effort"] = config.pop("effort")
        form = config.get("format")
        if isinstance(form, dict) and form.keys() == {"type", "schema"} and form["type"] == "json_schema":
            typed["schema"] = _as_json(config.pop("format")["schema"])
        rest["output_config"] = config
        if not config and ("effort" in typed or "schema" in typed):
            del rest["output_config"]
    typed["params"] = _as_json(rest, indent=2) if rest else None
    return typed


def _thinking(text: str) -> dict[str, Any]:
    kind, _, budget = text.partition(" ")
    if kind not in {"adaptive", "disabled", "between_tools", "enabled"}:
        raise ConfigError(f"thinking is adaptive, disabled, between_tools or enabled N, not {text!r}.")
    if kind == "enabled":
        return {"type": kind, "budget_tokens": _whole("thinking: the budget", budget.strip())}
    if budget.strip():
        raise ConfigError(f"thinking {kind} has no budget; leave {budget.strip()!r} out.")
    return {"type": kind}


def _thinking_typed(thinking: Mapping[str, Any]) -> str | None:
    kind, budget = thinking.get("type"), thinking.get("budget_tokens")
    if thinking.keys() == {"type"} and kind in {"adaptive", "disabled", "between_tools"}:
        return str(kind)
    if thinking.keys() == {"type", "budget_tokens"} and kind == "enabled" and isinstance(budget, int):
        return f"enabled {budget}"
    return None


def _as_json(value: Any, indent: int = 0) -> str:
    encoded = msgspec.json.encode(value)
    return (msgspec.json.format(encoded, indent=indent) if indent else encoded).decode()


def _one_line(setting: str) -> str:
    """A `PATH=VALUE` without a newline: a value that has one as a JSON text."""
    path, _, value = setting.partition("=")
    if "\n" not in value:
        return setting
    try:
        return f"{path}={_as_json(json.loads(value))}"
    except ValueError:
        return f"{path}={_as_json(value)}"


def _as_typed(name: str, text: str) -> str:
    return text.replace("\\n", "\n") if name in _NEWLINES else text


def _whole(name: str, text: str) -> int:
    number = text.replace(",", "").replace("_", "")
    if re.fullmatch(r"[0-9]{1,18}", number) is None:
        raise ConfigError(f"{name} is a whole number, not {text!r}.")
    return int(number)


def _yes(name: str, text: str) -> bool:
    if text.lower() not in {"yes", "y", "true", "1", "no", "n", "false", "0"}:
        raise ConfigError(f"{label_of(name)} is yes or left out, not {text!r}.")
    return text.lower() in {"yes", "y", "true", "1"}


def _one_of(name: str, text: str) -> str:
    if text not in FIELDS[name].choices:
        raise ConfigError(f"{label_of(name)} is {' or '.join(FIELDS[name].choices)}, not {text!r}.")
    return text


def _words(_name: str, text: str) -> tuple[str, ...]:
    return tuple(text.replace(",", " ").split())


def _lines(_name: str, text: str) -> tuple[str, ...]:
    return tuple(filter(None, map(str.strip, text.split("\n"))))


_READ: Mapping[str, Callable[[str, str], Any]] = {
    "script_env": _words,
    "set": _lines,
    "no_header": _yes,
    "clean_ids": _yes,
    "split_by": _one_of,
    "ragged": _one_of,
    "nan": _one_of,
    "surrogates": _one_of,
    "cache_ttl": _one_of,
    "rows_per_request": lambda name, text: _whole(label_of(name), text),
    "times": lambda name, text: _whole(label_of(name), text),
    "skip_lines": lambda name, text: _whole(label_of(name), text),
    "max_tokens": _whole,
}


def problem_of(name: str, values: Mapping[str, str]) -> str | None:
    """What is wrong with the text of one field by itself, as a sentence, or None."""
    text = values.get(name)
    if text is None:
        return None
    try:
        if name in _OF_PARAMS:
            params_of({name: text})
        elif name == "kind":
            if text not in _KINDS:
                return f"kind is one of {', '.join(_KINDS)}, not {text!r}."
        elif name in _READ:
            _READ[name](name, text)
    except ConfigError as error:
        return in_fields(str(error))
    return None


def choices_of(name: str, columns: Sequence[str]) -> tuple[str, ...]:
    """What can be chosen for a field, of the source's columns where it names one."""
    field = FIELDS[name]
    return tuple(columns) if field.form == "column" else field.choices


def begun_variable(before: str, after: str) -> tuple[int, int]:
    """How many characters before and after the caret are a variable that is begun, like `{{ sh`: a column takes its place."""
    begun = _BEGUN.search(before)
    if begun is None:
        return 0, 0
    ended = _ENDED.match(after)
    return len(begun.group()), len(ended.group()) if ended is not None else 0
