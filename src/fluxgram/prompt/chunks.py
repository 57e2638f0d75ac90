"""Parts the free words of a clause into phrases, tells their roles, and recognises misspelt vocabulary among them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from fluxgram.photography.catalog import Catalog
from fluxgram.photography.terms import Term
from fluxgram.prompt import clues
from fluxgram.prompt.clauses import WORD
from fluxgram.prompt.roles import role_of_words

_MOST_LOOKUPS = 12
"""So that a long text of strange words costs no more than a short one."""

_KNOWN = (
    clues.LIGHT
    | clues.CAMERA
    | clues.QUALITY
    | clues.PLACE
    | clues.BODY
    | clues.EMPTY
    | clues.PERSON
    | clues.MEDIUM
)
_NOT_AT_THE_END = clues.EMPTY | clues.SETTING_WORDS


@dataclass(frozen=True, slots=True)
class Chunk:
    """A phrase of free words.

    Attributes:
        start: First character.
        end: One past the last.
        words: Its words, lower case.
        role: What it does.
    """

    start: int
    end: int
    words: tuple[str, ...]
    role: str


def words_of(text: str) -> Iterator[str]:
    """The words of a text, lower case."""
    return (match.group().casefold() for match in WORD.finditer(text))


def has_content(text: str) -> bool:
    """Whether any word of a text means something alone."""
    return any(word not in clues.EMPTY for word in words_of(text))


def chunks(text: str, start: int, end: int, *, has_subject: bool, heading: str = "") -> Iterator[Chunk]:
    """The phrases between two places of a text.

    Args:
        text: The prompt.
        start: Where to begin.
        end: Where to stop.
        has_subject: Whether the prompt's subject has been found before.
        heading: Role that a heading gives to all of it; empty without one.
    """
    words = [
        (match.group().casefold(), match.start(), match.end()) for match in WORD.finditer(text, start, end)
    ]
    for first, last in _cuts(words):
        chunk = _trimmed(words[first:last], has_subject=has_subject, heading=heading)
        if chunk is not None:
            has_subject = has_subject or chunk.role == "subject"
            yield chunk


def _cuts(words: list[tuple[str, int, int]]) -> Iterator[tuple[int, int]]:
    """Where phrases begin: at words of place and at "with" and "wearing", unless nothing has been said yet."""
    first, said = 0, False
    for place, (word, _, _) in enumerate(words):
        opens = word in clues.SETTING_WORDS or word in ("with", "wearing")
        if opens and said and not _stays(words, place):
            yield first, place
            first, said = place, False
        said = said or not (opens or word in clues.EMPTY)
    if words:
        yield first, len(words)


def _stays(words: list[tuple[str, int, int]], place: int) -> bool:
    """Whether the words after a preposition still tell who it is: "in her 30s", "on the nose of a girl"."""
    ahead = [word for word, _, _ in words[place + 1 : place + 6]]
    if ahead and ahead[0] == "front":
        return False
    content = next((word for word in ahead if word not in clues.EMPTY), "")
    age = content in clues.AGE or content.rstrip("s").isdigit() or content in ("early", "mid", "late")
    return age or (content in clues.BODY and any(word in clues.PERSON for word in ahead))


def _trimmed(words: list[tuple[str, int, int]], *, has_subject: bool, heading: str) -> Chunk | None:
    first, last = 0, len(words)
    while first < last and words[first][0] in clues.EMPTY and words[first][0] not in clues.SETTING_WORDS:
        first += 1
    while last > first and words[last - 1][0] in _NOT_AT_THE_END:
        last -= 1
    if first == last:
        return None
    said = tuple(word for word, _, _ in words[first:last])
    place = said[0] in clues.SETTING_WORDS
    role = role_of_words(said, has_subject=has_subject, opens_place=place)
    if not role:
        return None
    return Chunk(words[first][1], words[last - 1][2], said, heading or role)


class Speller:
    """Recognises vocabulary that is spelt nearly right, a bounded number of times a text."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._left = _MOST_LOOKUPS

    def term(self, chunk: Chunk) -> Term | None:
        """The term that a phrase was meant to be, or None."""
        if (
            chunk.role in ("subject", "negative")
            or len(chunk.words) > 5
            or all(word in _KNOWN for word in chunk.words)
        ):
            return None
        if not self._left:
            return None
        self._left -= 1
        written = " ".join(chunk.words)
        for phrase, term in self._catalog.nearest(written, n=2):
            if term.kind != "negative" and _misspelt(chunk.words, phrase):
                return term
        return None


def _misspelt(words: tuple[str, ...], phrase: str) -> bool:
    """Whether every word of a phrase is there, one or two of its letters wrong at most."""
    known = phrase.split()
    if len(known) != len(words):
        return len("".join(known)) >= 8 and "".join(known) == "".join(words)
    return all(one == other or _same_word(one, other) for one, other in zip(words, known, strict=True))


def _same_word(one: str, other: str) -> bool:
    if min(len(one), len(other)) < 4 or one[0] != other[0]:
        return {one, other} == {"light", "lighting"}
    return SequenceMatcher(None, one, other, autojunk=False).ratio() >= 0.85
