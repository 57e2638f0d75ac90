"""What a database and its pictures take on disk; counted when asked for."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import case, func, select, text

from fluxgram.store import tables
from fluxgram.store.database import Database


@dataclass(frozen=True, slots=True)
class Totals:
    """Pictures whose files are there.

    Attributes:
        pictures: Those that are not in the bin.
        bytes: Of these.
        bin_pictures: Those in the bin.
        bin_bytes: Of these.
    """

    pictures: int
    bytes: int
    bin_pictures: int
    bin_bytes: int


def picture_totals(database: Database) -> Totals:
    """Everybody's pictures.

    Raises:
        StoreError: They cannot be counted.
    """
    pictures = tables.pictures
    binned = pictures.c.trashed.is_not(None)
    counted = select(
        func.count(),
        func.coalesce(func.sum(pictures.c.bytes), 0),
        func.coalesce(func.sum(case((binned, 1), else_=0)), 0),
        func.coalesce(func.sum(case((binned, pictures.c.bytes), else_=0)), 0),
    ).where(text("NOT pictures.removed"))
    with database.reading() as connection:
        count, size, bin_count, bin_size = map(int, connection.execute(counted).one())
    return Totals(count - bin_count, size - bin_size, bin_count, bin_size)


def database_bytes(database: Database) -> int | None:
    """The database's size with its log; None where that cannot be told.

    Raises:
        StoreError: The server of the database cannot be asked.
    """
    if database.dialect == "postgresql":
        with database.reading() as connection:
            size = connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
        return int(size)
    total = 0
    for ending in ("", "-wal", "-shm"):
        with suppress(OSError):
            total += Path(f"{database.place}{ending}").stat().st_size
    return total or None
