"""The terminal kit: what the dashboard does otherwise than Textual on the way to the terminal, behind two functions.

`prepare_environment` comes before Textual is imported, `terminal_app` gives the app to build on; nothing else of this
package is imported from outside, so that it can follow Textual, to whose minor version the project is pinned for the
private names used here. Each part stands for a need that was measured, and has Textual's own as its plain way:

- `driver` and `writer`: a terminal that does not read blocks Textual's driver, and with it every key and signal, within a
  second. Ours never waits, puts the terminal back after any signal, and leaves within 3 s. The plain way is `LinuxDriver`.
- `frames`: Textual paints whole regions, each segment with its whole style. Twelve keys on the batches are 44 kB at 80x24
  and 140 kB at 200x50 the plain way, 11 and 17 kB with only the cells and styles that differ: over SSH that is what
  makes a key slow. The plain way is sending frames as they are.
- `app`: while a window is resized Textual lays out for each event, 20 layouts a second and 500 kB; here at most 10, and
  no frame while over 64 kB is unsent. Parsing styles once instead of once a screen is a third of a start. The plain
  way is `textual.app.App` and its `Stylesheet`.
- `safety`: text of models and files reaches the terminal inert, whatever a widget lets through. Textual has no such thing.
- `lending`: the terminal lent to $EDITOR and $PAGER, over Textual's `suspend`.

`tests/tui/terminal` holds the painted cells against the plain way's in a terminal emulator.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import MutableMapping
from typing import TYPE_CHECKING

from claude_batch_tui.config import Config
from claude_batch_tui.errors import ConfigError
from claude_batch_tui.terminal import Profile, decide_profile

if TYPE_CHECKING:
    from claude_batch_tui.tui.terminal.app import TerminalApp

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
        environ["TEXTUAL_COLOR_SYSTEM"] = _COLOR_SYSTEMS[profile.colors]
    if profile.encoding != sys.stderr.encoding and isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr.reconfigure(encoding=profile.encoding)
    return profile


def terminal_app() -> type[TerminalApp]:
    """The class the dashboard's app is built on: Textual's `App` with what this package does. Imports Textual."""
    # Late: `prepare_environment` has to come before Textual is imported.
    from claude_batch_tui.tui.terminal.app import TerminalApp

    return TerminalApp
