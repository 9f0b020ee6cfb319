#!/usr/bin/env bash
# Belief:   JSON says what is a string, so a reader of JSON lines keeps it one.
# pandas 3.1.1: a column of strings that all look like numbers becomes int64, so that "007" is 7; dtype=False keeps them.
# PyArrow 26.0.1 and datasets 5.2.0, which reads with it: "007" stays, but strings that all look like ISO dates become
#           timestamps, so that the id "2026-11-01" joins with nothing.
# Output:   pandas [1, 2], dtype=False ['001', '002'] | pyarrow timestamp[s] string | datasets 2026-11-01 00:00:00
# Exits 0 while that is so, 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q pandas==3.1.1 pyarrow==26.0.1 datasets==5.2.0
cd "$folder"
venv/bin/python - <<'PYTHON'
import os
import sys
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
import datasets
import pandas
import pyarrow.json

datasets.disable_progress_bars()
Path("t.jsonl").write_text('{"day": "2026-11-01", "id": "001"}\n{"day": "2026-11-02", "id": "002"}\n')
plain = pandas.read_json("t.jsonl", lines=True)["id"].tolist()
exact = pandas.read_json("t.jsonl", lines=True, dtype=False)["id"].tolist()
types = " ".join(str(field.type) for field in pyarrow.json.read_json("t.jsonl").schema)
first = datasets.load_dataset("json", data_files="t.jsonl", split="train", cache_dir="cache")[0]["day"]
print(f"pandas {plain}, dtype=False {exact} | pyarrow {types} | datasets {first}")
expected = ([1, 2], ["001", "002"], "timestamp[s] string", "2026-11-01 00:00:00")
sys.exit((plain, exact, types, str(first)) != expected)
PYTHON
