"""A queue and its neighbours for tests, with a clock that tests move."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fluxgram.store.database import Database
from fluxgram.store.deliveries import Deliveries
from fluxgram.store.keys import Keys
from fluxgram.store.queue import Queue
from fluxgram.store.records import JobRecord, NewJob, PictureRecord

NOON = 1_795_262_400.0
"""2026-11-21 12:00 UTC."""


class Clock:
    """Time that moves when a test says so, and a little with every look, as time does."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        self.now += 0.001
        return self.now


class Store:
    """A queue and its neighbours on one database."""

    def __init__(self, database: Database, url: str, home: Path) -> None:
        self.database, self.url, self.home = database, url, home
        self.clock = Clock()
        self.queue = Queue(database, self.clock)
        self.keys = Keys(database, self.clock)
        self.deliveries = Deliveries(database)

    def submit(self, owner: str = "ada", **given: Any) -> JobRecord:
        """A new job."""
        return self.queue.submit(new_job(owner, **given))[0]

    def claim(self, worker: str = "w1", lease: float = 30.0, **given: Any) -> JobRecord:
        """The next job, which must be there."""
        job = self.queue.claim(worker, lease, **given)
        assert job is not None
        return job

    def draw(self, job: JobRecord, index: int = 0, **given: Any) -> bool:
        """Hand in a picture."""
        return self.queue.picture(job.id, job.attempt, a_picture(job, index, **given))

    def kinds(self, job: JobRecord) -> list[str]:
        """Kinds of the job's events."""
        return [event.kind for event in self.queue.events(job.id)]


def new_job(owner: str = "ada", **given: Any) -> NewJob:
    values: dict[str, Any] = {"surface": "native", "request": {"prompt": "a\0b \ud800 ü", "seed": 2**64 - 1}}
    values |= {"checkpoint": "mini", "samples": 1, "cost": 4.0, "extra": {"track_id": 7}}
    return NewJob(owner=owner, **(values | given))


def a_picture(job: JobRecord, index: int = 0, **given: Any) -> PictureRecord:
    name = job.names[index]
    values: dict[str, Any] = {"name": name, "thumbnail": name.replace(".png", "-small.webp"), "job": job.id}
    values |= {"index": index, "seed": 2**64 - 1 - index, "width": 512, "height": 768, "bytes": 1000}
    values |= {"format": "png", "sha256": f"{index:064x}", "receipt": {"schema": 1}, "verdict": "unchecked"}
    return PictureRecord(**(values | {"created": NOON} | given))
