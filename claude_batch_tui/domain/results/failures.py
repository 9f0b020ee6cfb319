"""Entries that are not truly good: what to do about them, which are sent again, and which error messages say the same.

Types and whether they may be sent again as they are: the batch guide (an `invalid_request_error` has to be changed
first, other errors can be tried again directly; expired requests were never tried). Messages: as seen in results files
of real batches; one that is not known falls back to its type. Neither errored nor expired requests are billed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

import msgspec

from claude_batch_tui.domain.results.result import CLASSES

_BY_MESSAGE = (
    (r"prompt is too long", "Shorten or split the input: it is longer than the model can read."),
    (
        r"max_tokens: \d+ > (?P<limit>\d+)",
        "Set max_tokens to {limit} or less: this model writes no more.",
    ),
    (r"max_tokens.*greater than or equal to 1", "Set max_tokens to 1 or more: a batch takes no 0."),
    (r"stream=True", "Take `stream` out of the request: a batch has no streams."),
    (
        r"thinking\.type\.enabled",
        'Ask for thinking with {{"type": "adaptive"}} and an effort: this model takes no budget.',
    ),
    (r"Extra inputs are not permitted", "Take the key it names out: the API does not know it there."),
    (
        r"Unable to download the file",
        "Check that anybody can fetch the address without a login, or put the file itself into the request.",
    ),
    (
        r"file format is invalid or unsupported",
        "Check what the address gives, or the media type: this is no image or document the API reads.",
    ),
    (r"Tool '.*' not found in provided tools", "Name a tool in tool_choice that `tools` has."),
    (r"at least one message is required", "Give the request at least one message."),
    (r"Field required", "Add the field it names."),
)


class Remedy(StrEnum):
    """What is known of sending a request again whose entry is not truly good."""

    AS_IT_IS = "as it is"
    FIX = "fix first"
    NEVER = "never"


class Rule(msgspec.Struct, frozen=True):
    """What to do about entries of one cause. `is_free` says that what failed was not paid for."""

    remedy: Remedy
    advice: str
    is_free: bool = True


_AGAIN = Rule(Remedy.AS_IT_IS, "It can be sent again as it is.")
_RULES = {
    "errored": Rule(Remedy.AS_IT_IS, "The JSON has all the API said."),
    "invalid_request_error": Rule(Remedy.FIX, "The request has to be changed before it is sent again."),
    "request_too_large": Rule(Remedy.FIX, "The request has to be made smaller before it is sent again."),
    "not_found_error": Rule(
        Remedy.FIX, "Something the request names does not exist, or not for this workspace."
    ),
    "permission_error": Rule(
        Remedy.FIX, "The key may not use what the request names: ask who manages the workspace."
    ),
    "authentication_error": Rule(
        Remedy.AS_IT_IS, "The key was refused: check it, then send the request again."
    ),
    "billing_error": Rule(Remedy.AS_IT_IS, "Put the account right; then it can be sent again."),
    "rate_limit_error": _AGAIN,
    "timeout_error": _AGAIN,
    "overloaded_error": _AGAIN,
    "api_error": _AGAIN,
    "expired": Rule(Remedy.AS_IT_IS, "It was never tried: it can be sent again as it is."),
    "canceled": Rule(
        Remedy.AS_IT_IS, "It was canceled before it was tried: send it where it is wanted after all."
    ),
    "truncated": Rule(
        Remedy.FIX, "Raise max_tokens: under the same limit it is cut again, and paid again.", is_free=False
    ),
    "context": Rule(
        Remedy.FIX, "Shorten the input: input and answer fill what the model can read.", is_free=False
    ),
    "refused": Rule(
        Remedy.NEVER,
        "The same request is refused again: only another prompt or model may help.",
        is_free=False,
    ),
    "paused": Rule(
        Remedy.FIX,
        "Go on with it: send its answer back as the assistant's turn. As it is it begins anew, and is paid again.",
        is_free=False,
    ),
    "unknown_stop": Rule(
        Remedy.FIX, "Look at the answer first: why it stopped is not known here.", is_free=False
    ),
    "empty": Rule(
        Remedy.FIX, "Change the prompt: the same one often ends without text again.", is_free=False
    ),
    "schema_invalid": Rule(
        Remedy.AS_IT_IS, "Another answer may fit its schema; it is paid again.", is_free=False
    ),
    "unparsed": Rule(Remedy.NEVER, "Its line cannot be read: look at the file first.", is_free=False),
}
"""The one table of what is done about an entry, by its cause: the type of its error, else its class."""
RETRY = frozenset(name for name, rule in _RULES.items() if rule is _AGAIN)
"""Types of errors after which a request can be sent again as it is."""
_VARYING = re.compile(
    r"""(?P<quoted>"[^"]*"|`[^`]*`|'[^']*(?<!\w)'(?!\w)|(?<!\w)'[^']*')
    | (?P<id>\b(?:req|msg|msgbatch|toolu|file|org|wrkspc)_[A-Za-z0-9]+)
    | (?P<number>\d[\d,._]*(?<![,._])|\d)""",
    re.VERBOSE,
)
_SIGNS = {"quoted": "“…”", "id": "…", "number": "#"}
_PATTERNS = {"quoted": r"""["`'].*["`']""", "id": r"\w+", "number": r"\d[\d,._]*"}
_SPECIAL = re.compile(r"[.^$*+?{}\[\]\\|()]")
_MOST_CHARACTERS = 200
_UNPAID = frozenset({"errored", "expired", "canceled"})
"""Classes that are not billed."""


def cause_of(class_name: str, error_type: str = "", stop_reason: str = "") -> str:
    """What an entry that is not truly good is grouped by: the type of its error, else its class."""
    if class_name == "truncated" and stop_reason == "model_context_window_exceeded":
        return "context"
    return error_type if class_name == "errored" and error_type else class_name


def rule_of(cause: str) -> Rule:
    """What is known of a cause. Errors of a type that is unknown here can be tried again, as the batch guide says."""
    return _RULES.get(cause) or _RULES["invalid_request_error" if is_invalid(cause) else "errored"]


def advice(error_type: str, message: str) -> str:
    """One sentence on what to do about an error."""
    if error_type == "not_found_error" and message.startswith("model:"):
        return "Take a model of your workspace: this name is not one of them."
    if error_type not in RETRY:
        for pattern, words in _BY_MESSAGE:
            found = re.search(pattern, message)
            if found is not None:
                return words.format(**found.groupdict())
    return rule_of(error_type).advice


class RetryRules(msgspec.Struct, frozen=True):
    """What the user allows beyond the default: what failed for nothing, and can be sent as it is."""

    include_invalid: bool = False
    any_outcome: bool = False
    again: bool = False

    def decide(self, cause: str, *, is_changed: bool) -> str:
        """Where an entry of a cause is counted: `sent`, `invalid` (to be changed first) or `good` (it did not fail).

        What `is_changed` before it is sent again may be sent whatever is wrong with it. What succeeded is not, unless
        that is asked for.
        """
        rule = rule_of(cause)
        if cause in ("complete", "unparsed"):
            return "sent" if self.any_outcome and cause == "complete" else "good"
        if is_changed or (rule.is_free and rule.remedy is Remedy.AS_IT_IS and cause != "canceled"):
            return "sent"
        if rule.is_free and cause != "canceled":
            return "sent" if self.include_invalid else "invalid"
        return "sent" if self.any_outcome else "good"


def is_invalid(error_type: str) -> bool:
    """Whether an error says that the request itself is wrong."""
    return error_type.startswith("invalid_request")


def _class_words(counts: Mapping[str, int]) -> str:
    """`7 truncated, 5 refused`: how many there are of each class, in the order of `CLASSES`; what is truly good is `good`."""
    words = ((name, "good" if name == "complete" else name.replace("_", "-")) for name in CLASSES)
    return ", ".join(f"{counts[name]:,} {word}" for name, word in words if counts.get(name))


class RetryCounts(msgspec.Struct, frozen=True):
    """What was looked at: how many are sent again, by what became of them, and why others are not."""

    sent: Mapping[str, int] = {}
    """By class."""
    invalid: int = 0
    """Left out: their requests have to be changed first."""
    left: Mapping[str, int] = {}
    """Left out: they have an answer or were canceled; by class."""
    retried: int = 0
    """Left out: a retry has them already."""
    unknown: int = 0
    """Left out: no request that was sent has their custom_id."""
    cut_again: int = 0
    """Of those that are sent: they were cut at max_tokens, and go out under no higher limit."""

    @property
    def chosen(self) -> int:
        """How many are sent again."""
        return sum(self.sent.values())

    @property
    def sent_words(self) -> str:
        """`201 errored, 50 expired`: what is sent again, by class."""
        return _class_words(self.sent)

    @property
    def left_words(self) -> str:
        """`60 truncated, 9 refused`: what is left out because it has an answer or was canceled, by class."""
        return _class_words(self.left)

    @property
    def has_answers(self) -> bool:
        """Whether some of what is sent again has an answer, which was paid for."""
        return any(count and name not in _UNPAID for name, count in self.sent.items())


def shape_of(message: str) -> str:
    """A message with numbers, ids and quoted words made equal: `prompt is too long: # tokens > # maximum`."""
    return _VARYING.sub(lambda match: _SIGNS[match.lastgroup or ""], _shortened(message))


def filter_of(kind: str, message: str) -> str:
    """The filter for all errors of that type whose message has the shape of this one."""
    short = _shortened(message)
    pattern = ["^", _escaped(f"{kind}: ")]
    end = 0
    for match in _VARYING.finditer(short):
        pattern += [_escaped(short[end : match.start()]), _PATTERNS[match.lastgroup or ""]]
        end = match.end()
    ending = "$" if short == message else "\\n" if message.startswith(f"{short}\n") else ""
    pattern += [_escaped(short[end:]), ending]
    quoted = "".join(pattern).replace("\\", "\\\\").replace('"', '\\"')
    return f'outcome=errored and text~"{quoted}"'


def _shortened(message: str) -> str:
    """The first line of a message, as far as a list shows it."""
    return message.partition("\n")[0][:_MOST_CHARACTERS]


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda match: "\\" + match.group(), text)
