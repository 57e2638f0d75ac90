"""`Deliveries`: webhooks that wait to be sent. They come in with the end of their job, in the same transaction.

Sending, signing and when to try again are the server's; this keeps what must survive it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select, text, update

from fluxgram.store import tables
from fluxgram.store.database import Database
from fluxgram.store.records import Delivery
from fluxgram.store.rows import delivery_of

LEASE_SECONDS = 60.0
"""Who took a delivery has so long to say how it went, before another server may take it."""


class Deliveries:
    """The webhooks of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def due(self, now: float, limit: int = 20) -> list[Delivery]:
        """Take what is due, the longest waiting first; nobody else gets it for a minute.

        Args:
            now: Unix seconds.
            limit: The most that are taken.
        """
        deliveries = tables.deliveries
        if (soonest := self.next_at()) is None or soonest > now:
            return []
        with self._database.noting() as connection:
            rows = connection.execute(
                select(deliveries)
                .where(text(tables.WAITING), deliveries.c.next_at <= now)
                .order_by(deliveries.c.next_at)
                .limit(limit)
                .with_for_update(skip_locked=True)
            ).all()
            taken = [row.id for row in rows]
            connection.execute(
                update(deliveries).where(deliveries.c.id.in_(taken)).values(next_at=now + LEASE_SECONDS)
            )
        return [delivery_of(row) for row in rows]

    def delivered(self, id: str, status: int) -> None:  # noqa: A002  (a delivery's id is called so)
        """It arrived."""
        self._record(id, {"state": "delivered", "status": status, "error": ""})

    def again(self, id: str, at: float, status: int | None, error: str) -> None:  # noqa: A002
        """It did not arrive, and is due again at that time."""
        self._record(id, {"next_at": at, "status": status, "error": error})

    def gave_up(self, id: str, status: int | None, error: str) -> None:  # noqa: A002
        """It did not arrive and never will."""
        self._record(id, {"state": "failed", "status": status, "error": error})

    def of(self, job: int) -> list[Delivery]:
        """The webhooks of a job, oldest first."""
        deliveries = tables.deliveries
        with self._database.reading() as connection:
            rows = connection.execute(
                select(deliveries)
                .where(deliveries.c.job == job)
                .order_by(deliveries.c.created, deliveries.c.id)
            )
            return [delivery_of(row) for row in rows]

    def next_at(self) -> float | None:
        """When the next is due; None when none waits."""
        deliveries = tables.deliveries
        with self._database.reading() as connection:
            return connection.execute(
                select(func.min(deliveries.c.next_at)).where(text(tables.WAITING))
            ).scalar()

    def _record(self, id: str, values: dict[str, Any]) -> None:  # noqa: A002  (a delivery's id is called so)
        """One attempt was made; what was decided before stays decided."""
        deliveries = tables.deliveries
        with self._database.writing() as connection:
            connection.execute(
                update(deliveries)
                .where(deliveries.c.id == id, text(tables.WAITING))
                .values(attempts=deliveries.c.attempts + 1, **values)
            )
