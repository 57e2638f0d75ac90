"""Rows of the database as records, and the few statements that several parts of the store share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Insert, Row, Select, Table, insert, select, text
from sqlalchemy.dialects import postgresql, sqlite

from fluxgram.store import tables
from fluxgram.store.records import (
    LARGEST_ID,
    Delivery,
    EventRecord,
    JobRecord,
    KeyRecord,
    PictureRecord,
    Problem,
    UsageRow,
)

_EVENTS = insert(tables.events)


def job_of(row: Row[Any]) -> JobRecord:
    """A row of `jobs`."""
    return JobRecord(
        id=row.id,
        owner=row.owner,
        surface=row.surface,
        state=row.state,
        priority=-row.rank,
        request=row.request,
        checkpoint=row.checkpoint,
        samples=row.samples,
        cost=row.cost,
        extra=row.extra,
        names=tuple(row.names),
        format=row.format,
        created=row.created,
        started=row.started,
        finished=row.finished,
        attempt=row.attempt,
        deaths=row.deaths,
        worker=row.worker,
        lease=row.lease,
        cancel_asked=row.cancel_asked,
        problem=Problem(**row.problem) if row.problem else None,
        idempotency=row.idempotency,
        expires=row.expires,
        webhook=row.webhook,
        seconds=row.seconds,
    )


def picture_of(row: Row[Any]) -> PictureRecord:
    """A row of `pictures`."""
    values = dict(row._mapping)  # noqa: SLF001  (public, whatever its name)
    del values["expires"]
    values["seed"] = int(values["seed"])
    return PictureRecord(**values)


def event_of(row: Row[Any]) -> EventRecord:
    """A row of `events`."""
    return EventRecord(id=row.id, job=row.job, at=row.at, kind=row.kind, data=row.data)


def key_of(row: Row[Any]) -> KeyRecord:
    """A row of `keys`, without the hash."""
    values = dict(row._mapping)  # noqa: SLF001  (public, whatever its name)
    del values["hash"]
    values["scopes"] = tuple(values["scopes"])
    return KeyRecord(**values)


def usage_of(row: Row[Any]) -> UsageRow:
    """A row of `usage`."""
    return UsageRow(**row._mapping)  # noqa: SLF001  (public, whatever its name)


def delivery_of(row: Row[Any]) -> Delivery:
    """A row of `deliveries`."""
    return Delivery(**row._mapping)  # noqa: SLF001  (public, whatever its name)


def job_id(number: int) -> int:
    """A number that came from outside as an id: 0, which is no job's, where it can't be one."""
    return number if 0 < number <= LARGEST_ID else 0


def owned(statement: Select[Any], table: Table, owner: str | None) -> Select[Any]:
    """Of what a statement reads, only an owner's rows of a table; None is everybody's."""
    return statement if owner is None else statement.where(table.c.owner == owner)


def add_events(
    connection: Connection, job: int, at: float, happened: Iterable[tuple[str, Mapping[str, Any]]]
) -> None:
    """Store events of a job, in order. Whoever calls holds the job's row, which keeps ids in order for readers."""
    rows = [{"job": job, "at": at, "kind": kind, "data": dict(data)} for kind, data in happened]
    if rows:
        connection.execute(_EVENTS, rows)


def merge(
    connection: Connection,
    table: Table,
    key: Sequence[str],
    values: Mapping[str, Any],
    change: Mapping[str, Any],
) -> None:
    """Insert a row, or change the one of that key. Expressions in `change` may use the table's columns."""
    kind = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement: Insert = (
        kind(table).values(values).on_conflict_do_update(index_elements=list(key), set_=dict(change))
    )
    connection.execute(statement)


def locked_job(connection: Connection, id: int) -> Row[Any] | None:  # noqa: A002  (a job's id is called so)
    """The job's row, held until the transaction ends."""
    jobs = tables.jobs
    return connection.execute(select(jobs).where(jobs.c.id == job_id(id)).with_for_update()).first()


def running_attempt(connection: Connection, id: int, attempt: int) -> Row[Any] | None:  # noqa: A002
    """The fence: the job's row, held, if this attempt still has it."""
    jobs = tables.jobs
    return connection.execute(
        select(jobs)
        .where(jobs.c.id == job_id(id), jobs.c.attempt == attempt, text(tables.RUNNING))
        .with_for_update()
    ).first()
