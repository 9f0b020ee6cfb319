"""Results are written while the file is still being read, and no more is read than was asked for."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys

import pytest

COUNT = 20_000


def line(number):
    text = f"words of {number} " * 20 + ("needle" if number % 1000 == 17 else "")
    message = {
        "model": "claude-haiku-4-5",
        "stop_reason": "end_turn",
        "content": [{"type": "text", "text": text}],
    }
    result = {"type": "expired"} if number % 5000 == 4999 else {"type": "succeeded", "message": message}
    return json.dumps({"custom_id": f"r{number}", "result": result}) + "\n"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "results.jsonl"
    path.write_text("".join(map(line, range(COUNT))))
    return path


def ids(out):
    return [json.loads(each)["custom_id"] for each in out.splitlines()]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("text:needle", [f"r{n}" for n in range(COUNT) if n % 1000 == 17]),
        ("outcome=expired", ["r4999", "r9999", "r14999", "r19999"]),
        ("id=r1234*", ["r1234", *(f"r1234{n}" for n in range(10))]),
        ("class=complete and text:needle and not id:r1", [f"r{n}" for n in range(2017, 10_000, 1000)]),
        ("id=none", []),
    ],
)
def test_what_is_found_while_reading_is_what_is_found_afterwards_in_the_order_of_the_file(
    cbtui, file, where, expected, own_folders
):
    first = cbtui("results", file, "--where", where)
    assert [*own_folders.rglob("*.index")], "what was read to its end is not kept"
    assert ids(first[1]) == expected
    assert cbtui("results", file, "--where", where) == first
    assert first[0] == 6


def test_all_is_given_and_good_where_nothing_is_asked_for(cbtui, tmp_path):
    path = tmp_path / "results.jsonl"
    path.write_text("".join(map(line, range(3000))))
    code, out, _ = cbtui("results", path)
    assert (code, out) == (0, path.read_text())


@pytest.mark.slow
def test_no_more_is_read_than_the_limit_asks_for(cbtui, file, own_folders):
    code, out, _ = cbtui("results", file, "--where", "text:needle", "--limit", "2")
    assert (code, ids(out)) == (0, ["r17", "r1017"])
    assert not list(own_folders.rglob("*.index")), "an index of all was made"


@pytest.mark.slow
def test_a_limit_takes_the_first_of_what_is_sorted(cbtui, file):
    assert ids(cbtui("results", file, "--sort", "id:desc", "--limit", "3")[1]) == ["r9999", "r9998", "r9997"]


def test_a_limit_goes_over_several_files(cbtui, tmp_path):
    paths = [tmp_path / f"{name}.jsonl" for name in "ab"]
    for at, path in enumerate(paths):
        path.write_text("".join(map(line, range(at * 10, at * 10 + 3))))
    assert ids(cbtui("results", *paths, "--limit", "5")[1]) == ["r0", "r1", "r2", "r10", "r11"]
    assert cbtui("results", *paths, "--format", "csv", "--limit", "4")[1].count("\n") == 5


@pytest.mark.slow
@pytest.mark.parametrize("limit", ["0", "-1", "many"])
def test_a_limit_is_a_whole_number_from_1_on(cbtui, file, limit):
    code, _, err = cbtui("results", file, f"--limit={limit}")
    assert code == 2
    assert "a whole number from 1 on" in err


@pytest.mark.slow
def test_a_compressed_file_is_given_while_it_is_unpacked(cbtui, file, tmp_path):
    packed = tmp_path / "packed.jsonl.gz"
    packed.write_bytes(gzip.compress(file.read_bytes()))
    assert ids(cbtui("results", packed, "--where", "outcome=expired")[1]) == [
        "r4999",
        "r9999",
        "r14999",
        "r19999",
    ]
    assert ids(cbtui("results", packed, "--where", "text:needle", "--limit", "1")[1]) == ["r17"]


def test_a_file_that_is_no_results_file_is_said(cbtui, tmp_path):
    path = tmp_path / "notes.jsonl"
    path.write_text('{"a": 1}\n' * 5000)
    code, out, err = cbtui("results", path)
    assert (code, out) == (2, "")
    assert "is not a results file" in err


def test_an_empty_file_has_no_results_and_says_so(cbtui, tmp_path):
    path = tmp_path / "empty.jsonl"
    path.write_text("")
    assert cbtui("results", path) == (3, "", f"cbtui: {path} is empty: there are no results in it.\n")


@pytest.mark.slow
def test_a_reader_that_leaves_ends_it(file, own_folders):
    command = f"{sys.executable} -m claude_batch_tui results {file} | head -n 1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False
    )
    assert ids(done.stdout) == ["r0"]
    assert "Traceback" not in done.stderr
