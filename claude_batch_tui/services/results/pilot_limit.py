"""What the answers of a pilot say of the max_tokens that the rest needs."""

from __future__ import annotations

import msgspec

from claude_batch_tui.domain.results.result import CLASSES
from claude_batch_tui.services.results.local_files import read_results
from claude_batch_tui.store import submissions
from claude_batch_tui.store.results.opening import open_indexed
from claude_batch_tui.store.store import Store
from claude_batch_tui.store.workspaces import Workspace

_COMPLETE, _TRUNCATED = CLASSES.index("complete"), CLASSES.index("truncated")
_FEWEST = 10
"""Answers of which a percentile says something."""


class PilotLimit(msgspec.Struct, frozen=True):
    """The 99th percentile of the output tokens of so many answers of a pilot."""

    answers: int
    tokens: int


def pilot_limit(run_id: str, *, store: Store, workspace: Workspace | None) -> PilotLimit | None:
    """What the pilots of a run say, whose results are on this machine; for a thread.

    None where they have too few answers, or where so many were cut that the percentile is not known.
    """
    found: list[tuple[int, bool]] = []
    for one in submissions.of_run(store, run_id):
        path = None
        if one.kind == "pilot" and one.is_certain:
            path = read_results(one.batch_id or "", store=store, workspace=workspace)
        if path is None:
            continue
        with open_indexed(path, store.locations.cache) as results:
            index = results.index
            found += (
                (index.output_tokens[at], index.classes[at] == _TRUNCATED)
                for at in range(index.count)
                if index.classes[at] in (_COMPLETE, _TRUNCATED)
            )
    found.sort()
    if len(found) < _FEWEST:
        return None
    tokens, is_cut = found[-(-len(found) * 99 // 100) - 1]
    return None if is_cut or not tokens else PilotLimit(len(found), tokens)
