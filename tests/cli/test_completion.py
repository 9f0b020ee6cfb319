"""Completions: the scripts, and the words from the store, which a name of somebody else's cannot leave."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from claude_batch_tui.__main__ import main
from claude_batch_tui.store.completing import words


@pytest.fixture
def named(cbtui, simulator, requests_file, own_folders):
    """A store with a batch that has a name and tags, and its path."""
    batch = cbtui("submit", requests_file(), "--yes", "--name", "tickets")[1].strip()
    cbtui("tag", batch, "+eval", "+a;b")
    return batch, str(own_folders / "data/store.db")


def test_ids_names_and_tags_come_from_the_store_newest_first(named, cbtui):
    batch, database = named
    found = words("ids", database)
    assert found[:2] == ["tickets", batch]
    assert found[2].startswith("run_")
    assert words("ids", database, "run_") == found[2:]
    assert words("ids", database, "ticket") == ["tickets"]
    assert words("tags", database) == ["eval"]


def test_a_name_that_a_shell_would_expand_is_not_offered(named, cbtui, tmp_path):
    batch, database = named
    for name in ("$(touch seen)", "two words", "`touch seen`", "-x", "a*"):
        cbtui("name", batch, name)
        assert batch in words("ids", database)
        assert name not in words("ids", database)


def test_a_store_that_is_not_there_or_no_store_completes_nothing(tmp_path):
    other = tmp_path / "store.db"
    assert words("ids", str(other)) == []
    assert not other.exists()
    other.write_text("not a database, but long enough to be looked at" * 50)
    assert words("tags", str(other)) == []


def test_the_words_are_printed_without_anything_else_being_imported(named, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["cbtui", "__complete", "tags", named[1], "+e"])
    assert main() == 0
    assert capsys.readouterr().out == "+eval\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_gets_a_script_that_asks_the_store_of_now(cbtui, own_folders, shell):
    code, out, _ = cbtui("completion", shell)
    assert (code, f"__complete ids {own_folders / 'data/store.db'}" in out) == (0, True)
    assert out.count("__complete") < 8  # in functions, never where the script is read


@pytest.mark.slow
def test_bash_completes_commands_options_ids_and_tags(named, cbtui, tmp_path):
    batch, _ = named
    script = tmp_path / "cbtui.bash"
    script.write_text(cbtui("completion", "bash")[1])
    asked = f"""
        source {script}
        for line in "cbtui tri" "cbtui watch ms" "cbtui results tick" "cbtui results x --form" "cbtui build cs"; do
            COMP_WORDS=($line); COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 )); _shtab_cbtui 2>/dev/null
            echo "${{COMPREPLY[*]}}"
        done
        COMP_WORDS=(cbtui tag tickets +); COMP_CWORD=3; _shtab_cbtui 2>/dev/null; echo "${{COMPREPLY[*]}}"
    """
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        [shutil.which("bash"), "-c", asked],
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == ["triage", batch, "tickets", "--format", "csv", "+eval"]
