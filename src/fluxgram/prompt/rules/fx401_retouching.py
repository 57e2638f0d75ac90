"""FX401: retouching words against skin texture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from fluxgram.prompt.findings import Edit, Finding, Fix, Severity, Span
from fluxgram.prompt.rules.draft import Draft
from fluxgram.prompt.rules.rule import Phrases, Rule
from fluxgram.prompt.rules.wording import phrase_list

_INSTEAD = "natural skin texture, slight skin variation"


class Retouching(Rule):
    """Finds words that smooth the skin.

    ## What it does
    Looks for "flawless skin", "airbrushed", "porcelain skin" and the like. Next to words that ask for texture (pores,
    freckles, skin texture) it is a contradiction and a warning; alone it is an advice. "No retouching", "soft skin" and
    porcelain cups are left alone.

    ## Why it is bad
    Smooth, even skin is exactly what makes a generated face look like plastic; the checkpoint leans that way by
    itself. Together with "visible pores" the two cancel out.

    ## Example
    `portrait of a woman, flawless skin, visible pores`

    ## Use instead
    `portrait of a woman, natural skin texture, visible pores, slight redness on the nose`

    ## Evidence
    Second article: ask for natural skin texture, visible pores and no retouching. RealGen (arXiv 2512.00473) and the
    FLUX.1 Krea report name over-smooth, waxy skin as the mark of generated portraits.
    """

    code = "FX401"
    name = "retouching"
    severity = Severity.WARNING
    phrases: ClassVar[Phrases] = {
        "retouched": phrase_list(
            """flawless skin, perfect skin, airbrushed, airbrush, porcelain skin, smooth skin, silky skin, flawless
            complexion, perfect complexion, skin retouching, retouched skin, retouched, beauty retouch, high end
            retouching, skin smoothing, smoothed skin, glass skin, baby smooth skin, poreless, blemish free, doll
            like skin, plastic skin, spotless skin, beauty filter, flawless face, perfectly smooth skin, immaculate
            skin, facetune, poreless skin"""
        ),
        "skin texture": phrase_list(
            """pores, skin pores, visible pores, skin texture, freckles, freckled, wrinkles, blemishes, blemish,
            imperfections, skin imperfections, acne, scar, scars, vellus hair, peach fuzz, skin detail, skin
            details, textured skin, moles, crow's feet, smile lines, unretouched, no retouching, weathered skin"""
        ),
    }

    def check(self, draft: Draft) -> Iterator[Finding]:
        """One finding, at the first smoothing word."""
        smooth = [spot for spot in draft.spots("retouched") if not draft.negated(spot)]
        if not smooth:
            return
        spot, words = smooth[0], draft.text[smooth[0].start : smooth[0].end]
        texture = [
            other
            for other in draft.spots("skin texture")
            if other.end <= spot.start or other.start >= spot.end
        ]
        texture = [other for other in texture if not draft.negated(other) or other.phrase == "no retouching"]
        span = Span(spot.start, spot.end)
        if texture:
            phrase = draft.phrase_at(spot.start)
            alone = phrase.first == spot.first and phrase.last - 1 == spot.last and phrase.first > 0
            edit = draft.removal(span) if alone else Edit(span, "natural skin")
            yield self.finding(
                f'"{words}" takes away what "{draft.text[texture[0].start : texture[0].end]}" asks for, and '
                f"smooth wins. "
                "Keep the texture.",
                span,
                Fix(f'Take "{words}" out', (edit,)),
            )
        else:
            yield self.finding(
                f'"{words}" brings the even, waxy skin that gives generated faces away. Ask for what real skin has: '
                f'"{_INSTEAD}".',
                span,
                Fix(f'Write "{_INSTEAD}"', (Edit(span, _INSTEAD),)),
                severity=Severity.ADVICE,
            )
