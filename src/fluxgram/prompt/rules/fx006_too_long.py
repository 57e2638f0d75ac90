"""FX006: more text than any checkpoint reads."""

from __future__ import annotations

from collections.abc import Iterator

from fluxgram.prompt.findings import Finding, Severity, Span
from fluxgram.prompt.rules.draft import Draft
from fluxgram.prompt.rules.rule import Rule

_MOST = 100_000
_USUAL = 2_000


class TooLong(Rule):
    """Finds a prompt that is longer than what is read.

    ## What it does
    An error above 100,000 characters, which `fluxgram generate` refuses and of which the linter reads only that much.
    A warning above 2,000 characters where tokens cannot be counted; with a checkpoint at hand FX603 says exactly
    what is lost.

    ## Why it is bad
    Checkpoints read 500 tokens or so and drop the rest without a word.

    ## Example
    Three pages of a novel.

    ## Use instead
    One picture: 30 to 80 words are plenty for a portrait.

    ## Evidence
    FLUX.1 dev and FLUX.2 klein read 512 tokens, schnell 256 (diffusers 0.42 pipelines; model cards); English has about
    four characters a token. FLUX.3 reads more.
    """

    code = "FX006"
    name = "too-long"
    severity = Severity.ERROR

    def check(self, draft: Draft) -> Iterator[Finding]:
        """A finding about the whole."""
        if draft.whole_length > _MOST:
            yield self.finding(
                f"The prompt has {draft.whole_length:,} characters; at most {_MOST:,} are taken, and checkpoints read "
                "about 2,000. Describe one picture."
            )
        elif draft.whole_length > _USUAL and (draft.facts is None or draft.facts.count_tokens is None):
            yield self.finding(
                f"The prompt has {draft.whole_length:,} characters; most checkpoints read about {_USUAL:,} and drop "
                "the rest. Name a checkpoint to see exactly what is lost, or shorten it.",
                Span(min(_USUAL, len(draft.text)), len(draft.text)),
                severity=Severity.WARNING,
            )
