"""What a build is told: the source, and what becomes of its rows."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from claude_batch_tui.sources.text import SplitBy

CacheTtl = Literal["5m", "1h"]
SourceKind = Literal["csv", "text", "jsonl"]


class BuildSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One build. `path` is a file or `-` for standard input; columns are names or 1-based numbers.

    `template` and `system` are templates or `@file`. `model` and `max_tokens` must be there for every kind but
    `jsonl`, whose requests are ready; None for `delimiter` and `encoding` means they are found out.
    """

    kind: SourceKind
    path: str
    prompt_column: str | None = None
    template: str | None = None
    system: str | None = None
    model: str | None = None
    max_tokens: int | None = None
    params: dict[str, Any] = {}
    id_column: str | None = None
    id_template: str | None = None
    run_prefix: str | None = None
    image_column: str | None = None
    document_column: str | None = None
    cache_ttl: CacheTtl | None = None
    split_by: SplitBy = "line"
    delimiter: str | None = None
    encoding: str | None = None
