#!/usr/bin/env bash
# Belief:   half an emoji, "\ud83d", is read as json reads it, or refused for what it is.
# msgspec 0.23.0: near the end of the text it is 'truncated', though the text is whole; json of Python reads it.
# Output:   json '\ud83d' | msgspec Input data was truncated
# Exits 0 while that is so, 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q msgspec==0.23.0
"$folder/venv/bin/python" - <<'PYTHON'
import json
import sys

import msgspec

text = rb'"\ud83d"'
try:
    found = repr(msgspec.json.decode(text))
except msgspec.DecodeError as error:
    found = str(error)
print(f"json {json.loads(text)!r}", f"msgspec {found}", sep=" | ")
sys.exit(json.loads(text) != "\ud83d" or found != "Input data was truncated")
PYTHON
