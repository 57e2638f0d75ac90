"""FX204: light from behind without a word about the lens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from fluxgram.prompt.findings import Edit, Finding, Fix, Severity, Span
from fluxgram.prompt.rules.draft import Draft
from fluxgram.prompt.rules.rule import Phrases, Rule
from fluxgram.prompt.rules.wording import phrase_list

_ADDED = "85mm f/1.8"


class BacklightWithoutLens(Rule):
    """Finds light from behind where no lens is named.

    ## What it does
    Looks for backlight, rim light and halo in a prompt without focal length, aperture or camera.

    ## Why it is bad
    Light from behind is the least reliable of FLUX's lights. The flare, the glow around the hair and how far the
    background dissolves all hang on the lens, and naming one makes them much steadier.

    ## Example
    `outdoor portrait, golden hour backlight`

    ## Use instead
    `outdoor portrait, golden hour backlight, rim light halo, 85mm f/1.8`

    ## Evidence
    Second article, table of light types: backlight and rim light work best with a specific lens reference.
    """

    code = "FX204"
    name = "backlight-without-lens"
    severity = Severity.ADVICE
    phrases: ClassVar[Phrases] = {
        "from behind": phrase_list(
            """backlight, backlit, back lit, backlighting, back light, back lighting, rim light, rim lighting, rim lit,
            contre jour, light from behind, lit from behind, halo, hair light, edge light, sun behind her, sun
            behind him, silhouette, light halo"""
        ),
    }

    def check(self, draft: Draft) -> Iterator[Finding]:
        """One finding, at the first light from behind."""
        spots = draft.spots("from behind")
        if not spots or draft.has_lens or not (draft.has_person or draft.is_product):
            return
        spot = spots[0]
        end = len(draft.text.rstrip(" ,;.\n\t"))
        yield self.finding(
            f'"{draft.text[spot.start : spot.end]}" works much more reliably with a lens: name focal length and '
            f'aperture, such as "{_ADDED}".',
            Span(spot.start, spot.end),
            Fix(f'Add "{_ADDED}"', (Edit(Span(end, end), f", {_ADDED}"),)),
        )
