"""`cbtui`: no command opens the dashboard, a command runs headless. The only module that knows both faces."""

from __future__ import annotations

import os
import sys


def main() -> int:
    """Run `cbtui` with the process's arguments and return the exit code."""
    argv = sys.argv[1:]
    if argv in (["--version"], ["-V"]):
        # Answered before anything is imported: scripts and prompts ask this often.
        from claude_batch_tui import __version__

        sys.stdout.write(f"cbtui {__version__}\n")
        return 0
    os.umask(0o077)
    from claude_batch_tui.cli.main import main as run_command_line

    return run_command_line(argv, _open_dashboard)


def _open_dashboard(dashboard: object) -> int:
    from claude_batch_tui.tui.app import (
        open_dashboard,
    )  # Textual costs 0.16 s, which headless commands need not pay

    return open_dashboard(dashboard)  # type: ignore[arg-type]


if __name__ == "__main__":
    sys.exit(main())
