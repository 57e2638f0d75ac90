"""FX103: praise instead of description."""

from __future__ import annotations

from collections.abc import Iterator

from fluxgram.prompt.findings import Finding, Severity, Span
from fluxgram.prompt.rules.draft import Draft
from fluxgram.prompt.rules.rule import Rule


class VagueOnly(Rule):
    """Finds a prompt that praises and does not describe.

    ## What it does
    Looks for words of praise and of quality ("beautiful", "stunning", "8K") in a prompt in which nothing else is
    concrete: no detail, light, lens, material, place or action.

    ## Why it is bad
    "Beautiful" points at the average of everything that was ever called so: a generic face. Quality markers only help
    next to something specific.

    ## Example
    `beautiful stunning woman, amazing, masterpiece, 8K`

    ## Use instead
    What you would see: `woman in her 40s, defined cheekbones, warm skin undertone, natural eye contact, window light`.

    ## Evidence
    First article, "What to Avoid", vague quality markers only. LAION's aesthetic scores lean towards bright, soft,
    blurry pictures (FLUX.1 Krea report), so asking for beauty asks for that.
    """

    code = "FX103"
    name = "vague-only"
    severity = Severity.WARNING

    def check(self, draft: Draft) -> Iterator[Finding]:
        """One finding, over the first words of praise."""
        vague = sorted(draft.spots("vague"))
        if not vague or not draft.english or len(draft.words) > 60:
            return
        if draft.focals or draft.apertures or len(draft.concrete) > (len(vague) >= 3):
            return
        words = ", ".join(dict.fromkeys(f'"{draft.text[spot.start : spot.end]}"' for spot in vague[:3]))
        yield self.finding(
            f"{words} {'praise' if len(vague) > 1 else 'praises'} and {'do' if len(vague) > 1 else 'does'} not "
            "describe: the result is the average face. Say what one would see: bones, skin, hair, eyes, light.",
            Span(vague[0].start, vague[0].end),
        )
