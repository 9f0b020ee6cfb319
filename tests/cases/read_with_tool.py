"""Read an export with one tool, as `check_opening.py` asks, and print what changed; runs where the tools are."""

from __future__ import annotations

import csv
import importlib
import io
import json
import os
import shlex
import subprocess
import sys
import warnings
from pathlib import Path

WORDS = {
    "postcode": "digits", "flag": "yes and no", "id": "NA", "late": "late", "error": "late", "blank": "empty",
    **dict.fromkeys(("input_tokens", "output_tokens", "cost", "sure", "weight"), "types"),
}  # fmt: skip
TEXTUAL = ("csvkit",)
"""What gives text alone, by its nature."""


def command(call):
    """What a command of the tools writes."""
    name, *words = shlex.split(call)
    program = Path(sys.executable).with_name(name)
    if name == "vd":
        subprocess.run([program, "-b", *words, "-o", "vd.json"], check=True, capture_output=True)
        return json.loads(Path("vd.json").read_bytes())
    written = subprocess.run([program, *words], check=True, capture_output=True).stdout.decode()
    csv.field_size_limit(sys.maxsize)
    return list(csv.DictReader(io.StringIO(written, newline="")))


def library(call):
    """What an expression in a library's own terms gives, as rows."""
    os.environ.update(HF_HUB_OFFLINE="1", HF_HOME=str(Path("hf").resolve()))
    names = {"pyarrow": ("pyarrow", "pyarrow.parquet", "pyarrow.csv", "pyarrow.json")}
    name = call.partition(".")[0]
    modules = [importlib.import_module(one) for one in names.get(name, (name,))]
    got = eval(call, {name: modules[0]})
    match name:
        case "duckdb":
            return [dict(zip(got.columns, row, strict=True)) for row in got.fetchall()]
        case "polars":
            return got.to_dicts()
        case "pandas":
            return [dict(zip(got.columns, row, strict=True)) for row in got.itertuples(index=False)]
        case "datasets":
            return list(got["train"])
    return got.to_pylist()


def sheet(path):
    """The cells of a sheet as a spreadsheet shows them."""
    import python_calamine

    head, *rows = python_calamine.load_workbook(path).get_sheet_by_index(0).to_python()
    return [dict(zip(head, row, strict=True)) for row in rows]


def is_nothing(value):
    """None, in the words of any of the tools."""
    return value is None or value != value  # noqa: PLR0124 — NaN is not itself


def difference(column, mine, theirs):
    """The word for what became of a value; None where it is the same."""
    if is_nothing(mine) or is_nothing(theirs):
        if is_nothing(mine) and is_nothing(theirs):
            return None
        return "empty" if "" in (mine, theirs) else WORDS[column]
    if isinstance(mine, str) and isinstance(theirs, str):
        if mine == theirs:
            return None
        if column == "response":
            return "guard" if theirs == "'" + mine else "line ends"
        return "empty" if column not in WORDS or not mine else WORDS[column] if theirs else "NA"
    flags = [isinstance(value, bool) or type(value).__name__ == "bool" for value in (mine, theirs)]
    if isinstance(mine, str) or isinstance(theirs, str) or flags[0] != flags[1]:
        return "empty" if theirs == "" else WORDS[column]
    return None if mine == theirs else WORDS[column]


def main(tool, ending, call):
    """Print the changes, comma-separated."""
    warnings.simplefilter("ignore")
    truth = [json.loads(line) for line in Path("answers.flat.jsonl").read_bytes().split(b"\n")[:-1]]
    try:
        is_sheet = call == "open it"
        got = sheet(f"answers{ending}") if is_sheet else (library if "(" in call else command)(call)
    except Exception:  # noqa: BLE001 — whatever a tool raises, it refuses
        print("refused")
        return
    rows = {str(row.get("custom_id")): row for row in got}
    found = {
        difference(name, value, rows[row["custom_id"]].get(name))
        for row in truth
        for name, value in row.items()
    } - {None}
    if is_sheet or (tool in TEXTUAL and ending == ".db"):
        # Neither a sheet nor CSV tells them apart; that csvkit changes \r stands on the page in words.
        found -= {"empty", "types"} if is_sheet else {"empty", "types", "line ends"}
    print(", ".join(sorted(found)) or "nothing")


if __name__ == "__main__":
    main(*sys.argv[1:])
