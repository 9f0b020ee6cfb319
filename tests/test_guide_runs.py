"""What the guide tells somebody to type is typed, line by line, by a shell against the simulator."""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from claude_batch_tui.services.guide import page

ROWS = [(f"T-{number}", f"The lamp of order {number} arrived, broken.") for number in range(1, 13)]


def shell_blocks(text):
    """The blocks of shell of a page."""
    return re.findall(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


@pytest.mark.slow
def test_with_only_the_skill_and_a_csv_one_gets_to_joined_results(tmp_path, own_folders):
    with (tmp_path / "data.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("id", "text"), *ROWS])
    # As typed by hand: a line after the other, whatever the last one said; the simulator ends with the shell.
    script = "\n".join(shell_blocks(page("skill"))) + "\nkill %1\n"
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        [shutil.which("bash"), "-x", "-c", script],
        cwd=tmp_path,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert "unrecognized" not in done.stderr
    assert "usage:" not in done.stderr
    answers = list(csv.DictReader((tmp_path / "answers.csv").read_text().splitlines()))
    assert [(row["id"], row["text"]) for row in answers] == ROWS, done.stderr
    assert {row["status"] for row in answers} == {"succeeded"}
    assert all(row["response"] for row in answers)
    assert (tmp_path / "results.db").is_file()
    assert len((tmp_path / "products.csv").read_text().splitlines()) == 11
    assert done.stderr.count("cbtui: ") == 0, done.stderr
