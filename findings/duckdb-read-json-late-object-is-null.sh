#!/usr/bin/env bash
# Belief:   a column that is null in the lines DuckDB samples and an object in a later line is read as the object,
#           or refused as a late change of type in another column is.
# DuckDB 2.0.1: read_json gives NULL for it and says nothing, so the one error among the results is gone;
#           sample_size=-1 reads it.
# Output:   0 rows with an error; 1 with sample_size=-1
# Exits 0 while that is so, 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q duckdb==2.0.1
cd "$folder"
venv/bin/python - <<'PYTHON'
import json
import sys
from pathlib import Path

import duckdb

lines = [json.dumps({"custom_id": f"r{number}", "error": None}) for number in range(30_000)]
lines.append(json.dumps({"custom_id": "last", "error": {"type": "overloaded_error"}}))
Path("flat.jsonl").write_text("\n".join(lines) + "\n")
seen = [
    len(duckdb.sql(f"select 1 from read_json('flat.jsonl'{option}) where error is not null").fetchall())
    for option in ("", ", sample_size=-1")
]
print(f"{seen[0]} rows with an error; {seen[1]} with sample_size=-1")
sys.exit(seen != [0, 1])
PYTHON
