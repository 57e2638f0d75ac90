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
_SAME = str.maketrans(
    {"’": "'", "‘": "'", "ʼ": "'", "‐": "-", "‑": "-", "–": "-", "—": "-", "“": '"', "”": '"'}
)
_GAP = " \t\n-_"
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
    words: list[Word] = []
    last: tuple[str, int, int] | None = None
    for match in _WORD.finditer(folded):
        start, end = match.span()
        if last is not None:
            gap = folded[last[2] : start]
            words.append(Word(*last, gap == " " or not gap.strip(_GAP)))
        last = match[0], start, end
    if last is not None:
        words.append(Word(*last, joined=False))
    return words


_Node = dict[str, tuple["_Node", list[str]]]
"""Next word to (what may follow, groups of the phrase that ends here)."""


class Spotter:
    """An index of phrases by group.

    Args:
        groups: Phrases by the name of their group.
    """

    def __init__(self, groups: Mapping[str, Iterable[str]]) -> None:
        self._tree: _Node = {}
        for group, phrases in groups.items():
            for phrase in phrases:
                words = [word.text for word in words_of(fold(phrase))]
                node = self._tree
                for word in words[:-1]:
                    node = node.setdefault(word, ({}, []))[0]
                if words:
                    node.setdefault(words[-1], ({}, []))[1].append(group)

    def find(self, words: list[Word]) -> dict[str, list[Spot]]:
        """Spots by group, from left to right; within a group the longest phrase wins and none overlap."""
        found: dict[str, list[Spot]] = {}
        for first, word in enumerate(words):
            entry = self._tree.get(word.text)
            if entry is None:
                continue
            ends, last = [], first
            while entry is not None:
                if entry[1]:
                    ends.append((last, entry[1]))
                if not entry[0] or not words[last].joined:
                    break
                last += 1
                entry = entry[0].get(words[last].text)
            for last, groups in reversed(ends):
                spot = None
                for group in groups:
                    spots = found.setdefault(group, [])
                    if not spots or spots[-1].last < first:
                        if spot is None:
                            phrase = " ".join([each.text for each in words[first : last + 1]])
                            spot = Spot(word.start, words[last].end, phrase, first, last)
                        spots.append(spot)
        return found
