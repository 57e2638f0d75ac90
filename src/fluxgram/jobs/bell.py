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
from dataclasses import dataclass

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class _Ear:
    """Somebody who listens: to every ring, or to those only that a job is over."""

    heard: Callable[[int], None]
    ends: bool


class Bell:
    """Wakes those who wait for a job."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[int, list[_Ear]] = {}
        self._listeners: list[_Ear] = []

    def on_bell(self, callback: Callable[[int], None], *, ends: bool = False) -> Callable[[], None]:
        """Have a function called with the number of each job that something happened to, in any thread.

        Args:
            callback: The function.
            ends: Only when a job is over.

        Returns:
            What stops that.
        """
        ear = _Ear(callback, ends)
        with self._lock:
            self._listeners.append(ear)

        def stop() -> None:
            with self._lock, contextlib.suppress(ValueError):
                self._listeners.remove(ear)

        return stop

    def ring(self, job: int, *, over: bool = False) -> None:
        """Something happened to a job. From any thread.

        Args:
            job: Its number.
            over: It has ended.
        """
        with self._lock:
            waiting = [*self._waiting.get(job, ())]
            listeners = [*self._listeners]
        for ear in (*waiting, *listeners):
            if ear.ends and not over:
                continue
            try:
                ear.heard(job)
            except Exception:
                _log.exception("a listener of the bell failed")

    @contextlib.contextmanager
    def waiting(self, job: int, *, ends: bool = False) -> Iterator[threading.Event]:
        """An event that is set by each ring for a job, or by its end only; clear it before looking at the job."""
        event = threading.Event()
        with self._enrolled(job, _Ear(lambda _: event.set(), ends)):
            yield event

    @contextlib.contextmanager
    def waiting_async(self, job: int, *, ends: bool = False) -> Iterator[asyncio.Event]:
        """As `waiting`, for a coroutine of the running loop."""
        event, loop = asyncio.Event(), asyncio.get_running_loop()

        def wake(_: int) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(event.set)

        with self._enrolled(job, _Ear(wake, ends)):
            yield event

    @contextlib.contextmanager
    def _enrolled(self, job: int, ear: _Ear) -> Iterator[None]:
        with self._lock:
            self._waiting.setdefault(job, []).append(ear)
        try:
            yield
        finally:
            with self._lock:
                self._waiting[job].remove(ear)
                if not self._waiting[job]:
                    del self._waiting[job]
