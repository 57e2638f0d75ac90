"""Puts right words that are nearly words of the vocabulary, so that "rembrant lighting" is found as what it was meant.

Only a word that differs by one letter (one wrong, one missing, one too many, two swapped), begins with the same letter
and is known nowhere is put right. The text itself is never changed: places are told in the original.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache

from fluxgram.photography.catalog import Catalog
from fluxgram.photography.terms import Match
from fluxgram.prompt import clues
from fluxgram.prompt.clauses import WORD

_SHORTEST = 5
"""Letters of the shortest word that is put right; shorter ones are too often another word."""
_SHORTEST_ALONE = 7
"""The same for a word that is a whole phrase of the vocabulary: "hazel" is not "haze"."""

_KNOWN = (
    clues.LIGHT
    | clues.CAMERA
    | clues.QUALITY
    | clues.PLACE
    | clues.BODY
    | clues.PERSON
    | clues.THING
    | clues.EMPTY
)


def find_forgiving(text: str, catalog: Catalog) -> list[Match]:
    """The terms of a text, misspelt ones among them; places are of the text as given."""
    spelling = _spelling(catalog)
    corrected: list[str] = []
    shifts: list[tuple[int, int, int]] = []  # in the corrected text: start, end; in the text: end
    last = length = 0
    for match in WORD.finditer(text):
        if (right := spelling.right(match.group())) is None:
            continue
        corrected += [text[last : match.start()], right]
        start = length + match.start() - last
        length = start + len(right)
        last = match.end()
        shifts.append((start, length, last))
    if not shifts:
        return catalog.find(text)
    found = catalog.find("".join((*corrected, text[last:])))
    return [match for match in _placed(found, shifts) if match is not None]


def _placed(found: list[Match], shifts: list[tuple[int, int, int]]) -> Iterator[Match]:
    """Matches of the corrected text at their places in the original; single words that are too short are left out."""
    ends = [end for _, end, _ in shifts]

    def original(place: int) -> int:
        before = bisect_right(ends, place) - 1
        return place if before < 0 else place - shifts[before][1] + shifts[before][2]

    for match in found:
        first = bisect_right(ends, match.start)
        alone = first < len(shifts) and shifts[first][:2] == (match.start, match.end)
        if not alone or match.end - match.start >= _SHORTEST_ALONE:
            yield Match(match.term, original(match.start), original(match.end), match.vague)


class _Spelling:
    """The words of a vocabulary, found by what is left of them without one letter."""

    def __init__(self, catalog: Catalog) -> None:
        """Note every word of every phrase."""
        self._known = {word for phrase in catalog.phrases for word in phrase.split()} | _KNOWN
        self._by_rest: dict[str, list[str]] = {}
        for word in sorted(word for phrase in catalog.phrases for word in set(phrase.split())):
            if len(word) >= _SHORTEST and word.isalpha():
                for rest in _rests(word):
                    entry = self._by_rest.setdefault(rest, [])
                    if word not in entry:
                        entry.append(word)

    def right(self, word: str) -> str | None:
        """What a word was meant to be; None where it is known, or nothing is near."""
        if not _SHORTEST <= len(word) <= 20:
            return None
        word = word.casefold()
        if word in self._known or not word.isalpha() or word.removesuffix("ing") in self._known:
            return None
        if any(word.removesuffix(end) in self._known for end in ("s", "es", "d", "ed", "ly", "y")):
            return None
        for rest in (word, *_rests(word)):
            for known in self._by_rest.get(rest, ()):
                if known[0] == word[0] and not _other_form(word, known) and _one_apart(word, known):
                    return known
        return None


def _rests(word: str) -> Iterator[str]:
    yield word
    for place in range(1, len(word)):
        yield word[:place] + word[place + 1 :]


def _other_form(word: str, known: str) -> bool:
    """Whether one is only the other with an ending: "glows" and "glow"."""
    longer, shorter = sorted((word, known), key=len, reverse=True)
    return longer != shorter and longer[:-1] == shorter and longer[-1] in "sdy" and len(word) > len(known)


def _one_apart(one: str, other: str) -> bool:
    """Whether one letter is wrong, missing or too many, or two neighbours are swapped."""
    if abs(len(one) - len(other)) > 1:
        return False
    place = next(
        (place for place, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), None
    )
    if place is None:
        return True
    a, b = one[place:], other[place:]
    return a[1:] == b or a == b[1:] or a[1:] == b[1:] or (len(a) > 1 and a[:2] == b[1::-1] and a[2:] == b[2:])


@lru_cache(maxsize=4)
def _spelling(catalog: Catalog) -> _Spelling:
    return _Spelling(catalog)
