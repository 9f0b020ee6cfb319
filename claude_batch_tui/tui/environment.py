"""What the terminal can do and how we use it, decided before Textual is imported: it reads its environment then."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, MutableMapping

import msgspec

from claude_batch_tui.config import Config
from claude_batch_tui.errors import ConfigError

DARK, LIGHT, ANSI = "cbtui-dark", "textual-light", "ansi-dark"
_THEMES = {"dark": DARK, "light": LIGHT, "ansi": ANSI}
_COLOR_SYSTEMS = {"truecolor": "truecolor", "256": "256", "16": "standard"}


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """How the dashboard draws on this terminal."""

    slow: bool
    """The frugal profile for thin links."""
    colors: str
    """truecolor, 256, 16 or none."""
    theme: str
    mouse: bool
    ascii: bool

    @property
    def sentence(self) -> str:
        """The profile in words, for `cbtui info` and help."""
        pace = "slow" if self.slow else "fast"
        characters = "ASCII" if self.ascii else "Unicode"
        mouse = "on" if self.mouse else "off"
        return f"{pace} profile, {self.colors} colors, theme {self.theme}, {characters}, mouse {mouse}"


def decide_profile(config: Config, environ: Mapping[str, str], encoding: str = "utf-8") -> Profile:
    """The profile that follows from settings and environment."""
    is_remote = any(environ.get(name) for name in ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"))
    slow = is_remote if config.slow is None else config.slow
    colors = _colors(config, environ)
    theme = _THEMES.get(config.theme or "", config.theme) or (ANSI if slow or colors == "16" else DARK)
    if colors == "none" and not theme.startswith("ansi-"):
        theme = ANSI  # other themes paint grey where no color was asked for
    return Profile(
        slow=slow,
        colors=colors,
        theme=theme,
        mouse=not is_remote if config.mouse is None else config.mouse,
        ascii=config.ascii or encoding.lower().replace("-", "").replace("_", "") != "utf8",
    )


def prepare_environment(config: Config, environ: MutableMapping[str, str] = os.environ) -> Profile:
    """Set what Textual reads when it is imported, and return the profile. Call it before importing Textual.

    Raises ConfigError where there is no terminal to draw on.
    """
    if not all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise ConfigError("The dashboard needs a terminal; without one use `cbtui list`.")
    if environ.get("TERM", "") in {"dumb", "unknown"}:
        raise ConfigError(f"The dashboard cannot draw on TERM={environ['TERM']}; use `cbtui list`.")
    profile = decide_profile(config, environ, sys.stderr.encoding or "ascii")
    environ.pop("ANTHROPIC_LOG", None)  # the SDK would write to stderr, which is our screen
    environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    environ.setdefault("TEXTUAL_SMOOTH_SCROLL", "0")
    if profile.slow:
        environ.setdefault("TEXTUAL_FPS", "10")
    if profile.colors == "none":
        environ["NO_COLOR"] = "1"
    else:
        environ.pop("NO_COLOR", None)  # Textual takes an empty one for a wish
        if config.color != "auto":
            environ["TEXTUAL_COLOR_SYSTEM"] = _COLOR_SYSTEMS[config.color]
    return profile


def _colors(config: Config, environ: Mapping[str, str]) -> str:
    """As Rich decides it, so that the theme fits what it will send."""
    if config.color != "auto":
        return config.color
    if environ.get("NO_COLOR"):
        return "none"
    if environ.get("COLORTERM", "").strip().lower() in {"truecolor", "24bit"}:
        return "truecolor"
    _, _, kind = environ.get("TERM", "").strip().lower().rpartition("-")
    return "256" if kind in {"256color", "kitty"} else "16"
