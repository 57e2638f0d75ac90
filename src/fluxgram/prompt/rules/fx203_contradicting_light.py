"""FX203: lights that cannot be in one picture."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import ClassVar

from fluxgram.photography.terms import LightMeaning, Term
from fluxgram.prompt.findings import Finding, Fix, Severity, Span
from fluxgram.prompt.rules.draft import Draft
from fluxgram.prompt.rules.rule import Phrases, Rule
from fluxgram.prompt.rules.spotting import Spot
from fluxgram.prompt.rules.wording import phrase_list

_WHY = {
    frozenset({"overcast light", "hard light"}): "an overcast sky has no direction and casts no hard shadow",
    frozenset({"low sun", "high sun"}): "the sun stands low in the golden hour and high at noon",
    frozenset({"low sun", "night light"}): "the golden hour is over at night",
    frozenset({"high sun", "night light"}): "noon and night are different pictures",
    frozenset({"high sun", "blue hour light"}): "the sun is below the horizon in the blue hour",
    frozenset({"low sun", "blue hour light"}): "the blue hour begins when the golden hour is over",
    frozenset({"high key light", "low key light"}): "high key fills the shadows, low key lives on them",
    frozenset({"flat light", "hard light"}): "flat light leaves no shadow",
    frozenset({"overcast light", "low sun"}): "golden sunlight does not come through a closed cloud cover",
    frozenset({"overcast light", "high sun"}): "a closed cloud cover hides the sun",
}
_PATTERNS = ("rembrandt", "butterfly", "loop", "split", "clamshell", "paramount")
_MANY_TIMES = 3
_LIGHT = {"lighting", "light", "lit", "pattern", "portrait", "setup", "set"}


class ContradictingLight(Rule):
    """Finds lights that cannot shine together.

    ## What it does
    Compares the lights of a prompt: overcast with hard shadows, golden hour with noon or night, high key with low key,
    two face patterns (Rembrandt and butterfly), the key from the left and from the right. A fill, a rim or a second
    colour from the other side is no contradiction. Lights of the vocabulary that
    exclude each other are compared by the size of their source.

    ## Why it is bad
    One picture has one main light. Asked for two, the checkpoint lights the face from one side and the hair from the
    other, which gives a picture away.

    ## Example
    `portrait, overcast sky, hard shadows`, `Rembrandt lighting, butterfly lighting`

    ## Use instead
    One key, and say the second light's part: `key light from the left, weak cool fill from the right`.

    ## Evidence
    Second article: light from two directions on one face is among the most common tells. Patterns: the position of
    the key over the face (Rembrandt 35 to 55 degrees to the side, butterfly above the lens), which one light cannot
    take twice.
    """

    code = "FX203"
    name = "contradicting-light"
    severity = Severity.WARNING
    phrases: ClassVar[Phrases] = {
        "overcast light": phrase_list(
            "overcast, cloudy day, cloudy sky, under clouds, overcast sky, overcast light, overcast natural light"
        ),
        "hard light": phrase_list(
            """hard shadows, harsh shadows, hard sunlight, harsh sunlight, harsh sun, hard light, hard shadow, harsh
            light, crisp shadows, sharp shadows, direct sun, direct sunlight"""
        ),
        "low sun": phrase_list("golden hour, sunset, sunrise, magic hour, low sun"),
        "high sun": phrase_list("noon, midday, noon sun, high noon, midday sun, overhead sun"),
        "night light": phrase_list(
            "at night, night time, nighttime, midnight, moonlight, moonlit, night street"
        ),
        "blue hour light": ("blue hour",),
        "high key light": ("high key",),
        "low key light": ("low key",),
        "flat light": phrase_list("flat light, flat lighting, shadowless, shadow free, no shadows"),
        "face patterns": _PATTERNS,
        "keys": phrase_list(
            """key light from the left, key light from the right, key from the left, key from the right, main light
            from the left, main light from the right, lit from the left, lit from the right, single source from the
            left, single source from the right, key light on the left, key light on the right, key light from left,
            key light from right, single light source from the left, single light source from the right, only light
            from the left, only light from the right"""
        ),
    }

    def check(self, draft: Draft) -> Iterator[Finding]:
        """One finding for the first pair that does not go together."""
        pair = self._of_groups(draft) or _of_patterns(draft) or _of_sides(draft) or _of_terms(draft)
        if pair is None:
            return
        (first, second), why = sorted(pair[0]), pair[1]
        one, other = draft.text[first[0] : first[1]], draft.text[second[0] : second[1]]
        phrase = draft.phrase_at(second[0])
        span = Span(phrase.start, phrase.end)
        whole = phrase.last - phrase.first <= 4 and phrase.first > 0
        yield self.finding(
            f'"{one}" and "{other}" cannot be in one picture: {why}. Keep one of them.',
            Span(*second),
            Fix(f'Take "{draft.text[span.start : span.end]}" out', (draft.removal(span),)) if whole else None,
        )

    def _of_groups(self, draft: Draft) -> tuple[list[tuple[int, int]], str] | None:
        for pair, why in _WHY.items():
            first, second = pair
            if draft.spots(first) and draft.spots(second):
                one = _not_denied(draft, draft.spots(first))
                other = _not_denied(draft, draft.spots(second))
                if one and other and not _overlap(one[0], other[0]):
                    return [(one[0].start, one[0].end), (other[0].start, other[0].end)], why
        return None


def _not_denied(draft: Draft, spots: list[Spot]) -> list[Spot]:
    return [spot for spot in spots if not draft.negated(spot) and not _after_word(draft, spot)]


def _after_word(draft: Draft, spot: Spot) -> bool:
    """Whether it is told as past or as a picture in the picture ("after sunset", "a poster of a sunset")."""
    return any(word in {"after", "before", "poster", "painting", "until"} for word in draft.before(spot, 3))


def _overlap(one: Spot, other: Spot) -> bool:
    return one.first <= other.last and other.first <= one.last


def _of_patterns(draft: Draft) -> tuple[list[tuple[int, int]], str] | None:
    named: dict[str, Spot] = {}
    for spot in draft.spots("face patterns"):
        if spot.phrase in {"rembrandt", "clamshell", "paramount"} or set(draft.after(spot)) & _LIGHT:
            named.setdefault("butterfly" if spot.phrase in {"clamshell", "paramount"} else spot.phrase, spot)
    if len(named) < 2:
        return None
    first, second, *_ = named.values()
    why = "each is a place of the one key light over the face"
    return [(first.start, first.end), (second.start, second.end)], why


def _of_sides(draft: Draft) -> tuple[list[tuple[int, int]], str] | None:
    spots = draft.spots("keys")
    for first, second in combinations(spots[:4], 2):
        if first.phrase.split()[-1] != second.phrase.split()[-1]:
            why = "a face has one key; what comes from the other side is a fill or a rim"
            return [(first.start, first.end), (second.start, second.end)], why
    return None


def _of_terms(draft: Draft) -> tuple[list[tuple[int, int]], str] | None:
    lights = list({match.term.id: match for match in draft.terms("light")}.values())[:12]
    for first, second in combinations(lights, 2):
        if draft.vocabulary.conflict(first.term, second.term) and _hard_and_soft(first.term, second.term):
            return [
                (first.start, first.end),
                (second.start, second.end),
            ], "one casts hard shadows, the other hardly any"
    return None


def _hard_and_soft(first: Term, second: Term) -> bool:
    """Whether one source is many times the size of the other, so that their shadows cannot be the same."""
    one, other = first.meaning, second.meaning
    if not isinstance(one, LightMeaning) or not isinstance(other, LightMeaning):
        return False
    small, large = sorted((one.softness_degrees, other.softness_degrees))
    return large[0] > _MANY_TIMES * max(small[1], 0.5)
