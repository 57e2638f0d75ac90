"""What the queue keeps besides jobs: retention of pictures, the pause, rates for estimates, secrets of the service."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Collection

from sqlalchemy import delete, func, select, text, update

from fluxgram.store import tables
from fluxgram.store.part import Part
from fluxgram.store.records import PictureRecord
from fluxgram.store.rows import merge, picture_of
from fluxgram.store.working import paused_for

_NEWEST_COUNTS = 0.2
"""Share of the newest job in the moving average of a rate."""


class Keeping(Part):
    """The part of `Queue` for upkeep."""

    def removable(
        self,
        *,
        older_than: float | None,
        keep_bytes: int | None,
        now: float,
        binned_for: float | None = None,
        limit: int = 1000,
    ) -> list[PictureRecord]:
        """Pictures whose files may go: expired, old, long in the bin, and the oldest beyond a size. Oldest first.

        Args:
            older_than: Seconds of age from which a picture is old; None is never.
            keep_bytes: Bytes of pictures that may stay; None is all.
            now: Unix seconds.
            binned_for: Seconds in the bin after which a picture goes; None is never.
            limit: The most that are named at once.

        Returns:
            Pictures of jobs that are over.
        """
        pictures, jobs = tables.pictures, tables.jobs
        over = select(pictures).join(jobs, jobs.c.id == pictures.c.job).where(jobs.c.finished.is_not(None))
        kept = text("NOT pictures.removed")
        oldest = over.where(kept).order_by(pictures.c.created).limit(limit)
        found: dict[str, PictureRecord] = {}
        with self._database.reading() as connection:
            expired = over.where(kept, pictures.c.expires <= now).order_by(pictures.c.expires).limit(limit)
            for row in connection.execute(expired):
                found[row.name] = picture_of(row)
            if binned_for is not None:
                binned = over.where(kept, text("pictures.trashed IS NOT NULL"))
                binned = binned.where(pictures.c.trashed < now - binned_for).order_by(pictures.c.trashed)
                for row in connection.execute(binned.limit(limit)):
                    found[row.name] = picture_of(row)
            if older_than is not None:
                for row in connection.execute(oldest.where(pictures.c.created < now - older_than)):
                    found[row.name] = picture_of(row)
            if keep_bytes is not None:
                total = connection.execute(select(func.sum(pictures.c.bytes)).where(kept)).scalar() or 0
                excess = int(total) - keep_bytes - sum(picture.bytes for picture in found.values())
                for row in connection.execute(oldest) if excess > 0 else ():
                    if excess <= 0:
                        break
                    if row.name not in found:
                        found[row.name] = picture_of(row)
                        excess -= row.bytes
        return sorted(found.values(), key=lambda picture: picture.created)[:limit]

    def mark_removed(self, names: Collection[str]) -> None:
        """The files of these pictures are gone; their rows and receipts stay."""
        pictures = tables.pictures
        with self._database.writing() as connection:
            connection.execute(update(pictures).where(pictures.c.name.in_(list(names))).values(removed=True))

    def pause(self, reason: str) -> None:
        """Nothing is claimed from now on, by any worker, until `resume`. What runs goes on."""
        with self._database.writing() as connection:
            merge(connection, tables.facts, ["name"], {"name": "paused", "value": reason}, {"value": reason})

    def resume(self) -> None:
        """Jobs may be claimed again."""
        with self._database.writing() as connection:
            connection.execute(delete(tables.facts).where(tables.facts.c.name == "paused"))

    def paused(self) -> str:
        """Why the queue is paused; empty when it is not."""
        with self._database.reading() as connection:
            return paused_for(connection)

    def learn(self, checkpoint: str, seconds_per_cost: float) -> None:
        """A job took so many seconds a megapixel-step: move the average that estimates come from."""
        rate = tables.rates.c.seconds_per_cost
        with self._database.noting() as connection:
            merge(
                connection,
                tables.rates,
                ["checkpoint"],
                {"checkpoint": checkpoint, "seconds_per_cost": seconds_per_cost},
                {"seconds_per_cost": rate + _NEWEST_COUNTS * (seconds_per_cost - rate)},
            )

    def rate(self, checkpoint: str) -> float | None:
        """Seconds a megapixel-step; None before anything was drawn with it."""
        rates = tables.rates
        with self._database.reading() as connection:
            return connection.execute(
                select(rates.c.seconds_per_cost).where(rates.c.checkpoint == checkpoint)
            ).scalar()

    def secret(self, name: str) -> bytes:
        """32 random bytes of the service, made when first asked for and the same ever after."""
        facts, key = tables.facts, f"secret:{name}"
        wanted = select(facts.c.value).where(facts.c.name == key)
        with self._database.reading() as connection:
            known = connection.execute(wanted).scalar()
        if known is None:
            fresh = base64.b64encode(secrets.token_bytes(32)).decode()
            with self._database.writing() as connection:
                merge(connection, facts, ["name"], {"name": key, "value": fresh}, {"value": facts.c.value})
                known = connection.execute(wanted).scalar_one()
        return base64.b64decode(known)
