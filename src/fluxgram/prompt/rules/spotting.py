"""Finding many fixed phrases in a text in one pass over its words.

Rules declare groups of phrases; one index over all of them is built once, and every text is walked once, so the number
of rules and phrases hardly matters. Case, hyphens and typographic apostrophes make no difference. Patterns that are not
fixed phrases (numbers, brackets) are the rules' own business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_SAME = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "‐": "-", "‑": "-", "–": "-", "—": "-", "“": '"', "”": '"'})
_GAP = " \t\n-"
_LINE_ENDS = re.compile(r"[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")


class Word(NamedTuple):
    """One word of the folded text.

    Attributes:
        text: Lower case.
        start: First character.
        end: One past the last character.
        joined: Whether only spaces or hyphens stand between it and the next word.
    """

    text: str
    start: int
    end: int
    joined: bool


class Spot(NamedTuple):
    """A phrase of a group found in a text.

    Attributes:
        start: First character.
        end: One past the last character.
        phrase: The phrase, as its words joined by single spaces.
        first: Index of its first word.
        last: Index of its last word.
    """

    start: int
    end: int
    phrase: str
    first: int
    last: int


def fold(text: str) -> str:
    """The text in lower case with plain quotes and hyphens, of the same length, so that places stay the same."""
    lower = text.lower()
    if len(lower) != len(text):
        lower = "".join(low if len(low := char.lower()) == 1 else char for char in text)
    if lower.isascii():
        return lower
    return _LINE_ENDS.sub("\n", lower.translate(_SAME).replace("\xa0", " "))


def words_of(folded: str) -> list[Word]:
    """The words of a folded text."""
    bounds = [(match.group(), match.start(), match.end()) for match in _WORD.finditer(folded)]
    words = []
    for index, (text, start, end) in enumerate(bounds):
        joined = False
        if index + 1 < len(bounds):
            gap = folded[end : bounds[index + 1][1]]
            joined = gap == " " or not gap.strip(_GAP)
        words.append(Word(text, start, end, joined))
    return words


class Spotter:
    """An index of phrases by group.

    Args:
        groups: Phrases by the name of their group.
    """

    def __init__(self, groups: Mapping[str, Iterable[str]]) -> None:
        index: dict[str, dict[tuple[str, ...], list[str]]] = {}
        for group, phrases in groups.items():
            for phrase in phrases:
                words = tuple(word.text for word in words_of(fold(phrase)))
                if words:
                    index.setdefault(words[0], {}).setdefault(words[1:], []).append(group)
        self._index = {
            first: sorted(rests.items(), key=lambda item: -len(item[0])) for first, rests in index.items()
        }

    def find(self, words: list[Word]) -> dict[str, list[Spot]]:
        """Spots by group, from left to right; within a group the longest phrase wins and none overlap."""
        found: dict[str, list[Spot]] = {}
        index = self._index
        for first, word in enumerate(words):
            for rest, groups in index.get(word.text, ()):
                last = first + len(rest)
                if rest and not _follows(words, first, rest):
                    continue
                for group in groups:
                    spots = found.setdefault(group, [])
                    if not spots or spots[-1].last < first:
                        phrase = " ".join((word.text, *rest)) if rest else word.text
                        spots.append(Spot(word.start, words[last].end, phrase, first, last))
        return found


def _follows(words: list[Word], first: int, rest: tuple[str, ...]) -> bool:
    if first + len(rest) >= len(words):
        return False
    return all(
        words[first + step].joined and words[first + step + 1].text == text for step, text in enumerate(rest)
    )
