#!/usr/bin/env bash
# Belief:   JSON says what is a string, so pandas.read_json(lines=True) keeps the string "007" a string.
# pandas 3.1.1: a column of strings that all look like numbers becomes int64, ids lose their leading zeros.
# Output:   [1, 2] [12, 7] ; with dtype=False: ["001", "002"] ["12", "007"]
# Exits 0 while that is so, 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q pandas==3.1.1
cd "$folder"
venv/bin/python - <<'PYTHON'
import sys
from pathlib import Path

import pandas

Path("flat.jsonl").write_text(
    '{"custom_id": "001", "answer": "12"}\n{"custom_id": "002", "answer": "007"}\n'
)
plain = pandas.read_json("flat.jsonl", lines=True)
exact = pandas.read_json("flat.jsonl", lines=True, dtype=False)
seen = [plain.custom_id.tolist(), plain.answer.tolist(), exact.custom_id.tolist(), exact.answer.tolist()]
print(*seen)
sys.exit(seen != [[1, 2], [12, 7], ["001", "002"], ["12", "007"]])
PYTHON
