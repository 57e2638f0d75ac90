"""FX404: hands in the middle of attention."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from fluxgram.prompt.findings import Finding, Severity, Span
from fluxgram.prompt.rules.draft import Draft
from fluxgram.prompt.rules.rule import Phrases, Rule
from fluxgram.prompt.rules.wording import phrase_list

_HIDDEN = {"pockets", "pocket", "behind", "hidden", "gloves", "gloved", "cropped", "muff", "frame"}


class Hands(Rule):
    """Finds hands and fingers that the picture depends on.

    ## What it does
    Looks for hands shown closely, fingers and gestures. Hands in pockets, gloves and words such as "handmade" are
    left alone.

    ## Why it is bad
    Hands are the known weak spot: fingers too many, joints the wrong way. A picture that is about them needs several
    tries.

    ## Example
    `close-up of a pianist's hands, interlaced fingers`

    ## Use instead
    Keep hands out of the crop or give them one simple thing to do (`holding a mug with both hands`, `hands in
    pockets`); where they must be seen, ask for four samples and take the best: `--samples 4`.

    ## Evidence
    Second article, known limits: hands remain difficult for every checkpoint, FLUX does better than average.
    """

    code = "FX404"
    name = "hands"
    severity = Severity.ADVICE
    phrases: ClassVar[Phrases] = {
        "hands": phrase_list(
            """hands, fingers, fingertips, interlaced fingers, thumbs up, peace sign, hand gesture, pointing at,
            pointing finger, clenched fist, waving, applauding, handshake, shaking hands, palm of, knuckles,
            fingernails, hand close up, sign language, crossed fingers, open palm, close up of a hand, hands in
            focus, finger heart, ok sign, counting on"""
        ),
    }

    def check(self, draft: Draft) -> Iterator[Finding]:
        """One finding, at the first hand."""
        for spot in draft.spots("hands"):
            phrase = draft.phrase_at(spot.start)
            around = {
                word.text
                for word in draft.words[max(phrase.first, spot.first - 6) : min(phrase.last, spot.last + 6)]
            }
            if around & _HIDDEN or draft.negated(spot) or (spot.phrase == "waving" and not draft.has_person):
                continue
            yield self.finding(
                f'"{draft.text[spot.start : spot.end]}": hands are the known weak spot. Give them one simple '
                f"thing to do "
                "or keep them out of the crop; where they matter, make four samples and take the best.",
                Span(spot.start, spot.end),
            )
            return
