#!/usr/bin/env bash
# Belief:   a column that is null in the first block and an object later is read, as it is within one block.
# PyArrow 26.0.1: read_json fails, naming a timestamp that no line holds; one block as large as the file reads it.
# Output:   ArrowNotImplementedError JSON conversion to struct<type: timestamp[s]> is not supported | 1
# Exits 0 while that is so, 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q pyarrow==26.0.1
cd "$folder"
venv/bin/python - <<'PYTHON'
import json
import sys
from pathlib import Path

import pyarrow
import pyarrow.json

lines = [json.dumps({"custom_id": f"r{number}", "error": None}) for number in range(60_000)]
lines.append(json.dumps({"custom_id": "last", "error": {"type": "overloaded_error"}}))
Path("flat.jsonl").write_text("\n".join(lines) + "\n")
try:
    pyarrow.json.read_json("flat.jsonl")
    said = "read"
except pyarrow.ArrowNotImplementedError as error:
    said = f"{type(error).__name__} {error}"
size = Path("flat.jsonl").stat().st_size
whole = pyarrow.json.read_json("flat.jsonl", read_options=pyarrow.json.ReadOptions(block_size=size))
found = len(whole) - whole["error"].null_count
print(said, "|", found)
sys.exit(("struct<type: timestamp[s]>" in said, found) != (True, 1))
PYTHON
