"""Answers that are framed wrongly, or cut short and framed as if they were whole: none of them is ever complete."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from byte_server import CHUNKED, OK, ByteServer
from claude_batch_tui.domain.batches.batch import Batch, RequestCounts
from claude_batch_tui.domain.batches.tracked import DownloadState
from claude_batch_tui.errors import UnavailableError
from claude_batch_tui.services.downloading.download import download
from claude_batch_tui.store.results.file import results_path

ROWS = 40
LINES = [b'{"custom_id":"row-%d","result":{"type":"expired"}}\n' % number for number in range(ROWS)]
BODY = b"".join(LINES)
HALF = b"".join(LINES[: ROWS // 2])
BATCH = Batch("msgbatch_1", "ended", RequestCounts(expired=ROWS), datetime(2026, 11, 1, tzinfo=UTC))


def sized(body, length):
    return OK + b"Content-Length: %d\r\n\r\n" % length + body


def chunks(*bodies, last=b"0\r\n\r\n"):
    return CHUNKED + b"".join(b"%x\r\n%b\r\n" % (len(body), body) for body in bodies) + last


WHOLE = chunks(HALF, BODY[len(HALF) :])
BROKEN = {
    "connection closed in the middle": sized(HALF, len(BODY)),
    "longer length than there is": sized(BODY, len(BODY) + 1),
    "cut after its last chunk": chunks(BODY, last=b""),
    "cut in the last line of its framing": chunks(BODY, last=b"0\r\n"),
    "cut in a chunk": CHUNKED + b"%x\r\n%b" % (len(BODY), HALF),
    "size of a chunk in another notation": CHUNKED + b"0x%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY),
    "negative size of a chunk": CHUNKED + b"-%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY),
    "chunk without a size": CHUNKED + b"\r\n%b\r\n0\r\n\r\n" % BODY,
    "chunk longer than it says": CHUNKED + b"%x\r\n%b\r\n0\r\n\r\n" % (len(HALF), BODY),
    "no answer": b"",
}
"""What the library finds out."""
SHORT = {
    "shorter length, at the end of a line": sized(BODY, len(HALF)),
    "shorter length, within a line": sized(BODY, len(HALF) + 9),
    "shorter length, but for the last newline": sized(BODY, len(BODY) - 2),
    "no length, closed after a line": OK + b"\r\n" + HALF,
    "no length, closed within a line": OK + b"\r\n" + HALF[:-9],
    "chunks that end early": chunks(HALF),
    "an early chunk of no bytes": chunks(HALF, b"", BODY[len(HALF) :]),
    "empty": sized(b"", 0),
    "a line twice, another not at all": chunks(BODY[: -len(LINES[-1])], LINES[0]),
}
"""What the library takes for whole, and the count of lines does not."""


def steps_of(server, folder):
    return download(
        BATCH,
        api=server.api(),
        folder=folder,
        sent_ids=None,
        stopped=lambda: False,
        random=lambda: 0.5,
        sleep=lambda _: None,
    )


@pytest.mark.parametrize("answer", [*BROKEN.values(), *SHORT.values()], ids=[*BROKEN, *SHORT])
def test_an_answer_that_is_not_whole_gets_no_name_and_is_asked_for_again(own_folders, tmp_path, answer):
    target = results_path(tmp_path, BATCH.id)
    with ByteServer(answer, WHOLE) as server:
        for step in steps_of(server, tmp_path):
            assert len(server.asked) == 2 or not target.exists(), step
    assert len(server.asked) == 2
    assert step.update.state is DownloadState.COMPLETE
    assert target.read_bytes() == BODY


@pytest.mark.parametrize("answer", SHORT.values(), ids=SHORT)
def test_what_stays_short_is_kept_under_a_name_that_says_so(own_folders, tmp_path, answer):
    with ByteServer(*[answer] * 3) as server:
        *_, last = steps_of(server, tmp_path)
    assert last.update.state is DownloadState.PROBLEMS
    assert last.finished.path.suffix == ".incomplete"
    assert not results_path(tmp_path, BATCH.id).exists()


def test_what_stays_broken_is_given_up_without_a_name(own_folders, tmp_path):
    with ByteServer(*[BROKEN["cut after its last chunk"]] * 8) as server:
        with pytest.raises(UnavailableError):
            list(steps_of(server, tmp_path))
        assert len(server.asked) == 8
    assert not results_path(tmp_path, BATCH.id).exists()
