"""Textual reads its environment when it is imported: what the profile asks of it is set here, before that."""

from __future__ import annotations

import os
import sys
from collections.abc import MutableMapping

from claude_batch_tui.config import Config
from claude_batch_tui.errors import ConfigError
from claude_batch_tui.terminal import Profile, decide_profile

_COLOR_SYSTEMS = {"truecolor": "truecolor", "256": "256", "16": "standard"}


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
