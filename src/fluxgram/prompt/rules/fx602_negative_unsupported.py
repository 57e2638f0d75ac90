"""FX602: a negative prompt that the checkpoint cannot honour."""

from __future__ import annotations

from collections.abc import Iterator

from fluxgram.prompt.findings import Finding, Severity
from fluxgram.prompt.rules.draft import Draft
from fluxgram.prompt.rules.rule import Rule


class NegativeUnsupported(Rule):
    """Finds a negative prompt for a checkpoint that takes none.

    ## What it does
    Compares the negative prompt with what is known of the checkpoint.

    ## Why it is bad
    A distilled checkpoint draws in one pass without guidance: there is nothing that a negative prompt could act on.
    Other programs drop it silently; `fluxgram generate` refuses.

    ## Example
    `--checkpoint flux2-klein-4b --negative "glasses"`

    ## Use instead
    The opposite in the prompt ("clean-shaven", "plain seamless backdrop"), or an undistilled checkpoint such as
    flux2-klein-base-4b.

    ## Evidence
    Model cards of FLUX.2 klein (distilled to 4 steps, guidance 1). True guidance on few-step models fails (NAG, arXiv
    2505.21179).
    """

    code = "FX602"
    name = "negative-unsupported"
    severity = Severity.ERROR

    def check(self, draft: Draft) -> Iterator[Finding]:
        """A finding about the whole."""
        facts = draft.facts
        if facts is not None and facts.negative == "unsupported" and (draft.negative or "").strip():
            yield self.finding(
                f"{facts.name} is distilled and can't apply a negative prompt. Say in the prompt what shall be there "
                "instead, or take an undistilled checkpoint."
            )
