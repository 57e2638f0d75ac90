"""The words that the rules look for, read from `words.toml`, and finding them: every step is a look-up of bounded size.

What a text is cut into is `letters.py`; ages are `ages.py`; what the findings mean together is `words.py`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from fluxgram.safety import letters
from fluxgram.safety.ages import AgeReader

_GLUED = frozenset({"minor", "young", "sexual", "suggestive", "forced", "gore"})
_SHORT_ENOUGH_TO_HIDE = frozenset({"nude", "teen", "porn", "loli", "nsfw", "kids"})
_LONGEST_WORD = 16
_LONG = 12
"""A word of so many letters may be a whole sentence without spaces."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A word of the lexicon that was found.

    Attributes:
        group: What it stands for; the head of `words.toml` has the list.
        language: Of the word.
        own: It counts only together with words of its own language.
    """

    group: str
    language: str
    own: bool = False


Hits = set[Hit]


@dataclass(slots=True)
class _Node:
    """A step of the tree of entries: what may follow, and what ends here."""

    following: dict[str, _Node]
    stems: dict[str, _Node]
    hits: list[Hit]


class Lexicon:
    """All entries, by word.

    Args:
        data: The tables of `words.toml`.
    """

    def __init__(self, data: dict[str, Any]) -> None:
        self.negative = {
            name: frozenset(" ".join(each.text for each in letters.words(letters.plain(entry))) for entry in entries)
            for name, entries in data["negative"].items()
        }  # fmt: skip
        self._root = _Node({}, {}, [])
        self._singles: dict[str, list[Hit]] = {}
        self._starred: dict[str, list[Hit]] = {}
        self._east_asian: dict[str, list[Hit]] = {}
        for table in data["terms"]:
            for own, key in ((False, "words"), (True, "own")):
                for entry in table.get(key, ()):
                    self._add(letters.plain(entry), Hit(table["group"], table["language"], own))
        self._longest_run = max(map(len, self._east_asian), default=0)

    def find(self, text: str) -> tuple[Hits, list[letters.Word]]:
        """What is found in a plain text, in all ways of reading it, and its words."""
        tokens = letters.words(text)
        texts = [token.text for token in tokens]
        hits = self._in_order(texts)
        for word in (*letters.with_signs(text), *letters.joined(text)):
            hits |= self._in_order([word]) if "*" not in word else self._masked(word)
        for run in letters.spelt_out(texts):
            hits |= self._inside(run, shortest=4)
            hits.update(self._singles.get(run, ()))
        for run in letters.east_asian(text):
            hits |= self._in_run(run)
        return hits, tokens

    def _add(self, entry: str, hit: Hit) -> None:
        parts = [part.text for part in letters.words(entry)]
        if any(letters.east_asian(entry)):
            self._east_asian.setdefault(entry, []).append(hit)
            return
        if hit.group == "harmless" and len(parts) > 1:  # written with hyphens, and read without them
            self._root.following.setdefault("".join(parts), _Node({}, {}, [])).hits.append(hit)
        node = self._root
        for index, part in enumerate(parts):
            branch = node.stems if entry.endswith("*") and index == len(parts) - 1 else node.following
            node = branch.setdefault(part, _Node({}, {}, []))
        node.hits.append(hit)
        if len(parts) == 1 and hit.group in _GLUED and not hit.own:
            self._singles.setdefault(parts[0], []).append(hit)
            if 3 <= len(parts[0]) <= _LONGEST_WORD:
                for place in range(1, len(parts[0]) - 1):
                    masked = f"{parts[0][:place]}*{parts[0][place + 1 :]}"
                    self._starred.setdefault(masked, []).append(hit)

    def _in_order(self, tokens: list[str]) -> Hits:
        """Entries at each word, the longest first; its words are used up."""
        found: Hits = set()
        shapes = [tuple(letters.forms(token)) for token in tokens]
        place = 0
        while place < len(tokens):
            length, hits = self._longest(shapes, place)
            if length:
                found.update(hits)
            elif tokens[place].isalpha():
                found |= self._glued(tokens[place])
            place += max(1, length)
        return found

    def _longest(self, shapes: list[tuple[str, ...]], start: int) -> tuple[int, list[Hit]]:
        """The longest entry that begins here: its number of words, and what it stands for."""
        best: tuple[int, list[Hit]] = (0, [])
        nodes = [self._root]
        for place in range(start, len(shapes)):
            reached: list[_Node] = []
            for node in nodes:
                reached += _steps(node, shapes[place])
            if not reached:
                break
            ending = [hit for node in reached for hit in node.hits]
            if ending:
                best = (place - start + 1, ending)
            nodes = reached
        return best

    def _glued(self, word: str) -> Hits:
        """Two words without a space between them, or words inside a very long one."""
        found: Hits = set()
        if 6 <= len(word) <= 2 * _LONGEST_WORD:
            for place in range(3, len(word) - 2):
                left, right = self._singles.get(word[:place]), self._singles.get(word[place:])
                if left and right:
                    found.update(left, right)
        if len(word) >= _LONG:
            found |= self._inside(word, shortest=5)
        return found

    def _inside(self, run: str, *, shortest: int) -> Hits:
        """Words anywhere in letters without spaces."""
        found: Hits = set()
        for start in range(len(run)):
            for end in range(start + 4, min(start + _LONGEST_WORD, len(run)) + 1):
                word = run[start:end]
                if (len(word) >= shortest or word in _SHORT_ENOUGH_TO_HIDE) and word in self._singles:
                    found.update(self._singles[word])
        return found

    def _in_run(self, run: str) -> Hits:
        """Chinese and Japanese entries, the longest first at each character."""
        found: Hits = set()
        place = 0
        while place < len(run):
            for length in range(min(self._longest_run, len(run) - place), 0, -1):
                if hits := self._east_asian.get(run[place : place + length]):
                    found.update(hits)
                    place += length
                    break
            else:
                place += 1
        return found

    def _masked(self, word: str) -> Hits:
        return set(self._starred.get(word, ()))


def _steps(node: _Node, shapes: Iterable[str]) -> Iterator[_Node]:
    """Where a word leads from a step, in any of its forms."""
    for shape in shapes:
        if shape in node.following:
            yield node.following[shape]
        if node.stems:
            for length in range(3, min(len(shape), _LONGEST_WORD) + 1):
                if shape[:length] in node.stems:
                    yield node.stems[shape[:length]]


@cache
def lexicon() -> tuple[Lexicon, AgeReader]:
    """The lexicon of the package, read once."""
    data = tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))
    return Lexicon(data), AgeReader(data["ages"])
