"""Holds docs/opening.md true: every call in its tables is made by the tool it names, and what changed is compared with the page.

    .venv/bin/python tests/cases/check_opening.py [FOLDER]

Outside the gate: it installs the tools (1.2 GB, with uv) into FOLDER, or a temporary one, and takes minutes. Exits 1 where the page is not as it is.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs/opening.md"
READER = Path(__file__).with_name("read_with_tool.py")
TOOLS = (
    *(
        "duckdb==2.0.1",
        "polars==2.1.0",
        "pandas==3.1.1",
        "pyarrow==26.0.1",
        "datasets==5.2.0",
        "csvkit==2.2.0",
    ),
    *("visidata==3.4", "openpyxl==3.1.5", "python-calamine==0.9.1"),
)
ENDINGS = (".parquet", ".db", ".xlsx", ".csv", ".flat.jsonl")
COUNT = 30_001


def make_exports(folder: Path) -> None:
    """Results and rows with what tools retype, exported in every format."""
    with (folder / "r.jsonl").open("w") as results, (folder / "rows.jsonl").open("w") as rows:
        special = {1: "=1+1", 2: ' two\r\nlines, "quoted" 请😀'}
        ids = {0: "007", 1: "1e5", 2: "2024-01-01", 3: "12345678901234567890", 4: "NA"}
        for at in range(COUNT):
            last = at == COUNT - 1
            content = [{"type": "text", "text": special.get(at, "fine")}]
            usage = {"input_tokens": 400, "output_tokens": 25}
            message = {
                "model": "claude-haiku-4-5",
                "content": content,
                "stop_reason": "end_turn",
                "usage": usage,
            }
            error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
            result = (
                {"type": "errored", "error": error} if last else {"type": "succeeded", "message": message}
            )
            results.write(json.dumps({"custom_id": f"c{at}", "result": result}) + "\n")
            row = {
                "postcode": f"0{8000 + at % 10}",
                "sure": at % 3 == 0,
                "weight": at,
                "late": "x" if last else None,
                "flag": "yes" if at % 2 else "no",
                "blank": "" if at % 2 else None,
            }
            known = {
                "custom_id": f"c{at}",
                "id": ids.get(at, f"{at:05d}"),
                "source": "s.csv",
                "line": at + 2,
                "row": row,
            }
            rows.write(json.dumps(known) + "\n")
    cbtui = [
        Path(sys.executable).with_name("cbtui"),
        "--data-dir",
        folder / "data",
        "export",
        folder / "r.jsonl",
    ]
    for ending in ENDINGS:
        run = subprocess.run(
            [*cbtui, "--rows", folder / "rows.jsonl", "-o", folder / f"answers{ending}", "--force"],
            check=False,
        )
        assert run.returncode == 1, "one result is an error"


def calls() -> list[tuple[str, str, str, str]]:
    """Tool, ending, call and changes of every line of the two tables."""
    lines = [line.strip("| ").split(" | ") for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    made = [(*line, "nothing")[:4] for line in lines if len(line) in (3, 4) and line[1].startswith("`.")]
    return [(tool, ending.strip("`"), call.strip("`"), changes) for tool, ending, call, changes in made]


def main() -> int:
    """Make the exports, read each as the page says, and say what differs."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else Path(temporary)
        python = folder / "tools/bin/python"
        if not python.exists():
            subprocess.run(["uv", "venv", "-q", "--python", "3.11", folder / "tools"], check=True)
            subprocess.run(["uv", "pip", "install", "-q", "--python", python, *TOOLS], check=True)
        make_exports(folder)
        wrong = 0
        for tool, ending, call, says in calls():
            run = subprocess.run(
                [python, READER, tool, ending, call], cwd=folder, capture_output=True, text=True, check=False
            )
            found = run.stdout.strip() or run.stderr[-300:]
            is_right = set(re.split(", ", found)) == set(re.split(", ", says))
            wrong += not is_right
            print(f"{'  ' if is_right else '!!'} {tool} {ending} {call}: {found}", flush=True)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
