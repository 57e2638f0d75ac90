"""Handing in: what is checked, and the one transaction that stores a job with its first event.

Submissions that arrive together share a transaction, and so one flush to the disk: each is answered after the
flush, and each fails alone.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, text

from fluxgram.errors import IdempotencyMismatch, QueueFull, QuotaExceeded, RequestError
from fluxgram.store import tables
from fluxgram.store.database import Database
from fluxgram.store.naming import free_job_id, picture_names
from fluxgram.store.part import Part
from fluxgram.store.records import JobRecord, NewJob
from fluxgram.store.rows import add_events, job_of
from fluxgram.store.together import Together

_AS_GIVEN = ("owner", "surface", "weight", "checkpoint", "samples", "cost", "format", "idempotency", "fingerprint",
             "lasts", "webhook")  # fmt: skip

# What every submission runs is prepared once, in SQL that both dialects read.
_TAGS = text("""
    SELECT (SELECT MAX(tag) FROM jobs WHERE owner = :owner AND rank = :rank AND state IN ('queued', 'running')),
           (SELECT tag FROM clocks WHERE rank = :rank)
""")
_BEFORE = """
    SELECT COUNT(*), SUM(cost), (SELECT SUM(cost) FROM jobs {running} WHERE state = 'running')
    FROM jobs {queued} WHERE state = 'queued' AND (rank, tag, created, id) < (:rank, :tag, :created, :id)
"""
_BEFORE_OF = {  # left alone, SQLite reads whole rows by another index
    "postgresql": text(_BEFORE.format(running="", queued="")),
    "sqlite": text(_BEFORE.format(running="INDEXED BY jobs_running", queued="INDEXED BY jobs_to_claim")),
}
_PENDING = text("""
    SELECT COUNT(*) AS jobs, SUM(samples) AS pictures FROM jobs WHERE owner = :owner AND state IN ('queued', 'running')
""")
_RATE = text("SELECT seconds_per_cost FROM rates WHERE checkpoint = :checkpoint")
_NEW = insert(tables.jobs)


class Submitting(Part):
    """The part of `Queue` that takes jobs in."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        super().__init__(database, clock)
        self._together = Together(self._store_all)

    def submit(self, job: NewJob) -> tuple[JobRecord, bool]:
        """Store a job; it is on the disk when this returns.

        Returns:
            The job, and whether it is new: the same idempotency key with the same fingerprint gives the job
            that it gave before, however that ended.

        Raises:
            RequestError: An impossible priority, weight or idempotency key.
            IdempotencyMismatch: The idempotency key came with another fingerprint before.
            QueueFull: The owner has as many jobs waiting and running as it may.
            QuotaExceeded: The owner's pictures of this month, with those that are pending, would be too many.
            StoreFull: No room; the job was not taken.
        """
        _check(job)
        if self._database.dialect == "postgresql":
            with self._database.writing() as connection:
                return self._store(connection, job)
        return self._together.do(job)

    def _store_all(self, jobs: Sequence[NewJob]) -> list[tuple[JobRecord, bool] | Exception]:
        answers: list[tuple[JobRecord, bool] | Exception] = []
        with self._database.writing() as connection:
            for job in jobs:
                try:
                    answers.append(self._store(connection, job))
                except (RequestError, QueueFull, QuotaExceeded) as error:  # before anything of it was written
                    answers.append(error)
        return answers

    def _store(self, connection: Connection, job: NewJob) -> tuple[JobRecord, bool]:
        now = self._clock()
        if connection.dialect.name == "postgresql":  # one submission of an owner at a time, for exact limits
            connection.execute(select(func.pg_advisory_xact_lock(lock_of(job.owner))))
        if job.idempotency and (known := _seen(connection, job)):
            return job_of(known), False
        check_room(connection, job.owner, job.most_queued)
        check_quota(connection, job.owner, job.samples, job.most_pictures, now)
        tag = next_tag(connection, job.owner, -job.priority, job.cost, job.weight)
        record = _insert(connection, job, tag, now)
        tell_queued(connection, record, tag, now)
        return record, True


def next_tag(connection: Connection, owner: str, rank: int, cost: float, weight: float) -> float:
    """Where a job stands among those of its rank: start-time fair queueing.

    An owner's jobs stand one after the other, each `cost / weight` further; an owner who had none waiting begins
    where the queue is now, with neither credit for idle time nor debt for what is done.
    """
    last, clock = connection.execute(_TAGS, {"owner": owner, "rank": rank}).one()
    return float(max(clock or 0.0, last or 0.0) + cost / weight)


def before(connection: Connection, job: JobRecord, tag: float) -> tuple[int, float]:
    """How many jobs wait before a queued one, and the megapixel-steps of those and of all that run."""
    place = {"rank": -job.priority, "tag": tag, "created": job.created, "id": job.id}
    count, waiting, running = connection.execute(_BEFORE_OF[connection.dialect.name], place).one()
    return int(count), float(waiting or 0.0) + float(running or 0.0)


def tell_queued(connection: Connection, job: JobRecord, tag: float, now: float) -> None:
    """The event `queued`, with the job's place and how many seconds until it is done, if known."""
    position, cost = before(connection, job, tag)
    rate = connection.execute(_RATE, {"checkpoint": job.checkpoint}).scalar()
    eta = None if rate is None else round(rate * (cost + job.cost), 3)
    add_events(connection, job.id, now, [("queued", {"position": position, "eta": eta})])


def check_room(connection: Connection, owner: str, most_queued: int) -> None:
    """Refuse when the owner has as many jobs waiting and running as it may.

    Raises:
        QueueFull: It has.
    """
    if not most_queued:
        return
    pending = connection.execute(_PENDING, {"owner": owner}).one().jobs
    if pending >= most_queued:
        raise QueueFull(
            f"{pending} jobs are waiting or running already, and {most_queued} is the most.",
            "Wait for some to finish, or cancel some.",
            retry_after=5.0,
        )


def drawn_in_month(connection: Connection, owner: str, now: float) -> int:
    """Pictures of the owner in the calendar month (UTC) of that moment."""
    month = datetime.fromtimestamp(now, UTC).strftime("%Y-%m")
    usage = tables.usage
    return int(
        connection.execute(
            select(func.coalesce(func.sum(usage.c.pictures), 0)).where(
                usage.c.owner == owner, usage.c.day >= f"{month}-01", usage.c.day <= f"{month}-31"
            )
        ).scalar_one()
    )


def _check(job: NewJob) -> None:
    if not -100 <= job.priority <= 100:
        raise RequestError(
            f"A priority of {job.priority} is not possible.", "Use -100 to 100; higher goes first."
        )
    if not (math.isfinite(job.weight) and job.weight > 0):
        raise RequestError(f"A weight of {job.weight} is not possible.", "Use a number above 0.")
    if not (math.isfinite(job.cost) and job.cost >= 0 and job.samples >= 1):
        raise RequestError("A job needs at least one picture and a finite cost.", "")
    if len(job.idempotency) > 255 or not job.idempotency.isprintable():
        raise RequestError(
            "The idempotency key is too long or has unprintable characters.", "Use up to 255 characters."
        )


def _seen(connection: Connection, job: NewJob) -> Row[Any] | None:
    """The job that this idempotency key gave before."""
    jobs = tables.jobs
    known = connection.execute(
        select(jobs).where(
            jobs.c.owner == job.owner,
            jobs.c.surface == job.surface,
            jobs.c.idempotency == job.idempotency,
            text("idempotency <> ''"),
        )
    ).first()
    if known is not None and known.fingerprint != job.fingerprint:
        raise IdempotencyMismatch(
            f"The idempotency key {job.idempotency!r} came with another request before.",
            "Give every new request a new key.",
        )
    return known


def check_quota(connection: Connection, owner: str, samples: int, most_pictures: int, now: float) -> None:
    """Refuse when so many more pictures would be more than the owner may have in this month.

    Raises:
        QuotaExceeded: They would.
    """
    if not most_pictures:
        return
    pending = int(connection.execute(_PENDING, {"owner": owner}).one().pictures or 0)
    drawn = drawn_in_month(connection, owner, now)
    if drawn + pending + samples > most_pictures:
        raise QuotaExceeded(
            f"{drawn} of the {most_pictures} pictures of this month are drawn, {pending} are on their way, "
            f"and {samples} more would be too many.",
            "Wait for the next month (UTC), or ask for a larger quota.",
        )


def _insert(connection: Connection, job: NewJob, tag: float, now: float) -> JobRecord:
    values = {name: getattr(job, name) for name in _AS_GIVEN}
    names = picture_names(job.format, job.samples, temporary=job.lasts is not None)
    values |= {"state": "queued", "rank": -job.priority, "tag": tag, "created": now, "names": names}
    values |= {"request": dict(job.request), "extra": dict(job.extra), "id": free_job_id(connection)}
    connection.execute(_NEW, values)
    del values["rank"], values["tag"], values["weight"], values["fingerprint"], values["lasts"]
    values |= json.loads(json.dumps({"request": values["request"], "extra": values["extra"]}))  # as if read
    return JobRecord(**values | {"priority": job.priority, "names": tuple(values["names"])})


def lock_of(owner: str) -> int:
    """An owner as PostgreSQL's advisory lock."""
    return int.from_bytes(hashlib.sha256(f"owner {owner}".encode()).digest()[:8], "big", signed=True)
