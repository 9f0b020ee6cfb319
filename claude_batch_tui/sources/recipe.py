"""What a build is told: the source, and what becomes of its rows. As a value, and as a TOML file that repeats it.

The file has the tables `[source] [request] [params] [submit]`; its keys are the long options in snake_case.
"""

from __future__ import annotations

import difflib
import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from claude_batch_tui.domain.batches.tracked import Sweep
from claude_batch_tui.errors import ConfigError
from claude_batch_tui.nesting import read_toml
from claude_batch_tui.sources.template import read_template
from claude_batch_tui.sources.text import SplitBy

Ragged = Literal["error", "fill"]
Nan = Literal["null"]
Surrogates = Literal["replace"]
CacheTtl = Literal["5m", "1h"]
SourceKind = Literal[
    "csv", "json", "text", "spreadsheet", "documents", "sqlite", "parquet", "custom", "jsonl"
]

VERSION = 1
_REQUEST_KEYS = (
    "prompt_column",
    "messages_column",
    "template",
    "system",
    "rows_per_request",
    "times",
    "id_column",
    "id_template",
    "run_prefix",
    "clean_ids",
    "image_column",
    "document_column",
    "cache_ttl",
    "set",
)
_PARAMS_KEYS = ("model", "max_tokens", "params")
_TEMPLATES = ("template", "system")


class BuildSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One build. `path` is a file or `-` for standard input; columns are names or 1-based numbers.

    `template` and `system` are templates or `@file`; `params` is what every request says besides, its strings
    templates too. `model` and `max_tokens` must be there or in `params` for every kind but `jsonl` and `custom`, whose
    requests are ready: there `model`, `max_tokens` and `set` (`path=value`) say something else than the file does, and
    `clean_ids` makes ids legal. `messages_column` holds whole conversations, `rows_per_request` puts several rows into
    one request, `times` makes every request so many times. `separator` parts text, `at` is the path to rows in JSON, `query` a SELECT, `sheet` the name of one,
    `script_env` what a script may see; None for `delimiter`, `encoding` and `skip_lines` means they are found out. `quote`,
    `escape`, `no_header` and `ragged` are a CSV's, `nan` and `surrogates` JSON's.
    """

    kind: SourceKind
    path: str
    prompt_column: str | None = None
    messages_column: str | None = None
    template: str | None = None
    system: str | None = None
    rows_per_request: int | None = None
    times: int | None = None
    model: str | None = None
    max_tokens: int | None = None
    params: dict[str, Any] = {}
    id_column: str | None = None
    id_template: str | None = None
    run_prefix: str | None = None
    clean_ids: bool = False
    image_column: str | None = None
    document_column: str | None = None
    cache_ttl: CacheTtl | None = None
    set: tuple[str, ...] = ()
    split_by: SplitBy = "line"
    separator: str | None = None
    at: str | None = None
    query: str | None = None
    script_env: tuple[str, ...] = ()
    sheet: str | None = None
    delimiter: str | None = None
    encoding: str | None = None
    quote: str | None = None
    escape: str | None = None
    skip_lines: int | None = None
    no_header: bool = False
    ragged: Ragged = "error"
    nan: Nan | None = None
    surrogates: Surrogates | None = None


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """A build and what its submission is to be called. `hashes` are of what it was made from when it was written:

    `source`, and `template` and `system` where those are files. `guesses` are sentences on what reading its source
    rests on, which `submit` repeats; `sweep` is what the build is a variant of.
    """

    spec: BuildSpec
    name: str | None = None
    betas: tuple[str, ...] = ()
    sweep: Sweep | None = None
    hashes: dict[str, str] = {}
    guesses: tuple[str, ...] = ()


_SOURCE_KEYS = tuple(
    name for name in BuildSpec.__struct_fields__ if name not in {*_REQUEST_KEYS, *_PARAMS_KEYS}
)
_SUBMIT_KEYS = ("name", "betas", "guesses", "sweep")


def read_recipe(path: str) -> Recipe:
    """The recipe in a file; paths in it start from its folder. Raises ConfigError for anything it cannot mean."""
    try:
        table = read_toml(Path(path).read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: there is no such recipe. Check the path.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: the recipe cannot be read: {error}.") from error
    except ValueError as error:
        raise ConfigError(f"{path}: the recipe is not valid TOML: {error}.") from error
    version = table.pop("version", None)
    if version != VERSION:
        raise ConfigError(
            f"{path}: this recipe has version {version!r}, and this cbtui reads version {VERSION}."
        )
    _require_known(table, ("source", "request", "params", "submit"), path, "table")
    tables = {name: _table(table, name, path) for name in ("source", "request", "params", "submit")}
    source, request, submit = tables["source"], tables["request"], tables["submit"]
    hashes = {"source": source.pop("sha256", None)} | {
        name: request.pop(f"{name}_sha256", None) for name in _TEMPLATES
    }
    _require_known(source, _SOURCE_KEYS, path, "key of [source]")
    _require_known(request, _REQUEST_KEYS, path, "key of [request]")
    _require_known(submit, _SUBMIT_KEYS, path, "key of [submit]")
    folder = Path(path).parent
    for name in _TEMPLATES:
        if isinstance(text := request.get(name), str) and is_file(text):
            request[name] = f"@{os.path.normpath(folder / text[1:])}"
    if isinstance(given := source.get("path"), str) and given != "-":
        source["path"] = os.path.normpath(folder / given)
    try:
        return Recipe(
            spec=msgspec.convert({**source, **request, "params": tables["params"]}, BuildSpec),
            hashes={name: str(value) for name, value in hashes.items() if value is not None},
            **msgspec.structs.asdict(msgspec.convert(submit, _Submit)),
        )
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {error}. Fix the recipe.") from error


def recipe_toml(recipe: Recipe, folder: Path | None) -> bytes:
    """The recipe as TOML. With a `folder`, paths are written as seen from it; without, templates are written out."""
    import tomli_w  # only those who write a recipe need it

    spec = recipe.spec
    source: dict[str, Any] = _given_fields(spec, _SOURCE_KEYS)
    request: dict[str, Any] = _given_fields(spec, _REQUEST_KEYS)
    if spec.path != "-":
        source["path"] = _relative_path(spec.path, folder)
    for name in _TEMPLATES:
        text = request.get(name)
        if text is None:
            continue
        if folder is None:
            body = read_template(text, f"--{name}")
            request[name] = f"@{body}" if body.startswith("@") else body
        elif is_file(text):
            request[name] = f"@{_relative_path(text[1:], folder)}"
    if "source" in recipe.hashes:
        source["sha256"] = recipe.hashes["source"]
    if folder is not None:
        request |= {f"{name}_sha256": recipe.hashes[name] for name in _TEMPLATES if name in recipe.hashes}
    params = {name: value for name in ("model", "max_tokens") if (value := getattr(spec, name)) is not None}
    submit = {name: value for name in _SUBMIT_KEYS if (value := msgspec.to_builtins(getattr(recipe, name)))}
    tables = {"source": source, "request": request, "params": spec.params | params, "submit": submit}
    document = {"version": VERSION, **{name: table for name, table in tables.items() if table}}
    return tomli_w.dumps(document, multiline_strings=True).encode()


def text_hashes(spec: BuildSpec) -> dict[str, str]:
    """The hashes of templates that are files, by `template` and `system`."""
    found: dict[str, str] = {}
    for name in _TEMPLATES:
        text = getattr(spec, name)
        if text is not None and is_file(text):
            found[name] = hashlib.sha256(read_template(text, f"--{name}").encode()).hexdigest()
    return found


def drift(recipe: Recipe, now: Mapping[str, str], model: str | None) -> list[str]:
    """Sentences on what is no longer as it was when the recipe was written; `now` are the hashes of today."""
    spec = recipe.spec
    words = {
        "source": "the source",
        "template": f"the template {spec.template}",
        "system": f"the system {spec.system}",
    }
    said = [
        f"{words[name]} is not what it was when the recipe was written"
        for name, hashed in recipe.hashes.items()
        if name in now and now[name] != hashed
    ]
    written = spec.model or spec.params.get("model")
    if model is not None and written is not None and model != written:
        said.append(f"the model is {model}, and the recipe says {written}")
    return said


def outside_files(recipe: Recipe, path: str, *, source: bool = True) -> list[str]:
    """The files that the recipe at `path` names and that do not lie in its folder; without its `source`, the others."""
    spec = recipe.spec
    named = [text[1:] for text in (spec.template, spec.system) if text is not None and is_file(text)]
    if source and spec.path != "-":
        named.append(spec.path)
    beside = Path(spec.path).parent
    named += [str(beside / media) for media in _media_paths(spec.params) if "://" not in media]
    folder = Path(path).resolve().parent
    return [name for name in dict.fromkeys(named) if not Path(name).resolve().is_relative_to(folder)]


def _media_paths(value: Any) -> Iterator[str]:
    """The paths of images and documents within params."""
    if isinstance(value, dict):
        if value.get("type") == "path" and isinstance(value.get("path"), str):
            yield value["path"]
        for held in value.values():
            yield from _media_paths(held)
    elif isinstance(value, list):
        for held in value:
            yield from _media_paths(held)


def is_file(template: str) -> bool:
    """True for `@file`; `@@` begins a template with a plain `@`."""
    return template.startswith("@") and not template.startswith("@@")


class _Submit(msgspec.Struct, frozen=True):
    name: str | None = None
    betas: tuple[str, ...] = ()
    guesses: tuple[str, ...] = ()
    sweep: Sweep | None = None


def _given_fields(spec: BuildSpec, names: tuple[str, ...]) -> dict[str, Any]:
    """The fields that are not at their defaults, and always those without one."""
    fields = {field.name: field for field in msgspec.structs.fields(BuildSpec)}
    return {
        name: value
        for name in names
        if (value := getattr(spec, name)) is not None and value != fields[name].default
    }


def _relative_path(path: str, folder: Path | None) -> str:
    """A path as the recipe says it: from its folder where it is near, else from the root."""
    near = os.path.relpath(path, folder) if folder is not None else None
    far = near is None or near.startswith(f"..{os.sep}..")
    return str(Path(path).absolute()) if far or near is None else near


def _table(table: dict[str, Any], name: str, path: str) -> dict[str, Any]:
    value = table.get(name, {})
    if not isinstance(value, dict):
        raise ConfigError(f"{path}: [{name}] is a table. Write [{name}] on a line of its own.")
    return dict(value)


def _require_known(table: Mapping[str, Any], known: tuple[str, ...], path: str, what: str) -> None:
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            hint = f" Did you mean {near[0]!r}?" if near else f" Known: {', '.join(known)}."
            raise ConfigError(f"{path}: {key!r} is no {what} in a recipe.{hint}")
