"""Keys while reading: milliseconds until a short and a long answer are on the screen, at 80×24 in truecolor.

    python tests/benchmarks/bench_reading.py [--megabytes 5] [--rounds 5]

A file of short answers with long ones of words, of lines, in Markdown and in Chinese, and a JSON line of many values.
Goal: the first paint after any key within 100 ms for the long ones too. "there" is when all of the text is drawn.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path

if "--app" not in sys.argv:
    from pty_app import PtyApp

GOAL_MS = 100


def write(path: Path, megabytes: float) -> list[str]:
    """Write the file; what each long entry is, in file order. Before each stands a short one."""
    size = int(megabytes * 1e6)
    rich = "# Heading\n\nSome **bold** and `code`, a [link](https://example.org).\n\n- one\n- two\n\n"
    texts = {
        "words": " ".join(f"word{number}" for number in range(size // 10)),
        "lines": "\n".join(f"line {number}" for number in range(size // 11)),
        "markdown": rich * (size // len(rich)),
        "chinese": "日本語のテキスト " * (size // 25),
    }
    values = [{"number": number, "text": "x" * 20} for number in range(size // 40)]
    with path.open("w", encoding="utf-8") as file:
        for name, text in {**texts, "json": ""}.items():
            content = [{"type": "text", "text": text}]
            if name == "json":
                content = [{"type": "tool_use", "id": "t", "name": "save", "input": {"values": values}}]
            for custom_id, blocks in (
                (f"before-{name}", [{"type": "text", "text": "short"}]),
                (name, content),
            ):
                message = {"content": blocks, "stop_reason": "end_turn", "usage": {"output_tokens": 1}}
                result = {"type": "succeeded", "message": message}
                file.write(json.dumps({"custom_id": custom_id, "result": result}, ensure_ascii=False) + "\n")
    return [*texts, "json"]


def run_app(path: str) -> None:
    """The dashboard on a file, without an API."""
    from claude_batch_tui.config import load
    from claude_batch_tui.tui.app import DashboardApp

    config = load({"base_url": "http://127.0.0.1:1"})[0]
    sys.exit(DashboardApp(config, results=Path(path), connects=False, api_key="sk-ant-sim-x").start())


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--app")
    parser.add_argument("--megabytes", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    if args.app:
        run_app(args.app)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "answers.jsonl"
        names = write(path, args.megabytes)
        environ = {f"CBTUI_{name}_DIR": f"{folder}/{name}" for name in ("DATA", "STATE", "CONFIG")}
        with PtyApp([sys.executable, __file__, "--app", str(path)], environ=environ) as app:
            app.wait_for("before-words")
            print(f"{'key':<34}{'first paint ms':>16}{'worst':>8}{'there ms':>10}")
            for tab in ("text", "markdown", "json"):
                for name in names:
                    measure(app, f"{tab}: to the answer of {name}", "j", "k", args.rounds)
                    app.press("j", quiet=0.4)
                    app.press("j", quiet=0.4)
                app.press("g", quiet=0.4)
                app.press("]", quiet=0.4)
            for key in ("]", "]", "j", "z"):
                app.press(key, quiet=1.0)
            for what, key, back in (("end of 5 MB", "G", "g"), ("a page", " ", "g"), ("wrap", "w", "w")):
                measure(app, f"zoomed: {what}", key, back, args.rounds)


def measure(app: PtyApp, what: str, key: str, back: str, rounds: int) -> None:
    """Press a key and go back, several times."""
    found = []
    for _ in range(rounds):
        found.append(app.press(key, quiet=1.0))
        app.press(back, quiet=0.6)
    first = [reaction.first_ms for reaction in found if reaction.first_ms is not None]
    last = [reaction.last_ms for reaction in found if reaction.last_ms is not None]
    if not first:
        print(f"{what:<34}{'nothing painted':>16}")
        return
    note = "" if max(first) <= GOAL_MS else "  over the goal"
    print(
        f"{what:<34}{statistics.median(first):>16.0f}{max(first):>8.0f}{statistics.median(last):>10.0f}{note}"
    )


if __name__ == "__main__":
    main()
