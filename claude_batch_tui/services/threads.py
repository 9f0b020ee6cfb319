"""Blocking work beside an event loop, in threads that never keep the process alive."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from typing import TypeVar

T = TypeVar("T")


async def in_thread(work: Callable[[], T], name: str = "cbtui-work") -> T:
    """The result of `work`, run in a daemon thread: a process that must leave does not wait for it."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def run() -> None:
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 — carried to whoever waits
            _tell(loop, future, future.set_exception, error)
        else:
            _tell(loop, future, future.set_result, result)

    threading.Thread(target=run, name=name, daemon=True).start()
    return await future


async def iterate_in_thread(
    updates: Iterator[T], *, on_close: Callable[[], None] | None = None, name: str = "cbtui-work"
) -> AsyncGenerator[T, None]:
    """What `updates` yields, iterated in a daemon thread. Leaving the loop calls `on_close`, to end the work."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[tuple[bool, T | BaseException | None]] = asyncio.Queue()

    def put(item: tuple[bool, T | BaseException | None]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has closed: nobody listens any more
            loop.call_soon_threadsafe(queue.put_nowait, item)

    def run() -> None:
        try:
            for update in updates:
                put((False, update))
        except BaseException as error:  # noqa: BLE001 — carried to whoever waits
            put((True, error))
        else:
            put((True, None))

    threading.Thread(target=run, name=name, daemon=True).start()
    try:
        while True:
            is_last, item = await queue.get()
            if is_last:
                if isinstance(item, BaseException):
                    raise item
                return
            yield item  # type: ignore[misc]
    finally:
        if on_close is not None:
            on_close()


async def with_silences(
    updates: AsyncGenerator[T, None], seconds: float | None
) -> AsyncGenerator[T | None, None]:
    """The updates as they come, and None each time so many seconds have passed without one; never where it is None."""
    async with contextlib.aclosing(updates):
        while True:
            coming = asyncio.ensure_future(anext(updates))
            try:
                while not (await asyncio.wait((coming,), timeout=seconds))[0]:
                    yield None
                update = coming.result()
            except StopAsyncIteration:
                return
            finally:
                coming.cancel()
                await asyncio.wait((coming,))
            yield update


def _tell(
    loop: asyncio.AbstractEventLoop,
    future: asyncio.Future[T],
    settle: Callable[..., None],
    value: object,
) -> None:
    def apply() -> None:
        if not future.done():
            settle(value)

    with contextlib.suppress(RuntimeError):  # the loop has closed: nobody waits any more
        loop.call_soon_threadsafe(apply)
