"""`Watch`: the thread of a worker that keeps its leases alive, and passes cancellations on.

It is not the drawing thread, so that neither waits for the other: a long step costs no lease, and a slow disk no step.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fluxgram.errors import StoreError

if TYPE_CHECKING:
    from fluxgram.jobs.door import Jobs
    from fluxgram.jobs.drawing import Drawer
    from fluxgram.jobs.signals import Signals
    from fluxgram.jobs.task import Task

POLL_SECONDS = 0.25
"""How often cancellations are looked for that nobody has rung for."""
_log = logging.getLogger(__name__)


class Watch:
    """Looks after the tasks of a worker.

    Args:
        jobs: The door, for what is behind it.
        name: Of the worker.
        engine: What draws; only its `cancel` is called.
        tasks: What is being drawn now.
        signals: Wakes it.
        tell: Tells the parent that this process is alive, also while the store cannot be written.
    """

    def __init__(
        self,
        jobs: Jobs,
        name: str,
        engine: Drawer,
        tasks: Callable[[], list[Task]],
        signals: Signals,
        tell: Callable[[dict[str, Any]], None],
    ) -> None:
        self._jobs = jobs
        self._name = name
        self._engine = engine
        self._tasks = tasks
        self._signals = signals
        self._tell = tell
        self._ended = False
        self._lease = jobs.service.lease_seconds
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._ended = True
        self._signals.cancels.set()
        self._thread.join()

    def _run(self) -> None:
        beat_at = 0.0
        while not self._ended:
            try:
                if time.monotonic() >= beat_at:
                    self._beat()
                    beat_at = time.monotonic() + self._lease / 3
                self._cancel()
            except StoreError as error:
                _log.warning("leases and cancellations cannot be looked at: %s", error)
            self._signals.cancels.wait(min(POLL_SECONDS, self._lease / 3))
            self._signals.cancels.clear()

    def _beat(self) -> None:
        """Extend the leases; what is no longer held is dropped before the next step."""
        self._tell({"alive": True})
        before = self._tasks()  # what is claimed meanwhile is not missed
        held = self._jobs.queue.beat(self._name, self._lease)
        for task in before:
            if task.record.id not in held and not task.closed:
                _log.warning("the lease of job %s is lost", task.record.id)
                task.closed = True

    def _cancel(self) -> None:
        tasks = self._tasks()
        if not tasks:
            return
        asked = self._jobs.queue.cancels(self._name)
        for task in tasks:
            if task.record.id in asked and not task.cancel_asked:
                task.cancel_asked = True
                if task.drawing is not None:
                    self._engine.cancel(task.drawing)
