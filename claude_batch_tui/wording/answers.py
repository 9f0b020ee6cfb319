"""Answers as words: why one ended, and the tokens it took."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claude_batch_tui.wording.numbers import counted, money

if TYPE_CHECKING:
    from collections.abc import Mapping

    from claude_batch_tui.services.building.trying import Tried

_STOP_WORDS = {
    "end_turn": "finished by itself",
    "stop_sequence": "stopped at a stop sequence",
    "tool_use": "stopped to have a tool called",
    "pause_turn": "paused: the turn is not over, send it back to go on",
    "refusal": "refused",
    "model_context_window_exceeded": "cut where the model's context ended",
}


def stop_words(reason: str | None, max_tokens: int | None = None) -> str:
    """Why an answer ended: `finished by itself`, `cut by max_tokens=1024`."""
    if reason == "max_tokens":
        return "cut by max_tokens" + (f"={max_tokens}" if max_tokens is not None else "")
    if not reason:
        return "no stop reason"
    return _STOP_WORDS.get(reason, f"stopped: {reason}")


def usage_words(usage: Mapping[str, object]) -> str:
    """`in 412 · cache read 1,024 · out 3`: the tokens of an answer; what is none is left out."""
    names = (
        ("in", "input_tokens"),
        ("cache read", "cache_read_input_tokens"),
        ("cache write", "cache_creation_input_tokens"),
        ("out", "output_tokens"),
    )
    parts = [
        f"{label} {number:,}"
        for label, name in names
        if isinstance(number := usage.get(name), int) and (number or label in ("in", "out"))
    ]
    details, tools = usage.get("output_tokens_details"), usage.get("server_tool_use")
    if isinstance(details, dict) and isinstance(thought := details.get("thinking_tokens"), int) and thought:
        parts.append(f"{thought:,} of it thinking")
    if isinstance(tools, dict):
        parts += [
            f"{counted(number, name.removesuffix('s').replace('_', ' '))}"
            for name, number in tools.items()
            if isinstance(number, int) and number
        ]
    return " · ".join(parts)


def tried_words(answer: Tried) -> str:
    """`412 tokens in, 3 out · end_turn · $0.0031`: what one request took that was sent alone."""
    message = answer.result.message
    usage, reason = message.get("usage") or {}, message.get("stop_reason")
    cost = money(answer.cost) if answer.cost is not None else "no price is known"
    return f"{usage.get('input_tokens', 0):,} tokens in, {usage.get('output_tokens', 0):,} out · {reason} · {cost}"
