"""What to do about an entry that errored, from the type and the message the API gave.

Types and whether they may be sent again as they are: the batch guide (an `invalid_request_error` has to be changed
first, other errors can be tried again directly). Messages: as seen in results files of real batches; one that is not
known falls back to its type. Errored entries are not billed.
"""

from __future__ import annotations

import re

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
