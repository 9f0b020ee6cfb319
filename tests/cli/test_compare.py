from __future__ import annotations

import json

import pytest


@pytest.fixture
def files(tmp_path):
    def write(name, texts):
        path = tmp_path / name
        lines = [
            {
                "custom_id": custom_id,
                "result": {
                    "type": "succeeded",
                    "message": {
                        "model": "claude-haiku-4-5",
                        "content": [{"type": "text", "text": text}],
                        "usage": {"input_tokens": 100_000, "output_tokens": 100_000},
                    },
                },
            }
            for custom_id, text in texts.items()
        ]
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        return path

    return write


def test_two_files_are_compared_side_by_side(files, cbtui):
    a = files("a.jsonl", {"x": "1", "y": "2", "z": "3"})
    b = files("b.jsonl", {"x": "1", "y": "other"})
    code, out, _ = cbtui("compare", a, b)
    assert code == 1
    first, second, _, *table = out.splitlines()
    assert first == "A  a.jsonl  3 entries, 3 succeeded · in 300,000 · out 300,000 · $0.90"
    assert second == "B  b.jsonl  2 entries, 2 succeeded · in 200,000 · out 200,000 · $0.60"
    assert [line.split() for line in table[:3]] == [
        ["in", "both", "2"],
        ["same", "1", "50.0%", "of", "what", "both", "answered"],
        ["different", "1"],
    ]


def test_equal_files_agree_and_the_exit_code_says_so(files, cbtui):
    code, out, _ = cbtui("compare", files("a.jsonl", {"x": "1"}), files("b.jsonl", {"x": "1"}), "--json")
    assert code == 0
    assert json.loads(out)["agreements"]["counts"]["same"] == 1


def test_ids_of_what_differs_can_be_piped(files, cbtui):
    a = files("a.jsonl", {"x": "1", "y": "2"})
    b = files("b.jsonl", {"x": "0", "y": "2", "z": "3"})
    assert cbtui("compare", a, b, "--ids", "different")[1] == "x\n"
    assert cbtui("compare", a, b, "--ids", "only-b")[1] == "z\n"
    assert cbtui("compare", a, b, "--where", "id:y")[0] == 0


def test_what_differs_is_written_as_a_table_with_both_sides(files, cbtui, tmp_path):
    a = files("a.jsonl", {"x": "1", "y": "2", "w": "=4"})
    b = files("b.jsonl", {"x": "0", "y": "2", "z": "3"})
    assert cbtui("compare", a, b, "-o", tmp_path / "d.csv")[0] == 1
    head, *rows = (tmp_path / "d.csv").read_text().splitlines()
    assert head.startswith("custom_id,agreement,a_status,b_status,a_answer,b_answer,")
    assert [row.split(",")[:6] for row in rows] == [
        ["x", "different", "succeeded", "succeeded", "1", "0"],
        ["w", "only in A", "succeeded", "", "'=4", ""],
        ["z", "only in B", "", "succeeded", "", "3"],
    ]
    assert "is there already" in cbtui("compare", a, b, "-o", tmp_path / "d.csv")[2]
    assert cbtui("compare", a, b, "--only", "same", "-o", tmp_path / "same.json", "--ids", "same")[1] == "y\n"
    assert [row["custom_id"] for row in json.loads((tmp_path / "same.json").read_text())] == ["y"]


def test_a_format_that_is_no_table_is_refused_before_anything_is_read(cbtui, tmp_path):
    code, _, err = cbtui("compare", "nowhere", "nothing", "-o", tmp_path / "d.md")
    assert code == 2
    assert "end its name in .flat.jsonl, .json, .csv, .parquet" in err
