"""`Bell`: something happened to a job; whoever waits for it wakes up at once instead of asking again and again.

It rings within one process. What it tells is only *that* something happened; what happened is in the database, so a
ring that is lost costs a short wait and nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Iterator

Wake = Callable[[], None]
_log = logging.getLogger(__name__)


class Bell:
    """Wakes those who wait for a job."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[int, list[Wake]] = {}
        self._listeners: list[Callable[[int], None]] = []

    def on_bell(self, callback: Callable[[int], None]) -> Callable[[], None]:
        """Have a function called with the number of each job that something happened to, in any thread.

        Returns:
            What ends that.
        """
        with self._lock:
            self._listeners.append(callback)

        def stop() -> None:
            with self._lock, contextlib.suppress(ValueError):
                self._listeners.remove(callback)

        return stop

    def ring(self, job: int) -> None:
        """Something happened to a job. From any thread."""
        with self._lock:
            wakes = [*self._waiting.get(job, ())]
            listeners = [*self._listeners]
        for wake in wakes:
            wake()
        for listener in listeners:
            try:
                listener(job)
            except Exception:
                _log.exception("a listener of the bell failed")

    @contextlib.contextmanager
    def waiting(self, job: int) -> Iterator[threading.Event]:
        """An event that is set by each ring for a job; clear it before looking at the job."""
        event = threading.Event()
        with self._enrolled(job, event.set):
            yield event

    @contextlib.contextmanager
    def waiting_async(self, job: int) -> Iterator[asyncio.Event]:
        """As `waiting`, for a coroutine of the running loop."""
        event, loop = asyncio.Event(), asyncio.get_running_loop()

        def wake() -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(event.set)

        with self._enrolled(job, wake):
            yield event

    @contextlib.contextmanager
    def _enrolled(self, job: int, wake: Wake) -> Iterator[None]:
        with self._lock:
            self._waiting.setdefault(job, []).append(wake)
        try:
            yield
        finally:
            with self._lock:
                self._waiting[job].remove(wake)
                if not self._waiting[job]:
                    del self._waiting[job]
