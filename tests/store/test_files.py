"""Files that have their name when they are whole, and what is said where the disk refuses."""

from __future__ import annotations

import errno
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from claude_batch_tui.errors import ExportError, StoreError
from claude_batch_tui.services.downloading.part_file import PartFile
from claude_batch_tui.store import files
from claude_batch_tui.store.files import (
    Flusher,
    named_when_whole,
    refusal,
    remove_abandoned,
    written_whole,
)
from full_disk import files_of_at_most


def test_a_file_has_its_name_when_it_is_whole_and_nobody_else_may_read_it(tmp_path):
    with written_whole(tmp_path / "a") as file:
        file.write(b"x")
        assert [path.name for path in tmp_path.iterdir()] == [f"a.{os.getpid()}.part"]
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == b"x"
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("size", [10, 3 << 20], ids=["at the end", "on the way"])
def test_where_the_disk_refuses_the_old_file_stays_and_the_sentence_names_it(tmp_path, size):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with (
        files_of_at_most(5),
        pytest.raises(StoreError, match=r"Cannot write .*/a: the file is larger than this system allows"),
        written_whole(path) as file,
    ):
        file.write(b"x" * size)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_error_is_of_the_kind_that_was_asked_for(tmp_path):
    with (
        files_of_at_most(5),
        pytest.raises(ExportError, match="Cannot write"),
        written_whole(tmp_path / "a", ExportError) as file,
    ):
        file.write(b"0123456789")


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (errno.ENOSPC, "Cannot write /d/a: the disk is full. Free some space and try again."),
        (
            errno.EDQUOT,
            "Cannot write /d/a: your quota of the disk is used up. Free some space and try again.",
        ),
        (
            errno.EROFS,
            "Cannot write /d/a: the disk is read-only. Choose another folder, or mount it writable.",
        ),
        (errno.EIO, "Cannot write /d/a: Input/output error."),
    ],
)
def test_a_refusal_is_one_sentence_with_what_to_do(code, sentence):
    assert refusal(Path("/d/a"), OSError(code, os.strerror(code))) == sentence


def test_a_file_that_could_not_be_read_meanwhile_is_named(tmp_path):
    with (
        pytest.raises(StoreError, match=r"Cannot write .*/a: /nowhere/b: No such file"),
        written_whole(tmp_path / "a"),
    ):
        Path("/nowhere/b").read_bytes()
    assert list(tmp_path.iterdir()) == []


def test_whatever_ends_the_writing_leaves_nothing(tmp_path):
    writing = written_whole(tmp_path / "a")
    writing.__enter__().write(b"x")
    assert not writing.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_takes_the_place_of_one_that_holds_something(tmp_path):
    folder = tmp_path / "f"
    folder.mkdir()
    (folder / "old").touch()
    with named_when_whole(folder, replaces_folder=True) as part:
        part.mkdir()
        (part / "new").touch()
        assert (folder / "old").exists()
    assert [path.name for path in folder.iterdir()] == ["new"]
    assert list(tmp_path.iterdir()) == [folder]


def test_a_folder_that_is_not_finished_leaves_the_old_one(tmp_path):
    folder = tmp_path / "f"
    folder.mkdir()
    (folder / "old").touch()
    with pytest.raises(StoreError), named_when_whole(folder, replaces_folder=True) as part:
        (part / "new" / ("long" * 100)).mkdir(parents=True)
    assert [path.name for path in folder.iterdir()] == ["old"]
    assert list(tmp_path.iterdir()) == [folder]


def test_what_a_killed_process_left_is_removed_and_what_a_living_one_writes_stays(tmp_path):
    gone = subprocess.Popen(["true"])
    gone.wait()
    for name in (f"a.{gone.pid}.part", f"a.{gone.pid}.part-journal", f"a.{os.getpid()}.part", "a.x.part"):
        (tmp_path / name).touch()
    remove_abandoned(tmp_path / "a")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([f"a.{os.getpid()}.part", "a.x.part"])


def test_a_download_on_a_full_disk_says_what_is_kept():
    descriptor = os.open("/dev/full", os.O_RDWR)
    with ThreadPoolExecutor(1) as thread:
        part = PartFile(Path("/dev/full"), descriptor, thread)
        with pytest.raises(
            StoreError, match=r"Cannot write /dev/full: the disk is full\. .* 0 bytes of the results are kept"
        ):
            part.write(memoryview(b"x"))
    os.close(descriptor)


def test_a_download_is_brought_to_the_disk_where_the_system_has_no_fdatasync(tmp_path, monkeypatch):
    synced = []
    monkeypatch.delattr(files.os, "fdatasync", raising=False)
    monkeypatch.setattr(files.os, "fsync", synced.append)
    with ThreadPoolExecutor(1) as thread:
        flusher = Flusher(thread, 5)
        flusher.flush(1)
        flusher.wait_flushed()
    assert synced == [5]


def test_what_the_disk_refused_once_is_told_though_a_later_flush_succeeds(tmp_path, monkeypatch):
    answers = [OSError(errno.EIO, "Input/output error")]
    asked = []

    def fdatasync(descriptor):
        asked.append(descriptor)
        if answers:
            raise answers.pop()

    monkeypatch.setattr(files.os, "fdatasync", fdatasync, raising=False)
    descriptor = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    with ThreadPoolExecutor(1) as thread:
        flusher = Flusher(thread, descriptor)
        flusher.written(10 << 20)
        thread.submit(int).result()  # the flush is over
        with pytest.raises(OSError, match="Input/output"):
            flusher.written(20 << 20)
        assert asked == [descriptor]
        flusher.written(30 << 20)
        flusher.wait_flushed()
    assert asked == [descriptor] * 2
    os.close(descriptor)
