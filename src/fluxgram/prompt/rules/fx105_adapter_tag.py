"""FX105: adapters named inside the prompt."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fluxgram.prompt.findings import Finding, Fix, Severity, Span
from fluxgram.prompt.rules.draft import Draft
from fluxgram.prompt.rules.rule import Rule

_TAG = re.compile(
    r"<(lora|lyco|lycoris|hypernet|embedding):([^<>:]{1,200})(?::[^<>]{0,40})?>|\bembedding:[\w.-]{1,80}",
    re.IGNORECASE,
)


class AdapterTag(Rule):
    """Finds `<lora:…>` and its like in the prompt.

    ## What it does
    Looks for tags that load an adapter, a hypernetwork or an embedding in other programs.

    ## Why it is bad
    Nothing is loaded by it: the checkpoint reads the tag as words, and the look that you expect is missing.

    ## Example
    `portrait of a woman <lora:skin_detail:0.8>`

    ## Use instead
    The words alone; adapters belong into the request, where their tensors are counted and named in the receipt.

    ## Evidence
    AUTOMATIC1111's syntax; stable-diffusion.cpp ignores the tags by design, too (its issue 1823).
    """

    code = "FX105"
    name = "adapter-tag"
    severity = Severity.ERROR

    def check(self, draft: Draft) -> Iterator[Finding]:
        """One finding for each tag."""
        if "<" not in draft.text and "embedding:" not in draft.folded:
            return
        for match in _TAG.finditer(draft.text):
            yield self.finding(
                f'"{match[0][:60]}" loads nothing here: FLUX reads it as words. Take it out and give the adapter '
                "with the request.",
                Span(*match.span()),
                Fix("Take the tag out", (draft.removal(Span(*match.span())),)),
            )
