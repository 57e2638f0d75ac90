"""Changing the order of what waits: an owner's jobs change places among themselves, at nobody else's cost.

Places are the virtual finish times of fair queueing (`next_tag` in `submitting.py`). Jobs that change places are
counted anew from where the first of them begins, each by its own work; so the owner's last job ends where it ended
before, and at no moment does the owner have more than its share.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, select, text, update

from fluxgram.errors import RequestError
from fluxgram.store import tables
from fluxgram.store.ending import unknown_job
from fluxgram.store.part import Part
from fluxgram.store.rows import job_id, job_of
from fluxgram.store.submitting import lock_of, tell_queued


class Moving(Part):
    """The part of `Queue` in which waiting jobs change places."""

    def move(self, id: int, before: int | None, owner: str | None = None) -> list[int]:  # noqa: A002
        """Put a waiting job before another waiting one of the same owner and priority.

        Args:
            id: The job.
            before: The job that it goes before; None puts it behind all of the owner's.
            owner: Who asks; None may move every job, among its owner's.

        Returns:
            Ids of the jobs whose place changed, in their new order; each has an event `queued` that says so.

        Raises:
            UnknownJob: One of them is not there, or is another owner's.
            RequestError: One of them does not wait, or the two have different priorities.
        """
        with self._database.writing() as connection:
            job = _waiting(connection, id, owner)
            if connection.dialect.name == "postgresql":  # nothing of this owner comes in or moves meanwhile
                connection.execute(select(func.pg_advisory_xact_lock(lock_of(job.owner))))
            line = _line(connection, job)
            if id not in [row.id for row in line]:  # it was claimed just now
                raise _not_waiting(id, "running")
            rest = [row for row in line if row.id != id]
            place = len(rest) if before is None else _place(connection, rest, before, job)
            return _put(connection, line, [*rest[:place], job, *rest[place:]], self._clock())


def _waiting(connection: Connection, id: int, owner: str | None) -> Row[Any]:  # noqa: A002
    jobs = tables.jobs
    row = connection.execute(select(jobs).where(jobs.c.id == job_id(id))).first()
    if row is None or (owner is not None and row.owner != owner):
        raise unknown_job(id)
    if row.state != "queued":
        raise _not_waiting(id, row.state)
    return row


def _place(connection: Connection, rest: Sequence[Row[Any]], before: int, job: Row[Any]) -> int:
    """Where a job among the others of its owner stands, or why it does not stand there."""
    ids = [row.id for row in rest]
    if before in ids:
        return ids.index(before)
    other = _waiting(connection, before, job.owner)
    if other.id == job.id:
        raise RequestError(f"Job {before} cannot go before itself.", "Name the job that it is to go before.")
    raise RequestError(
        f"Job {job.id} and job {before} have different priorities.",
        "Jobs of a higher priority always go first; move among those of the same.",
    )


def _not_waiting(id: int, state: str) -> RequestError:  # noqa: A002
    return RequestError(f"Job {id} is {state}.", "Only jobs that wait can change places.")


def _line(connection: Connection, job: Row[Any]) -> Sequence[Row[Any]]:
    """What the owner has waiting at this priority, in order, held until the transaction ends."""
    jobs = tables.jobs
    return connection.execute(
        select(jobs)
        .where(jobs.c.owner == job.owner, jobs.c.rank == job.rank, text(tables.QUEUED))
        .order_by(jobs.c.tag, jobs.c.created, jobs.c.id)
        .with_for_update()
    ).all()


def _put(
    connection: Connection, line: Sequence[Row[Any]], order: Sequence[Row[Any]], now: float
) -> list[int]:
    """Give the jobs of a line their places in another order. Gaps between places stay where they are."""
    differ = [place for place, (old, row) in enumerate(zip(line, order, strict=True)) if old.id != row.id]
    if not differ:
        return []
    first, last = differ[0], differ[-1]
    at, tag = line[first].tag - _work(line[first]), -math.inf
    changed: list[tuple[Row[Any], float]] = []
    for place in range(first, len(line)):
        old, row = line[place], order[place]
        if place > last and old.tag > tag:
            break
        if place > first:
            at += max(0.0, old.tag - _work(old) - line[place - 1].tag)
        at = old.tag if place == last else at + _work(row)  # the end of all is where it was, to the last bit
        tag = max(at, math.nextafter(tag, math.inf))  # also among jobs that cost nothing
        changed.append((row, tag))
        connection.execute(update(tables.jobs).where(tables.jobs.c.id == row.id).values(tag=tag))
    for row, tag in changed:  # once all are in place
        tell_queued(connection, job_of(row), tag, now)
    return [row.id for row, _ in changed]


def _work(row: Row[Any]) -> float:
    """What a job adds to its owner's virtual time."""
    return float(row.cost / row.weight)
