"""The models the simulator knows, and what each of them refuses.

Ids: types/model.py of the SDK 2.11. Ceilings, refusals and retirement dates: the official model, error and
deprecation pages, copies of 2026-09-26, and the pages of models released since.
"""

from __future__ import annotations

from typing import Any

import msgspec


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """One model. `version` orders the generations: 4.5 < 4.6 < 5.0."""

    id: str
    line: str
    version: float
    released: str
    retires: str | None = None
    lifecycle: str = "active"
    aliases: tuple[str, ...] = ()
    max_tokens: int = 128_000
    max_input_tokens: int = 1_000_000

    @property
    def display_name(self) -> str:
        """The name people use, such as Claude Opus 4.8."""
        if self.id == "claude-mythos-preview":
            return "Claude Mythos Preview"
        return f"Claude {self.line.capitalize()} {self.version:g}"

    @property
    def takes_enabled_thinking(self) -> bool:
        """`thinking.type=enabled` is rejected from 4.7 on."""
        return self.version < 4.7

    @property
    def takes_adaptive_thinking(self) -> bool:
        """`thinking.type=adaptive` is rejected up to 4.5."""
        return self.version > 4.5

    @property
    def takes_disabled_thinking(self) -> bool:
        """`thinking.type=disabled` is rejected where thinking is always on."""
        return self.line not in {"fable", "mythos"} and not (
            self.version >= 5.5 and self.line in {"opus", "sonnet"}
        )

    @property
    def takes_forced_tool(self) -> bool:
        """`tool_choice` of `any` or `tool` is rejected by four models."""
        return (self.line, self.version) not in {
            ("opus", 5.5),
            ("sonnet", 5.5),
            ("fable", 5.1),
            ("mythos", 5.1),
        }

    @property
    def takes_prefill(self) -> bool:
        """A last message of the assistant is rejected from 4.6 on."""
        return self.version < 4.6

    @property
    def takes_long_output(self) -> bool:
        """The beta of 300,000 output tokens, in batches only."""
        return self.version >= 4.6 and self.line in {"opus", "sonnet", "haiku"}

    @property
    def min_cached_tokens(self) -> int:
        """Shorter prefixes are silently not cached."""
        if self.version in {4.5, 4.6} and self.line in {"opus", "haiku"}:
            return 4096
        return 512 if self.version >= 5 and self.line != "sonnet" else 1024

    def facts(self) -> dict[str, Any]:
        """The object of `GET /v1/models` (types/model_info.py of the SDK 2.11)."""
        yes, no = {"supported": True}, {"supported": False}

        def leaf(supported: bool) -> dict[str, bool]:
            return {"supported": supported}

        modern = leaf(self.version >= 4.6)
        return {
            "id": self.id,
            "type": "model",
            "display_name": self.display_name,
            "created_at": f"{self.released}T00:00:00Z",
            "lifecycle": self.lifecycle,
            "deprecated_at": None if self.lifecycle == "active" else "2026-06-09T00:00:00Z",
            "retires_at": f"{self.retires}T00:00:00Z" if self.retires else None,
            "line": self.line,
            "max_input_tokens": self.max_input_tokens,
            "max_tokens": self.max_tokens,
            "capabilities": {
                "batch": yes,
                "citations": yes,
                "code_execution": modern,
                "context_management": {
                    "supported": True,
                    "clear_thinking_20251015": yes,
                    "clear_tool_uses_20250919": yes,
                    "compact_20260112": modern,
                },
                "effort": {**modern, "low": modern, "medium": modern, "high": modern, "max": modern},
                "image_input": yes,
                "pdf_input": yes,
                "server_tools": {"supported": True, "web_search": yes, "code_execution": yes},
                "structured_outputs": yes,
                "thinking": {
                    "supported": True,
                    "types": {
                        "adaptive": leaf(self.takes_adaptive_thinking),
                        "between_tools": no if self.takes_disabled_thinking else yes,
                        "disabled": leaf(self.takes_disabled_thinking),
                        "enabled": leaf(self.takes_enabled_thinking),
                    },
                },
            },
        }


def _small(
    name: str, version: float, released: str, retires: str, *aliases: str, lifecycle: str = "active"
) -> Model:
    line = name.split("-")[1]
    return Model(
        id=name,
        line=line,
        version=version,
        released=released,
        retires=retires,
        aliases=aliases,
        lifecycle=lifecycle,
        max_tokens=64_000,
        max_input_tokens=200_000,
    )


def _large(line: str, version: float, released: str, retires: str | None) -> Model:
    name = f"claude-{line}-{version:g}".replace(".", "-")
    return Model(id=name, line=line, version=version, released=released, retires=retires)


MODELS: tuple[Model, ...] = (
    _large("fable", 5.2, "2026-11-09", None),
    _large("mythos", 5.2, "2026-11-09", None),
    _large("haiku", 5.5, "2026-10-07", "2027-10-07"),
    _large("sonnet", 5.5, "2026-09-28", "2027-09-28"),
    _large("opus", 5.5, "2026-09-22", "2027-09-22"),
    _large("fable", 5.1, "2026-09-01", "2027-09-01"),
    _large("mythos", 5.1, "2026-09-01", "2027-09-01"),
    _large("opus", 5, "2026-07-24", "2027-07-24"),
    _large("sonnet", 5, "2026-06-30", "2027-06-30"),
    _large("fable", 5, "2026-06-09", "2027-06-09"),
    _large("mythos", 5, "2026-06-09", "2027-06-09"),
    _large("opus", 4.8, "2026-05-28", "2027-05-28"),
    _large("opus", 4.7, "2026-04-16", "2027-04-16"),
    Model(
        id="claude-mythos-preview", line="mythos", version=4.9, released="2026-04-07", retires="2026-06-30",
        lifecycle="deprecated",
    ),
    _large("sonnet", 4.6, "2026-02-17", "2027-02-17"),
    _large("opus", 4.6, "2026-02-05", "2027-02-05"),
    _small("claude-opus-4-5-20251101", 4.5, "2025-11-24", "2026-11-24", "claude-opus-4-5"),
    _small("claude-haiku-4-5-20251001", 4.5, "2025-10-15", "2026-10-15", "claude-haiku-4-5"),
    _small(
        "claude-sonnet-4-5-20250929", 4.5, "2025-09-29", "2026-11-30", "claude-sonnet-4-5",
        lifecycle="deprecated",
    ),
)  # fmt: skip
"""Newest first, as the API lists them."""

BY_NAME: dict[str, Model] = {name: model for model in MODELS for name in (model.id, *model.aliases)}
"""Every id and alias a request may name."""
