"""FX108: words of the vocabulary, misspelt."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from typing import ClassVar

from fluxgram.photography.catalog import Catalog
from fluxgram.prompt.findings import Edit, Finding, Fix, Severity, Span
from fluxgram.prompt.rules.draft import Draft
from fluxgram.prompt.rules.rule import Phrases, Rule
from fluxgram.prompt.rules.spotting import Word, fold, words_of
from fluxgram.prompt.rules.wording import phrase_list, word_set

LEAST_LETTERS = 9
"""Shorter words have too many English neighbours at one letter's distance to be judged by spelling alone."""
DISTINCT = ("bokeh", "rembrandt", "vellus", "tungsten", "aperture", "backlight", "backlit", "freckles", "overcast",
"softbox",
            "macro", "chrome", "granite", "telephoto", "fisheye", "leica", "nikon", "fujifilm", "kodak", "polaroid",
            "octabox", "gelled", "catchlight", "diffused", "portrait", "butterfly")  # fmt: skip
"""Shorter words of photography without English neighbours."""
_ENGLISH = word_set("""macho micro marco macros nikos reflecting deflection inflection reflection reflections
refection scattered
    shattered switching stitching feathered weathered leathered polished polishes stretching sketching scratches
    scratched stretched environments environmental directions direction directional horizontally fluorescence
    translucence translucency transparency transparent appearance apparent lightening lightning brightening tightening
    frightening overcoats overcasts moonlighting spotlighted landscapes portraits portraiture photographer photographers
    photographs photography photographic photographed sharpness softness hardness darkness""")
"""Words that are one letter from a word of the vocabulary and right all the same."""
_ENDINGS = ("s", "d", "ed", "es", "ly", "er", "r", "ing", "y", "n", "al", "ic")


class Misspelt(Rule):
    """Finds words of photography with a slip of the pen.

    ## What it does
    Compares long words that the vocabulary does not know with those that it does: one letter too many, too few, wrong
    or exchanged with its neighbour. Short words and plain English forms are left alone. "Lightning" after a word such
    as "soft" or "studio" is read as lighting.

    ## Why it is bad
    A checkpoint reads a misspelt word as pieces of others, and the lens or the light that you asked for is gone.
    "Soft lightning" may well bring a thunderstorm.

    ## Example
    `portrait of a man, Rembrant lightning, creamy bokhe`

    ## Use instead
    `portrait of a man, Rembrandt lighting, creamy bokeh`

    ## Evidence
    Byte-pair tokenizers split an unknown spelling into other tokens; the vocabulary of fluxgram for what was meant.
    """

    code = "FX108"
    name = "misspelt"
    severity = Severity.WARNING
    phrases: ClassVar[Phrases] = {
        "lightning for lighting": phrase_list(
            """soft lightning, studio lightning, natural lightning, rembrandt lightning, cinematic lightning, dramatic
            lightning, good lightning, warm lightning, ambient lightning, window lightning, professional lightning,
            volumetric lightning, hard lightning, rim lightning, butterfly lightning, split lightning, loop
            lightning, key lightning, side lightning, beautiful lightning, golden hour lightning, neon lightning,
            diffused lightning, rembrant lightning"""
        ),
    }

    def check(self, draft: Draft) -> Iterator[Finding]:
        """One finding for each misspelt word."""
        for spot in draft.spots("lightning for lighting"):
            word = draft.words[spot.last]
            yield self._slip(draft, word, "lighting")
        known, short = spellings(draft.vocabulary)
        for word in draft.words:
            if len(word.text) < 5 or word.text in known or word.text in _ENGLISH:
                continue
            right = nearest_spelling(word.text, short)
            if right is not None:
                yield self._slip(draft, word, right)

    def _slip(self, draft: Draft, word: Word, right: str) -> Finding:
        typed = draft.text[word.start : word.end]
        shown = (
            right.capitalize() if typed[:1].isupper() or right in {"rembrandt", "leica", "nikon"} else right
        )
        span = Span(word.start, word.end)
        return self.finding(
            f'"{typed}" is probably "{shown}": a misspelt word is read as pieces of others, and what it stands for '
            "is lost.",
            span,
            Fix(f'Write "{shown}"', (Edit(span, shown),), safe=True),
        )


@functools.lru_cache(maxsize=8)
def spellings(vocabulary: Catalog) -> tuple[frozenset[str], dict[str, tuple[str, ...]]]:
    """All words of a vocabulary, and the long ones by what is left of them when one letter is taken away."""
    texts: Iterable[str] = (
        text
        for term in vocabulary.terms.values()
        for text in (
            term.say,
            *term.say_for.values(),
            *term.aliases,
            *term.instead_of,
            term.effect,
            term.best_for,
        )
    )
    known = {word.text for text in texts for word in words_of(fold(text))} | {
        *DISTINCT,
        "lighting",
        "photorealistic",
    }
    said = {word.text for term in vocabulary.terms.values() for word in words_of(fold(term.say))}
    long = {word for word in said if len(word) >= LEAST_LETTERS and word.isalpha()} | {
        *DISTINCT,
        "photorealistic",
    }
    short: dict[str, list[str]] = {}
    for word in sorted(long):
        for left in _shortened(word):
            short.setdefault(left, []).append(word)
    return frozenset(known), {left: tuple(words) for left, words in short.items()}


def nearest_spelling(word: str, short: dict[str, tuple[str, ...]]) -> str | None:
    """The long word that is one slip away and no mere other form of it, or None."""
    if len(word) > 40 or not word.isalpha():
        return None
    for left in _shortened(word):
        for right in short.get(left, ()):
            if abs(len(right) - len(word)) <= 1 and _one_slip(word, right) and not _same_stem(word, right):
                return right
    return None


def _shortened(word: str) -> set[str]:
    return {word} | {word[:place] + word[place + 1 :] for place in range(len(word))}


def _one_slip(word: str, right: str) -> bool:
    """Whether one letter is added, missing, wrong, or two neighbours have changed places."""
    if len(word) != len(right):
        longer, shorter = (word, right) if len(word) > len(right) else (right, word)
        return shorter in _shortened(longer)
    wrong = [place for place, (a, b) in enumerate(zip(word, right, strict=True)) if a != b]
    if len(wrong) == 2 and wrong[1] == wrong[0] + 1:
        return word[wrong[0]] == right[wrong[1]] and word[wrong[1]] == right[wrong[0]]
    return len(wrong) == 1


def _same_stem(word: str, right: str) -> bool:
    """Whether both are forms of one word ("reflection", "reflections")."""
    longer, shorter = (word, right) if len(word) > len(right) else (right, word)
    if longer != shorter and longer.startswith(shorter) and longer[len(shorter) :] in _ENDINGS:
        return True
    return word[:-1] == right[:-1] and {word[-1], right[-1]} <= {"s", "d", "r", "n", "e", "y"}
