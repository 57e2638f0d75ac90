"""FX301: a blurred background without the lens that blurs it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from fluxgram.prompt.findings import Edit, Finding, Fix, Severity, Span
from fluxgram.prompt.rules.draft import Draft
from fluxgram.prompt.rules.rule import Phrases, Rule
from fluxgram.prompt.rules.wording import phrase_list

_INSTEAD = "85mm f/1.8, focus on the eyes, soft background"
_INSTEAD_THING = "100mm f/2.8, focus on the front edge, soft background"


class VagueBlur(Rule):
    """Finds "blurry background" where no lens or aperture is named.

    ## What it does
    Looks for blurry, blurred or out-of-focus backgrounds in a prompt without a focal length or an f-number.

    ## Why it is bad
    "Blurry" says that something is wrong with the picture, and the checkpoint smears the background like a filter, with
    a hard edge around the hair. A lens and an aperture bring falloff: sharp eyes, softer ears, round lights behind.

    ## Example
    `portrait of a man, blurry background`

    ## Use instead
    `portrait of a man, 85mm f/1.8, focus on the eyes, soft background`

    ## Evidence
    Second article, on depth of field: lens, aperture and where the focus lies are more reliable than a blurry
    background. Too much blur is itself a sign of generated pictures (FLUX.1 Krea report).
    """

    code = "FX301"
    name = "vague-blur"
    severity = Severity.WARNING
    phrases: ClassVar[Phrases] = {
        "blur": phrase_list(
            """blurry background, blurred background, blur background, background blur, blurry bg, blurred bg, blurred
            out background, background blurred, background is blurred, background is blurry, blurry backdrop,
            blurred backdrop, out of focus background, background out of focus, unfocused background, defocused
            background, fuzzy background, blurring the background, bokeh background"""
        ),
    }

    def check(self, draft: Draft) -> Iterator[Finding]:
        """One finding, at the first blur, where no number of a lens stands."""
        spots = [spot for spot in draft.spots("blur") if not draft.negated(spot)]
        if not spots or draft.focals or draft.apertures or draft.terms("lens", "aperture"):
            return
        spot = spots[0]
        words = draft.text[spot.start : spot.end]
        instead = _INSTEAD_THING if draft.is_product else _INSTEAD
        yield self.finding(
            f'"{words}" is smeared on like a filter. A lens and an aperture give falloff as in a photograph: '
            f'"{instead}".',
            Span(spot.start, spot.end),
            Fix(f'Write "{instead}"', (Edit(Span(spot.start, spot.end), instead),)),
        )
