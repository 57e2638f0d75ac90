"""FX503: rain without what it does to the ground."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from fluxgram.prompt.findings import Edit, Finding, Fix, Severity, Span
from fluxgram.prompt.rules.draft import Draft
from fluxgram.prompt.rules.rule import Phrases, Rule
from fluxgram.prompt.rules.wording import phrase_list

_INSTEAD = "wet cobblestones that reflect warm streetlight, small puddles with upside-down reflections"
_WET = phrase_list("rainy, wet, rain soaked, rain slicked, rain slick, rain wet")
_GROUND = phrase_list(
    """street, streets, road, city, alley, city street, city streets, pavement, sidewalk, scene, asphalt, night street,
    urban street, night, cobblestones, cobblestone street, square"""
)


class GenericWetScene(Rule):
    """Finds "rainy street" and its like where no reflection is described.

    ## What it does
    Looks for rainy, wet or rain-soaked streets, roads and cities in a prompt without a word about reflections or
    puddles.

    ## Why it is bad
    "Rainy" gives a grey day. What makes a wet scene look real is the ground: which light it mirrors, stone by stone.

    ## Example
    `man on a rainy street at night`

    ## Use instead
    `man at night on wet cobblestones that reflect warm streetlight, small puddles with upside-down reflections`

    ## Evidence
    Second article, tip on wet surfaces: name the stones, the light that they reflect and the puddles.
    """

    code = "FX503"
    name = "generic-wet-scene"
    severity = Severity.ADVICE
    phrases: ClassVar[Phrases] = {
        "wet scene": (
            *(f"{wet} {ground}" for wet in _WET for ground in _GROUND),
            *phrase_list("street in the rain, street after rain, city in the rain, after the rain"),
        ),
        "reflection": phrase_list(
            """reflecting, reflection, reflections, reflects, reflected, reflect, mirrored, mirroring, mirror like,
            puddle, puddles, glistening, sheen"""
        ),
    }

    def check(self, draft: Draft) -> Iterator[Finding]:
        """One finding, at the first wet place."""
        places = [(spot.start, spot.end) for spot in draft.spots("wet scene")]
        places += [(match.start, match.end) for match in draft.terms("surface", vague=True)]
        if not places or draft.spots("reflection") or draft.terms("surface"):
            return
        start, end = min(places)
        yield self.finding(
            f'"{draft.text[start:end]}" gives a grey day. Say what the wet ground mirrors, such as "{_INSTEAD}".',
            Span(start, end),
            Fix(f'Write "{_INSTEAD}"', (Edit(Span(start, end), _INSTEAD),)),
        )
