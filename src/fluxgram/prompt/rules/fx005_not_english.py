"""FX005: another language than English."""

from __future__ import annotations

from collections.abc import Iterator

from fluxgram.prompt.findings import Finding, Severity
from fluxgram.prompt.rules.draft import Draft
from fluxgram.prompt.rules.rule import Rule


class NotEnglish(Rule):
    """Finds a prompt in another language.

    ## What it does
    Looks at the script of the letters and at small words of other European languages. Where the prompt is not
    English, the rules that notice what is *missing* stay silent, because they cannot know.

    ## Why it is bad
    The vocabulary of fluxgram is English, and so are nearly all captions that FLUX was trained on: light and lens
    are obeyed less in other languages, and hardly anything can be checked.

    ## Example
    `Porträt einer Frau mit Sommersprossen, weiches Fensterlicht von links`

    ## Use instead
    `portrait of a woman with freckles, soft window light from the left`

    ## Evidence
    Own vocabulary. FLUX.2's text encoders (Qwen3, Mistral) read many languages, so the prompt is drawn all the same.
    """

    code = "FX005"
    name = "not-english"
    severity = Severity.ADVICE

    def check(self, draft: Draft) -> Iterator[Finding]:
        """A finding about the whole."""
        if draft.words and not draft.english:
            yield self.finding(
                "This does not read as English. It will be drawn, but the vocabulary is English: little can be "
                "checked here, and light and lens are understood best in English words."
            )
