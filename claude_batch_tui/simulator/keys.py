"""Who calls: the simulator's keys name their workspace.

`sk-ant-sim-research-anything` belongs to the workspace `research`; two keys of one word see the same batches.
`sk-ant-sim-acme.research-anything` belongs to the workspace `research` of the organisation `acme`. A key of the
word `multi` belongs to several workspaces and has to name one in the header `anthropic-workspace-id`. Any other
key is refused.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

import msgspec

from claude_batch_tui.simulator.failures import Failure

KEY_PREFIX = "sk-ant-sim-"
DEFAULT_KEY = "sk-ant-sim-demo-0000000000000000"
MULTI = "multi"

_KEY = re.compile(r"sk-ant-sim-(?:([a-z0-9]+)\.)?([a-z0-9]+)(?:-.*)?", re.IGNORECASE)


class Caller(msgspec.Struct, frozen=True):
    """The workspace and the organisation of a key, as the headers of every answer name them."""

    workspace_id: str
    organization_id: str


def caller_of(headers: Mapping[str, str]) -> Caller:
    """The caller behind the headers. Raises a 401 for a missing or foreign key."""
    authorization = headers.get("authorization", "")
    bearer = authorization[7:].strip() if authorization[:7].lower() == "bearer " else ""
    key = bearer or headers.get("x-api-key", "").strip()
    if not key:
        raise Failure(401, "x-api-key header is required")
    named = _KEY.fullmatch(key)
    if named is None:
        raise Failure(401, "API key is invalid.")
    organization = (named[1] or "simulated").lower()
    workspace = named[2].lower()
    organization_id = _identifier("org", organization)
    if workspace != MULTI:
        return Caller(workspace_id(workspace, organization), organization_id)
    asked = headers.get("anthropic-workspace-id", "")
    if not asked:
        raise Failure(400, "anthropic-workspace-id: Header is required for API keys of several workspaces")
    return Caller(asked, organization_id)


def workspace_id(workspace: str, organization: str = "simulated") -> str:
    """The id of the workspace that a key's words name."""
    return "wrkspc_01" + _identifier("workspace", organization, workspace).replace("-", "")[:22]


def _identifier(*words: str) -> str:
    digest = hashlib.blake2b("/".join(words).encode(), digest_size=16).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:]}"
