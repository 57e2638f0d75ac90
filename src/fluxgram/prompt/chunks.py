"""Parts the free words of a clause into phrases and tells their roles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fluxgram.prompt import clues
from fluxgram.prompt.clauses import WORD
from fluxgram.prompt.roles import role_of_words

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
    if any(word in ("lit", "illuminated") for word, _, _ in words[max(0, place - 2) : place]):
        return True  # "lit only by a candle"
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
