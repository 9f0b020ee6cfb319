"""Writes what is made from the program: docs/commands.md, docs/keys.md, the man page and the schema of the settings.

Run it after a change of an option, a command or a key; `tests/test_generated.py` holds the files equal to what it makes. The
options are read from the parser's own arguments: argparse's help, and what is made of it, differs between versions of Python.

    .venv/bin/python docs/generate.py
"""

from __future__ import annotations

import argparse
import ast
import importlib
import inspect
import itertools
import json
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from types import NoneType
from typing import Any, NamedTuple, get_args

import msgspec
from textual.binding import Binding
from textual.dom import DOMNode

import claude_batch_tui.tui
from claude_batch_tui import __version__
from claude_batch_tui.cli.main import COMMANDS, whole_parser
from claude_batch_tui.cli.usage import EXAMPLES, in_groups
from claude_batch_tui.config import CHOICES, RANGES, Config, Profile
from claude_batch_tui.tui.widgets.key_line import Hint, declared_hints

ROOT = Path(__file__).parents[1]
_SHARED = "where and who"
_SECTIONS = {
    "app": "Everywhere",
    "frame": "Panes",
    "list": "Lists: move and mark",
    "text": "Text: read",
    "filter": "Filter",
    "batches": "Batches",
    "build": "Build",
    "results": "Results",
    "over": "Screens over another",
}


class Option(NamedTuple):
    """An argument as one writes it, and what it says of itself."""

    written: str
    words: str


def outputs() -> dict[Path, str]:
    """The files, and what is in them."""
    return {
        ROOT / "docs/commands.md": commands_page(),
        ROOT / "docs/keys.md": keys_page(),
        ROOT / "claude_batch_tui/guide/cbtui.1": man_page(),
        ROOT / "claude_batch_tui/guide/settings.schema.json": settings_schema(),
    }


def main() -> None:
    """Write those that differ."""
    for path, text in outputs().items():
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            print(f"written: {path.relative_to(ROOT)}")


def commands_page() -> str:
    """All commands with their options, as Markdown."""
    parser = whole_parser()
    lines = [
        "# Commands",
        "",
        "Made by `docs/generate.py` from the parser: do not edit. `cbtui help COMMAND` says the same.",
        "",
    ]
    for title, names in in_groups(COMMANDS):
        links = ", ".join(f"[`{name}`](#{name})" for name in names)
        lines.append(f"- {title}: {links}")
    lines += ["", "## Options of every command", "", *_table(_shared(parser))]
    lines += ["", "## Options of the dashboard", "", *_table(_of_group(parser, "dashboard"))]
    for name, sub in _subparsers(parser).items():
        lines += ["", f"## {name}", "", COMMANDS[name], "", *_command(sub)]
    lines += ["", "## Settings", "", "Of config.toml; each is `CBTUI_NAME` in the environment too.", ""]
    lines += ["| setting | default | what |", "|---|---|---|", *_settings()]
    return "\n".join(lines) + "\n"


def _settings() -> Iterator[str]:
    """The settings as lines of a table."""
    for name, shown, text in _fields():
        default = {"None": "", "False": "`false`", "True": "`true`", "": ""}.get(shown, f"`{shown}`")
        yield f"| `{name}` | {_cell(default)} | {_cell(text)} |"


def _fields() -> Iterator[tuple[str, str, str]]:
    """The name of each setting, its default as the source has it, and what is written under it."""
    tree = ast.parse(inspect.getsource(Config)).body[0]
    body = tree.body if isinstance(tree, ast.ClassDef) else []
    for field, words in itertools.pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            shown = "" if field.value is None else ast.unparse(field.value).replace("'", '"')
            yield field.target.id, shown, ast.literal_eval(words.value) if isinstance(words, ast.Expr) else ""


def settings_schema() -> str:
    """The settings as a JSON schema, for editors and for `cbtui config init`."""
    types = {bool: "boolean", int: "integer", float: "number", str: "string", Path: "string"}
    properties: dict[str, dict[str, Any]] = {}
    for field, (_, _, words) in zip(msgspec.structs.fields(Config), _fields(), strict=True):
        kinds = [kind for kind in (get_args(field.type) or (field.type,)) if kind is not NoneType]
        one: dict[str, Any] = {"description": words}
        if field.name in CHOICES:
            one["enum"] = list(CHOICES[field.name])
        elif kinds[0] in types:
            one["type"] = types[kinds[0]]
        if field.name in RANGES:
            least, most, _ = RANGES[field.name]
            one |= {"minimum": least} | ({"maximum": most} if most < 1e9 else {})
        if isinstance(field.default, str | bool | int | float):
            one["default"] = field.default
        properties[field.name] = one
    keys = {
        binding.id: {"type": "string", "description": binding.tooltip or binding.description, "default": key}
        for binding, key in _bindings()
    }
    table = {"type": "object", "additionalProperties": False}
    properties["keys"] |= {**table, "properties": keys}
    own = {name: {"type": "string"} for name in Profile.__struct_fields__}
    properties["profiles"] |= {
        "type": "object",
        "additionalProperties": {**table, "properties": own, "required": ["api_key_env"]},
    }
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Settings of cbtui, config.toml",
        **table,
        "properties": properties,
    }
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def _bindings() -> Iterator[tuple[Binding, str]]:
    """Each action that has an id, with all its keys."""
    found: dict[str, tuple[Binding, list[str]]] = {}
    for owner in _bound_classes():
        for binding in vars(owner)["BINDINGS"]:
            if isinstance(binding, Binding) and binding.id is not None:
                keys = found.setdefault(binding.id, (binding, []))[1]
                keys += [key for key in binding.key.split(",") if key not in keys]
    for name in sorted(found):
        binding, keys = found[name]
        yield binding, ",".join(keys)


def _command(sub: argparse.ArgumentParser, level: str = "###") -> Iterator[str]:
    yield from _table(_own(sub))
    for name, below in _subparsers(sub).items():
        description = (below.description or "").replace("\n", " ")
        yield from ("", f"{level} {sub.prog.removeprefix('cbtui ')} {name}", "", description)
        others = {option.written for option in _own(sub)}
        own = [option for option in _own(below) if option.written not in others]
        if own:
            yield from ("", *_table(own))
    if sub.epilog and level == "###":
        yield from ("", "```text", *sub.epilog.strip().splitlines(), "```")


def keys_page() -> str:
    """All keys of the dashboard, by what they belong to, as Markdown."""
    hints: dict[str, Hint] = {}
    for owner in _bound_classes():
        for hint in declared_hints(vars(owner)["BINDINGS"]):
            hints.setdefault(hint.id, hint)
    sections: dict[str, list[Hint]] = {}
    for hint in hints.values():
        sections.setdefault(hint.section, []).append(hint)
    order = [*_SECTIONS, *sorted(set(sections) - set(_SECTIONS))]
    lines = [
        "# Keys",
        "",
        "Made by `docs/generate.py` from the bindings: do not edit. `?` lists those of the screen you are on, `:` has every action by",
        "name, and a greyed key says why when it is pressed. The table `[keys]` of config.toml gives an action another key, by its id:",
        '`"batches.cancel" = "f8"`.',
    ]
    for section in order:
        if section in sections:
            title = _SECTIONS.get(section) or section.replace("-", " ").capitalize()
            lines += ["", f"## {title}", "", "| keys | what | id |", "|---|---|---|"]
            lines += [
                f"| {' '.join(f'`{_cell(key)}`' for key in hint.keys)} | {_cell(hint.tooltip)} | `{hint.id}` |"
                for hint in sections[section]
            ]
    return "\n".join(lines) + "\n"


def _bound_classes() -> list[type[DOMNode]]:
    """Every class of the dashboard that has keys of its own, by name of its module."""
    package = claude_batch_tui.tui
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        importlib.import_module(module.name)
    found: list[type[DOMNode]] = []
    known = [DOMNode]
    while known:
        for below in known.pop().__subclasses__():
            known.append(below)
            if below.__module__.startswith(package.__name__) and "BINDINGS" in vars(below):
                found.append(below)
    return sorted(set(found), key=lambda each: (each.__module__, each.__qualname__))


def man_page() -> str:
    """The manual page, for `man cbtui`."""
    parser = whole_parser()
    lines = [
        f'.TH CBTUI 1 "" "cbtui {__version__}" "User Commands"',
        ".SH NAME",
        "cbtui \\- a terminal dashboard for Claude Message Batches, and the same verbs headless",
        ".SH SYNOPSIS",
        ".B cbtui",
        "[OPTIONS] [COMMAND ...]",
        ".SH DESCRIPTION",
        "Without a command it opens the dashboard. Data goes to standard output, everything else to standard error.",
        ".SH OPTIONS",
        *_paragraphs(_shared(parser) + _of_group(parser, "dashboard")),
        ".SH COMMANDS",
    ]
    subparsers = _subparsers(parser)
    for _, names in in_groups(COMMANDS):
        for name in names:
            lines += [f".SS cbtui {_roff(name)}", _roff(COMMANDS[name])]
            lines += _paragraphs(_own(subparsers[name]))
            for below, sub in _subparsers(subparsers[name]).items():
                lines += [".TP", f".B {_roff(f'{name} {below}')}", _roff(sub.description or "")]
            for example in EXAMPLES.get(name, ()):
                lines += [".PP", ".EX", f"  {_roff(example)}", ".EE"]
    codes = [
        ("0", "all good"),
        ("1", "ended, but some entries are not good"),
        ("2", "usage, input, settings, credentials, no terminal"),
        ("3", "the API refused, or is out of reach"),
        ("4", "store, disk, lock, verification"),
        ("5", "--timeout reached"),
        ("6", "canceled or expired"),
        ("75", "the outcome of what was sent is not known: the same command again looks for it"),
        ("128+n", "ended by signal n"),
    ]
    lines += [".SH EXIT STATUS", *_paragraphs([Option(*code) for code in codes])]
    lines += [".SH ENVIRONMENT", *_paragraphs([Option(name, words) for name, words in _VARIABLES])]
    lines += [
        ".SH SEE ALSO",
        "cbtui guide, cbtui help TOPIC; https://github.com/claude-batch-tui/claude-batch-tui",
    ]
    return "\n".join(lines) + "\n"


_VARIABLES = (
    ("ANTHROPIC_API_KEY, ANTHROPIC_AUTH_TOKEN", "the key or token"),
    ("ANTHROPIC_BASE_URL", "where the API is"),
    ("HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE", "the way there"),
    ("CBTUI_NAME", "the setting NAME of config.toml, for each of them"),
    ("NO_COLOR, EDITOR, PAGER", "as everywhere"),
)


def _paragraphs(options: list[Option]) -> list[str]:
    return [
        line for each in options for line in (".TP", f".B {_roff(each.written)}", _roff(each.words) or "\\&")
    ]


def _roff(text: str) -> str:
    """Text for a manual page: its own signs escaped, and no line that begins with one."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("…", "...").replace("\n", " ")
    return re.sub(r"^(?=[.'])", r"\\&", escaped)


def _table(options: list[Option]) -> list[str]:
    if not options:
        return []
    return [
        "| option | what |",
        "|---|---|",
        *(f"| `{_cell(each.written)}` | {_cell(each.words)} |" for each in options),
    ]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _subparsers(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    for action in parser._actions:  # noqa: SLF001  argparse has no other way to its arguments
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001  the same
            return dict(action.choices)
    return {}


def _shared(parser: argparse.ArgumentParser) -> list[Option]:
    return _of_group(parser, _SHARED)


def _own(parser: argparse.ArgumentParser) -> list[Option]:
    """What a command takes besides what all take: first what has to be said, then the options."""
    shared = {option.written for option in _shared(parser)}
    every = [_option(action) for action in parser._actions if _is_shown(action)]  # noqa: SLF001  see above
    return [option for option in every if option.written not in shared]


def _of_group(parser: argparse.ArgumentParser, title: str) -> list[Option]:
    for group in parser._action_groups:  # noqa: SLF001  see above
        if group.title == title:
            return [_option(action) for action in group._group_actions]  # noqa: SLF001  see above
    return []


def _is_shown(action: argparse.Action) -> bool:
    hidden = (argparse._HelpAction, argparse._SubParsersAction)  # noqa: SLF001  see above
    return not isinstance(action, hidden) and action.help != argparse.SUPPRESS


def _option(action: argparse.Action) -> Option:
    value = ""
    if action.nargs != 0:
        name = action.metavar or (
            "|".join(map(str, action.choices)) if action.choices else action.dest.upper()
        )
        value = " ".join(name) if isinstance(name, tuple) else name
        more = {"?": f"[{value}]", "*": f"[{value} …]", "+": f"{value} …"}
        value = more.get(str(action.nargs), value) if value.count("…") == 0 else value
    names = ", ".join(action.option_strings)
    words = (action.help or "") % {**vars(action), "prog": "cbtui"}
    return Option(f"{names} {value}".strip(), words)


if __name__ == "__main__":
    main()
