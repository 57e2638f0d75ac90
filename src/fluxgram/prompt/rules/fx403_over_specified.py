"""FX403: a face described feature by feature."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from fluxgram.prompt.findings import Finding, Severity, Span
from fluxgram.prompt.rules.draft import Draft
from fluxgram.prompt.rules.rule import Phrases, Rule
from fluxgram.prompt.rules.wording import FEATURES

MOST_FEATURES = 5
"""Features of a face that may be said without an anchor."""
_AGE = re.compile(
    r"\b(?:\d{1,3}[- ]year[- ]old|aged \d{1,3}|in (?:her|his|their) (?:early |mid |late )?\d0s)\b"
)


class OverSpecified(Rule):
    """Finds a face that is described feature by feature, outside an anchor.

    ## What it does
    Counts different features of one person (hair, eyes, brows, nose, lips, jaw, skin tone and so on). More than five
    are reported, unless they stand in a character's anchor, where they belong.

    ## Why it is bad
    Each feature draws towards its own average, and together they give an identikit face. Where the same person need
    not come back, two or three features leave room for a real one.

    ## Example
    `woman, almond eyes, thin brows, small nose, full lips, defined jaw, high cheekbones, olive skin`

    ## Use instead
    `woman in her 30s, high cheekbones, olive skin`; or keep it all as the anchor of a character
    (`fluxgram character`), with a locked seed.

    ## Evidence
    First article, core formula: avoid over-specifying appearance unless a character sheet requires it.
    """

    code = "FX403"
    name = "over-specified"
    severity = Severity.ADVICE
    phrases: ClassVar[Phrases] = {f"feature {feature}": words for feature, words in FEATURES.items()}

    def check(self, draft: Draft) -> Iterator[Finding]:
        """One finding, from the first feature to the last."""
        if len(draft.spots("people")) > 3:
            return
        found = []
        for group in self.phrases:
            spots = [spot for spot in draft.spots(group) if not draft.in_anchor(spot.start)]
            if spots and not _texture(draft, group, spots[0].end):
                found.append(spots[0])
        ages = [match for match in _AGE.finditer(draft.folded[:2000]) if not draft.in_anchor(match.start())]
        count = len(found) + bool(ages)
        if count > MOST_FEATURES:
            found.sort()
            names = ", ".join(draft.text[spot.start : spot.end] for spot in found[:4])
            yield self.finding(
                f"{count} features of one face ({names}, …) are averaged into an identikit picture. Two or three are "
                "enough; where the same person shall come back, make them a character's anchor.",
                Span(found[0].start, found[-1].end),
            )


def _texture(draft: Draft, group: str, end: int) -> bool:
    """Whether it is about the surface of skin or hair and not about who it is ("skin pores", "skin texture")."""
    return group == "feature skin" and draft.folded[end:].lstrip(" -").startswith(
        ("pores", "texture", "variation", "detail", "imperfection", "undertone")
    )
