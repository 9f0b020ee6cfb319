#!/usr/bin/env bash
# Belief:   csvcut, which only chooses columns, leaves the text of cells as it is, and reads stdin as it reads a file.
# csvkit 2.2.0: a \r\n within a cell becomes \n in a file, and two of them in stdin.
# Output:   file 'a\nb' | stdin 'a\n\nb'
# Exits 0 while that is so, 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q csvkit==2.2.0
cd "$folder"
printf 'id,text\r\n1,"a\r\nb"\r\n' > t.csv
venv/bin/csvcut -c 1- t.csv > file.csv
venv/bin/csvcut -c 1- < t.csv > stdin.csv
venv/bin/python - <<'PYTHON'
import csv
import sys

seen = []
for name in ("file", "stdin"):
    with open(f"{name}.csv", newline="") as cells:
        seen.append(f"{name} {list(csv.reader(cells))[1][1]!r}")
print(*seen, sep=" | ")
sys.exit(seen != [r"file 'a\nb'", r"stdin 'a\n\nb'"])
PYTHON
