"""FX201: a picture of which nobody says how it is lit."""

from __future__ import annotations

from collections.abc import Iterator

from fluxgram.prompt.findings import Edit, Finding, Fix, Severity, Span
from fluxgram.prompt.rules.draft import Draft
from fluxgram.prompt.rules.fx101_style_conflict import modes_of
from fluxgram.prompt.rules.rule import Rule

_ADDED = "soft window light from the left"


class NoLight(Rule):
    """Finds a portrait or a scene without a word about its light.

    ## What it does
    Looks for any word about light: a set-up, a source, a time of day, a weather. Speaks up only where the prompt names
    a person; products have a rule of their own (FX502), and paintings, drawings and prompts in other languages are
    left alone.

    ## Why it is bad
    Light decides more than anything else whether a face looks photographed. Unasked, the checkpoint lights it evenly
    from everywhere, which is the look of a render.

    ## Example
    `portrait of a woman in her 30s, natural freckles, 85mm f/1.8`

    ## Use instead
    Name the kind and the side: `soft window light from the left`, `Rembrandt lighting`, `golden hour backlight`.
    `fluxgram vocabulary light` lists what works.

    ## Evidence
    First article: light is the element of a portrait prompt with the highest leverage. Second article: light with a
    source and a side is rendered consistently.
    """

    code = "FX201"
    name = "no-light"
    severity = Severity.WARNING

    def check(self, draft: Draft) -> Iterator[Finding]:
        """A finding about the whole, with a light to begin with."""
        if not draft.has_person or draft.is_product or draft.light_words or not draft.english:
            return
        if draft.terms("light", "atmosphere") or draft.terms("light", vague=True) or len(draft.words) < 3:
            return
        modes = {mode for _, mode in modes_of(draft)}
        if modes and "photo" not in modes:
            return
        end = len(draft.text.rstrip(" ,;.\n\t"))
        yield self.finding(
            "Nothing says how it is lit, and light decides more than anything else whether a face looks "
            f'photographed. Name its kind and its side, such as "{_ADDED}".',
            None,
            Fix(f'Add "{_ADDED}"', (Edit(Span(end, end), f", {_ADDED}"),)),
        )
