"""Items of a brief: which are terms of the vocabulary, which are free words, and whether they go together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from fluxgram.errors import RequestError, UnknownTerm
from fluxgram.photography.catalog import Catalog
from fluxgram.photography.terms import KINDS, Term

_ID = re.compile(r"[a-z]{3,20}\.[a-z0-9][a-z0-9\-]*")
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a brief.

    Attributes:
        free: Free words; empty for a term that was given by its id.
        term: The term, where there is one.
    """

    free: str = ""
    term: Term | None = None

    def words(self, family: str) -> str:
        """What to write."""
        return self.free or (self.term.words(family) if self.term else "")


def resolve(items: Sequence[str], catalog: Catalog) -> tuple[Item, ...]:
    """Turn the items of a brief into terms and free words; the same thing twice is kept once.

    Raises:
        UnknownTerm: An item looks like an id but is not in the vocabulary.
        RequestError: A negative set is asked for in the prompt itself.
    """
    found: dict[str, Item] = {}
    for given in items:
        words = given.strip()
        if not words:
            continue
        item = (
            Item(term=catalog.term(words)) if _ID.fullmatch(words) else Item(words, _term_of(words, catalog))
        )
        if item.term is not None and item.term.kind == "negative":
            hint = "Give it as the brief's negative."
            raise RequestError(
                f"{item.term.id} says what must not be there and cannot be part of a prompt.", hint
            )
        found.setdefault(item.term.id if item.term else " ".join(words.casefold().split()), item)
    return tuple(found.values())


def _term_of(words: str, catalog: Catalog) -> Term | None:
    """The term that free words say, if they say one and nothing else."""
    matches = catalog.find(words)
    if len(matches) == 1 and not matches[0].vague and (matches[0].start, matches[0].end) == (0, len(words)):
        return matches[0].term
    return None


def resolve_negative(given: str, catalog: Catalog) -> tuple[str, tuple[Term, ...]]:
    """The words of a negative prompt, and the set that they come from.

    Raises:
        UnknownTerm: It looks like an id but is not in the vocabulary.
        RequestError: It is a term, but not a negative set.
    """
    words = given.strip()
    if not _ID.fullmatch(words):
        return words, ()
    term = catalog.term(words)
    if term.kind != "negative":
        raise RequestError(
            f"{term.id} is not a negative set.", "Name a term `negative.…`, or write the words out."
        )
    return term.say, (term,)


def check_conflicts(items: Sequence[Item], catalog: Catalog) -> None:
    """See that no two terms contradict each other.

    Raises:
        RequestError: Two do; it names both.
    """
    terms = [item.term for item in items if item.term]
    for place, first in enumerate(terms):
        for second in terms[place + 1 :]:
            if catalog.conflict(first, second):
                raise RequestError(
                    f"{first.id} ({first.say}) and {second.id} ({second.say}) contradict each other.",
                    "Keep one of the two.",
                )


NEARLY = 0.75
"""How alike a word and a term's name are, 0 … 1, from which the word counts as misspelt."""


def item_of(words: str, kinds: Sequence[str], catalog: Catalog, *, nearly: float = NEARLY) -> str:
    """What a person typed for a part of a brief, as an item: an id, a name without its kind, or free words.

    Args:
        words: "light.rembrandt", "rembrandt", "Rembrandt lighting", "one bare bulb".
        kinds: Kinds of terms that fit, the likeliest first.
        catalog: The vocabulary.
        nearly: How alike they are from which a word counts as misspelt; higher where free words are usual.

    Raises:
        UnknownTerm: One word that is nearly the name of a term, or an id that there is not; the hint has the right one.
    """
    words = words.strip()
    if _ID.fullmatch(words) and words.partition(".")[0] in KINDS:
        return catalog.term(words).id
    name = "-".join(words.casefold().split())
    for kind in kinds:
        if f"{kind}.{name}" in catalog.terms:
            return f"{kind}.{name}"
    if (
        _term_of(words, catalog) is None
        and _NAME.fullmatch(words)
        and (near := _nearest(name, kinds, catalog, nearly))
    ):
        raise UnknownTerm(f"There is no {kinds[0]} {words!r} in the vocabulary.", f"Did you mean {near!r}?")
    return words


def _nearest(name: str, kinds: Sequence[str], catalog: Catalog, nearly: float) -> str:
    from difflib import get_close_matches

    names = {id_.partition(".")[2]: id_ for id_ in catalog.terms if id_.partition(".")[0] in kinds}
    near = get_close_matches(name, names, n=1, cutoff=nearly)
    return names[near[0]] if near else ""


def kind_of_item(item: str, catalog: Catalog) -> str:
    """The kind of term that an item stands for; empty for free words."""
    if _ID.fullmatch(item.strip()):
        return item.strip().partition(".")[0]
    term = _term_of(item.strip(), catalog)
    return term.kind if term else ""
