"""A disk that is full: one sentence, exit 4, nothing half-written, and nothing paid."""

import pytest

from full_disk import files_of_at_most

LIMIT = 2_000_000
"""More than the store takes, less than what is to be written."""


def test_what_cannot_be_written_down_is_not_sent(cbtui, simulator, requests_file, tmp_path, monkeypatch):
    monkeypatch.setenv("CBTUI_DATA_DIR", str(tmp_path / "data"))
    requests = requests_file(20_000)
    assert cbtui("list")[0] == 0
    with files_of_at_most(LIMIT):
        code, _, err = cbtui("submit", requests, "--yes")
    assert code == 4
    assert "body.json: the file is larger than this system allows" in err
    assert len(simulator.batches.all()) == 0
    assert list((tmp_path / "data" / "spool").iterdir()) == []


@pytest.mark.parametrize("name", ["all.csv", "all.jsonl", "all.md", "all.sqlite", "answers/"])
def test_an_export_keeps_what_was_there(cbtui, tmp_path, name):
    line = '{"custom_id":"r%d","result":{"type":"succeeded","message":{"content":[{"type":"text","text":"%s"}]}}}\n'
    results, out = tmp_path / "results.jsonl", tmp_path / "out"
    results.write_text("".join(line % (number, "word " * 200) for number in range(4_000)))
    out.mkdir()
    if name == "answers/":
        results.write_text(line % (1, "word " * 500_000))
    with files_of_at_most(LIMIT):
        code, _, err = cbtui("export", results, "-o", f"{out}/{name}")
    assert code == 4, err
    assert err.splitlines()[-1].startswith(f"cbtui: Cannot write {out}/{name.rstrip('/')}: ")
    assert list(out.iterdir()) == []
