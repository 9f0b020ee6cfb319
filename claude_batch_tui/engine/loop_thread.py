"""One thread with one event loop, and the ways into it from other threads."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from claude_batch_tui.errors import CbtuiError, StoreError

_log = logging.getLogger(__name__)
_STOP_WITHIN = 2.0
"""Seconds that what is under way has to end."""
_T = TypeVar("_T")


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

    def _complain(self, error: Exception) -> None:
        """Say what went wrong with a wish."""
        raise NotImplementedError

    def _asked(self, work: Coroutine[Any, Any, _T]) -> Future[_T]:
        """An answer, for a thread that can wait. Raises StoreError where nothing runs."""
        loop = self._loop
        if loop is None or not loop.is_running():
            work.close()
            raise StoreError("The engine does not run.")
        return asyncio.run_coroutine_threadsafe(work, loop)

    def _wish(self, work: Coroutine[Any, Any, None]) -> None:
        """Have something done, from any thread; nothing where nothing runs."""
        loop = self._loop
        if loop is None or not loop.is_running():
            work.close()
            return
        loop.call_soon_threadsafe(lambda: self._spawn(self._explained(work)))

    def _call(self, work: Callable[[], None]) -> None:
        """Have a short thing done, from any thread; nothing where nothing runs."""
        loop = self._loop
        if loop is not None and loop.is_running():
            loop.call_soon_threadsafe(work)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin something in the loop that is canceled at the end."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _explained(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it; what goes wrong is complained of, so that a wish can never end the loop."""
        try:
            await work
        except CbtuiError as error:
            self._complain(error)
        except Exception as error:  # noqa: BLE001 — shown and logged; the loop goes on
            _log.exception("A wish failed")
            self._complain(error)

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
