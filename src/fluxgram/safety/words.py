"""`screen`: rules that refuse a prompt by its words. Always on; no configuration turns them off.

Three things are refused: anything sexual with minors, undressing or sexualising real persons, and detailed violence
against minors. Nudity of adults is not: the classifier of pictures and its policy decide that. Words are read in
several ways (`letters.py`) and held against data (`words.toml`); a combination counts in any order. docs/safety.md says
what this cannot see.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fluxgram.safety import letters
from fluxgram.safety.ages import Ages
from fluxgram.safety.lexicon import Hit, Hits, Lexicon, lexicon

MINORS, CONSENT, GORE = "sexual_minors", "nonconsensual", "gore_minors"
"""The categories."""

_REASONS = {
    MINORS: "The prompt combines minors with nudity or sexual content, which is never drawn.",
    CONSENT: "The prompt undresses or sexualises somebody without their consent, which is never drawn.",
    GORE: "The prompt combines minors with graphic violence, which is never drawn.",
}


@dataclass(frozen=True, slots=True)
class Screening:
    """What the rules say about a prompt.

    Attributes:
        refused: It must not be drawn.
        category: `sexual_minors`, `nonconsensual` or `gore_minors`; empty where it is not refused.
        reason: One sentence for people, which never quotes the prompt; empty where it is not refused.
        rule: The name of the rule that refused, for logs and tests.
    """

    refused: bool = False
    category: str = ""
    reason: str = ""
    rule: str = ""


def screen(prompt: str, negative: str = "") -> Screening:
    """Hold a prompt against the rules. The work is linear in its length.

    Args:
        prompt: What is asked for.
        negative: What is not wanted. Its words are not asked for, so a list such as "nude, child" is no reason to
            refuse; it is looked at for entries that turn the prompt round, such as "adult" beside nudity.
    """
    known, ages = lexicon()
    hits, tokens = known.find(letters.plain(prompt))
    found = ages.find(tokens)
    turned = _turned(letters.plain(negative), known) if negative else set()
    for category, rule in _refusals(_Groups(hits), found, turned):
        return Screening(refused=True, category=category, reason=_REASONS[category], rule=rule)
    return Screening()


class _Groups:
    """The hits by what they stand for."""

    def __init__(self, hits: Hits) -> None:
        self._by: dict[str, list[Hit]] = {}
        for hit in hits:
            self._by.setdefault(hit.group, []).append(hit)

    def has(self, group: str) -> bool:
        """A word that counts by itself is there."""
        return any(not hit.own for hit in self._by.get(group, ()))

    def both(self, left: str, right: str) -> bool:
        """Words of both are there, and each of them counts beside the other."""
        return any(
            a.language == b.language or not (a.own or b.own)
            for a in self._by.get(left, ())
            for b in self._by.get(right, ())
        )


def _refusals(groups: _Groups, ages: Ages, turned: set[str]) -> Iterable[tuple[str, str]]:
    """Category and rule of all that applies, the gravest first."""
    if groups.has("prohibited"):
        yield MINORS, "prohibited_term"
    if groups.both("minor", "sexual") or (ages.minor and groups.has("sexual")):
        yield MINORS, "minor_sexual"
    if groups.both("minor", "suggestive") or (ages.minor and groups.has("suggestive")):
        yield MINORS, "minor_suggestive"
    grown = (ages.adult or groups.has("adult")) and not groups.has("person")
    if groups.both("young", "sexual") and not grown:
        yield MINORS, "young_sexual"
    if "adults" in turned and groups.has("sexual"):
        yield MINORS, "adults_excluded"
    if "clothes" in turned and (groups.has("minor") or ages.minor):
        yield MINORS, "clothes_excluded"
    if groups.has("forced"):
        yield CONSENT, "forced_term"
    if groups.both("real", "sexual"):
        yield CONSENT, "real_sexual"
    if groups.both("minor", "gore") or (ages.minor and groups.has("gore")):
        yield GORE, "minor_gore"


def _turned(negative: str, known: Lexicon) -> set[str]:
    """Which kinds of whole entries of the negative prompt turn the prompt round.

    A list that rules out minors as well as adults, or nudity as well as clothes, is the usual one of what nobody wants.
    """
    entries = {
        " ".join(word.text for word in letters.words(entry))
        for entry in negative.replace("\n", ",").split(",")
    }
    kinds = {kind for kind, listed in known.negative.items() if entries & listed}
    if kinds:
        groups = {hit.group for hit in known.find(negative)[0]}
        kinds -= {"adults"} if "minor" in groups else set()
        kinds -= {"clothes"} if "sexual" in groups else set()
    return kinds
