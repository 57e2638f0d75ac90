"""What a worker's parent says on standard input: `wake`, `drain`, and by its end that the parent is gone.

A thread reads, because the drawing thread may be in the middle of a step. Whoever must not outlive the parent is given
a short time to end by itself, and is ended then.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

GRACE_SECONDS = 2.0
"""How long a worker without a parent may take to end by itself."""


class Signals:
    """What was said so far.

    Args:
        drain_seconds: What is running when `drain` is said may take so long.
    """

    def __init__(self, drain_seconds: float) -> None:
        self._drain_seconds = drain_seconds
        self._deadline = float("inf")
        self._woken = threading.Event()
        self.cancels = threading.Event()
        """Set by each `wake`: there may be something to cancel."""
        self.draining = False
        self.orphaned = False

    def is_over(self, *, idle: bool) -> bool:
        """Whether the worker must end now."""
        return self.orphaned or (self.draining and (idle or time.monotonic() >= self._deadline))

    def wait(self, seconds: float) -> None:
        """Wait until something is said, but not for longer."""
        self._woken.wait(seconds)

    def take_wake(self) -> bool:
        """Whether `wake` was said since the last call."""
        woken = self._woken.is_set()
        self._woken.clear()
        return woken

    def wake(self) -> None:
        """There may be something to do."""
        self.cancels.set()
        self.look()

    def look(self) -> None:
        """There is room for another job."""
        self._woken.set()

    def drain(self) -> None:
        """Take no more jobs, and end when what is running is done. Takes no lock: handlers of signals call it."""
        if not self.draining:
            self._deadline = time.monotonic() + self._drain_seconds
        self.draining = True

    def listen(self, lines: Iterable[str], at_last: Callable[[], None]) -> None:
        """Follow the lines of the parent in a thread.

        Args:
            lines: Standard input.
            at_last: Called where the parent is gone and the worker has not ended by itself soon after.
        """

        def read() -> None:
            try:
                for line in lines:
                    self._heed(line.strip())
            except (OSError, ValueError):  # closed under our feet: as gone as by its end
                pass
            self.orphaned = True
            self.wake()
            time.sleep(GRACE_SECONDS)
            at_last()

        threading.Thread(target=read, name="signals", daemon=True).start()

    def _heed(self, word: str) -> None:
        if word == "wake":
            self.wake()
        elif word == "drain":
            self.drain()
            self.wake()
