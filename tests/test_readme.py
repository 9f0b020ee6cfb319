"""The README cannot lie about commands and keys."""

from __future__ import annotations

import re
from pathlib import Path

from claude_batch_tui.cli.main import COMMANDS

README = Path(__file__).parents[1] / "README.md"


def test_every_command_is_in_the_readme():
    text = README.read_text()
    assert [name for name in COMMANDS if f"`{name}" not in text] == []


def test_every_command_line_of_the_readme_is_understood(capsys):
    from claude_batch_tui.cli.main import _parser

    text = README.read_text().replace("\\\n", " ").replace('"$id"', "ID")
    lines = re.findall(
        r"\bcbtui ((?:build|check|submit|watch|results|export|retry|list|status|cancel) [^|`&)\n]*)", text
    )
    assert len(lines) > 10
    import shlex

    for line in lines:
        words = shlex.split(line.replace("--max-tokens N", "--max-tokens 5"))
        parser, _ = _parser(words)
        parser.parse_args(words)


def test_every_picture_of_the_readme_exists():
    for picture in re.findall(r"\]\((screenshots/[^)]+)\)", README.read_text()):
        assert (README.parent / picture).exists()


def test_every_key_with_a_letter_is_in_the_readme():
    from claude_batch_tui.tui.batches.screen import BatchesScreen
    from claude_batch_tui.tui.build.screen import BuildScreen
    from claude_batch_tui.tui.results.screen import ResultsScreen

    keys = README.read_text().partition("## Keys")[2]
    for screen in (BatchesScreen, BuildScreen, ResultsScreen):
        for binding in screen.BINDINGS:
            for key in binding.key.split(","):
                if len(key) == 1:
                    assert f"`{key}`" in keys or f" {key} " in keys, (screen, key)
