"""Runs `build_requests()` of a user's script in a process of its own: `python -P script_runner.py SCRIPT OUT ALIVE`.

Every request is a line of JSON on the descriptor OUT, an array of one object; a failure is one object with `kind`,
`message`, `line` and `traceback`. What the script prints goes to its standard error. When the descriptor ALIVE ends, whoever asked for the requests is gone,
however that came, and all processes of the script end. Nothing of ours is imported.
"""

from __future__ import annotations

import json
import os
import runpy
import signal
import sys
import threading
import traceback
from pathlib import Path
from typing import Any, NoReturn, TextIO


def end_with(alive: int) -> None:
    """End this process and all of its group as soon as the descriptor ends."""

    def wait() -> None:
        os.read(alive, 1)
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=wait, daemon=True).start()


def main(script: str, out: TextIO) -> NoReturn:
    """Run the script and write what it gives."""
    try:
        build = runpy.run_path(script, run_name="cbtui_script").get("build_requests")
        if not callable(build):
            _fail(out, "none", "it has no function build_requests()")
        given = build()
        if isinstance(given, (dict, str, bytes)) or not hasattr(given, "__iter__"):
            kind = type(given).__name__
            _fail(
                out,
                "value",
                f"build_requests() returns {kind}, where a list or an iterator of requests is meant",
            )
        for number, request in enumerate(given, 1):
            out.write(_line(request, number, out) + "\n")
            if number % 64 == 1:
                out.flush()
    except BaseException as error:  # noqa: BLE001  whatever it is, the parent hears of it
        _crashed(out, error, script)
    out.flush()
    os._exit(0)


def _line(request: Any, number: int, out: TextIO) -> str:
    try:
        line = json.dumps([request], ensure_ascii=False)
        line.encode()
    except (TypeError, ValueError, RecursionError) as error:
        _fail(out, "value", f"request {number} is not JSON: {error}")
    return line


def _crashed(out: TextIO, error: BaseException, script: str) -> NoReturn:
    """Say where in the script it fails; frames that are not the user's are left out of the traceback."""
    own = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == script]
    kept = traceback.TracebackException.from_exception(error)
    kept.stack = traceback.StackSummary.from_list(
        [frame for frame in kept.stack if frame.filename not in {__file__, "<frozen runpy>"}]
    )
    words = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    line = error.lineno if isinstance(error, SyntaxError) else own[-1] if own else None
    _fail(out, "crash", words, line, "".join(kept.format()))


def _fail(out: TextIO, kind: str, message: str, line: int | None = None, trace: str = "") -> NoReturn:
    out.write(json.dumps({"kind": kind, "message": message, "line": line, "traceback": trace}) + "\n")
    out.flush()
    os._exit(1)


if __name__ == "__main__":
    name, descriptor = sys.argv[1], int(sys.argv[2])
    end_with(int(sys.argv[3]))
    os.dup2(2, 1)
    sys.argv = [name]
    sys.path.insert(0, str(Path(name).absolute().parent))
    main(name, os.fdopen(descriptor, "w", encoding="utf-8", errors="strict", buffering=1 << 16))
