#!/usr/bin/env bash
# Belief:   a Parquet file that is named has the columns that stand in it.
# pyarrow 24.0.0 and DuckDB 2.0.1: a folder called a=b anywhere above it is one more column, `run` here; pandas 3.0.0 has none.
# Output:   pyarrow ['text', 'run'] | pandas ['text'] | duckdb ['text', 'run']
# Exits 0 while that is so, 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q pyarrow==24.0.0 pandas==3.0.0 duckdb==2.0.1
mkdir "$folder/run=3"
"$folder/venv/bin/python" - "$folder/run=3/t.parquet" <<'PYTHON'
import sys

import duckdb
import pandas
import pyarrow
from pyarrow import parquet

path = sys.argv[1]
parquet.write_table(pyarrow.table({"text": ["a"]}), path)
found = {
    "pyarrow": parquet.read_table(path).column_names,
    "pandas": list(pandas.read_parquet(path).columns),
    "duckdb": duckdb.sql(f"select * from '{path}'").columns,
}
print(*(f"{name} {columns}" for name, columns in found.items()), sep=" | ")
sys.exit(found != {"pyarrow": ["text", "run"], "pandas": ["text"], "duckdb": ["text", "run"]})
PYTHON
