"""Browsing and misspellings: terms by the words in them, and phrases that are spelt nearly alike.

Neither is used for finding terms in a prompt (that is `phrases.py`); both are built when they are first asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from difflib import SequenceMatcher

from fluxgram.photography.phrases import normal
from fluxgram.photography.terms import Term

_WEIGHTS = {"name": 9, "say": 5, "aliases": 4, "tags": 3, "instead_of": 2, "prose": 1}
_ALIKE = 0.8
"""Share of letters in common, as `difflib` counts it, from which two phrases may be the same word misspelt."""


class Shelf:
    """All terms with their words, to search for browsing."""

    def __init__(self, terms: Iterable[Term]) -> None:
        """Note the words of every term and how much each weighs."""
        self._words = {term.id: _weighted(term) for term in terms}

    def search(self, words: str, terms: Iterable[Term]) -> list[Term]:
        """Those of `terms` in which every one of the words begins a word; those that weigh most first."""
        asked = [word for word in normal(words) if word not in ",."]
        found = []
        for place, term in enumerate(terms):
            weights = self._words[term.id]
            best = [
                max(
                    (weight + (known == word) for known, weight in weights.items() if known.startswith(word)),
                    default=0,
                )
                for word in asked
            ]
            if all(best):
                found.append((-sum(best), place, term))
        return [term for _, _, term in sorted(found, key=lambda row: row[:2])]


def _weighted(term: Term) -> dict[str, int]:
    texts = {
        "name": f"{term.kind} {term.name}",
        "say": term.say,
        "aliases": " ".join(term.aliases),
        "tags": " ".join(term.tags),
        "instead_of": " ".join(term.instead_of),
        "prose": f"{term.effect} {term.best_for}",
    }
    weights: dict[str, int] = {}
    for part, text in texts.items():
        for word in normal(text):
            weights[word] = max(weights.get(word, 0), _WEIGHTS[part])
    return weights


class Closeness:
    """Phrases by the groups of three letters in them, so that only a few need to be compared."""

    def __init__(self, phrases: Iterable[str]) -> None:
        """Note the groups of every phrase."""
        self._by_group: dict[str, list[str]] = {}
        for phrase in phrases:
            for group in _groups(phrase):
                self._by_group.setdefault(group, []).append(phrase)

    def nearest(self, words: str, n: int) -> list[str]:
        """Up to `n` phrases that differ from the words by little, nearest first."""
        if len(words) > 200:
            return []  # no phrase is as long
        shared = Counter(phrase for group in _groups(words) for phrase in self._by_group.get(group, ()))
        likely = sorted(shared, key=lambda phrase: (-shared[phrase] / (len(phrase) + len(words)), phrase))[
            : 4 * n + 8
        ]
        matcher = SequenceMatcher(autojunk=False)
        matcher.set_seq2(words)
        scored = []
        for phrase in likely:
            matcher.set_seq1(phrase)
            if matcher.quick_ratio() >= _ALIKE and (score := matcher.ratio()) >= _ALIKE:
                scored.append((-score, phrase))
        return [phrase for _, phrase in sorted(scored)[:n]]


def _groups(text: str) -> set[str]:
    padded = f"  {text} "
    return {padded[place : place + 3] for place in range(len(padded) - 2)}
