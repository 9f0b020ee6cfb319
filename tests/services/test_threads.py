from __future__ import annotations

import threading

import pytest

from claude_batch_tui.services.threads import iterate_in_thread, with_silences


async def test_silence_is_told_each_time_it_has_lasted_so_long_and_nothing_is_lost():
    go_on, told = threading.Event(), []

    def work():
        yield 1
        go_on.wait(10)
        yield 2

    async for update in with_silences(iterate_in_thread(work()), 0.01):
        told.append(update)
        if told.count(None) == 3:
            go_on.set()
    assert [each for each in told if each is not None] == [1, 2]
    assert told[:4] == [1, None, None, None]


async def test_an_error_of_the_work_comes_through():
    def work():
        yield 1
        raise ValueError("odd")

    with pytest.raises(ValueError, match="odd"):
        async for _ in with_silences(iterate_in_thread(work()), 10):
            pass


async def test_whoever_leaves_in_a_silence_ends_the_work():
    stopped = threading.Event()

    def work():
        yield 1
        stopped.wait(10)

    updates = with_silences(iterate_in_thread(work(), on_close=stopped.set), 0.01)
    while await anext(updates) is not None:
        pass
    await updates.aclose()
    assert stopped.is_set()
