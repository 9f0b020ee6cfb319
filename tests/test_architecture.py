"""What importing costs: a static rule cannot see when an import runs."""

from __future__ import annotations

import subprocess
import sys

from claude_batch_tui.cli.main import COMMANDS

HEAVY = (
    *("textual", "anthropic", "httpx2", "jinja2", "starlette"),
    *("uvicorn", "rich", "numpy", "stringzilla", "plotext", "asyncio"),
)


def loaded_after(code):
    """Which heavy packages a piece of code leaves loaded."""
    script = f"{code}\nimport sys\nprint(*(name for name in {HEAVY} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1].split()


def test_importing_the_entry_loads_nothing_heavy():
    assert loaded_after("import claude_batch_tui.__main__") == []


def test_the_help_of_a_command_loads_nothing_heavy():
    code = f"""
from claude_batch_tui.cli.main import main
for command in {sorted(COMMANDS)}:
    try:
        main([command, "--help"], lambda _: 0)
    except SystemExit:
        pass
    import sys
    assert not sys.modules.keys() & {set(HEAVY)}, command
"""
    assert loaded_after(code) == []


def test_the_short_status_loads_nothing_heavy(own_folders):
    code = "from claude_batch_tui.cli.main import main\nmain(['status', '--short'], lambda _: 0)"
    assert loaded_after(code) == []


def test_a_build_loads_no_network():
    code = "import claude_batch_tui.services.building.build\nimport sys\nassert 'ssl' not in sys.modules"
    assert loaded_after(code) == []


def test_the_version_is_answered_without_any_of_us():
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "claude_batch_tui", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("cbtui ")
    assert "claude_batch_tui.cli" not in done.stderr


def test_a_completion_loads_no_package_but_the_standard_library(own_folders):
    code = """
import sys
from claude_batch_tui.__main__ import main
sys.argv = ["cbtui", "__complete", "ids", "/nowhere/store.db", ""]
main()
ours = {name for name in sys.modules if name.startswith("claude_batch_tui")}
assert ours == {"claude_batch_tui", "claude_batch_tui.__main__", "claude_batch_tui.store", "claude_batch_tui.store.completing"}, ours
assert "msgspec" not in sys.modules and "argparse" not in sys.modules
print()
"""
    assert loaded_after(code) == []
