"""Several results files as one."""

import pytest

from claude_batch_tui.errors import StoreError
from claude_batch_tui.services.results.run_results import gather


def test_all_batches_of_a_run_stand_in_one_file_in_its_order(tmp_path):
    first, second, rows = tmp_path / "a.jsonl", tmp_path / "b.jsonl", tmp_path / "r.jsonl"
    first.write_bytes(b'{"custom_id":"1"}')
    second.write_bytes(b'{"custom_id":"2"}\n{"custom_id":"3"}\n')
    rows.write_bytes(b'{"row":1}\n')
    made = gather("run_1", [first, second], [rows, rows], tmp_path / "runs")
    assert made.results.read_bytes() == b'{"custom_id":"1"}\n{"custom_id":"2"}\n{"custom_id":"3"}\n'
    assert made.rows is not None
    assert made.rows.read_bytes() == b'{"row":1}\n{"row":1}\n'
    assert made.results.stat().st_mode & 0o777 == 0o600


def test_it_is_made_once_and_again_when_a_part_has_changed(tmp_path):
    part = tmp_path / "a.jsonl"
    part.write_bytes(b"1\n")
    made = gather("run_1", [part], [None], tmp_path / "runs")
    assert made.rows is None
    before = made.results.stat().st_ino
    assert gather("run_1", [part], [None], tmp_path / "runs").results.stat().st_ino == before
    part.write_bytes(b"1\n2\n")
    assert gather("run_1", [part], [None], tmp_path / "runs").results.read_bytes() == b"1\n2\n"


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path):
    part, taken = tmp_path / "a.jsonl", tmp_path / "runs"
    part.write_bytes(b"1\n")
    taken.write_text("a file")
    with pytest.raises(StoreError, match=r"The results of run_1 cannot be put together in .*: File exists"):
        gather("run_1", [part], [None], taken)
