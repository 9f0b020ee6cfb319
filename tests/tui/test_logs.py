from __future__ import annotations

import logging

import pytest

from claude_batch_tui.tui.logs import log_to_file


@pytest.fixture
def own_logging():
    """What a process sets up once is put back."""
    root, factory = logging.getLogger(), logging.getLogRecordFactory()
    handlers, level = list(root.handlers), root.level
    yield
    for handler in set(root.handlers) - set(handlers):
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)
    logging.captureWarnings(False)
    logging.setLogRecordFactory(factory)


def test_the_log_of_the_dashboard_holds_no_key(tmp_path, own_logging):
    log_to_file(tmp_path)
    try:
        raise ValueError("Illegal header value b'Bearer 0123456789\\n'")
    except ValueError:
        logging.getLogger("anything").exception("with sk-ant-0123456789")
    written = (tmp_path / "cbtui.log").read_text()
    assert "ERROR anything: with sk-ant-…" in written
    assert "Illegal header value b'Bearer …" in written
    assert "0123456789" not in written
