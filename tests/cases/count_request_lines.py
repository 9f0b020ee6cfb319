"""How many files of request lines come right: OpenAI's, and what litellm makes of them for Bedrock and Vertex. On demand.

    python tests/cases/count_request_lines.py FOLDER

FOLDER is that of count_real_files.py, with the conversations of bfcl-eval. Needs `pip install litellm==1.110.2`.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from claude_batch_tui.sources.overrides import read_overrides
from claude_batch_tui.sources.ready import ReadyRequests
from claude_batch_tui.sources.source_file import open_source

MOST_LINES = 200
MODEL = "anthropic.claude-3-5-sonnet-20240620-v1:0"
Talks = list[tuple[str, list[dict[str, str]]]]


def conversations(folder: Path) -> Iterator[Talks]:
    """The first turns of every file that has several, with their ids."""
    for path in sorted(folder.glob("bfcl-eval*/bfcl_eval/data/**/BFCL_v4_*.json")):
        if "possible_answer" in path.parts:
            continue
        found: Talks = []
        for line in (
            path.read_text("utf-8").splitlines()[:MOST_LINES] if path.read_bytes()[:6] == b'{"id":' else ()
        ):
            value = json.loads(line)
            turns = value.get("question", [[]])[0]
            if turns and all(isinstance(one, dict) and str(one.get("content", "")).strip() for one in turns):
                found.append((value["id"], turns))
        if len(found) > 1:
            yield found


def made(talks: Talks) -> dict[str, str]:
    """The request lines of each platform."""
    from litellm.llms.bedrock.files.transformation import BedrockJsonlFilesTransformation
    from litellm.llms.vertex_ai.files import transformation as vertex

    url = {"method": "POST", "url": "/v1/chat/completions"}
    body = {"model": MODEL, "max_tokens": 300}
    openai = "\n".join(
        json.dumps({"custom_id": name, **url, "body": body | {"messages": turns}}) for name, turns in talks
    )
    bedrock, _ = BedrockJsonlFilesTransformation().transform_openai_file_content_to_bedrock_file_content(
        openai
    )
    row = vertex._openai_batch_jsonl_entry_to_vertex_anthropic_row
    rows = [row(name, turns, {"max_tokens": 300}, "claude-sonnet-4-5", {}) for name, turns in talks]
    return {"openai": openai, "bedrock": bedrock, "vertex": "\n".join(map(json.dumps, rows))}


def is_right(path: Path, maker: str, talks: Talks) -> bool:
    """Whether the requests have the ids, turns, system prompts and max_tokens of their conversations."""
    with open_source(str(path)) as file:
        ready = ReadyRequests(file, read_overrides((), model="claude-haiku-4-5"))
        found = [json.loads(line.data) for line in ready]  # a refused line has none, and ends this
    wanted = [(name, [(one["role"], one["content"].strip()) for one in turns], 300) for name, turns in talks]
    return ready.maker == maker and wanted == [
        (one["custom_id"], list(_turns(one["params"])), one["params"]["max_tokens"]) for one in found
    ]


def _turns(params: dict[str, Any]) -> Iterator[tuple[str, str]]:
    system = [{"role": "system", "content": params["system"]}] if "system" in params else []
    for turn in [*system, *params["messages"]]:
        content = turn["content"]
        text = content if isinstance(content, str) else "".join(block["text"] for block in content)
        yield turn["role"], text.strip()


def main() -> int:
    """Count, and print the table. 1 where a file comes wrong."""
    counts: Counter[tuple[str, bool]] = Counter()
    with tempfile.TemporaryDirectory() as name:
        for talks in conversations(Path(sys.argv[1])):
            for maker, text in made(talks).items():
                path = Path(name, "lines.jsonl")
                path.write_text(text, "utf-8")
                counts[maker, is_right(path, maker, talks)] += 1
    for maker in ("openai", "bedrock", "vertex"):
        print(f"{maker:<12}{counts[maker, True]:>8} right{counts[maker, False]:>8} wrong")
    return int(any(not right for _, right in counts))


if __name__ == "__main__":
    sys.exit(main())
