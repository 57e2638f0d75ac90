"""FX007: emoji."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fluxgram.prompt.findings import Edit, Finding, Fix, Severity, Span
from fluxgram.prompt.rules.draft import Draft
from fluxgram.prompt.rules.rule import Rule

_EMOJI = re.compile(
    "[\u2600-\u27bf\u2b50\u2b55\U0001f000-\U0001faff][\u200d\ufe0f\u2600-\u27bf\U0001f000-\U0001faff]*"
)


class Emoji(Rule):
    """Finds emoji in the prompt.

    ## What it does
    Looks for emoji and pictographs.

    ## Why it is bad
    They cost several tokens each and are read loosely, often as "an emoji in the picture" or as a style.

    ## Example
    `portrait of a woman 📸✨, golden hour`

    ## Use instead
    Words for what is meant: "portrait of a woman, golden hour".

    ## Evidence
    Byte-level tokenizers spend up to four tokens on one; no caption guide of FLUX uses them.
    """

    code = "FX007"
    name = "emoji"
    severity = Severity.ADVICE

    def check(self, draft: Draft) -> Iterator[Finding]:
        """One finding for all of them, at the first."""
        if draft.text.isascii():
            return
        runs = [Span(*match.span()) for match in _EMOJI.finditer(draft.text)]
        if runs:
            yield self.finding(
                "Emoji are read loosely and may appear in the picture. Say in words what is meant.",
                runs[0],
                Fix("Take the emoji out", tuple(Edit(run, "") for run in runs)),
            )
