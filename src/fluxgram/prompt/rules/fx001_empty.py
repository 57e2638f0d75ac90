"""FX001: a prompt without words."""

from __future__ import annotations

from collections.abc import Iterator

from fluxgram.prompt.findings import Finding, Severity
from fluxgram.prompt.rules.draft import Draft
from fluxgram.prompt.rules.rule import Rule


class Empty(Rule):
    """Finds a prompt that has no words.

    ## What it does
    Looks for at least one letter or digit.

    ## Why it is bad
    Nothing is asked for, so whatever comes out is the checkpoint's average picture.

    ## Example
    `…` or a line of spaces.

    ## Use instead
    Subject, physical details, light, lens, quality markers, in that order: "portrait of a woman in her 30s, natural
    freckles, soft window light from the left, 85mm f/1.8".

    ## Evidence
    The order is the core formula of the first article (prompt patterns for portraits with FLUX). `fluxgram generate`
    refuses an empty prompt.
    """

    code = "FX001"
    name = "empty"
    severity = Severity.ERROR

    def check(self, draft: Draft) -> Iterator[Finding]:
        """A finding where there is no word at all."""
        if not draft.words:
            yield self.finding(
                "The prompt has no words. Say who or what to show, then its details, the light, the lens."
            )
