"""What workers do with jobs: claim, keep alive, note what happens, hand in pictures, let go.

Every write names the attempt that it belongs to. A worker that was given up and comes back finds its attempt over:
its writes change nothing and say so.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Text, bindparam, case, select, text, update

from fluxgram.store import tables
from fluxgram.store.ending import end
from fluxgram.store.gallery import MARKS, of_job
from fluxgram.store.part import Part
from fluxgram.store.records import JobRecord, PictureRecord, Problem
from fluxgram.store.rows import add_events, job_id, job_of, merge, picture_of, running_attempt

Webhook = tuple[str, str]
"""Where to, and the body."""

# SQLite is told the index, because it would rather sort all that wait when owners are passed over.
_NEXT_SQLITE = text("""
    SELECT id FROM jobs INDEXED BY jobs_to_claim WHERE state = 'queued' AND owner NOT IN :busy
    ORDER BY rank, tag, created, id LIMIT 1
""").bindparams(bindparam("busy", type_=Text, expanding=True))
_NEXT_POSTGRES = text("""
    SELECT id FROM jobs WHERE state = 'queued' AND owner NOT IN :busy
    ORDER BY rank, tag, created, id LIMIT 1 FOR UPDATE SKIP LOCKED
""").bindparams(bindparam("busy", type_=Text, expanding=True))


class Working(Part):
    """The part of `Queue` that workers use."""

    def claim(self, worker: str, lease: float, *, busy: Collection[str] = ()) -> JobRecord | None:
        """Take the next job: highest priority first, then the owner who had least for its weight.

        Args:
            worker: Its name.
            lease: Seconds from now for which the worker need not be heard of.
            busy: Owners that are passed over.

        Returns:
            The job, running, with the number of this attempt; None when nothing waits or the queue is paused.
        """
        if self._database.dialect == "sqlite":  # an idle worker that looks again holds no writer up
            with self._database.reading() as connection:
                if paused_for(connection) or _next(connection, busy) is None:
                    return None
        with self._database.on_the_way() as connection:
            found = None if paused_for(connection) else _next(connection, busy)
            if found is None:
                return None
            row = connection.execute(select(tables.jobs).where(tables.jobs.c.id == found)).one()
            now = self._clock()
            connection.execute(
                update(tables.jobs)
                .where(tables.jobs.c.id == row.id)
                .values(
                    state="running", attempt=row.attempt + 1, worker=worker, started=now, lease=now + lease
                )
            )
            clock = tables.clocks.c.tag
            merge(
                connection,
                tables.clocks,
                ["rank"],
                {"rank": row.rank, "tag": row.tag},
                {"tag": case((clock > row.tag, clock), else_=row.tag)},
            )
            add_events(connection, row.id, now, [("started", {"attempt": row.attempt + 1})])
            return job_of(connection.execute(select(tables.jobs).where(tables.jobs.c.id == row.id)).one())

    def beat(self, worker: str, lease: float) -> set[int]:
        """The worker lives: its leases begin anew. Returns the ids of the jobs that it still holds."""
        jobs = tables.jobs
        with self._database.noting() as connection:
            held = connection.execute(
                update(jobs)
                .where(jobs.c.worker == worker, text(tables.RUNNING))
                .values(lease=self._clock() + lease)
                .returning(jobs.c.id)
            )
            return set(held.scalars())

    def cancels(self, worker: str) -> set[int]:
        """Jobs of the worker that their users want stopped."""
        jobs = tables.jobs
        with self._database.reading() as connection:
            return set(
                connection.execute(
                    select(jobs.c.id).where(
                        jobs.c.worker == worker, text(tables.RUNNING), jobs.c.cancel_asked
                    )
                ).scalars()
            )

    def note(self, id: int, attempt: int, events: Sequence[tuple[str, Mapping[str, Any]]]) -> bool:  # noqa: A002
        """Store events of a running job; a power cut may lose them. False: the attempt is over."""
        with self._database.noting() as connection:
            if running_attempt(connection, id, attempt) is None:
                return False
            add_events(connection, id, self._clock(), events)
            return True

    def picture(self, id: int, attempt: int, picture: PictureRecord) -> bool:  # noqa: A002
        """Store a finished picture, whose file is on the disk already, with its event. False: the attempt is over.

        Handed in again after a new attempt, it replaces what was there; the event comes again only if the file
        is another one. Owner, lineage and the words that a search looks at are the job's; what its user marked stays.
        """
        pictures = tables.pictures
        with self._database.on_the_way() as connection:
            row = running_attempt(connection, id, attempt)
            if row is None:
                return False
            values = {**asdict(picture), **of_job(job_of(row), picture), "job": id, "seed": str(picture.seed)}
            values |= {"removed": False, "expires": None}
            before = connection.execute(
                select(pictures.c.sha256).where(
                    pictures.c.job == id, pictures.c.index == picture.index, text(tables.KEPT)
                )
            ).scalar()
            kept = {name: value for name, value in values.items() if name not in MARKS}
            kept["trashed"] = case((pictures.c.removed, None), else_=pictures.c.trashed)
            merge(connection, pictures, ["job", "index"], values, kept)
            if before != picture.sha256:
                shown = ("index", "name", "thumbnail", "seed", "width", "height", "verdict")
                data = {name: getattr(picture, name) for name in shown}
                add_events(connection, id, self._clock(), [("picture", data)])
            return True

    def pictures(self, id: int) -> list[PictureRecord]:  # noqa: A002  (a job's id is called so)
        """The job's pictures so far, in order of index."""
        return self.pictures_of([id]).get(id, [])

    def pictures_of(self, ids: Sequence[int]) -> dict[int, list[PictureRecord]]:
        """The pictures of several jobs; jobs without any are left out."""
        pictures = tables.pictures
        found: dict[int, list[PictureRecord]] = {}
        with self._database.reading() as connection:
            rows = connection.execute(
                select(pictures)
                .where(pictures.c.job.in_([job_id(job) for job in ids]))
                .order_by(pictures.c.job, pictures.c.index)
            )
            for row in rows:
                found.setdefault(row.job, []).append(picture_of(row))
        return found

    def release(
        self,
        id: int,  # noqa: A002  (a job's id is called so)
        attempt: int,
        reason: str,
        *,
        strike: bool,
        deaths: int = 3,
        webhook: Callable[[JobRecord], Webhook | None] | None = None,
    ) -> JobRecord | None:
        """Take a running job from its worker; it is queued again at its old place.

        Args:
            id: The job.
            attempt: The attempt that ends.
            reason: Why, for the event and for a failure.
            strike: The worker died over it.
            deaths: With so many strikes the job fails.
            webhook: Makes the webhook of a job that fails so.

        Returns:
            The job as it is now: queued, failed, or cancelled where its user had asked for that. None: the
            attempt was over already.
        """
        with self._database.writing() as connection:
            row = running_attempt(connection, id, attempt)
            if row is None:
                return None
            now, died = self._clock(), row.deaths + strike
            if row.cancel_asked:
                return end(connection, row, now, "cancelled", deaths=died)
            if strike and died >= deaths:
                problem = Problem(
                    "Defect",
                    f"The job was given up after {died} workers ended while drawing it: {reason}",
                    "Try a smaller picture or fewer at once; the log of the service says more.",
                )
                return end(connection, row, now, "failed", deaths=died, problem=problem, webhook=webhook)
            connection.execute(
                update(tables.jobs)
                .where(tables.jobs.c.id == id)
                .values(state="queued", worker="", lease=None, started=None, deaths=died)
            )
            add_events(connection, id, now, [("requeued", {"reason": reason})])
            return job_of(connection.execute(select(tables.jobs).where(tables.jobs.c.id == id)).one())

    def lapsed(self) -> list[JobRecord]:
        """Running jobs whose worker was not heard of for longer than its lease."""
        return self._running(tables.jobs.c.lease < self._clock())

    def held(self, worker: str) -> list[JobRecord]:
        """Running jobs of a worker."""
        return self._running(tables.jobs.c.worker == worker)

    def workers(self) -> list[str]:
        """Names of workers that hold running jobs."""
        with self._database.reading() as connection:
            return sorted(
                set(connection.execute(select(tables.jobs.c.worker).where(text(tables.RUNNING))).scalars())
            )

    def _running(self, condition: Any) -> list[JobRecord]:
        with self._database.reading() as connection:
            rows = connection.execute(select(tables.jobs).where(condition, text(tables.RUNNING)))
            return sorted((job_of(row) for row in rows), key=lambda job: (job.started or 0.0, job.id))


def paused_for(connection: Connection) -> str:
    """Why nothing may be claimed; empty when it may."""
    facts = tables.facts
    return connection.execute(select(facts.c.value).where(facts.c.name == "paused")).scalar() or ""


def _next(connection: Connection, busy: Collection[str]) -> int | None:
    """The next job by the order of claims, held where the database can hold rows. Its id alone, from the index."""
    statement = _NEXT_SQLITE if connection.dialect.name == "sqlite" else _NEXT_POSTGRES
    found: int | None = connection.execute(statement, {"busy": sorted(busy)}).scalar()
    return found
