"""`Supervisor`: one worker process a device, kept alive, and the store kept in order around them.

It runs in the process of the service, in threads: one for each worker (`keeper.py`) and one that looks around
(`caretaker.py`). It draws nothing and imports no torch.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from fluxgram.jobs.caretaker import Caretaker
from fluxgram.jobs.keeper import Keeper, WorkerStatus
from fluxgram.jobs.signals import GRACE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from fluxgram.jobs.door import Jobs

__all__ = ["Supervisor", "WorkerStatus"]

_LET_GO_SECONDS = GRACE_SECONDS + 8.0
"""How long a worker that was let go may take before it is killed."""


class Supervisor:
    """Keeps the workers.

    Args:
        jobs: The door.
        engine: `module:factory` of what workers draw with; empty is what the settings say.
    """

    def __init__(self, jobs: Jobs, *, engine: str = "") -> None:
        self._jobs = jobs
        devices = jobs.service.devices or ("",)
        self._keepers = [
            Keeper(jobs, f"{number}-{device or 'own'}", device, engine)
            for number, device in enumerate(devices)
        ]
        self._caretaker = Caretaker(jobs, self._keepers)
        self._unsubscribe: Callable[[], None] | None = None
        self._lock = threading.Lock()
        self._stopped = False

    def start(self) -> None:
        """Release the jobs of dead workers, then start our own."""
        self._caretaker.start()
        for keeper in self._keepers:
            keeper.start()
        self._unsubscribe = self._jobs.on_work(lambda job: self.wake())

    def ready(self) -> bool:
        """Whether a worker has the default checkpoint in memory."""
        return any(keeper.is_ready for keeper in self._keepers)

    def problems(self) -> list[str]:
        """Why workers cannot load what they draw with, each reason once."""
        return list(dict.fromkeys(keeper.problem for keeper in self._keepers if keeper.problem))

    def status(self) -> list[WorkerStatus]:
        """What is known of each worker."""
        return [keeper.status() for keeper in self._keepers]

    def wake(self) -> None:
        """There may be something to do."""
        for keeper in self._keepers:
            keeper.wake()

    def drain(self, seconds: float) -> None:
        """Take no more jobs; what runs may take so many seconds, and is queued again then. Ends the workers."""
        end = time.monotonic() + seconds
        for keeper in self._keepers:
            keeper.drain()
        for keeper in self._keepers:
            keeper.join(end - time.monotonic())
        self.stop()

    def stop(self) -> None:
        """End the workers now; what runs is queued again, at no fault of the jobs."""
        with self._lock:
            if self._stopped:
                return
            self._stopped = True
        if self._unsubscribe is not None:
            self._unsubscribe()
        for keeper in self._keepers:
            keeper.let_go()
        end = time.monotonic() + _LET_GO_SECONDS
        for keeper in self._keepers:
            if not keeper.join(end - time.monotonic()):
                keeper.kill()
                keeper.join(_LET_GO_SECONDS)
        self._caretaker.stop()
