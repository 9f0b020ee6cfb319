#!/usr/bin/env bash
# Belief:   what first occurs late in a file of JSON lines is read, or refused as a late change of type is.
# DuckDB 2.0.1: a late key has no column, and a late object in a column that was null is NULL; nothing is said, so the
#           one error among the results is gone. sample_size=-1 reads both.
# Polars 2.1.0: a late key has no column either. PyArrow 26.0.1 has it.
# Output:   duckdb id,error 0, with sample_size=-1 id,error,late 1 | polars id | pyarrow id,late
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


def write(path, common, last):
    lines = [json.dumps({"id": f"r{number}", **common}) for number in range(30_000)]
    Path(path).write_text("\n".join([*lines, json.dumps({"id": "last", **last})]) + "\n")


def by_duckdb(option):
    read = duckdb.sql(f"select * from read_json('objects.jsonl'{option})")
    return f"{','.join(read.columns)} {len(read.filter('error is not null').fetchall())}"


write("objects.jsonl", {"error": None}, {"error": {"type": "overloaded_error"}, "late": 1})
write("keys.jsonl", {}, {"late": 1})
seen = {
    "duckdb": f"{by_duckdb('')}, with sample_size=-1 {by_duckdb(', sample_size=-1')}",
    "polars": ",".join(polars.read_ndjson("keys.jsonl").columns),
    "pyarrow": ",".join(pyarrow.json.read_json("keys.jsonl").column_names),
}
print(" | ".join(f"{name} {columns}" for name, columns in seen.items()))
expected = ["id,error 0, with sample_size=-1 id,error,late 1", "id", "id,late"]
sys.exit(list(seen.values()) != expected)
PYTHON
