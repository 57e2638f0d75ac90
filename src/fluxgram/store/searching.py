"""Which pictures of the gallery are wanted, and the words that they are found by.

A search looks at `words`, which is folded text; it reads pictures until a page is full.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, exists, or_, select, text

from fluxgram.store import tables
from fluxgram.store.rows import owned

MOST_WORDS = 20_000
"""Characters that a search looks at."""
MOST_TERMS = 12
"""Words of one search."""

Rejected = Literal["hide", "show", "only"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which pictures.

    Attributes:
        words: All of these words are in its prompt, negative prompt, checkpoint or tags, or one is its seed.
        rating: At least so many stars.
        favourite: Only favourites.
        rejected: Hide them, show them too, or show only them.
        tag: Only with this tag.
        checkpoint: Only of this checkpoint.
        origin: Only of this origin.
        trashed: Those in the bin instead of the others.
    """

    words: str = ""
    rating: int = 0
    favourite: bool = False
    rejected: Rejected = "hide"
    tag: str = ""
    checkpoint: str = ""
    origin: str = ""
    trashed: bool = False


def chosen(statement: Select[Any], owner: str | None, wanted: Wanted) -> Select[Any]:
    """Of what a statement reads, only an owner's pictures that are wanted; None is everybody's."""
    pictures = tables.pictures
    statement = owned(statement.where(text(tables.KEPT)), pictures, owner)
    conditions: list[ColumnElement[bool]] = []
    if wanted.trashed:
        statement = statement.where(text(tables.TRASHED))
    else:
        conditions.append(pictures.c.trashed.is_(None))
    if wanted.rejected != "show":
        conditions.append(pictures.c.rejected.is_(wanted.rejected == "only"))
    if wanted.rating:
        conditions.append(pictures.c.rating >= wanted.rating)
    if wanted.favourite:
        conditions.append(pictures.c.favourite.is_(True))
    if wanted.checkpoint:
        conditions.append(pictures.c.checkpoint == plain(wanted.checkpoint))
    if wanted.origin:
        conditions.append(pictures.c.origin == wanted.origin)
    if wanted.tag:
        tags = tables.picture_tags
        named = select(tags.c.picture).where(tags.c.tag == plain(wanted.tag.casefold()))
        conditions.append(pictures.c.name.in_(named))
    conditions += [_has(term) for term in terms_of(wanted.words)]
    return statement.where(*conditions)


def terms_of(words: str) -> list[str]:
    """The words of a search, folded; what stands in double quotes is one."""
    found: list[str] = []
    for number, part in enumerate(plain(words.casefold()).split('"')):
        found += [part.strip()] if number % 2 else part.split()
    return [term for term in dict.fromkeys(found) if term][:MOST_TERMS]


def _has(term: str) -> ColumnElement[bool]:
    """A picture's words, its seed or one of its tags have this."""
    pictures, tags = tables.pictures, tables.picture_tags
    tagged = exists().where(tags.c.picture == pictures.c.name, tags.c.tag.contains(term, autoescape=True))
    places = [pictures.c.words.contains(term, autoescape=True), tagged]
    if term.isascii() and term.isdigit():
        places.append(pictures.c.seed == term)
    return or_(*places)


def words_for(*said: object) -> str:
    """Texts as a search looks at them: folded, each once, without what a database cannot hold."""
    told = dict.fromkeys(plain(str(each).casefold()) for each in said if each)
    return "\n".join(told)[:MOST_WORDS]


def plain(words: str) -> str:
    """Text that both databases hold: no NUL, no lone surrogates."""
    return words.encode("utf-8", "replace").decode().replace("\0", " ")
