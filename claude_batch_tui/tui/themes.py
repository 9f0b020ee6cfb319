"""The theme of our own; the others are Textual's."""

from __future__ import annotations

from textual.theme import Theme

from claude_batch_tui.terminal import DARK

CALM_DARK = Theme(
    name=DARK,
    primary="#7aa2c8",
    secondary="#8a9ba8",
    accent="#c8a27a",
    success="#7fb38a",
    warning="#d0b070",
    error="#d07a7a",
    foreground="#d4d4d4",
    background="#14171a",
    surface="#1b1f23",
    panel="#22272c",
    dark=True,
    variables={"block-cursor-background": "#2f4a63", "block-cursor-foreground": "#ffffff"},
)
"""Muted colors on near black, all readable as text."""
