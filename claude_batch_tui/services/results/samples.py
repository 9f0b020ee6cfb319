"""A fair sample of entries, the same for the same seed, with what was asked and what was answered."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from claude_batch_tui.domain.results.answer import pieces
from claude_batch_tui.domain.results.json_tree import decode_json
from claude_batch_tui.domain.results.review import sample
from claude_batch_tui.services.results.browse import first_words
from claude_batch_tui.services.submitting.spool import request_as_sent
from claude_batch_tui.store.results.file import ResultsFile

LONGEST = 20_000
"""Characters of a prompt or an answer."""


class Sampled(msgspec.Struct, frozen=True):
    """An entry: what was asked, where that is known, and what came back."""

    custom_id: str
    outcome: str
    prompt: str | None
    answer: str


def read_sample(
    results: ResultsFile, positions: Sequence[int], count: int, seed: int, sent: Sequence[Path] = ()
) -> list[Sampled]:
    """At most `count` of these entries, each as likely as any other, in the order of the file; `sent` are create bodies.

    For a thread.
    """
    return [_sampled(results, position, sent) for position in sample(positions, count, seed)]


def _sampled(results: ResultsFile, position: int, sent: Sequence[Path]) -> Sampled:
    result = results.read(position)
    custom_id = results.index.custom_id(position)
    bodies = (request_as_sent(body, custom_id) for body in reversed(sent))
    request = next((found for found in bodies if found is not None), None)
    prompt = None if request is None else _prompt(decode_json(request))
    return Sampled(custom_id, str(result.outcome), prompt, first_words(result, LONGEST))


def _prompt(request: Any) -> str:
    """What a request says: system prompt and messages, one below the other."""
    params = request.get("params") if isinstance(request, dict) else None
    params = params if isinstance(params, dict) else {}
    messages = params.get("messages")
    said = (
        [params.get("system"), *(one.get("content") for one in messages if isinstance(one, dict))]
        if isinstance(messages, list)
        else []
    )
    texts = ["\n".join(piece.text or piece.title for piece in pieces(one)) for one in said if one]
    return "\n\n".join(texts)[:LONGEST]
