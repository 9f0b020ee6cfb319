#!/usr/bin/env bash
# Belief:   who reads a workbook gets the text that Excel shows.
# openpyxl 3.1.5, and pandas 3.1.1 by it: a carriage return comes back as Excel writes it, _x000D_; calamine 0.9.1 gives the text.
# Output:   openpyxl 'a_x000D_\nb' | pandas 'a_x000D_\nb' | calamine 'a\r\nb'
# Exits 0 while that is so, 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q openpyxl==3.1.5 pandas==3.1.1 python-calamine==0.9.1 XlsxWriter==3.3.1
"$folder/venv/bin/python" -W ignore - "$folder/t.xlsx" <<'PYTHON'
import sys

import openpyxl
import pandas
import python_calamine
import xlsxwriter

path = sys.argv[1]
with xlsxwriter.Workbook(path) as book:
    book.add_worksheet().write_column(0, 0, ["text", "a\r\nb"])
seen = {
    "openpyxl": openpyxl.load_workbook(path).active["A2"].value,
    "pandas": pandas.read_excel(path, engine="openpyxl")["text"][0],
    "calamine": python_calamine.CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()[1][0],
}
print(*(f"{name} {text!r}" for name, text in seen.items()), sep=" | ")
sys.exit(list(seen.values()) != ["a_x000D_\nb", "a_x000D_\nb", "a\r\nb"])
PYTHON
