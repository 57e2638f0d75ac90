"""Looking at jobs: one, many, their events, their place in the queue. Nothing here writes."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, func, literal, select, text, tuple_

from fluxgram.errors import UnknownJob
from fluxgram.store import tables
from fluxgram.store.ending import unknown_job
from fluxgram.store.part import Part
from fluxgram.store.records import LARGEST_ID, EventRecord, JobRecord, PictureRecord
from fluxgram.store.rows import event_of, job_id, job_of, owned, picture_of
from fluxgram.store.submitting import before as before_it

Jobs = list[JobRecord]
Events = list[EventRecord]
"""`list` is a method below."""


class History(Part):
    """The part of `Queue` that answers questions."""

    def get(self, id: int, owner: str | None = None) -> JobRecord:  # noqa: A002  (a job's id is called so)
        """A job.

        Args:
            id: Its id.
            owner: Who asks; None may see every job.

        Raises:
            UnknownJob: No such job, or another's.
        """
        with self._database.reading() as connection:
            row = connection.execute(select(tables.jobs).where(tables.jobs.c.id == job_id(id))).first()
        if row is None or (owner is not None and row.owner != owner):
            raise unknown_job(id)
        return job_of(row)

    def many(self, ids: Collection[int], owner: str | None = None) -> dict[int, JobRecord]:
        """Several jobs by their ids; those that are not there, or another's, are left out."""
        wanted = select(tables.jobs).where(tables.jobs.c.id.in_([job_id(id) for id in ids]))  # noqa: A001
        with self._database.reading() as connection:
            return {row.id: job_of(row) for row in connection.execute(owned(wanted, tables.jobs, owner))}

    def list(
        self,
        owner: str | None,
        *,
        states: Collection[str] = (),
        before: tuple[float, int] | None = None,
        limit: int = 50,
        surface: str = "",
    ) -> Jobs:
        """Jobs, newest first, at a cost that does not grow with how many there are.

        Args:
            owner: Whose; None lists everybody's.
            states: Only these; empty lists all.
            before: `(created, id)` of the last job of the page before.
            limit: The most that are listed.
            surface: Only what came by this API.
        """
        found: Jobs = []
        with self._database.reading() as connection:
            for state in sorted(set(states)) or [""]:  # each from its own index, put together below
                statement = _page(owner, state, before, limit, surface)
                found += [job_of(row) for row in connection.execute(statement)]
        return sorted(found, key=lambda job: (job.created, job.id), reverse=True)[: max(limit, 0)]

    def events(self, id: int, after: int = 0, limit: int = 1000) -> Events:  # noqa: A002
        """What happened to a job since the event `after`, in order; nothing for a job that is not there."""
        events = tables.events
        with self._database.reading() as connection:
            rows = connection.execute(
                select(events)
                .where(events.c.job == job_id(id), events.c.id > min(after, LARGEST_ID))
                .order_by(events.c.id)
                .limit(max(limit, 0))
            )
            return [event_of(row) for row in rows]

    def ahead(self, id: int) -> tuple[int, float]:  # noqa: A002  (a job's id is called so)
        """How many jobs wait before this one, and the megapixel-steps of those and of all that run.

        A job that does not wait has nothing before it.

        Raises:
            UnknownJob: No such job.
        """
        with self._database.reading() as connection:
            row = connection.execute(select(tables.jobs).where(tables.jobs.c.id == job_id(id))).first()
            if row is None:
                raise unknown_job(id)
            return before_it(connection, job_of(row), row.tag) if row.state == "queued" else (0, 0.0)

    def depth(self) -> dict[str, int]:
        """How many jobs are `queued` and how many `running`."""
        count = select(func.count()).select_from(tables.jobs)
        with self._database.reading() as connection:
            return {
                "queued": connection.execute(count.where(text(tables.QUEUED))).scalar_one(),
                "running": connection.execute(count.where(text(tables.RUNNING))).scalar_one(),
            }

    def find_picture(self, name: str) -> PictureRecord:
        """A picture by the name of its file or of its thumbnail's.

        Raises:
            UnknownJob: No picture of that name.
        """
        pictures = tables.pictures
        if name.isprintable():
            with self._database.reading() as connection:
                for column in (pictures.c.name, pictures.c.thumbnail):
                    row = connection.execute(select(pictures).where(column == name).limit(1)).first()
                    if row is not None:
                        return picture_of(row)
        raise UnknownJob(
            "There is no picture of that name.", "Check its name; pictures may have been removed."
        )


def _page(
    owner: str | None, state: str, before: tuple[float, int] | None, limit: int, surface: str
) -> Select[Any]:
    jobs = tables.jobs
    statement = owned(select(jobs), jobs, owner)
    statement = statement.order_by(jobs.c.created.desc(), jobs.c.id.desc()).limit(max(limit, 0))
    if state:
        statement = statement.where(jobs.c.state == state)
    if surface:
        statement = statement.where(jobs.c.surface == surface)
    if before is not None:
        created, id = before  # noqa: A001  (a job's id is called so)
        statement = statement.where(
            tuple_(jobs.c.created, jobs.c.id)
            < tuple_(literal(float(created)), literal(min(id, LARGEST_ID), tables.LARGE))
        )
    return statement
