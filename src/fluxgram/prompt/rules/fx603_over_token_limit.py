"""FX603: words beyond what the text encoder reads."""

from __future__ import annotations

from collections.abc import Iterator

from fluxgram.prompt.findings import Edit, Finding, Fix, Severity, Span
from fluxgram.prompt.rules.draft import Draft
from fluxgram.prompt.rules.rule import Rule

_SHOWN = 80


class OverTokenLimit(Rule):
    """Finds the exact text that the checkpoint will not read.

    ## What it does
    Counts tokens with the checkpoint's own tokenizer, where it is on disk, and marks what lies beyond the limit.

    ## Why it is bad
    What is beyond the limit does nothing at all, and the end of a prompt is where lens and quality usually stand.

    ## Example
    A prompt of 400 words for a checkpoint that reads 128 tokens.

    ## Use instead
    What matters first, in fewer words; one picture a prompt.

    ## Evidence
    Text limits of the checkpoints' tables; FLUX.2 pipelines of diffusers cut at 512 tokens without a warning.
    """

    code = "FX603"
    name = "over-token-limit"
    severity = Severity.ERROR

    def check(self, draft: Draft) -> Iterator[Finding]:
        """A finding over the text that is lost."""
        facts = draft.facts
        if facts is None or facts.count_tokens is None or not draft.words or _is_broken(draft.text):
            return
        count = facts.count_tokens(draft.text)
        if not count.lost:
            return
        end = len(draft.text)
        lost = Span(max(0, end - len(count.lost)), end)
        shown = count.lost.strip()
        shown = shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN // 2]} … {shown[-_SHOWN // 2 :]}"
        yield self.finding(
            f'{count.total} tokens, and {facts.name} reads {count.limit}: "{shown}" is lost. Say what matters '
            f"first, in "
            "fewer words.",
            lost,
            Fix("Cut what is lost", (Edit(lost, ""),)),
        )


def _is_broken(text: str) -> bool:
    """Whether it has halves of characters, which no tokenizer takes (FX002 says so)."""
    return not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text)
