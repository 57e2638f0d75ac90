"""FX202: light that is praised and not described."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from fluxgram.prompt.findings import Edit, Finding, Fix, Severity, Span
from fluxgram.prompt.rules.draft import Draft
from fluxgram.prompt.rules.rule import Phrases, Rule

_INSTEAD = {
    "dramatic": "Rembrandt lighting, single source",
    "moody": "low key lighting, single soft source from the left",
    "cinematic": "Rembrandt lighting, single source, cool fill",
    "atmospheric": "volumetric light shafts through haze",
    "studio": "soft studio lighting, warm key light, cool fill",
    "professional": "soft studio lighting, warm key light, cool fill",
}
_ELSE = "soft window light from the left"
_PRAISE = ("good", "nice", "great", "perfect", "beautiful", "amazing", "stunning", "dramatic", "cinematic", "moody",
           "professional", "epic", "best", "gorgeous", "incredible", "interesting", "cool", "pretty", "lovely",
           "atmospheric", "excellent", "realistic", "photographic", "proper", "ideal", "magical",
           "awesome")  # fmt: skip


class VagueLight(Rule):
    """Finds light that is praised instead of described.

    ## What it does
    Looks for "good lighting", "cinematic lighting", "dramatic light" and what the vocabulary lists as vague, where
    nothing else says what the light is.

    ## Why it is bad
    "Dramatic" has no direction, no softness and no colour, so the checkpoint takes its favourite one, and each seed
    another.

    ## Example
    `portrait of a man, dramatic lighting`

    ## Use instead
    The light that you see before you: `Rembrandt lighting, single source`, `hard side light from the left, deep
    shadow`.

    ## Evidence
    First article: light said as a term of photography gives the checkpoint a scheme to match.
    """

    code = "FX202"
    name = "vague-light"
    severity = Severity.WARNING
    phrases: ClassVar[Phrases] = {"praised light": tuple(f"{word} {light}" for word in _PRAISE for light in
                                      ("lighting", "light", "illumination"))}  # fmt: skip

    def check(self, draft: Draft) -> Iterator[Finding]:
        """One finding, at the first vague light, where there is no other light."""
        places = [(spot.start, spot.end) for spot in draft.spots("praised light")]
        places += [(match.start, match.end) for match in draft.terms("light", vague=True)]
        if not places or draft.terms("light", "atmosphere"):
            return
        start, end = min(places)
        vague = {place for low, high in places for place in range(low, high)}
        if any(spot.start not in vague for spot in draft.light_words):
            return
        words = draft.text[start:end]
        known = [match for match in draft.terms("light", vague=True) if match.start == start]
        instead = known[0].term.say if known else _INSTEAD.get(words.split()[0].lower(), _ELSE)
        yield self.finding(
            f'"{words}" says neither where the light comes from nor how hard it is. Say what it does, such as '
            f'"{instead}".',
            Span(start, end),
            Fix(f'Write "{instead}"', (Edit(Span(start, end), instead),)),
        )
