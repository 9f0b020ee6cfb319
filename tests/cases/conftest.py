"""Small files as people have them, and the command line over them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from claude_batch_tui.cli.main import main


@pytest.fixture
def build(tmp_path, capsys):
    """Build a file, by its path or as `NN/name` in these folders: exit code, the rows of its requests, the prompts, what was said, and the report."""

    def run(kind, case, *options, model="claude-haiku-4-5"):
        path = case
        if not isinstance(case, Path):
            number, _, name = case.partition("/")
            (path,) = Path(__file__).parent.glob(f"{number}-*/{name}")
        out = tmp_path / "requests.jsonl"
        asked = ("--model", model, "--max-tokens", "9", "-o", str(out), "--force", "--json")
        code = main(["build", kind, str(path), *map(str, options), *asked], lambda _: 0)
        said = capsys.readouterr()
        return Built(code, out, said.out, said.err)

    return run


class Built:
    """What came of one build."""

    def __init__(self, code, out, printed, said):
        self.code, self.said = code, said
        self.report = json.loads(printed) if printed else {}
        rows, requests = out.with_name("requests.rows.jsonl"), out
        left = out.with_name("requests.left-out.jsonl")
        self.rows = _lines(rows)
        self.prompts = [line["params"]["messages"][-1]["content"] for line in _lines(requests)]
        self.values = [list(line["row"].values()) for line in self.rows]
        self.left_out = _lines(left)


def _lines(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []
