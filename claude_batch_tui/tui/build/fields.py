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
    "rows_per_request",
    "params",
    "set",
    "clean_ids",
    "model",
    "max_tokens",
    "name",
)
ROWS_HINTS: Mapping[str, str] = {
    "json": "where the rows are, like data.items; left out: searched",
    "text": "line, paragraph, whole, or what parts them, e.g. ===",
    "sqlite": "SELECT …; left out: all of the only table",
    "spreadsheet": "the name of the sheet; left out: the only one with rows",
}
"""What the field `rows` means, by kind; other kinds need none."""
READING_HINTS: Mapping[str, str] = {
    "csv": "found out; or delimiter=; quote=none escape=\\ skip_lines=2 no_header ragged=fill",
    "json": "nan=null surrogates=replace",
    "jsonl": "surrogates=replace",
    "spreadsheet": "titles above the header are found out; or skip_lines=2",
}
"""What can be said in the field `reading`, by kind; other kinds have none."""
_READING: Mapping[str, tuple[str, ...]] = {
    "csv": ("delimiter", "quote", "escape", "skip_lines", "no_header", "ragged"),
    "json": ("nan", "surrogates"),
    "jsonl": ("surrogates",),
    "spreadsheet": ("skip_lines",),
}
_CHOICES = {"ragged": ("error", "fill"), "nan": ("null",), "surrogates": ("replace",)}
_ENCODED = ("csv", "json", "text", "documents")
_WITHOUT_COLUMNS = ("text", "documents", "jsonl", "custom")
_READY = ("jsonl", "custom")
_WITHOUT_FIELD = (
    "messages_column",
    "id_template",
    "run_prefix",
    "image_column",
    "document_column",
    "cache_ttl",
)

_LABELS = {
    "script_env": "variables",
    "prompt_column": "prompt col",
    "id_column": "id column",
    "rows_per_request": "per request",
    "clean_ids": "clean ids",
}
_IN_ROWS = frozenset({"sheet", "at", "query"})
"""Options that the field `rows` says, each for its kind of source."""
_NEXT_SETTING = re.compile(r",\s*(?=[A-Za-z_][\w.\[\]]*=)")
_YES = frozenset({"yes", "y", "true", "1"})
_OPTION = re.compile(
    r"(?:\b([Ss])ay )?--([a-z]+(?:-[a-z]+)*)(?: ([A-Z]+\b|'[^' ]+'|(?:none|null|replace|fill|\d+)\b))?"
)


def label_of(name: str) -> str:
    """What stands before a field."""
    return _LABELS.get(name, name)


def in_fields(sentence: str) -> str:
    """A sentence that says options of the command line, with the fields of the form instead where there are such."""

    def field(found: re.Match[str]) -> str:
        name = "rows" if found[2] in _IN_ROWS else found[2].replace("-", "_")
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
    else:
        hidden |= {"set", "clean_ids"}
    if kind in {*_READY, "documents"}:
        hidden.add("rows_per_request")
    if kind == "custom":
        hidden.add("clean_ids")
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
    given = {name: values.get(name) for name in visible_fields(kind)}
    if kind in _READY:
        said = tuple(filter(None, map(str.strip, _NEXT_SETTING.split(given["set"] or ""))))
        of_recipe = base.params if base and base.kind == kind else {}
        kept_of_recipe = {name: of_recipe[name] for name in ("model", "max_tokens") if name in of_recipe}
        cleans = (given.get("clean_ids") or "").lower() in _YES
        reading = _reading(kind, given.get("reading"))
        variables = tuple((given.get("script_env") or "").replace(",", " ").split())
        return BuildSpec(
            kind=kind,
            path=path,
            script_env=variables,
            set=said,
            clean_ids=cleans,
            **kept_of_recipe,
            **reading,
        )
    params_file = given.get("params")
    params = read_params(str(Path(params_file).expanduser())) if params_file else {}
    model, tokens = given.get("model") or params.get("model"), given.get("max_tokens")
    if complete and model is None:
        raise ConfigError("Name a model, e.g. claude-haiku-4-5.")
    if tokens is not None and not re.fullmatch(r"[0-9]{1,18}", tokens):
        raise ConfigError(f"max_tokens is a whole number, not {tokens!r}.")
    together = given.get("rows_per_request")
    if together is not None and not together.isdigit():
        raise ConfigError(f"per request is how many rows a request has, not {together!r}.")
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
        rows_per_request=int(together) if together else None,
        set=base.set if kept and base else (),
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
    rows = {
        "json": spec.at,
        "sqlite": spec.query,
        "spreadsheet": spec.sheet,
        "text": spec.separator or spec.split_by,
    }.get(spec.kind)
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
        "rows_per_request": spec.rows_per_request,
        "set": ", ".join(spec.set) if spec.set and spec.kind in _READY else None,
        "clean_ids": "yes" if spec.clean_ids else None,
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
    if kind in {"sqlite", "spreadsheet"}:
        return {"query" if kind == "sqlite" else "sheet": text}
    if kind == "text":
        if text in get_args(SplitBy) and text != "separator":
            return {"split_by": cast("SplitBy", text)}
        return {"split_by": "separator", "separator": text.replace("\\n", "\n")}
    return {}
