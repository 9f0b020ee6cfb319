"""What is made from the program is what the program is: commands, keys and the man page."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def generated():
    """The files and what docs/generate.py makes of them."""
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs/generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.outputs()


def test_commands_keys_and_man_page_are_up_to_date(generated):
    stale = [str(path.relative_to(ROOT)) for path, text in generated.items() if path.read_text() != text]
    assert stale == [], "run: .venv/bin/python docs/generate.py"


def test_every_command_and_every_key_with_a_letter_is_in_them(generated):
    from claude_batch_tui.cli.main import COMMANDS
    from claude_batch_tui.tui.batches.screen import BatchesScreen
    from claude_batch_tui.tui.build.screen import BuildScreen
    from claude_batch_tui.tui.results.screen import ResultsScreen

    pages = {path.name: text for path, text in generated.items()}
    assert [name for name in COMMANDS if f"\n## {name}\n" not in pages["commands.md"]] == []
    for screen in (BatchesScreen, BuildScreen, ResultsScreen):
        for binding in screen.BINDINGS:
            for key in binding.key.split(","):
                assert len(key) > 1 or f"`{key}`" in pages["keys.md"], (screen, key)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("groff") is None, reason="groff reads manual pages")
def test_the_man_page_has_nothing_that_groff_complains_about():
    page = str(ROOT / "claude_batch_tui/guide/cbtui.1")
    done = subprocess.run(
        ["groff", "-man", "-ww", "-Tutf8", page], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
