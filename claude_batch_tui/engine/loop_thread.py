"""One thread with one event loop, and the two ways into it from other threads: `command` and `query`."""

from __future__ import annotations

import asyncio
import functools
import logging
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, Concatenate, ParamSpec, TypeVar

from claude_batch_tui.errors import CbtuiError, StoreError

_log = logging.getLogger(__name__)
_STOP_WITHIN = 2.0
"""Seconds that what is under way has to end."""
_T = TypeVar("_T")
_P = ParamSpec("_P")
_L = TypeVar("_L", bound="LoopThread")


def command(
    method: Callable[Concatenate[_L, _P], Coroutine[Any, Any, None]],
) -> Callable[Concatenate[_L, _P], None]:
    """A method that runs on the loop. Calling it, from any thread, returns at once; what it raises is reported."""

    @functools.wraps(method)
    def start(self: _L, /, *args: _P.args, **kwargs: _P.kwargs) -> None:
        self._start_task(method(self, *args, **kwargs))

    return start


def query(
    method: Callable[Concatenate[_L, _P], Coroutine[Any, Any, _T]],
) -> Callable[Concatenate[_L, _P], Future[_T]]:
    """A method that runs on the loop. Calling it, from any other thread, gives a future of its result or error."""

    @functools.wraps(method)
    def ask(self: _L, /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        return self._run_on_loop(method(self, *args, **kwargs))

    return ask


class LoopThread:
    """Subclasses say what is done before anything else (`_open`), and how it ends (`_end_threads`, `_close`)."""

    def __init__(self, name: str) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._failure: CbtuiError | None = None

    def start(self) -> None:
        """Begin, and wait until it is open. Raises the CbtuiError of `_open`."""
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """End what is under way, and wait for that for two seconds."""
        loop = self._loop
        if loop is not None and loop.is_running():
            loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(_STOP_WITHIN)

    async def _open(self) -> None:
        raise NotImplementedError

    def _end_threads(self) -> None:
        """Tell what runs in other threads to end; what runs in the loop is canceled after that."""
        raise NotImplementedError

    async def _close(self) -> None:
        raise NotImplementedError

    def _report_error(self, error: Exception) -> None:
        """Say what went wrong with a task."""
        raise NotImplementedError

    def _run_on_loop(self, work: Coroutine[Any, Any, _T]) -> Future[_T]:
        """Run it, from any other thread; its result or error. Raises StoreError where nothing runs."""
        loop = self._loop
        if loop is None or not loop.is_running():
            work.close()
            raise StoreError("The engine does not run.")
        return asyncio.run_coroutine_threadsafe(work, loop)

    def _start_task(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin it, from any thread, with its errors reported; nothing where nothing runs."""
        loop = self._loop
        if loop is None or not loop.is_running():
            work.close()
            return
        loop.call_soon_threadsafe(lambda: self._spawn(self._report_errors(work)))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin something, on the loop, that is canceled at the end."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _report_errors(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it; what it raises is reported, so that no task can end the loop."""
        try:
            await work
        except CbtuiError as error:
            self._report_error(error)
        except Exception as error:  # noqa: BLE001 — shown and logged; the loop goes on
            _log.exception("A task of the engine failed")
            self._report_error(error)

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except CbtuiError as error:
            self._failure = error
        except Exception:
            _log.exception("The engine has stopped")
            raise
        finally:
            self._ready.set()

    async def _main(self) -> None:
        self._stopping = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        await self._open()
        self._ready.set()
        await self._stopping.wait()
        self._end_threads()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._close()
