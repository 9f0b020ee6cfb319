"""Entries that failed: what to do about them, which are sent again, and which error messages say the same.

Types and whether they may be sent again as they are: the batch guide (an `invalid_request_error` has to be changed
first, other errors can be tried again directly; expired requests were never tried). Messages: as seen in results files
of real batches; one that is not known falls back to its type. Neither errored nor expired requests are billed.
"""

from __future__ import annotations

import re

import msgspec

from claude_batch_tui.domain.results.result import Outcome

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
_BY_TYPE = {
    "invalid_request_error": "The request has to be changed before it is sent again.",
    "request_too_large": "The request has to be made smaller before it is sent again.",
    "not_found_error": "Something the request names does not exist, or not for this workspace.",
    "permission_error": "The key may not use what the request names: ask who manages the workspace.",
    "authentication_error": "The key was refused: check it, then send the request again.",
    "billing_error": "Put the account right; then it can be sent again.",
    "rate_limit_error": "It can be sent again as it is.",
    "timeout_error": "It can be sent again as it is.",
    "overloaded_error": "It can be sent again as it is.",
    "api_error": "It can be sent again as it is.",
}
RETRY = frozenset(("rate_limit_error", "timeout_error", "overloaded_error", "api_error"))
"""Types of errors after which a request can be sent again as it is."""
_FAILED = (Outcome.ERRORED, Outcome.EXPIRED)
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


def advice(error_type: str, message: str) -> str:
    """One sentence on what to do about an error."""
    if error_type == "not_found_error" and message.startswith("model:"):
        return "Take a model of your workspace: this name is not one of them."
    if error_type not in RETRY:
        for pattern, words in _BY_MESSAGE:
            found = re.search(pattern, message)
            if found is not None:
                return words.format(**found.groupdict())
    return _BY_TYPE.get(error_type, "The JSON has all the API said.")


class RetryRules(msgspec.Struct, frozen=True):
    """What the user allows beyond the default: what errored or expired, but for invalid requests."""

    include_invalid: bool = False
    any_outcome: bool = False
    again: bool = False

    def allows(self, outcome: Outcome, error_type: str) -> bool:
        """Whether an entry may be sent again, as far as its result tells."""
        if outcome is Outcome.ERRORED and is_invalid(error_type):
            return self.include_invalid
        return outcome in _FAILED or (self.any_outcome and outcome is not Outcome.UNPARSED)


def is_invalid(error_type: str) -> bool:
    """Whether an error says that the request itself is wrong."""
    return error_type.startswith("invalid_request")


class RetryCounts(msgspec.Struct, frozen=True):
    """What was looked at: how many are sent again, by what became of them, and why others are not."""

    errored: int = 0
    expired: int = 0
    others: int = 0
    """Succeeded or canceled: what succeeded was paid for already."""
    invalid: int = 0
    """Left out: their requests are invalid."""
    good: int = 0
    """Left out: they succeeded or were canceled."""
    retried: int = 0
    """Left out: a retry has them already."""
    unknown: int = 0
    """Left out: no request that was sent has their custom_id."""

    @property
    def chosen(self) -> int:
        """How many are sent again."""
        return self.errored + self.expired + self.others


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
