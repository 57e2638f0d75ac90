"""Reads a prompt: which words are subject, detail, setting, light, camera, quality, negative or unknown.

What the vocabulary knows is settled first (`fluxgram.photography.catalog`), then numbers of lenses (`gear.py`),
then the words between them by what they give away (`chunks.py`). Every piece knows its exact place in the original
text. Nothing is judged here; `lint.py` does that.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, cast

from fluxgram.photography.catalog import Catalog
from fluxgram.photography.catalog import catalog as built_in
from fluxgram.photography.terms import Match, Term
from fluxgram.prompt import chunks
from fluxgram.prompt.clauses import Clause, Said, clauses, negations, only_side, sides
from fluxgram.prompt.findings import Span
from fluxgram.prompt.gear import Gear, find_numbers, joined
from fluxgram.prompt.roles import NAMING_KINDS, ROLE_OF_KIND, kind_of_picture, shows, source_of
from fluxgram.prompt.spelling import find_forgiving

Role = Literal["subject", "detail", "setting", "light", "camera", "quality", "negative", "unknown"]


WIDE_MM = 40.0
"""Focal length up to which a person in a named place is taken for an environmental portrait."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words of a prompt and what they do there.

    Attributes:
        role: What they do.
        span: Where they are in the text as it was given.
        text: The words, exactly as written.
        term: The vocabulary term that they say, if they say one; a vague phrase says none.
        side: `left` or `right` where the words (or those beside them) say the side of a light; else empty.
        focal_mm: Focal length that the words say, in millimetres, if they say one.
        aperture: f-number that the words say, if they say one.
    """

    role: Role
    span: Span
    text: str
    term: Term | None = None
    side: str = ""
    focal_mm: float | None = None
    aperture: float | None = None


@dataclass(frozen=True, slots=True)
class Parsed:
    """A prompt, read.

    Attributes:
        text: As it was given.
        pieces: In the order of the text, not overlapping.
        kind: What kind of picture it is, as far as the words tell: a key of `briefs.BRIEFS`, or empty.
    """

    text: str
    pieces: tuple[Piece, ...]
    kind: str = ""

    def of(self, role: Role) -> tuple[Piece, ...]:
        """The pieces of one role."""
        return tuple(piece for piece in self.pieces if piece.role == role)

    @property
    def terms(self) -> tuple[Term, ...]:
        """The vocabulary terms that the text says, each once, in order; those it says no to are not among them."""
        said = (piece.term for piece in self.pieces if piece.term and piece.role != "negative")
        return tuple({term.id: term for term in said}.values())


@dataclass(frozen=True, slots=True)
class _Item:
    """Something that is known for sure: a term, or numbers of a lens."""

    start: int
    end: int
    term: Term | None = None
    role: str = "camera"
    names_a_thing: bool = False
    focal_mm: float | None = None
    aperture: float | None = None
    side: str = ""


def parse(text: str, catalog: Catalog | None = None, *, forgiving: bool = True) -> Parsed:
    """Read a prompt.

    Args:
        text: As a user wrote it: sentences, comma phrases, anything.
        catalog: The vocabulary; the built-in one if None.
        forgiving: Whether "rembrant lighting" is read as the term that it is nearly spelt like.
    """
    catalog = built_in() if catalog is None else catalog
    found = find_forgiving(text, catalog) if forgiving else catalog.find(text)
    pieces = _Reader(text, _items(text, found), catalog).read()
    subject = {word for piece in pieces if piece.role == "subject" for word in chunks.words_of(piece.text)}
    said = set(chunks.words_of(text))
    kinds = [piece.term.kind for piece in pieces if piece.term and piece.role != "negative"]
    widest = min((piece.focal_mm for piece in pieces if piece.focal_mm), default=0.0)
    return Parsed(
        text, tuple(pieces), kind_of_picture(subject or said, said, kinds, wide=0 < widest <= WIDE_MM)
    )


def _items(text: str, found: Sequence[Match]) -> list[_Item]:
    """Terms and lenses, in order, not overlapping."""
    numbers, lengths = find_numbers(text)
    items: list[_Item] = []
    free = iter(numbers)
    gear = next(free, None)
    left: list[Gear] = []
    length_starts = [length.start for length in lengths]
    for match in found:
        before = bisect_left(length_starts, match.end) - 1
        if match.term.kind == "lens" and before >= 0 and match.start < lengths[before].end:
            continue  # "35 mm tall" is no lens
        item = _Item(
            match.start,
            match.end,
            None if match.vague else match.term,
            ROLE_OF_KIND[match.term.kind],
            names_a_thing=match.term.kind in NAMING_KINDS,
        )
        while gear is not None and gear.end <= match.start:
            left.append(gear)
            gear = next(free, None)
        while gear is not None and gear.start < match.end:
            item = replace(
                item,
                start=min(item.start, gear.start),
                end=max(item.end, gear.end),
                focal_mm=gear.focal_mm if item.focal_mm is None else item.focal_mm,
                aperture=gear.aperture if item.aperture is None else item.aperture,
            )
            gear = next(free, None)
        items.append(item)
    left += [] if gear is None else [gear, *free]
    starts = [item.start for item in items]
    for lens in joined(text, left):
        place = bisect_left(starts, lens.start)
        if place < len(items) and items[place].start < lens.end:
            continue  # joined over a term between its two numbers
        items.append(
            _Item(lens.start, lens.end, None, "camera", focal_mm=lens.focal_mm, aperture=lens.aperture)
        )
    items.sort(key=lambda item: item.start)
    return _apart(items)


def _apart(items: Sequence[_Item]) -> list[_Item]:
    apart: list[_Item] = []
    for item in items:
        if apart and item.start < apart[-1].end:
            if item.end <= apart[-1].end:
                continue
            item = replace(item, start=apart[-1].end)  # noqa: PLW2901
        apart.append(item)
    return apart


class _Reader:
    """Goes through a text clause by clause."""

    def __init__(self, text: str, items: list[_Item], catalog: Catalog) -> None:
        self.text = text
        self.catalog = catalog
        self.items = items
        self.pieces: list[Piece] = []
        self.has_subject = False

    def read(self) -> list[Piece]:
        """All pieces, in order."""
        place = 0
        for clause in clauses(self.text, [(item.start, item.end) for item in self.items]):
            inside = place
            while inside < len(self.items) and self.items[inside].start < clause.end:
                inside += 1
            self._read_clause(clause, self.items[place:inside])
            place = inside
        return self.pieces

    def _read_clause(self, clause: Clause, items: list[_Item]) -> None:
        refused = list(negations(self.text, clause, [(item.start, item.end) for item in items]))
        lit = any(item.role == "light" for item in items)
        said = [side for side in sides(self.text, clause, lit=lit) if not _within(side.start, refused)]
        if lit:
            items, said = self._give_sides(items, said), []
        elif not items and said and self._extend_last(clause, said):
            return
        first = clause.start
        for start, stop in [*refused, (clause.end, clause.end)]:
            self._read_part(first, start, _starting(items, first, start), said, clause.heading)
            if stop > start:
                self._refuse(start, stop, _starting(items, start, stop))
            first = stop

    def _refuse(self, start: int, stop: int, items: list[_Item]) -> None:
        term = items[0].term if items else None
        self._add("negative", start, stop, term=term)

    def _give_sides(self, items: list[_Item], said: list[Said]) -> list[_Item]:
        """A side goes to the light before it, or else to the one behind it."""
        lights = [place for place, item in enumerate(items) if item.role == "light"]
        starts = [items[place].start for place in lights]
        for side in said:
            before = bisect_left(starts, side.end) - 1
            if before + 1 < len(lights) and (before < 0 or items[lights[before]].side):
                before += 1
            place = lights[max(before, 0)]
            item = items[place]
            near = side.start >= item.end and not chunks.has_content(self.text[item.end : side.start])
            items[place] = replace(item, side=item.side or side.side, end=side.end if near else item.end)
        return _apart(items)

    def _extend_last(self, clause: Clause, said: list[Said]) -> bool:
        """A clause that says only a side belongs to the light of the clause before."""
        last = self.pieces[-1] if self.pieces else None
        if last is None or last.role != "light" or last.side or not only_side(self.text, clause):
            return False
        start, end = last.span.start, said[-1].end
        self.pieces[-1] = replace(last, side=said[0].side, span=Span(start, end), text=self.text[start:end])
        return True

    def _read_part(self, start: int, end: int, items: list[_Item], said: list[Said], heading: str) -> None:
        for item in items:
            self._read_gap(start, item.start, said, heading)
            self._add(
                self._role(item), item.start, item.end, item.term, side=item.side, focal_mm=item.focal_mm,
                aperture=item.aperture,
            )  # fmt: skip
            start = item.end
        self._read_gap(start, end, said, heading)

    def _role(self, item: _Item) -> str:
        """The role of an item: a place or a thing of the vocabulary may be what the picture shows."""
        if not self.has_subject and item.names_a_thing:
            words = list(chunks.words_of(self.text[item.start : item.end]))
            if shows(words, chunks.words_of(self.text[max(0, item.start - 24) : item.start])):
                self.has_subject = True
                return "subject"
        return item.role

    def _read_gap(self, start: int, end: int, said: list[Said], heading: str) -> None:
        for chunk in chunks.chunks(self.text, start, end, has_subject=self.has_subject, heading=heading):
            self.has_subject = self.has_subject or chunk.role == "subject"
            term = self.catalog.terms.get(source_of(chunk.words)) if chunk.role == "light" else None
            self._add(chunk.role, chunk.start, chunk.end, term)
            self._give_free_sides(said, end)

    def _give_free_sides(self, said: list[Said], end: int) -> None:
        """Sides go to the light in free words that was just read, if they stand in it or behind it."""
        last = self.pieces[-1]
        if said and last.role == "setting" and last.span.start <= said[0].start < end and last.term is None:
            term = self.catalog.terms.get(
                source_of(chunks.words_of(last.text))
            )  # "a large window from the left"
            last = self.pieces[-1] = replace(last, role="light", term=term) if term else last
        while said and last.role == "light" and not last.side and last.span.start <= said[0].start < end:
            side = said.pop(0)
            stop = last.span.end
            if side.end > stop and not chunks.has_content(self.text[stop : side.start]):
                stop = side.end
            words = self.text[last.span.start : stop]
            self.pieces[-1] = last = replace(
                last, side=side.side, span=Span(last.span.start, stop), text=words
            )

    def _add(
        self, role: str, start: int, end: int, term: Term | None = None, *, side: str = "",
        focal_mm: float | None = None, aperture: float | None = None,
    ) -> None:  # fmt: skip
        words = self.text[start:end]
        self.pieces.append(Piece(cast("Role", role), Span(start, end), words, term, side, focal_mm, aperture))


def _within(place: int, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether a place is in one of some spans (in order, not overlapping)."""
    before = bisect_right(spans, place, key=_first) - 1
    return before >= 0 and place < spans[before][1]


def _first(span: tuple[int, int]) -> int:
    return span[0]


def _begin(item: _Item) -> int:
    return item.start


def _starting(items: list[_Item], start: int, end: int) -> list[_Item]:
    """The items (in order) that begin from `start` up to, not including, `end`."""
    return items[bisect_left(items, start, key=_begin) : bisect_left(items, end, key=_begin)]
