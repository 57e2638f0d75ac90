"""Words of a text with their places, and a tree of phrases that is looked through once from left to right.

What does not matter to a reader does not matter here: capitals, spaces against hyphens, straight against typographic
quotes, invisible characters, British against American spelling, "light" against "lighting". A comma or the end of a
sentence is not passed over, unless the phrase has a comma there itself. Work is linear in the length of the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")

_TOKEN = re.compile(
    r"(?P<word>[^\W\d_]+(?:'[^\W\d_]+)*)|(?P<number>\d+(?:\.\d+)?)|(?P<comma>,)|(?P<and>&)|(?P<gap>[\s_\-/\"'*]+)|(?P<stop>.)",
    re.DOTALL,
)

SAME = {
    "lighting": "light", "lights": "light", "colour": "color", "colours": "color", "colors": "color",
    "coloured": "colored", "grey": "gray", "centre": "center", "centred": "centered", "lense": "lens",
    "pictures": "picture", "backlighting": "backlight", "sidelighting": "sidelight", "mould": "mold",
    "fibre": "fiber", "fibres": "fibers", "metre": "meter", "aluminium": "aluminum", "moody": "moody",
    "jewellery": "jewelry", "theatre": "theater", "travelling": "traveling", "pearlized": "pearlised",
}  # fmt: skip
"""Spellings that are read as one word."""

_PLAIN = {"\u2018": "'", "\u2019": "'", "\u02bc": "'", "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u00ab": '"',
          "\u00bb": '"', "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": ",", "\u2044": "/",
          "\u0192": "f", "\u00d7": "x"}  # fmt: skip


class Word(NamedTuple):
    """A word, a number, a comma or a stop of a text.

    Attributes:
        text: In the one spelling that phrases are kept in; `,` and `.` for what separates.
        start: First character in the original text.
        end: One past the last.
        opens: Nothing that belongs to a word is right before it.
        closes: Nothing that belongs to a word is right after it.
    """

    text: str
    start: int
    end: int
    opens: bool
    closes: bool


def words_of(text: str) -> list[Word]:
    """All words of a text; offsets are of the text as given."""
    plain, places = _fold(text)
    found: list[Word] = []
    glued = False  # whether the token before touches this one, as in "85mm"
    for match in _TOKEN.finditer(plain):
        kind = match.lastgroup or ""
        if kind == "gap":
            glued = False
            continue
        start, last = match.start(), match.end() - 1
        if places is not None:
            start, last = places[start], places[last]
        token = match.group()
        if kind == "word":
            token = token.replace("'", "")
            token = SAME.get(token, token)
        elif kind in ("stop", "and"):
            token = "." if kind == "stop" else "and"
        lexical = kind in ("word", "number")
        opens = not (lexical and glued)
        if not opens:
            found[-1] = found[-1]._replace(closes=False)
        found.append(Word(token, start, last + 1, opens, closes=True))
        glued = lexical
    return found


def normal(phrase: str) -> tuple[str, ...]:
    """The words of a phrase, as they are kept and compared."""
    return tuple(word.text for word in words_of(phrase))


def _fold(text: str) -> tuple[str, list[int] | None]:
    """Lower case without accents and invisible characters, and where each character was; None where nothing moved."""
    if text.isascii():
        return text.lower(), None
    kept: list[str] = []
    places: list[int] = []
    for place, char in enumerate(text):
        folded = _fold_character(char)
        kept.append(folded)
        places.extend([place] * len(folded))
    return "".join(kept), places


@lru_cache(maxsize=4096)
def _fold_character(char: str) -> str:
    if char in _PLAIN:
        return _PLAIN[char]
    if char.isascii():
        return char.lower()
    if unicodedata.category(char) in ("Cf", "Mn", "Me", "Cc"):
        return ""
    parts = unicodedata.normalize("NFKD", char).casefold()
    plain = "".join(part for part in parts if unicodedata.category(part) != "Mn")
    # one character must not become two words: a fraction or a circled number stays what it is
    return plain if len(plain) < 2 or plain.isalpha() else char


@dataclass(slots=True)
class _Node(Generic[T]):
    below: dict[str, _Node[T]] = field(default_factory=dict)
    value: T | None = None


@dataclass(slots=True)
class Phrases(Generic[T]):
    """Phrases and what each stands for.

    Attributes:
        longest: Words of the longest phrase: no place of a text is looked at more often than that.
    """

    longest: int = 0
    _root: _Node[T] = field(default_factory=_Node)

    def add(self, phrase: tuple[str, ...], value: T) -> None:
        """Keep a phrase (as `normal` gives it); a phrase that is there already gets the new value."""
        node = self._root
        for word in phrase:
            node = node.below.setdefault(word, _Node())
        node.value = value
        self.longest = max(self.longest, len(phrase))

    def get(self, phrase: tuple[str, ...]) -> T | None:
        """What a whole phrase stands for."""
        node: _Node[T] | None = self._root
        for word in phrase:
            node = node.below.get(word) if node else None
        return node.value if node else None

    def find(self, text: str) -> Iterator[tuple[int, int, T]]:
        """Start, end and value of phrases that do not overlap: at each place the longest, then on behind it."""
        words = words_of(text)
        place = 0
        while place < len(words):
            found = self._longest_at(words, place)
            if found is None:
                place += 1
                continue
            last, value = found
            yield words[place].start, words[last].end, value
            place = last + 1

    def _longest_at(self, words: list[Word], place: int) -> tuple[int, T] | None:
        if not words[place].opens:
            return None
        node, found = self._root, None
        for last in range(place, len(words)):
            below = node.below.get(words[last].text)
            if below is None:
                break
            node = below
            if node.value is not None and words[last].closes:
                found = last, node.value
        return found
