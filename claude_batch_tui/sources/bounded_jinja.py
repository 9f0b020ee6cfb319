"""Jinja2's sandbox with limits: how long a row may take, and how large the text and every value on the way to it may grow.

The sandbox keeps templates from Python's insides; it does not keep them from loops within loops, or from `"x" * 10 ** 10`.
Here every turn of a loop and every call of a macro looks at the time, and whatever can make a value that is much larger
than what it is made of is asked for its size first. Imported with Jinja2 alone.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, cast

import jinja2
from jinja2 import nodes
from jinja2.filters import FILTERS
from jinja2.meta import TrackingCodeGenerator
from jinja2.sandbox import ImmutableSandboxedEnvironment

from claude_batch_tui.sources.template import TemplateLimits

_MOST_BITS = 20_000
"""Of a whole number that a power gives."""
_LONG_WIDTH = re.compile(r"\d{5,}|\{[^{}]*\{|%[^a-zA-Z%]*\*")
"""Widths in a format that make long texts, or that values say."""
_WIDTHS = frozenset(
    ("center", "ljust", "rjust", "zfill", "expandtabs", "indent", "wordwrap", "batch", "slice", "tojson")
)
"""Methods and filters whose numbers are widths."""


class TemplateLimitError(Exception):
    """A row takes more than it may; the sentence goes on after the name of the template."""


class BoundedEnvironment(ImmutableSandboxedEnvironment):
    """An environment for prompts: strict, not escaping, without chance and without Python's classes."""

    intercepted_binops = frozenset(("*", "**", "+", "%"))

    def __init__(self, limits: TemplateLimits, **options: Any) -> None:
        # Nothing is folded while a template is made ready: that is work without a limit.
        super().__init__(undefined=jinja2.StrictUndefined, autoescape=False, optimized=False, **options)
        self._limits = limits
        self._until = 0.0
        # `dict[…].mro()` shows Python's classes; `lipsum` draws by chance, and a rebuild gives the same bytes.
        for name in ("dict", "lipsum"):
            del self.globals[name]
        self.filters = FILTERS | {name: self._bounded_filter(name) for name in FILTERS.keys() & _GROWING}

    def names_in(self, template: str) -> set[str]:
        """The names that a template uses and does not set. Raises what Jinja2 and Python raise for one that is none."""
        tracking = TrackingCodeGenerator(self)
        tracking.optimizer = None  # it folds constants, and takes the cube of the time for a chain of signs
        tracking.visit(self.parse(template))
        return tracking.undeclared_identifiers

    def filled(self, template: jinja2.Template, variables: dict[str, Any]) -> str:
        """The text of a row. Raises TemplateLimitError, and whatever the template raises."""
        self._until = time.thread_time() + self._limits.seconds
        pieces: list[str] = []
        size, most = 0, self._limits.characters
        # Not `generate`, which only makes the lines in tracebacks those of the template: a tenth of the time of a row.
        for piece in template.root_render_func(template.new_context(variables)):
            size += len(piece)
            if size > most:
                self._require(size)
            pieces.append(piece)
        return "".join(pieces)

    def tick(self) -> None:
        """A turn of a loop, or a call of a macro."""
        if time.thread_time() > self._until:
            raise TemplateLimitError(
                f"takes more than {self._limits.seconds:g} s for this row. Fix its loops."
            )

    def joined(self, *values: Any) -> str:
        """What `~` gives."""
        texts = [str(value) for value in values]
        self._require(sum(map(len, texts)))
        return "".join(texts)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        return self._watched(super()._parse(source, name, filename))

    def _watched(self, tree: nodes.Template) -> nodes.Template:
        """The tree with a look at the time in every loop and macro, and `~` as a call that asks for the size."""
        for looped in tree.find_all((nodes.For, nodes.Macro, nodes.CallBlock)):
            cast("nodes.For", looped).body.insert(
                0, nodes.ExprStmt(_call_of("tick", []), lineno=looped.lineno)
            )
        _Concats(self).visit(tree)
        return tree

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """The four operators that can make something much larger than what they are given."""
        if operator == "**":
            if (
                isinstance(left, int)
                and isinstance(right, int)
                and left.bit_length() * max(right, 0) > _MOST_BITS
            ):
                raise TemplateLimitError("makes a number that is too large.")
        elif operator == "*":
            self._require(_size(left) * _number(right) if _is_sized(left) else _size(right) * _number(left))
        elif operator == "+":
            self._require(_size(left) + _size(right))
        elif isinstance(left, str):
            self._require_format(left)
        return super().call_binop(context, operator, left, right)

    def call(self, context: Any, called: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Any call in the template; the methods of texts are asked for their sizes."""
        method = getattr(called, "__wrapped__", called)  # the sandbox wraps str.format
        owner = getattr(method, "__self__", None)
        if isinstance(owner, str):
            self._require_text(method.__name__, owner, args, kwargs)
        return super().call(context, called, *args, **kwargs)

    def _bounded_filter(self, name: str) -> Callable[..., Any]:
        bare = FILTERS[name]
        passed = int(hasattr(bare, "jinja_pass_arg"))

        @wraps(bare)
        def bounded(*args: Any, **kwargs: Any) -> Any:
            value, *rest = args[passed:]
            if name == "join" and not isinstance(value, str):
                value = list(value)
            self._require_text(name, value, tuple(rest), kwargs)
            return bare(*args[:passed], value, *rest, **kwargs)

        return bounded

    def _require_text(self, name: str, value: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        """Refuse a method of texts, or the filter of the same name, where its result would be too large."""
        given = (*args, *kwargs.values())
        if name in _WIDTHS:
            width = max(map(_number, given), default=0)
            self._require(_size(value) + width * (_lines(value) if name in ("indent", "expandtabs") else 1))
        elif name == "replace" and len(args) > 1:
            old, new = str(args[0]), str(args[1])
            self._require(len(str(value)) + str(value).count(old) * len(new))
        elif name == "join":
            separator, items = (
                (value, args[0] if args else ())
                if isinstance(value, str)
                else (str(args[0]) if args else "", value)
            )
            items = items if isinstance(items, (list, tuple, str)) else ()
            self._require(sum(len(str(item)) for item in items) + len(items) * len(separator))
        elif name in ("format", "format_map"):
            self._require_format(str(value))

    def _require_format(self, text: str) -> None:
        if _LONG_WIDTH.search(text):
            raise TemplateLimitError("formats with a width that is too large, or that another value says.")

    def _require(self, size: int) -> None:
        if size > self._limits.characters:
            raise TemplateLimitError(
                f"makes more than {self._limits.characters:,} characters of this row. Fix its loops and repeats."
            )


class _Concats(jinja2.visitor.NodeTransformer):
    """Puts calls in the place of `~`."""

    def __init__(self, environment: BoundedEnvironment) -> None:
        self._environment = environment

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802  Jinja2's name
        """One `~`, or several in a row."""
        self.generic_visit(node)
        return _call_of("joined", node.nodes).set_environment(self._environment)


_GROWING = frozenset((*_WIDTHS, "replace", "join", "format"))


def _call_of(name: str, args: list[nodes.Expr]) -> nodes.Call:
    return nodes.Call(nodes.EnvironmentAttribute(name), args, [], None, None)


def _is_sized(value: Any) -> bool:
    return isinstance(value, (str, bytes, list, tuple))


def _size(value: Any) -> int:
    return len(value) if _is_sized(value) else 0


def _number(value: Any) -> int:
    return abs(value) if isinstance(value, int) else 0


def _lines(value: Any) -> int:
    return sum(map(str(value).count, "\n\t")) + 1
