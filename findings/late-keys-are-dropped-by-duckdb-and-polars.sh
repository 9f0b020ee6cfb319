#!/usr/bin/env bash
# Belief:   a key that first occurs late in a file of JSON lines becomes a column, null before that line.
# DuckDB 2.0.1, Polars 2.1.0: the column does not exist and nothing is said; PyArrow 26.0.1 has it.
# Output:   duckdb custom_id,stop | polars custom_id,stop | pyarrow custom_id,stop,error_message
# Exits 0 while that is so, 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q duckdb==2.0.1 polars==2.1.0 pyarrow==26.0.1
cd "$folder"
venv/bin/python - <<'PYTHON'
import json
import sys
from pathlib import Path

import duckdb
import polars
import pyarrow.json

lines = [json.dumps({"custom_id": f"r{number}", "stop": "end_turn"}) for number in range(30_000)]
lines.append(json.dumps({"custom_id": "last", "stop": None, "error_message": "Overloaded"}))
Path("flat.jsonl").write_text("\n".join(lines) + "\n")
seen = {
    "duckdb": duckdb.sql("select * from read_json('flat.jsonl')").columns,
    "polars": polars.read_ndjson("flat.jsonl").columns,
    "pyarrow": pyarrow.json.read_json("flat.jsonl").column_names,
}
print(" | ".join(f"{name} {','.join(columns)}" for name, columns in seen.items()))
short, whole = ["custom_id", "stop"], ["custom_id", "stop", "error_message"]
sys.exit(seen != {"duckdb": short, "polars": short, "pyarrow": whole})
PYTHON
