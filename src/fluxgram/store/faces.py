"""Pictures of a character: those whose words hold the anchor, the newest first.

A character is words and a seed, so its pictures are found by these; nothing has to be kept beside them.
"""

from __future__ import annotations

from sqlalchemy import select, text

from fluxgram.store import tables
from fluxgram.store.database import Database
from fluxgram.store.records import PictureRecord
from fluxgram.store.rows import owned, picture_of


def pictures_saying(
    database: Database, owner: str | None, words: str, *, seed: int | None = None, limit: int = 24
) -> list[PictureRecord]:
    """Pictures that are neither removed nor in the bin nor rejected.

    Args:
        database: Where they are.
        owner: Whose; None is everybody's.
        words: Part of the prompt, whatever its case.
        seed: Only pictures of this one.
        limit: The most to return.

    Raises:
        StoreError: The database cannot be read.
    """
    pictures = tables.pictures
    asked = select(pictures).where(
        text("NOT removed"),
        pictures.c.trashed.is_(None),
        pictures.c.rejected.is_(False),
        pictures.c.words.contains(words.casefold(), autoescape=True),
    )
    asked = owned(asked, pictures, owner)
    if seed is not None:
        asked = asked.where(pictures.c.seed == str(seed))
    newest = asked.order_by(pictures.c.created.desc(), pictures.c.name.desc()).limit(limit)
    with database.reading() as connection:
        return [picture_of(row) for row in connection.execute(newest)]
