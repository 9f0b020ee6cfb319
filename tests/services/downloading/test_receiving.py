"""Streams broken at random: what is said in the end is what reading every line exactly says."""

from __future__ import annotations

import random

import pytest

from claude_batch_tui.domain.batches.batch import RequestCounts
from claude_batch_tui.services.downloading import receiving
from claude_batch_tui.services.downloading.part_file import own_part
from claude_batch_tui.services.results.ledger import ledger_of
from claude_batch_tui.store.results.index import ResultsIndex
from claude_batch_tui.store.results.passes import second_pass

LINES = 400
WHOLE = b"".join(
    b'{"custom_id":"row-%d","result":{"type":"succeeded","message":{"model":"claude-haiku-4-5","content":'
    b'[{"type":"text","text":"%b"}],"stop_reason":"end_turn","usage":{"output_tokens":%d}}}}\n'
    % (number, b"word " * (number % 90), number)
    for number in range(LINES)
)


def broken(dice):
    data, at = bytearray(WHOLE), dice.randrange(len(WHOLE))
    match dice.randrange(5):
        case 0:
            data[at] ^= 1 << dice.randrange(8)
        case 1:
            del data[at : at + dice.randrange(1, 900)]
        case 2:
            other = dice.randrange(len(WHOLE))
            data[at:at] = data[other : other + dice.randrange(1, 900)]
        case 3:
            data[at] = ord("\n")
        case _:
            del data[at:]
    return bytes(data)


def received(data, part, dice):
    """The index of a stream that comes in pieces of any size."""
    index = ResultsIndex()
    part.begin()
    blocks = receiving._Blocks(part, index, lambda: False)
    while data:
        size = dice.randrange(1, 9_000)
        blocks.take(data[:size])
        data = data[size:]
    blocks.finish()
    return index


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_however_a_stream_is_broken_it_is_validated_as_if_every_line_had_been_read_at_once(
    tmp_path, monkeypatch, seed
):
    monkeypatch.setattr(receiving, "_BLOCK", 70_000)
    dice, expected = random.Random(seed), RequestCounts(succeeded=LINES)
    with own_part(tmp_path / "results.jsonl") as part:
        for _ in range(60):
            data = broken(dice)
            exact = ResultsIndex()
            exact.feed(data)
            exact.finish()
            index = received(data, part, dice)
            assert part.path.read_bytes() == data
            for _ in second_pass(part.fileno(), index):
                pass
            index.finish()
            for column in ("offsets", "lengths", "outcomes", "classes", "output_tokens"):
                assert getattr(index, column) == getattr(exact, column)
            assert index.all_ids() == exact.all_ids()
            assert ledger_of(index, expected, None) == ledger_of(exact, expected, None)


def test_a_line_longer_than_a_block_is_one_entry(tmp_path, monkeypatch):
    monkeypatch.setattr(receiving, "_BLOCK", 70_000)
    line = b'{"custom_id":"long","result":{"type":"expired","x":"%b"}}\n' % (b"x" * 500_000)
    with own_part(tmp_path / "results.jsonl") as part:
        index = received(line + WHOLE + line, part, random.Random(1))
    assert index.count == LINES + 2
    assert [index.lengths[0], index.lengths[-1]] == [len(line) - 1] * 2
