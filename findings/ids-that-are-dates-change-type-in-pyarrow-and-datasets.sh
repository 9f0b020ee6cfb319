#!/usr/bin/env bash
# Belief:   a JSON string stays a string in a reader that reads JSON by its types.
# PyArrow 26.0.1 and datasets 5.2.0, which reads with it: strings that all look like ISO dates become timestamps, so
#           ids such as 2026-11-01 come back as 2026-11-01 00:00:00 and join with nothing; "007" stays a string.
# Output:   timestamp[s] string | 2026-11-01 00:00:00
# Exits 0 while that is so, 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q pyarrow==26.0.1 datasets==5.2.0
cd "$folder"
venv/bin/python - <<'PYTHON'
import os
import sys
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
import datasets
import pyarrow.json

datasets.disable_progress_bars()
Path("flat.jsonl").write_text(
    '{"custom_id": "2026-11-01", "answer": "007"}\n{"custom_id": "2026-11-02", "answer": "12"}\n'
)
types = [str(field.type) for field in pyarrow.json.read_json("flat.jsonl").schema]
first = datasets.load_dataset("json", data_files="flat.jsonl", split="train", cache_dir="cache")[0]["custom_id"]
print(*types, "|", first)
sys.exit((types, str(first)) != (["timestamp[s]", "string"], "2026-11-01 00:00:00"))
PYTHON
