"""FX107: the same phrase twice."""

from __future__ import annotations

from collections.abc import Iterator

from fluxgram.prompt.findings import Finding, Fix, Severity, Span
from fluxgram.prompt.rules.draft import Draft
from fluxgram.prompt.rules.rule import Rule


class Repeated(Rule):
    """Finds a phrase that was said before.

    ## What it does
    Compares the phrases between commas, whatever their case, hyphens and spaces.

    ## Why it is bad
    Saying it twice does not make it stronger in FLUX; it costs tokens and leaves less room for what is missing.

    ## Example
    `portrait of a man, soft light, grey beard, soft light`

    ## Use instead
    Say it once and more exactly: `soft window light from the left`.

    ## Evidence
    Emphasis by repetition belongs to CLIP prompts of Stable Diffusion; text limits of FLUX are 256 to 512 tokens.
    """

    code = "FX107"
    name = "repeated"
    severity = Severity.ADVICE

    def check(self, draft: Draft) -> Iterator[Finding]:
        """One finding for each phrase that comes again, however often, at its second place."""
        places: dict[str, list[Span]] = {}
        for phrase in draft.phrases:
            words = draft.says(phrase)
            if len(words) > 3:
                places.setdefault(words, []).append(Span(phrase.start, phrase.end))
        for _, *again in places.values():
            if again:
                shown = draft.text[again[0].start : again[0].end][:60]
                times = "before" if len(again) == 1 else f"{len(again) + 1} times"
                yield self.finding(
                    f'"{shown}" was said {times}. Once is enough; say it more exactly instead.',
                    again[0],
                    Fix("Say it once", tuple(draft.removal(span) for span in again), safe=True),
                )
