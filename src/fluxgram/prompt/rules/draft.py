"""`Draft`: a prompt prepared for the rules, each view of it made once and only when a rule asks for it.

Rules read a draft and never change it. All places are characters of `text`; `folded` has the same length. What a
phrase of the prompt is about (a person, a product, a light) is decided here, so that all rules agree.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple

from fluxgram.photography.catalog import Catalog, catalog
from fluxgram.photography.terms import Match
from fluxgram.prompt.facts import CheckpointFacts
from fluxgram.prompt.findings import Edit, Span
from fluxgram.prompt.rules.spotting import Spot, Spotter, Word, fold, words_of
from fluxgram.prompt.rules.wording import FOREIGN, GENERIC, NOT_LIGHT_AFTER, SMALL

_BREAK = re.compile(r"[,;\n，、。；]|[.!?](?=\s|$)")
_FOCAL = re.compile(r"(?<![\w.])(?:(\d{1,4})\s?(?:mm)?\s?-\s?)?(\d{1,4}(?:\.\d)?)\s?mm(?![a-z])")
_APERTURE = re.compile(r"(?<![\w.])[fƒ]\s?/?\s?(\d{1,2}(?:\.\d{1,2})?)(?![\w.]*\w)")


class Phrase(NamedTuple):
    """What stands between two commas or full stops.

    Attributes:
        start: First character.
        end: One past the last character.
        first: Index of its first word.
        last: One past the index of its last word.
    """

    start: int
    end: int
    first: int
    last: int


class Number(NamedTuple):
    """A focal length in mm or an f-number; `low` is the short end of a zoom, or the same."""

    value: float
    start: int
    end: int
    low: float


class Draft:
    """A prompt and all that is known of it.

    Args:
        text: The prompt.
        spotter: Index of the rules' phrases.
        negative: Negative prompt, or None.
        facts: What is known of the checkpoint, or None.
        size: Width and height in px, or None.
        seed: Seed, or None where it is drawn by chance.
        anchor: The character's stable description, part of the text; empty for none. Those of several characters
            are parted by semicolons.
        vocabulary: The vocabulary; None is the built-in one.
        whole_length: Characters of the prompt of which `text` is only the beginning.
    """

    def __init__(
        self,
        text: str,
        spotter: Spotter,
        *,
        negative: str | None = None,
        facts: CheckpointFacts | None = None,
        size: tuple[int, int] | None = None,
        seed: int | None = None,
        anchor: str = "",
        vocabulary: Catalog | None = None,
        whole_length: int | None = None,
    ) -> None:
        self.text = text
        self.whole_length = len(text) if whole_length is None else whole_length
        self.negative = negative
        self.facts = facts
        self.size = size or (facts.sizes[0] if facts and facts.sizes else None)
        self.seed = seed
        self.anchor = anchor.strip()
        self.vocabulary = vocabulary if vocabulary is not None else catalog()
        self.folded = fold(text)
        self._spotter = spotter

    @cached_property
    def words(self) -> list[Word]:
        """All words, in lower case."""
        return words_of(self.folded)

    @cached_property
    def _spots(self) -> dict[str, list[Spot]]:
        return self._spotter.find(self.words)

    def spots(self, *groups: str) -> list[Spot]:
        """Where phrases of the groups stand, group by group."""
        if len(groups) == 1:
            return self._spots.get(groups[0], [])
        return [spot for group in groups for spot in self._spots.get(group, ())]

    @cached_property
    def matches(self) -> list[Match]:
        """Terms of the vocabulary in the text."""
        return self.vocabulary.find(self.text)

    def terms(self, *kinds: str, vague: bool = False) -> list[Match]:
        """Matches of some kinds, said specifically (or, with `vague`, by one of their vague phrasings)."""
        return [match for match in self.matches if match.term.kind in kinds and match.vague == vague]

    @cached_property
    def phrases(self) -> list[Phrase]:
        """What stands between commas and full stops, without the empty ones."""
        phrases, words, at, start = [], self.words, 0, 0
        ends = [(match.start(), match.end()) for match in _BREAK.finditer(self.folded)]
        for stop, after in [*ends, (len(self.folded), len(self.folded))]:
            first = at
            while at < len(words) and words[at].start < stop:
                at += 1
            if at > first:
                piece = self.text[start:stop]
                left = start + len(piece) - len(piece.lstrip())
                phrases.append(Phrase(left, start + len(piece.rstrip()), first, at))
            start = after
        return phrases

    @cached_property
    def phrase_of_word(self) -> list[int]:
        """For each word, the index of its phrase."""
        return [index for index, phrase in enumerate(self.phrases) for _ in range(phrase.first, phrase.last)]

    @cached_property
    def _ends(self) -> list[int]:
        return [phrase.end for phrase in self.phrases]

    def phrase_at(self, place: int) -> Phrase:
        """The phrase that holds a character of a word."""
        return self.phrases[self.phrase_index(place)]

    def phrase_index(self, place: int) -> int:
        """The index of the phrase that holds a character of a word."""
        return bisect_right(self._ends, place)

    def says(self, phrase: Phrase) -> str:
        """The words of a phrase in lower case, joined by single spaces."""
        return " ".join(word.text for word in self.words[phrase.first : phrase.last])

    def before(self, spot: Spot, count: int = 1) -> tuple[str, ...]:
        """Up to `count` words that stand right before, with nothing but spaces between, nearest first."""
        index = spot.first
        found: list[str] = []
        while index > 0 and len(found) < count and self.words[index - 1].joined:
            index -= 1
            found.append(self.words[index].text)
        return tuple(found)

    def after(self, spot: Spot, count: int = 1) -> tuple[str, ...]:
        """Up to `count` words that stand right behind, with nothing but spaces between."""
        index = spot.last
        found: list[str] = []
        while len(found) < count and self.words[index].joined:
            index += 1
            found.append(self.words[index].text)
        return tuple(found)

    def negated(self, spot: Spot) -> bool:
        """Whether the words before take it back: "no", "without", "not", "never"."""
        return any(word in _NOT for word in self.before(spot, 3))

    def removal(self, span: Span) -> Edit:
        """An edit that takes a whole phrase out, together with one comma."""
        text, left, right = self.text, span.start, span.end
        while left and text[left - 1].isspace():
            left -= 1
        if left and text[left - 1] in ",;":
            return Edit(Span(left - 1, span.end), "")
        right = self._past_spaces(right)
        if text[right : right + 1] in {",", ";"}:
            right = self._past_spaces(right + 1)
        return Edit(Span(span.start, right), "")

    def removals(self, spans: Iterable[Span]) -> tuple[Edit, ...]:
        """Edits that take several whole phrases out, left to right, without touching each other."""
        edits: list[Edit] = []
        for span in spans:
            edit, done = self.removal(span), edits[-1].span.end if edits else 0
            if edit.span.start < done:
                right = self._past_spaces(span.end)
                if self.text[right : right + 1] in {",", ";"}:
                    right = self._past_spaces(right + 1)
                edit = Edit(Span(max(span.start, done), max(right, done)), "")
            edits.append(edit)
        return tuple(edits)

    def _past_spaces(self, place: int) -> int:
        while place < len(self.text) and self.text[place].isspace():
            place += 1
        return place

    @cached_property
    def anchor_spans(self) -> list[Span]:
        """Where the anchors stand in the text; those of several characters are parted by semicolons."""
        found = []
        for part in map(str.strip, self.anchor.split(";")[:20]):
            at = self.folded.find(fold(part)) if part else -1
            if at >= 0:
                found.append(Span(at, at + len(part)))
        return found

    def in_anchor(self, place: int) -> bool:
        """Whether a character belongs to an anchor."""
        return bool(self.anchor) and any(span.start <= place < span.end for span in self.anchor_spans)

    @cached_property
    def focals(self) -> list[Number]:
        """Focal lengths of lenses in mm ("35mm film" is a format, not a lens)."""
        if "mm" not in self.folded:
            return []
        found = []
        for match in _FOCAL.finditer(self.folded):
            if not self.folded[match.end() : match.end() + 40].lstrip(" -").startswith(_FORMATS):
                value = float(match[2])
                found.append(Number(value, match.start(), match.end(), float(match[1] or value)))
        return found

    @cached_property
    def apertures(self) -> list[Number]:
        """F-numbers."""
        found = []
        for match in _APERTURE.finditer(self.folded):
            value = float(match[1])
            if "/" in match[0] or "." in match[0] or value in _STOPS:
                found.append(Number(value, match.start(), match.end(), value))
        return found

    @cached_property
    def english(self) -> bool:
        """Whether it reads as English, so that what is missing from it can be known."""
        if not self.text.isascii():
            letters = [char for char in self.folded[:2000] if char.isalpha()]
            if sum(char < "ɐ" for char in letters) < 0.7 * len(letters):
                return False
        said = [word.text for word in self.words[:400]]
        foreign = len([word for word in said if word in FOREIGN])
        return foreign < 2 or foreign <= len([word for word in said if word in SMALL])

    @cached_property
    def has_person(self) -> bool:
        """Whether it asks for a person."""
        if self.spots("people"):
            return True
        return any(self.after(spot) != ("mode",) for spot in self.spots("portrait"))

    @cached_property
    def is_product(self) -> bool:
        """Whether it asks for a picture of a thing: a product word said so, or a thing is what it is "of"."""
        if self.spots("product scene"):
            return True
        return not self.has_person and any(spot.first <= 8 for spot in self.spots("still life"))

    @cached_property
    def light_words(self) -> list[Spot]:
        """Where light is spoken of, whether well or vaguely ("light brown hair" is not light)."""
        bare = [
            spot
            for spot in self.spots("bare light")
            if not (after := self.after(spot)) or after[0] not in NOT_LIGHT_AFTER
        ]
        return [*self.spots("light"), *bare]

    @cached_property
    def has_lens(self) -> bool:
        """Whether a lens, an aperture or a camera is named."""
        named = self.focals or self.apertures or self.spots("camera")
        return bool(named or self.terms("lens", "aperture", "camera"))

    @cached_property
    def concrete(self) -> set[int]:
        """Indices of words that say something: no articles, generic subjects, vague or quality words."""
        spots = self.spots("vague", "quality", "people", "portrait", "photograph")
        empty = {index for spot in spots for index in range(spot.first, spot.last + 1)}
        return {
            index
            for index, word in enumerate(self.words)
            if index not in empty and word.text not in SMALL and word.text not in GENERIC
        }

    def is_concrete(self, phrase: Phrase) -> bool:
        """Whether a phrase has a concrete word."""
        return any(index in self.concrete for index in range(phrase.first, phrase.last))


_NOT = {"no", "not", "without", "never", "non", "zero", "avoid"}
_FORMATS = (
    "film",
    "slide",
    "negative",
    "format",
    "stock",
    "analog",
    "cine",
    "movie",
    "camera",
    "photo",
    "tall",
    "wide",
    "long",
    "thick",
    "high",
    "deep",
    "diameter",
    "in diameter",
    "scale",
    "figure",
    "square",
    "across",
)
_STOPS = {1, 2, 4, 5, 8, 11, 16, 22, 32}
