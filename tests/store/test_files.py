from __future__ import annotations

import errno
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from claude_batch_tui.store import files
from claude_batch_tui.store.files import Flusher


def test_what_the_disk_refused_once_is_told_though_a_later_flush_succeeds(tmp_path, monkeypatch):
    answers = [OSError(errno.EIO, "Input/output error")]
    asked = []

    def fdatasync(descriptor):
        asked.append(descriptor)
        if answers:
            raise answers.pop()

    monkeypatch.setattr(files.os, "fdatasync", fdatasync)
    descriptor = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    with ThreadPoolExecutor(1) as thread:
        flusher = Flusher(thread, descriptor)
        flusher.written(10 << 20)
        thread.submit(int).result()  # the flush is over
        with pytest.raises(OSError, match="Input/output"):
            flusher.written(20 << 20)
        assert asked == [descriptor]
        flusher.written(30 << 20)
        flusher.settle()
    assert asked == [descriptor] * 2
    os.close(descriptor)
