"""`Gallery`: pictures as their owner sees them: listed, searched, marked, tagged, put into the bin, related, imported.

Lists go on by key (`created`, `name`), so a page costs the same wherever it is. `owner` is whose pictures are meant:
None is everybody's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import (
    Connection,
    and_,
    delete,
    func,
    insert,
    literal,
    select,
    text,
    tuple_,
    update,
)

from fluxgram.errors import RequestError, UnknownJob
from fluxgram.store import tables
from fluxgram.store.naming import free_job_id
from fluxgram.store.part import Part
from fluxgram.store.records import JobRecord, PictureRecord
from fluxgram.store.rows import add_events, owned, picture_of
from fluxgram.store.searching import Wanted, chosen, plain, words_for

MARKS = ("rating", "favourite", "rejected")
"""What a user says of a picture, which drawing it again does not undo."""
MOST_TAGS, MOST_TAG = 64, 60
"""Tags of one picture; characters of a tag."""
MOST_UP, MOST_RELATED = 64, 200
"""Generations that a lineage goes up, and pictures that it has at most."""

Pictures = list[PictureRecord]


@dataclass(frozen=True, slots=True)
class Import:
    """A picture from elsewhere whose files are on the disk already.

    Attributes:
        picture: Its row; `job` and `created` are set here.
        request: What is known of how it was asked for.
        surface: Where it came by.
    """

    picture: PictureRecord
    request: Mapping[str, Any]
    surface: str = "import"


class Gallery(Part):
    """The pictures of a database."""

    def page(
        self,
        owner: str | None,
        wanted: Wanted = Wanted(),  # noqa: B008  (frozen)
        *,
        before: tuple[float, str] | None = None,
        limit: int = 60,
    ) -> Pictures:
        """Pictures, the newest first.

        Args:
            owner: Whose; None lists everybody's.
            wanted: Which.
            before: (created, name) of the last picture of the page before.
            limit: The most that are listed.
        """
        pictures = tables.pictures
        statement = chosen(select(pictures), owner, wanted)
        if before is not None:
            created, name = before
            key = tuple_(pictures.c.created, pictures.c.name)
            statement = statement.where(key < tuple_(literal(float(created)), literal(name)))
        statement = statement.order_by(pictures.c.created.desc(), pictures.c.name.desc()).limit(max(limit, 0))
        with self._database.reading() as connection:
            return [picture_of(row) for row in connection.execute(statement)]

    def count(self, owner: str | None, wanted: Wanted = Wanted()) -> int:  # noqa: B008
        """How many there are; reads all of them."""
        statement = chosen(select(func.count()).select_from(tables.pictures), owner, wanted)
        with self._database.reading() as connection:
            return int(connection.execute(statement).scalar_one())

    def get(self, name: str, owner: str | None) -> PictureRecord:
        """A picture by the name of its file, also one in the bin.

        Raises:
            UnknownJob: There is none, or it is another's.
        """
        with self._database.reading() as connection:
            return picture_of(_one(connection, name, owner))

    def tags_of(self, names: Collection[str]) -> dict[str, list[str]]:
        """Tags by name of picture, in order; pictures without are left out."""
        tags = tables.picture_tags
        found: dict[str, list[str]] = {}
        with self._database.reading() as connection:
            rows = connection.execute(
                select(tags).where(tags.c.picture.in_(list(names))).order_by(tags.c.picture, tags.c.tag)
            )
            for row in rows:
                found.setdefault(row.picture, []).append(row.tag)
        return found

    def tags(self, owner: str | None) -> list[tuple[str, int]]:
        """Tags that are in use, with how many pictures have them; the most used first."""
        tags, pictures = tables.picture_tags, tables.pictures
        count = func.count()
        statement = (
            select(tags.c.tag, count)
            .join(pictures, pictures.c.name == tags.c.picture)
            .where(text("NOT pictures.removed"), pictures.c.trashed.is_(None))
            .group_by(tags.c.tag)
            .order_by(count.desc(), tags.c.tag)
        )
        statement = owned(statement, pictures, owner)
        with self._database.reading() as connection:
            return [(row[0], int(row[1])) for row in connection.execute(statement)]

    def checkpoints(self, owner: str | None) -> list[str]:
        """Checkpoints that pictures are of; reads all pictures."""
        pictures = tables.pictures
        statement = owned(select(pictures.c.checkpoint).distinct().where(text(tables.KEPT)), pictures, owner)
        with self._database.reading() as connection:
            return sorted(name for name in connection.execute(statement).scalars() if name)

    def mark(
        self,
        names: Sequence[str],
        owner: str | None,
        *,
        rating: int | None = None,
        favourite: bool | None = None,
        rejected: bool | None = None,
        tags: Iterable[str] | None = None,
        add_tags: Iterable[str] = (),
        remove_tags: Iterable[str] = (),
    ) -> Pictures:
        """Mark pictures, all of them or none; what is None stays as it is.

        Args:
            names: Which.
            owner: Whose.
            rating: Stars, 0 to 5.
            favourite: Whether they are favourites.
            rejected: Whether they are rejected.
            tags: All tags that they have from now on.
            add_tags: Tags that they have beside their others.
            remove_tags: Tags that they no longer have.

        Returns:
            The pictures as they are now, in the order of `names`.

        Raises:
            UnknownJob: One is not there, or another's.
            RequestError: Too many tags, or a tag that is none.
        """
        values = {"rating": rating, "favourite": favourite, "rejected": rejected}
        values = {name: value for name, value in values.items() if value is not None}
        more, less = tidy_tags(add_tags), tidy_tags(remove_tags)
        all_tags = None if tags is None else tidy_tags(tags)
        pictures, rows = tables.pictures, tables.picture_tags
        with self._database.writing() as connection:
            _all(connection, names, owner)
            if values:
                connection.execute(update(pictures).where(pictures.c.name.in_(list(names))).values(values))
            for name in names:
                gone = rows.c.picture == name
                if all_tags is None:
                    gone = and_(gone, rows.c.tag.in_(less + more))
                if all_tags is not None or less or more:
                    connection.execute(delete(rows).where(gone))
                    new = [{"picture": name, "tag": tag} for tag in (all_tags or more)]
                    if new:
                        connection.execute(insert(rows), new)
                    _check_tags(connection, name)
            return _all(connection, names, owner)

    def trash(self, names: Sequence[str], owner: str | None) -> Pictures:
        """Put pictures into the bin; one that is there already stays there since when it was.

        Raises:
            UnknownJob: One is not there, or another's; then none is put there.
        """
        pictures = tables.pictures
        with self._database.writing() as connection:
            _all(connection, names, owner)
            connection.execute(
                update(pictures)
                .where(pictures.c.name.in_(list(names)), pictures.c.trashed.is_(None))
                .values(trashed=self._clock())
            )
            return _all(connection, names, owner)

    def restore(self, names: Sequence[str], owner: str | None) -> Pictures:
        """Take pictures out of the bin.

        Raises:
            UnknownJob: One is not there, was removed for good, or is another's; then none is taken out.
        """
        pictures = tables.pictures
        with self._database.writing() as connection:
            _all(connection, names, owner)
            connection.execute(update(pictures).where(pictures.c.name.in_(list(names))).values(trashed=None))
            return _all(connection, names, owner)

    def binned(self, owner: str | None, *, before: float | None = None, limit: int = 1000) -> Pictures:
        """What lies in the bin, the longest first.

        Args:
            owner: Whose; None is everybody's.
            before: Only what was put there before (unix seconds).
            limit: The most that are named.
        """
        pictures = tables.pictures
        statement = owned(select(pictures).where(text(tables.TRASHED), text(tables.KEPT)), pictures, owner)
        if before is not None:
            statement = statement.where(pictures.c.trashed < before)
        with self._database.reading() as connection:
            rows = connection.execute(statement.order_by(pictures.c.trashed).limit(limit))
            return [picture_of(row) for row in rows]

    def family(self, name: str, owner: str | None) -> Pictures:
        """A picture's ancestors, and everything that was made from the eldest of them, that one first.

        Removed ones are among them, so that what came of them hangs together. At most `MOST_RELATED`.

        Raises:
            UnknownJob: There is none, or it is another's.
        """
        pictures = tables.pictures
        with self._database.reading() as connection:
            eldest = picture_of(_one(connection, name, owner, removed=True))
            line = {eldest.name: eldest}
            while eldest.parent and eldest.parent not in line and len(line) < MOST_UP:
                row = connection.execute(select(pictures).where(pictures.c.name == eldest.parent)).first()
                if row is None or (owner is not None and row.owner != owner):
                    break
                eldest = picture_of(row)
                line[eldest.name] = eldest
            found, expanded, wave = dict(reversed(line.items())), set[str](), [eldest.name]
            while wave and len(found) < MOST_RELATED:
                statement = select(pictures).where(text(tables.BORN), pictures.c.parent.in_(wave))
                statement = owned(statement, pictures, owner).order_by(pictures.c.created, pictures.c.name)
                children = [picture_of(each) for each in connection.execute(statement.limit(MOST_RELATED))]
                expanded.update(wave)
                wave = [child.name for child in children if child.name not in expanded]
                found |= {child.name: child for child in children}
            return list(found.values())[:MOST_RELATED]

    def keep(self, given: Import) -> PictureRecord:
        """Store a picture from elsewhere as a job that is done; it is on the disk when this returns.

        Its own files must be on the disk before.
        """
        now, picture = self._clock(), given.picture
        with self._database.writing() as connection:
            job = free_job_id(connection)
            picture = replace(picture, job=job, created=now)
            values = {"id": job, "owner": picture.owner, "surface": given.surface, "state": "done", "rank": 0}
            values |= {"tag": 0.0, "weight": 1.0, "request": dict(given.request), "cost": 0.0, "extra": {}}
            values |= {"checkpoint": picture.checkpoint, "samples": 1, "names": [picture.name]}
            values |= {
                "format": picture.format,
                "created": now,
                "started": now,
                "finished": now,
                "attempt": 1,
            }
            connection.execute(insert(tables.jobs).values(values))
            connection.execute(
                insert(tables.pictures).values(
                    **{**asdict(picture), "seed": str(picture.seed), "expires": None}
                )
            )
            add_events(connection, job, now, [("done", {"pictures": 1})])
        return picture


def of_job(job: JobRecord, picture: PictureRecord) -> dict[str, Any]:
    """What the gallery knows of a drawn picture from its job."""
    surface = job.extra.get("surface")
    said = surface if isinstance(surface, Mapping) else {}
    words = words_for(
        job.request.get("prompt"),
        job.extra.get("prompt_asked"),
        job.request.get("negative"),
        job.checkpoint,
        f"{picture.width}x{picture.height}",
        said.get("label"),
    )
    values = {"owner": job.owner, "checkpoint": job.checkpoint, "origin": "drawn", "words": words}
    return values | {name: _short(said.get(name)) for name in ("parent", "relation")}


def tidy_tags(tags: Iterable[str]) -> list[str]:
    """Tags in small letters without needless space, each once, in order.

    Raises:
        RequestError: One is empty, too long, or holds what cannot be shown; or there are too many.
    """
    found: dict[str, None] = {}
    for tag in tags:
        tidy = " ".join(tag.casefold().split())
        if not tidy or len(tidy) > MOST_TAG or not tidy.isprintable():
            raise RequestError(
                f"{tag[:40]!a} is no tag.", f"A tag has 1 to {MOST_TAG} characters that can be shown."
            )
        found[tidy] = None
    if len(found) > MOST_TAGS:
        raise RequestError(f"A picture has at most {MOST_TAGS} tags.", "Leave some out.")
    return list(found)


def _one(connection: Connection, name: str, owner: str | None, *, removed: bool = False) -> Any:
    pictures = tables.pictures
    row = None
    if name.isprintable():
        row = connection.execute(select(pictures).where(pictures.c.name == name)).first()
    if row is None or (owner is not None and row.owner != owner) or (row.removed and not removed):
        raise unknown_picture()
    return row


def _all(connection: Connection, names: Sequence[str], owner: str | None) -> Pictures:
    pictures = tables.pictures
    found: dict[str, PictureRecord] = {}
    if all(name.isprintable() for name in names):
        rows = connection.execute(select(pictures).where(pictures.c.name.in_(list(names)), text(tables.KEPT)))
        found = {row.name: picture_of(row) for row in rows if owner is None or row.owner == owner}
    if len(found) < len(set(names)):
        raise unknown_picture()
    return [found[name] for name in dict.fromkeys(names)]


def _check_tags(connection: Connection, name: str) -> None:
    tags = tables.picture_tags
    count = select(func.count()).select_from(tags).where(tags.c.picture == name)
    if connection.execute(count).scalar_one() > MOST_TAGS:
        raise RequestError(f"A picture has at most {MOST_TAGS} tags.", "Remove some first.")


def _short(value: object) -> str:
    return plain(value)[:200] if isinstance(value, str) else ""


def unknown_picture() -> UnknownJob:
    """The error for a picture that is not there, or not the caller's: the same for both."""
    return UnknownJob(
        "There is no picture of that name.", "It may have been removed; other keys' pictures are not shown."
    )
