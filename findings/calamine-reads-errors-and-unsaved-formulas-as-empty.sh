#!/usr/bin/env bash
# Belief:   a reader of sheets gives `#N/A` for a cell that shows it, and says where a formula has no saved value.
# python-calamine 0.9.1: both are the empty text, as an empty cell is, so that a row goes on without its value. And the
#           `total_height` of a sheet is the number of its last row from 0, one less than the rows there are.
# Output:   ['id', 'value'] ['1', ''] ['2', ''] ['3', '']; total_height 3 of 4 rows
# Exits 0 while that is so, 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q python-calamine==0.9.1 openpyxl==3.1.5
cd "$folder"
venv/bin/python - <<'PYTHON'
import sys

import openpyxl
import python_calamine

book = openpyxl.Workbook()
book.active.append(["id", "value"])
book.active.append(["1", None])
book.active.append(["2", "=A1"])
book.active.append(["3", "#N/A"])
book.active["B4"].data_type = "e"
book.save("book.xlsx")
sheet = python_calamine.load_workbook("book.xlsx").get_sheet_by_index(0)
rows = sheet.to_python()
print(*rows, end=f"; total_height {sheet.total_height} of {sheet.height} rows\n")
sys.exit([row[1] for row in rows[1:]] != ["", "", ""] or sheet.total_height != 3)
PYTHON
