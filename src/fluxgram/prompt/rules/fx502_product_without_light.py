"""FX502: a product without a light set-up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from fluxgram.prompt.findings import Edit, Finding, Fix, Severity, Span
from fluxgram.prompt.rules.draft import Draft
from fluxgram.prompt.rules.rule import Phrases, Rule
from fluxgram.prompt.rules.wording import phrase_list

_ADDED = (
    "single softbox from the upper left at 45 degrees, raking light over the surface, "
    "white card fill from the right"
)


class ProductWithoutLight(Rule):
    """Finds a product scene without a light set-up.

    ## What it does
    Looks, in pictures of things, for at least one of: where the light comes from, its modifier (softbox, window, card),
    raking light, or a set-up that the vocabulary knows.

    ## Why it is bad
    Flat light from everywhere shows no surface: grain, stitching and edges need light that rakes over them.

    ## Example
    `product photo of a leather wallet, white background`

    ## Use instead
    `product photo of a leather wallet, single softbox from the upper left, raking light over the grain, white card
    fill from the right`

    ## Evidence
    Second article, tip on product photography: describe source, angle, modifier, raking light and fill.
    """

    code = "FX502"
    name = "product-without-light"
    severity = Severity.WARNING
    phrases: ClassVar[Phrases] = {
        "set up": phrase_list(
            """softbox, soft box, octabox, strip box, stripbox, beauty dish, raking light, rim light, rim lighting,
            backlight, backlit, window light, window, side light, sidelight, side lit, light from, lighting from,
            lit from, from the left, from the right, from above, upper left, upper right, overhead light, top light,
            single light, single source, light tent, lightbox, gradient light, key light, hard light, spotlight,
            diffused, diffuse light, candlelight, golden hour, sunlight, morning light, low key, high key, card
            fill, fill card, reflector, ring light, streetlight, neon, overcast, soft light, soft lighting, soft
            studio lighting, direct flash, flash, daylight, evening light, dappled light"""
        ),
    }

    def check(self, draft: Draft) -> Iterator[Finding]:
        """A finding about the whole, with a set-up to begin with."""
        if not draft.is_product or not draft.english or len(draft.words) < 3 or draft.spots("set up"):
            return
        if draft.terms("light") or draft.terms("light", vague=True):
            return
        end = len(draft.text.rstrip(" ,;.\n\t"))
        yield self.finding(
            "No light set-up is named; flat light shows no surface. Say source, side and fill, such as "
            f'"{_ADDED}".',
            None,
            Fix("Add a light set-up", (Edit(Span(end, end), f", {_ADDED}"),)),
        )
