"""`cbtui`: no command opens the dashboard, a command runs headless. The only module that knows both faces."""

from __future__ import annotations

import gc
import os
import sys

TYPE_CHECKING = (
    False  # as type checkers read it: `typing` is a third of what `--version` and a completion import
)
if TYPE_CHECKING:
    from claude_batch_tui.cli.command import Dashboard


def main() -> int:
    """Run `cbtui` with the process's arguments and return the exit code."""
    argv = sys.argv[1:]
    if argv in (["--version"], ["-V"]):
        # Answered before anything is imported: scripts and prompts ask this often.
        from claude_batch_tui import __version__

        sys.stdout.write(f"cbtui {__version__}\n")
        return 0
    if argv[:1] == ["__complete"] and len(argv) == 4:
        # For the scripts of `cbtui completion`, which run it at every tab: nothing else is imported.
        from claude_batch_tui.store.completing import print_words

        print_words(*argv[1:])
        return 0
    os.umask(0o077)
    # numpy comes with a library that starts a thread for every core when it is imported, 60 ms of them; we multiply nothing.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from claude_batch_tui.cli.main import main as run_command_line

    return run_command_line(argv, _open_dashboard)


def _open_dashboard(dashboard: Dashboard) -> int:
    # What is made until the first frame stays: looking through it for garbage is a sixth of a start. `begin` of the
    # app lets collections begin again.
    gc.disable()
    # Each import is late for its cost: Textual is 0.16 s, which headless commands need not pay, and it reads its
    # environment when it is imported.
    from claude_batch_tui.tui.terminal import prepare_environment

    profile = prepare_environment(dashboard.config)
    import logging

    from claude_batch_tui.logs import log_to_file
    from claude_batch_tui.tui.app import DashboardApp

    # Before the SDK is imported, which would have what ANTHROPIC_LOG asks for written into the picture.
    log_to_file(dashboard.config)
    logging.captureWarnings(capture=True)
    app = DashboardApp(
        dashboard.settled() if dashboard.settled else dashboard.config,
        profile=profile,
        api_key=dashboard.api_key,
        results=dashboard.results,
        batch_id=dashboard.batch_id,
        banner=dashboard.banner,
        beside=dashboard.beside,
        offers_tour=dashboard.offers_tour,
    )
    return app.start()


if __name__ == "__main__":
    sys.exit(main())
