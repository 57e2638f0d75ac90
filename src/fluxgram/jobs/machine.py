"""`Machine`: what `fluxgram doctor` finds, for those who cannot wait for it, and what the service takes on disk.

The examination runs in a process of its own and its last result is kept in a file; so a page shows it at once, with its
age, and it is made anew only when somebody asks.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fluxgram.durable import write_whole
from fluxgram.errors import CheckpointError
from fluxgram.jobs import aside
from fluxgram.store.totals import database_bytes, picture_totals

if TYPE_CHECKING:
    from subprocess import Popen

    from fluxgram.jobs.door import Jobs


@dataclass(frozen=True, slots=True)
class Storage:
    """What lies where, and how much.

    Attributes:
        place: Of the pictures: a folder, or an address without its secret.
        pictures: That are kept, those in the bin left out.
        bytes: Of these.
        bin_pictures: In the bin.
        bin_bytes: Of these.
        free_bytes: On the pictures' disk; None in object storage.
        database: Its place.
        database_bytes: Its size; None where that cannot be told.
        home: The home folder.
        retention_days: Older pictures are removed; 0 keeps them.
        retention_gb: The oldest are removed above this; 0 keeps them.
    """

    place: str
    pictures: int
    bytes: int
    bin_pictures: int
    bin_bytes: int
    free_bytes: int | None
    database: str
    database_bytes: int | None
    home: str
    retention_days: float
    retention_gb: float


class Machine:
    """This machine, for the service.

    Args:
        jobs: The door.
    """

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._path = jobs.settings.home / "service" / "examination.json"
        self._lock = threading.Lock()
        self._process: Popen[str] | None = None

    def storage(self) -> Storage:
        """What is kept, counted now.

        Raises:
            StoreError: It cannot be counted.
        """
        jobs = self._jobs
        totals = picture_totals(jobs.database)
        return Storage(
            place=jobs.store.place,
            pictures=totals.pictures,
            bytes=totals.bytes,
            bin_pictures=totals.bin_pictures,
            bin_bytes=totals.bin_bytes,
            free_bytes=jobs.store.free_bytes(),
            database=jobs.database.place,
            database_bytes=database_bytes(jobs.database),
            home=str(jobs.settings.home),
            retention_days=jobs.service.retention_days,
            retention_gb=jobs.service.retention_gb,
        )

    def last(self) -> dict[str, Any] | None:
        """The last examination, with `at` (Unix seconds); None where there was none."""
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) and "outlooks" in found else None

    def examine(self) -> dict[str, Any]:
        """Examine it now; takes a few seconds. Who comes meanwhile waits for the same one and then makes their own.

        Raises:
            CheckpointError: It cannot be examined: a setting is wrong, or torch cannot be loaded.
        """
        with self._lock:
            self._process = process = aside.begin("examine", self._jobs.settings)
            said: dict[str, Any] = {}
            for said in aside.told_by(process):  # noqa: B007  (the last is what counts)
                pass
            self._process = None
        if "done" not in said:
            problem = said.get("problem") or {}
            raise CheckpointError(
                str(problem.get("message") or "The machine could not be examined."),
                str(problem.get("hint") or "The service's log may say why; `fluxgram doctor` does the same."),
            )
        found: dict[str, Any] = {**said["done"], "at": time.time()}
        with contextlib.suppress(OSError):  # then it is made again the next time
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(json.dumps(found).encode(), self._path, overwrite=True)
        return found

    def close(self) -> None:
        """End an examination that is under way."""
        if (process := self._process) is not None:
            aside.end(process)
