"""Copying that also works over SSH and inside tmux, and says by which way the text went."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from claude_batch_tui.domain.batches.notices import through_screen

OSC52_LIMIT = 74_994
"""Encoded bytes most terminals take in one OSC 52 (what k9s uses as its limit too)."""

_SECONDS = 5.0
_NATIVE = (
    ("WAYLAND_DISPLAY", ("wl-copy",)),
    ("DISPLAY", ("xclip", "-selection", "clipboard", "-in")),
    ("DISPLAY", ("xsel", "--clipboard", "--input")),
)


def copy(
    text: str,
    *,
    setting: str,
    state_dir: Path,
    write_terminal: Callable[[str], None],
    environ: Mapping[str, str] = os.environ,
) -> str:
    """Copy `text` by the first way that works and return a sentence that says which. Never raises; may take seconds.

    `setting` is auto, tmux, native, osc52 or off. What no way takes is saved to a file.
    """
    if setting == "off":
        return "Not copied: the clipboard is off in the settings."
    data = text.encode("utf-8", "replace")
    if (
        setting in {"auto", "tmux"}
        and environ.get("TMUX")
        and _feed(("tmux", "load-buffer", "-w", "-"), data)
    ):
        return f"Copied {_size(data)} by tmux."
    if setting in {"auto", "native"} and (tool := _native_tool(environ)) and _feed(tool, data):
        return f"Copied {_size(data)} by {tool[0]}."
    encoded = base64.b64encode(data).decode("ascii")
    if setting in {"auto", "osc52"} and len(encoded) <= OSC52_LIMIT:
        sequence = f"\x1b]52;c;{encoded}\x07"
        write_terminal(through_screen(sequence) if environ.get("STY") else sequence)
        return f"Sent {_size(data)} to the terminal's clipboard (OSC 52), if it allows that."
    return _save(data, state_dir)


def _native_tool(environ: Mapping[str, str]) -> tuple[str, ...] | None:
    if sys.platform == "darwin" and not environ.get("SSH_CONNECTION"):
        return ("pbcopy",)
    return next((tool for display, tool in _NATIVE if environ.get(display) and shutil.which(tool[0])), None)


def _feed(command: tuple[str, ...], data: bytes) -> bool:
    try:
        # Output is thrown away: xclip stays behind holding the selection, and would hold our pipe with it.
        done = subprocess.run(  # noqa: S603  fixed commands
            command,
            input=data,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


def _save(data: bytes, state_dir: Path) -> str:
    file = state_dir / "copy.txt"
    try:
        state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with open(descriptor, "wb") as stream:  # noqa: PTH123  the descriptor carries the mode
            stream.write(data)
    except OSError as error:
        return (
            f"Not copied: no clipboard takes {_size(data)}, and {file} cannot be written: {error.strerror}."
        )
    return f"No clipboard takes {_size(data)}: saved to {file}."


def _size(data: bytes) -> str:
    return f"{len(data):,} bytes"
