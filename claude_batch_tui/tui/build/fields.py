"""What the fields of Build mean: the build they describe, and the fields that a recipe fills. No screen in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast, get_args

from claude_batch_tui.errors import ConfigError
from claude_batch_tui.sources.open_rows import guess_kind
from claude_batch_tui.sources.params import read_params
from claude_batch_tui.sources.recipe import BuildSpec, Recipe, SourceKind
from claude_batch_tui.sources.text import SplitBy

FIELDS = (
    "source",
    "rows",
    "script_env",
    "encoding",
    "reading",
    "prompt_column",
    "id_column",
    "template",
    "system",
    "params",
    "model",
    "max_tokens",
    "name",
)
ROWS_HINTS: Mapping[str, str] = {
    "json": "where the rows are, like data.items; left out: searched",
    "text": "line, paragraph, whole, or what parts them, e.g. ===",
    "sqlite": "SELECT …; left out: all of the only table",
}
"""What the field `rows` means, by kind; other kinds need none."""
READING_HINTS: Mapping[str, str] = {
    "csv": "found out; or delimiter=; quote=none escape=\\ skip_lines=2 no_header ragged=fill",
    "json": "nan=null surrogates=replace",
}
"""What can be said in the field `reading`, by kind; other kinds have none."""
_READING: Mapping[str, tuple[str, ...]] = {
    "csv": ("delimiter", "quote", "escape", "skip_lines", "no_header", "ragged"),
    "json": ("nan", "surrogates"),
}
_CHOICES = {"ragged": ("error", "fill"), "nan": ("null",), "surrogates": ("replace",)}
_ENCODED = ("csv", "json", "text")
_WITHOUT_COLUMNS = ("text", "documents", "jsonl", "custom")
_READY = ("jsonl", "custom")
_WITHOUT_FIELD = (
    "id_template",
    "run_prefix",
    "image_column",
    "document_column",
    "cache_ttl",
)

_LABELS = {"script_env": "variables", "prompt_column": "prompt col", "id_column": "id column"}
_OPTION = re.compile(
    r"(?:\b([Ss])ay )?--([a-z]+(?:-[a-z]+)*)(?: ([A-Z]+\b|'[^' ]+'|(?:none|null|replace|fill|\d+)\b))?"
)


def label_of(name: str) -> str:
    """What stands before a field."""
    return _LABELS.get(name, name)


def in_fields(sentence: str) -> str:
    """A sentence that says options of the command line, with the fields of the form instead where there are such."""

    def field(found: re.Match[str]) -> str:
        name = found[2].replace("-", "_")
        fill_in = {"S": "Fill in ", "s": "fill in "}.get(found[1] or "", "")
        if any(name in names for names in _READING.values()):
            value = f"={found[3].strip(chr(39))}" if found[3] else ""
            return f"{fill_in}`reading`: {name}{value}"
        return f"{fill_in}`{label_of(name)}`" if name in FIELDS else found[0]

    return _OPTION.sub(field, sentence)


def visible_fields(kind: SourceKind) -> frozenset[str]:
    """The fields that mean something for a kind of source."""
    hidden: set[str] = set()
    if kind not in ROWS_HINTS:
        hidden.add("rows")
    if kind != "custom":
        hidden.add("script_env")
    if kind not in READING_HINTS:
        hidden.add("reading")
    if kind not in _ENCODED:
        hidden.add("encoding")
    if kind in _WITHOUT_COLUMNS:
        hidden |= {"prompt_column", "id_column"}
    if kind in _READY:
        hidden |= {"template", "system", "params", "model", "max_tokens"}
    return frozenset(FIELDS) - hidden


def spec_of(values: Mapping[str, str], *, base: BuildSpec | None = None, complete: bool = False) -> BuildSpec:
    """The build the fields mean, by what is typed into them, and of a recipe's `base` what has no field.

    Raises ConfigError for what is missing where it has to be `complete`.
    """
    source = values.get("source")
    if source is None:
        raise ConfigError("Name a source: a file, a folder, or a pattern like notes/*.md.")
    path = str(Path(source).expanduser())
    kind = guess_kind(path)
    if kind in _READY:
        variables = values.get("script_env", "") if kind == "custom" else ""
        return BuildSpec(kind=kind, path=path, script_env=tuple(variables.replace(",", " ").split()))
    given = {name: values.get(name) for name in visible_fields(kind)}
    params_file = given.get("params")
    params = read_params(str(Path(params_file).expanduser())) if params_file else {}
    model, tokens = given.get("model") or params.get("model"), given.get("max_tokens")
    if complete and model is None:
        raise ConfigError("Name a model, e.g. claude-haiku-4-5.")
    if tokens is not None and not re.fullmatch(r"[0-9]{1,18}", tokens):
        raise ConfigError(f"max_tokens is a whole number, not {tokens!r}.")
    limit = int(tokens) if tokens else params.get("max_tokens")
    if complete and limit is None:
        raise ConfigError("Say how long an answer may be: max_tokens, e.g. 1024.")
    kept = {name: getattr(base, name) for name in _WITHOUT_FIELD} if base and base.kind == kind else {}
    return BuildSpec(
        kind=kind,
        path=path,
        **kept,
        prompt_column=given.get("prompt_column"),
        template=_with_newlines(given.get("template")),
        system=_with_newlines(given.get("system")),
        id_column=given.get("id_column"),
        encoding=given.get("encoding"),
        model=model or "(no model yet)",
        max_tokens=limit if limit is not None else 1,
        params=(base.params if kept and base else {}) | params,
        **_rows(kind, given.get("rows")),
        **_reading(kind, given.get("reading")),
    )


def values_of(recipe: Recipe) -> dict[str, str]:
    """The fields that mean a recipe. Raises ConfigError where the form has no field for something in it."""
    spec = recipe.spec
    rows = {"json": spec.at, "sqlite": spec.query, "text": spec.separator or spec.split_by}.get(spec.kind)
    values: dict[str, Any] = {
        "source": spec.path,
        "rows": None if rows == "line" else rows,
        "script_env": " ".join(spec.script_env) or None,
        "encoding": spec.encoding,
        "reading": _reading_typed(spec),
        "prompt_column": spec.prompt_column,
        "id_column": spec.id_column,
        "template": spec.template,
        "system": spec.system,
        "model": spec.model or spec.params.get("model"),
        "max_tokens": spec.max_tokens or spec.params.get("max_tokens"),
        "name": recipe.name,
    }
    return {name: str(value) for name, value in values.items() if value is not None}


def without_field(recipe: Recipe) -> list[str]:
    """What a recipe says that the form cannot show; it is kept and used all the same."""
    spec = recipe.spec
    extra = [name for name in _WITHOUT_FIELD if getattr(spec, name) is not None]
    return [*extra, *(key for key in spec.params if key not in {"model", "max_tokens"})]


def _with_newlines(text: str | None) -> str | None:
    """A long text as it is meant: a field is one line, in which a newline is typed as two characters."""
    return text if text is None or text.startswith("@") else text.replace("\\n", "\n")


def _reading(kind: SourceKind, text: str | None) -> dict[str, Any]:
    """The field `reading` as the options it means: `quote=none no_header`. Raises ConfigError for what it cannot mean."""
    options: dict[str, Any] = {}
    for word in (text or "").split():
        name, _, value = word.lstrip("-").partition("=")
        name = name.replace("-", "_")
        if name not in _READING.get(kind, ()):
            raise ConfigError(f"reading: {word!r} is unknown. It can say {', '.join(_READING[kind])}.")
        if name == "no_header":
            options[name] = True
        elif not value or (name in _CHOICES and value not in _CHOICES[name]):
            raise ConfigError(f"reading: write {name}={'|'.join(_CHOICES.get(name, ('…',)))}.")
        elif name == "skip_lines":
            if not value.isdigit():
                raise ConfigError(f"reading: skip_lines is a whole number, not {value!r}.")
            options[name] = int(value)
        else:
            options[name] = value
    return options


def _reading_typed(spec: BuildSpec) -> str | None:
    """What the field `reading` says for a build."""
    words: list[str] = []
    for name in _READING.get(spec.kind, ()):
        value = getattr(spec, name)
        if isinstance(value, bool):
            words += [name] * value
        elif value is not None and value != "error":
            words.append(f"{name}={'tab' if value == chr(9) else value}")
    return " ".join(words) or None


def _rows(kind: SourceKind, text: str | None) -> dict[str, Any]:
    """The field `rows` as the options it means for this kind."""
    if text is None:
        return {}
    if kind == "json":
        return {"at": text}
    if kind == "sqlite":
        return {"query": text}
    if kind == "text":
        if text in get_args(SplitBy) and text != "separator":
            return {"split_by": cast("SplitBy", text)}
        return {"split_by": "separator", "separator": text.replace("\\n", "\n")}
    return {}
