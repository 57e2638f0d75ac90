"""`Caretaker`: a thread of the supervisor that looks around: dead workers, ended leases, disks, old pictures.

Several may look after one database, on one machine or on several. What they do is fenced by the attempt, and a worker
is only taken for dead where that is certain: it was of this machine and its process is gone, or its lease has ended.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from fluxgram.errors import StoreError
from fluxgram.jobs.gallery import remove_files
from fluxgram.jobs.keeper import release_all
from fluxgram.jobs.names import is_dead_here
from fluxgram.jobs.scribe import FULL, UNWRITABLE

if TYPE_CHECKING:
    from collections.abc import Hashable

    from fluxgram.jobs.door import Jobs
    from fluxgram.jobs.keeper import Keeper

TICK_SECONDS = 1.0
RETENTION_SECONDS = 60.0
PARTIAL_SECONDS = 6 * 3600.0
PARTIAL_AGE = 3600.0
"""Half-written files are removed that are older than this."""
SPACE_SECONDS = 5.0
"""Between looks at a disk that was full, or could not be written."""
PROBE_BYTES = 8 * 2**20
"""Pictures can be written again when so much can."""
SURE_SECONDS = 3.0
"""A worker of another service on this machine must have been gone for so long: its own keeper comes first."""

_log = logging.getLogger(__name__)


class Caretaker:
    """Looks around.

    Args:
        jobs: The door.
        keepers: Of our own workers, who see to those themselves.
    """

    def __init__(self, jobs: Jobs, keepers: Sequence[Keeper]) -> None:
        self._jobs = jobs
        self._keepers = keepers
        self._ending = threading.Event()
        self._since: dict[Hashable, float] = {}
        self._thread = threading.Thread(target=self._run, name="caretaker", daemon=True)

    def start(self) -> None:
        """Release what dead workers of this machine hold, then go on looking."""
        self._release_dead(at_once=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._ending.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        rounds: list[tuple[float, Callable[[], None]]] = [
            (TICK_SECONDS, self._release_dead),
            (TICK_SECONDS, self._release_lapsed),
            (SPACE_SECONDS, self._look_for_space),
            (RETENTION_SECONDS, self._remove_old),
            (PARTIAL_SECONDS, self._remove_partial),
        ]
        due = dict.fromkeys(range(len(rounds)), 0.0)
        while not self._ending.wait(TICK_SECONDS):
            for number, (every, work) in enumerate(rounds):
                if time.monotonic() < due[number]:
                    continue
                due[number] = time.monotonic() + every
                try:
                    work()
                except StoreError as error:
                    _log.warning("the store cannot be looked after: %s", error)
                except Exception:
                    _log.exception("the caretaker failed in a way it should not")

    def _release_dead(self, *, at_once: bool = False) -> None:
        """Queue again what dead workers of this machine hold. Who killed them is not known, so no strike."""
        own = {keeper.name for keeper in self._keepers}
        dead = [name for name in self._jobs.queue.workers() if name not in own and is_dead_here(name)]
        for name in dead if at_once else self._lasting("dead", dead, SURE_SECONDS):
            _log.warning("the worker %s is gone; its jobs are queued again", name)
            release_all(self._jobs, name, "Its worker was gone.", strike=False)

    def _release_lapsed(self) -> None:
        """Queue again what was not heard of; a worker of ours that is so silent is ended, and its keeper strikes."""
        patience = self._jobs.service.lease_seconds / 2 + TICK_SECONDS  # a machine that slept beats first
        # A lease that still moves is beaten, however its machine's clock differs from ours.
        lapsed = {(record.id, record.attempt, record.lease): record for record in self._jobs.queue.lapsed()}
        silent = {keeper.name: keeper for keeper in self._keepers if keeper.name}
        for key in self._lasting("lapsed", lapsed, patience):
            record = lapsed[key]
            if record.worker in silent:
                if silent[record.worker].silent_for < self._jobs.service.lease_seconds:
                    continue  # it is alive, and what it cannot reach is the store
                _log.error("the worker %s does not answer any more", record.worker)
                silent[record.worker].kill()
                continue
            _log.warning("the lease of job %s has ended", record.id)
            reason = "Its worker was not heard of any more."
            self._jobs.queue.release(record.id, record.attempt, reason, strike=False)
            self._jobs.ring(record.id)

    def _look_for_space(self) -> None:
        """Go on where the queue was paused because pictures could not be written, and they can be again."""
        if not self._jobs.queue.paused().startswith((FULL, UNWRITABLE)):
            return
        try:
            self._jobs.store.probe(PROBE_BYTES)
        except StoreError:
            return
        _log.info("pictures can be written again")
        self._jobs.queue.resume()
        for keeper in self._keepers:
            keeper.wake()

    def _remove_old(self) -> None:
        """Remove pictures that have lasted, are too old, lay in the bin for long, or take too much room."""
        service, now = self._jobs.service, time.time()
        older = service.retention_days * 86_400 if service.retention_days else None
        keep = int(service.retention_gb * 1e9) if service.retention_gb else None
        binned = service.bin_days * 86_400 if service.bin_days else None
        if binned is not None:
            self._jobs.boards.remove_trashed(now - binned)
        pictures = self._jobs.queue.removable(older_than=older, keep_bytes=keep, binned_for=binned, now=now)
        if gone := remove_files(self._jobs, pictures):
            _log.info("%s pictures were removed", gone)

    def _remove_partial(self) -> None:
        """Remove what killed workers left half-written."""
        removed = self._jobs.store.remove_partial(PARTIAL_AGE)
        if removed:
            _log.info("%s half-written files were removed", removed)

    def _lasting(self, what: str, now: Iterable[Hashable], seconds: float) -> list:  # type: ignore[type-arg]
        """Those of `now` that have been so for some time, without a break."""
        current = {(what, each): each for each in now}
        for key in [key for key in self._since if key[0] == what and key not in current]:  # type: ignore[index]
            del self._since[key]
        at = time.monotonic()
        return [each for key, each in current.items() if at - self._since.setdefault(key, at) >= seconds]
