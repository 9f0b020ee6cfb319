#!/usr/bin/env bash
# Belief:   sorting or selecting rows of a CSV leaves the cells as they are.
# DuckDB 2.0.1: yes and no come back as true and false, ids such as 1e5 as 100000.0. csvkit 2.2.0: csvsort writes
#           True and 1E+5 into its output; csvcut, of the same package, changes nothing.
# Output:   [(100000.0, True), (200000.0, False)] | 1E+5,True 2E+5,False | 1e5,yes 2e5,no
# Exits 0 while that is so, 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q duckdb==2.0.1 csvkit==2.2.0
cd "$folder"
venv/bin/python - <<'PYTHON'
import subprocess
import sys
from pathlib import Path

import duckdb

Path("answers.csv").write_text("custom_id,answer\n1e5,yes\n2e5,no\n")
rows = duckdb.sql("select * from 'answers.csv'").fetchall()


def lines(*command: str) -> list[str]:
    run = subprocess.run(
        [Path(sys.executable).parent / command[0], *command[1:], "answers.csv"],
        check=True, capture_output=True, text=True,
    )
    return run.stdout.splitlines()[1:]


ordered, cut = lines("csvsort", "-c", "custom_id"), lines("csvcut", "-c", "custom_id,answer")
print(rows, "|", *ordered, "|", *cut)
expected = ([(100000.0, True), (200000.0, False)], ["1E+5,True", "2E+5,False"], ["1e5,yes", "2e5,no"])
sys.exit((rows, ordered, cut) != expected)
PYTHON
