"""Each kind of source from the command line that builds it to its answers, on the simulator."""

import json

import pytest

MODEL = ("--model", "claude-haiku-4-5", "--max-tokens", "100")
CSV = 'content,note\n"Say, please,\nhello",a\nSay more,b\n'
TEXT = "First paragraph\nof two lines.\n\n\nSecond paragraph.\n"
JSON = json.dumps([{"description": "A lamp"}, {"description": "Ein Stuhl, grün"}], ensure_ascii=False)
SCRIPT = """
def build_requests():
    for word in ("one", "two"):
        yield {
            "custom_id": word,
            "params": {
                "model": "claude-haiku-4-5",
                "max_tokens": 100,
                "messages": [{"role": "user", "content": f"Say {word}"}],
            },
        }
"""
PROMPTS = {
    "csv": ["Say, please,\nhello", "Say more"],
    "text": ["First paragraph\nof two lines.", "Second paragraph."],
    "json": ["A lamp", "Ein Stuhl, grün"],
    "custom": ["Say one", "Say two"],
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("data.csv", CSV, ("csv", "data.csv", "--prompt-column", "content", *MODEL)),
        ("documents.txt", TEXT, ("text", "documents.txt", "--split-by", "paragraph", *MODEL)),
        ("items.json", JSON, ("json", "items.json", "--prompt-field", "description", *MODEL)),
        ("my_builder.py", SCRIPT, ("custom", "my_builder.py", "--trust-script")),
    ],
    ids=["csv by column", "text by paragraph", "json by field", "a script"],
)
def test_a_source_becomes_answers(cbtui, simulator, tmp_path, monkeypatch, name, content, line):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text(content, encoding="utf-8")
    code, _, err = cbtui("build", *line, "-o", "requests.jsonl")
    assert (code, "2 requests" in err) == (0, True), err
    made = [json.loads(text) for text in (tmp_path / "requests.jsonl").read_text("utf-8").splitlines()]
    assert [request["params"]["messages"][0]["content"] for request in made] == PROMPTS[line[0]]
    assert cbtui("check", "requests.jsonl")[0] == 0
    code, out, _ = cbtui("submit", "requests.jsonl", "--yes")
    assert code == 0
    batch_id = out.strip()
    assert cbtui("watch", batch_id, "--interval", "1", "--output", "monitor.jsonl")[0] == 0
    monitor = [json.loads(text) for text in (tmp_path / "monitor.jsonl").read_text("utf-8").splitlines()]
    assert monitor[-1]["processing_status"] == "ended"
    code, out, _ = cbtui("results", batch_id)
    entries = {entry["custom_id"]: entry for entry in map(json.loads, out.splitlines())}
    assert code == 0
    assert set(entries) == {request["custom_id"] for request in made}
    assert {entry["result"]["type"] for entry in entries.values()} == {"succeeded"}
