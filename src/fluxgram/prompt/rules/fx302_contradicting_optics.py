"""FX302: lenses and apertures that cannot be in one picture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from fluxgram.prompt.findings import Finding, Severity, Span
from fluxgram.prompt.rules.draft import Draft, Number
from fluxgram.prompt.rules.rule import Phrases, Rule
from fluxgram.prompt.rules.spotting import Spot
from fluxgram.prompt.rules.wording import phrase_list

_WIDE_MM, _LONG_MM = 35.0, 85.0
_OPEN, _CLOSED = 2.8, 8.0
_Clash = tuple[tuple[int, int], tuple[int, int], str]


class ContradictingOptics(Rule):
    """Finds optics that exclude each other.

    ## What it does
    Compares focal lengths, apertures and cameras: two prime lenses, two f-numbers, a wide angle with telephoto
    compression, an open aperture with everything in focus, a closed one with creamy bokeh, a phone with a Hasselblad.
    Film formats ("35mm film"), zooms ("24-70mm") and f-numbers of one zoom are no contradiction.

    ## Why it is bad
    A photograph was taken with one lens at one aperture. Two of them pull perspective and blur in two directions, and
    the picture shows neither.

    ## Example
    `portrait, 85mm f/1.4, everything in focus from front to back`

    ## Use instead
    One lens and what it does: `85mm f/1.4, focus on the eyes`, or `35mm f/8, everything in focus`.

    ## Evidence
    Optics: depth of field shrinks with the aperture's diameter, perspective is a matter of distance. FLUX follows
    camera settings loosely enough as it is (Generative Photography, arXiv 2412.02168).
    """

    code = "FX302"
    name = "contradicting-optics"
    severity = Severity.WARNING
    phrases: ClassVar[Phrases] = {
        "deep focus": phrase_list(
            """everything in focus, deep focus, everything sharp, sharp from front to back, all in focus, infinite
            depth of field, deep depth of field, sharp background, background in focus, large depth of field, entire
            scene in focus, great depth of field, sharp throughout"""
        ),
        "thin focus": phrase_list(
            """shallow depth of field, creamy bokeh, bokeh, thin depth of field, blurry background, blurred background,
            shallow focus, razor thin focus"""
        ),
        "wide words": phrase_list("wide angle, ultra wide, fisheye, fish eye, ultrawide"),
        "long words": phrase_list(
            "telephoto, telephoto compression, compressed perspective, super telephoto"
        ),
        "phones": phrase_list("iphone, smartphone photo, phone camera, pixel phone, galaxy phone"),
        "makers": phrase_list(
            """canon, nikon, sony, leica, hasselblad, fujifilm, pentax, mamiya, rolleiflex, polaroid, olympus,
            panasonic, phase one, disposable camera"""
        ),
    }

    def check(self, draft: Draft) -> Iterator[Finding]:
        """One finding, at the second of the first pair that does not go together."""
        for clash in _clashes(draft):
            first, second = sorted(clash[:2])
            one, other = draft.text[slice(*first)], draft.text[slice(*second)]
            yield self.finding(
                f'"{one}" and "{other}" cannot be in one photograph: {clash[2]}. Keep one of them.',
                Span(*second),
            )
            return


def _clashes(draft: Draft) -> Iterator[_Clash]:
    lenses = draft.focals
    primes = [lens for lens in lenses if lens.low == lens.value]
    for lens in primes[1:]:
        if lens.value != primes[0].value:
            yield _at(primes[0]), _at(lens), "it is taken with one lens"
    stops = draft.apertures
    if stops and len(lenses) < 2 and not any(lens.low != lens.value for lens in lenses):
        for stop in stops[1:]:
            if stop.value != stops[0].value:
                yield _at(stops[0]), _at(stop), "it is taken at one aperture"
    deep, thin = draft.spots("deep focus"), draft.spots("thin focus")
    macro = any(lens.value >= 90 for lens in lenses) or "macro" in draft.folded
    for stop in stops[:1]:
        if deep and stop.value <= _OPEN and not any(lens.value < 28 for lens in lenses):
            yield _at(stop), _of(deep[0]), "an open aperture leaves only a thin plane sharp"
        if thin and stop.value >= _CLOSED and not macro:
            yield _at(stop), _of(thin[0]), "a closed aperture makes nearly everything sharp"
    if deep and thin:
        yield _of(deep[0]), _of(thin[0]), "either the background is sharp or it dissolves"
    yield from _perspectives(draft)
    yield from _cameras(draft)


def _perspectives(draft: Draft) -> Iterator[_Clash]:
    wide, long = draft.spots("wide words"), draft.spots("long words")
    if wide and long:
        yield _of(wide[0]), _of(long[0]), "one spreads the space, the other presses it flat"
    for lens in draft.focals[:1]:
        if wide and lens.low >= _LONG_MM:
            yield _at(lens), _of(wide[0]), f"{lens.value:g} mm is a long lens"
        if long and lens.value <= _WIDE_MM:
            yield _at(lens), _of(long[0]), f"{lens.value:g} mm is a wide lens"


def _cameras(draft: Draft) -> Iterator[_Clash]:
    makers = {spot.phrase: spot for spot in reversed(draft.spots("makers"))}
    named = sorted(makers.values())
    phones = draft.spots("phones")
    for other in (*named[1:2], *phones[:1]) if named else ():
        yield _of(named[0]), _of(other), "it is taken with one camera"
    for lens in draft.focals[:1]:
        if phones and lens.value >= 100:
            yield _at(lens), _of(phones[0]), f"no phone has a lens of {lens.value:g} mm"


def _at(number: Number) -> tuple[int, int]:
    return number.start, number.end


def _of(spot: Spot) -> tuple[int, int]:
    return spot.start, spot.end
