#!/usr/bin/env bash
# Belief:   an int of msgspec has bounds of any size, as it has values of any size.
# msgspec 0.23.0: values are as large as Python's, but a bound beyond 64 bits is refused when the decoder is made.
# Output:   10000000000000000000000000000000 | ValueError Integer bounds constraints
# Exits 0 while that is so, 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q msgspec==0.23.0
"$folder/venv/bin/python" - <<'PYTHON'
import sys
from typing import Annotated

import msgspec

value = msgspec.json.decode(b"1" + b"0" * 31, type=int)
try:
    msgspec.json.Decoder(Annotated[int, msgspec.Meta(le=10**31)])
    refused = "made"
except ValueError as error:
    refused = f"ValueError {str(error)[:26]}"
print(value, refused, sep=" | ")
sys.exit((value, refused) != (10**31, "ValueError Integer bounds constraints"))
PYTHON
