"""The fields a filter can name, what each may be compared with, and the words that are known for it."""

from __future__ import annotations

from typing import Literal

import msgspec

from claude_batch_tui.domain.results.entry import CLASSES, OUTCOMES, STOP_REASONS

Kind = Literal["word", "count", "money", "text", "path"]

WORD_OPS = ("=", "!=", ":", "~")
NUMBER_OPS = ("=", "!=", "<", "<=", ">", ">=")


class FilterField(msgspec.Struct, frozen=True):
    """One field. `values` are all it can have (`closed`), or the usual ones; `means` says it in a few words."""

    name: str
    kind: Kind
    means: str
    values: tuple[str, ...] = ()
    closed: bool = False

    @property
    def ops(self) -> tuple[str, ...]:
        """The operators it takes, the most useful first."""
        match self.kind:
            case "word" | "text":
                return WORD_OPS
            case "path":
                return (*NUMBER_OPS, ":", "~")
            case _:
                return NUMBER_OPS


FIELDS = {
    field.name: field
    for field in (
        FilterField("id", "word", "custom_id; * and ? after = stand for any characters"),
        FilterField(
            "outcome",
            "word",
            "what became of the request",
            tuple(str(name) for name in OUTCOMES),
            closed=True,
        ),
        FilterField("class", "word", "how good it is", CLASSES, closed=True),
        FilterField("stop", "word", "stop reason", tuple(name for name in STOP_REASONS if name), closed=True),
        FilterField("error", "word", "type of the error"),
        FilterField("in", "count", "input tokens, cached ones included"),
        FilterField("out", "count", "output tokens"),
        FilterField("cost", "money", "US dollars; an unknown price never matches"),
        FilterField("text", "text", "the answer, or the error's message"),
        FilterField("json", "path", "a value in an answer that is JSON: json:$.label=billing"),
    )
}

OUTCOME_ALIASES = {
    "ok": "succeeded",
    "success": "succeeded",
    "err": "errored",
    "error": "errored",
    "exp": "expired",
    "cancelled": "canceled",
    "bad": "unparsed",
}
