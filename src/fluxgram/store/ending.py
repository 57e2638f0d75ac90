"""How jobs end, and begin again: done, failed, cancelled, retried.

An end is one transaction: the state, its event, the usage, the webhook, and the previews that go. It happens once,
because only the attempt that runs can bring it about.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from fluxgram.errors import RequestError, UnknownJob
from fluxgram.store import tables
from fluxgram.store.part import Part
from fluxgram.store.records import OVER, JobRecord, Problem
from fluxgram.store.rows import add_events, job_of, locked_job, merge, running_attempt
from fluxgram.store.submitting import check_quota, check_room, next_tag, tell_queued

Webhook = tuple[str, str]
"""Where to, and the body."""
MakeWebhook = Callable[[JobRecord], Webhook | None]


class Ending(Part):
    """The part of `Queue` in which jobs end."""

    def finish(self, id: int, attempt: int, *, seconds: float, webhook: Webhook | None = None) -> bool:  # noqa: A002
        """All pictures are there. False: the attempt was over, and nothing was changed.

        Args:
            id: The job.
            attempt: Who says so.
            seconds: Drawing time.
            webhook: URL and body of the webhook to send.
        """
        with self._database.writing() as connection:
            row = running_attempt(connection, id, attempt)
            if row is None:
                return False
            end(connection, row, self._clock(), "done", seconds=seconds, webhook=lambda _: webhook)
            return True

    def fail(self, id: int, attempt: int, problem: Problem, *, webhook: Webhook | None = None) -> bool:  # noqa: A002
        """It cannot be drawn. False: the attempt was over, and nothing was changed."""
        with self._database.writing() as connection:
            row = running_attempt(connection, id, attempt)
            if row is None:
                return False
            end(connection, row, self._clock(), "failed", problem=problem, webhook=lambda _: webhook)
            return True

    def stopped(self, id: int, attempt: int) -> bool:  # noqa: A002  (a job's id is called so)
        """The worker let go of a job that its user cancelled. False: the attempt was over."""
        with self._database.writing() as connection:
            row = running_attempt(connection, id, attempt)
            if row is None:
                return False
            end(connection, row, self._clock(), "cancelled")
            return True

    def cancel(self, id: int, owner: str | None = None) -> JobRecord:  # noqa: A002  (a job's id is called so)
        """Stop a job: at once while it waits; a running one is asked to stop; one that is over stays as it is.

        Raises:
            UnknownJob: No such job, or another's.
        """
        with self._database.writing() as connection:
            row = _own(connection, id, owner)
            if row.state in OVER:
                return job_of(row)
            if row.state == "queued":
                return end(connection, row, self._clock(), "cancelled")
            connection.execute(update(tables.jobs).where(tables.jobs.c.id == id).values(cancel_asked=True))
            return job_of(connection.execute(select(tables.jobs).where(tables.jobs.c.id == id)).one())

    def retry(
        self,
        id: int,  # noqa: A002  (a job's id is called so)
        owner: str | None = None,
        *,
        most_queued: int = 0,
        most_pictures: int = 0,
    ) -> JobRecord:
        """Queue a failed or cancelled job again: the same id, names and seed, at the end. A done one stays done.

        Raises:
            UnknownJob: No such job, or another's.
            RequestError: It is not over.
            QueueFull: The owner has `most_queued` jobs waiting and running.
            QuotaExceeded: Its missing pictures would be more than the owner's `most_pictures` of this month.
        """
        jobs = tables.jobs
        with self._database.writing() as connection:
            row = _own(connection, id, owner)
            if row.state == "done":
                return job_of(row)
            if row.state not in OVER:
                raise RequestError(
                    f"Job {id} is {row.state}.", "Only failed and cancelled jobs can be tried again."
                )
            check_room(connection, row.owner, most_queued)
            check_quota(connection, row.owner, row.samples - row.counted, most_pictures, self._clock())
            again: dict[str, Any] = {
                "state": "queued",
                "deaths": 0,
                "cancel_asked": False,
                "problem": None,
                "worker": "",
            }
            again["tag"] = tag = next_tag(connection, row.owner, row.rank, row.cost, row.weight)
            again |= dict.fromkeys(("started", "finished", "lease", "expires"))
            connection.execute(update(jobs).where(jobs.c.id == id).values(again))
            connection.execute(
                update(tables.pictures).where(tables.pictures.c.job == id).values(expires=None)
            )
            job = job_of(connection.execute(select(jobs).where(jobs.c.id == id)).one())
            tell_queued(connection, job, tag, self._clock())
            return job


def end(
    connection: Connection,
    row: Row[Any],
    now: float,
    state: str,
    *,
    seconds: float = 0.0,
    deaths: int | None = None,
    problem: Problem | None = None,
    webhook: MakeWebhook | None = None,
) -> JobRecord:
    """Bring a job that this transaction holds to its end."""
    jobs, pictures = tables.jobs, tables.pictures
    expires = None if row.lasts is None else now + row.lasts
    drawn = connection.execute(select(func.count()).where(pictures.c.job == row.id)).scalar_one()
    values = {"state": state, "finished": now, "lease": None, "expires": expires, "seconds": seconds}
    values |= {"cancel_asked": False, "counted": max(drawn, row.counted)}
    values |= {"deaths": row.deaths if deaths is None else deaths}
    values |= {"problem": asdict(problem) if problem else None}
    connection.execute(update(jobs).where(jobs.c.id == row.id).values(values))
    if expires is not None:
        connection.execute(update(pictures).where(pictures.c.job == row.id).values(expires=expires))
    events = tables.events
    connection.execute(delete(events).where(events.c.job == row.id, events.c.kind == "preview"))
    data: dict[str, Any] = asdict(problem) if problem else {"pictures": drawn} if state == "done" else {}
    add_events(connection, row.id, now, [(state, data)])
    _count(connection, row, now, state, drawn, seconds)
    job = job_of(connection.execute(select(jobs).where(jobs.c.id == row.id)).one())
    if webhook is not None and (letter := webhook(job)) is not None:
        _post(connection, job, now, letter)
    return job


def _count(connection: Connection, row: Row[Any], now: float, state: str, drawn: int, seconds: float) -> None:
    """Usage: every picture once, also those of jobs that were cancelled or failed later."""
    more = max(drawn - row.counted, 0)
    if more == 0 and state != "done":
        return
    counts = {
        "jobs": int(state == "done"),
        "pictures": more,
        "megapixel_steps": row.cost * more / row.samples,
        "seconds": seconds,
    }
    day = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d")
    usage = tables.usage
    merge(
        connection,
        usage,
        ["owner", "day", "checkpoint"],
        {"owner": row.owner, "day": day, "checkpoint": row.checkpoint, **counts},
        {name: usage.c[name] + count for name, count in counts.items()},
    )


def _post(connection: Connection, job: JobRecord, now: float, letter: Webhook) -> None:
    url, body = letter
    values = {
        "id": f"msg_{secrets.token_hex(16)}",
        "job": job.id,
        "owner": job.owner,
        "url": url,
        "body": body,
    }
    values |= {"state": "waiting", "attempts": 0, "next_at": now, "status": None, "error": "", "created": now}
    connection.execute(insert(tables.deliveries).values(values))


def _own(connection: Connection, id: int, owner: str | None) -> Row[Any]:  # noqa: A002  (a job's id is called so)
    row = locked_job(connection, id)
    if row is None or (owner is not None and row.owner != owner):
        raise unknown_job(id)
    return row


def unknown_job(id: int) -> UnknownJob:  # noqa: A002  (a job's id is called so)
    """The error for a job that is not there, or not the caller's: the same for both."""
    return UnknownJob(f"There is no job {id}.", "Check its id; jobs of other keys are not shown.")
