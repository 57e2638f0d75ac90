"""FX004: characters of no width inside words."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fluxgram.prompt.findings import Edit, Finding, Fix, Severity, Span
from fluxgram.prompt.rules.draft import Draft
from fluxgram.prompt.rules.rule import Rule

_INVISIBLE = re.compile(
    "\U0001f3f4[\U000e0020-\U000e007f]+|([\u00ad\u034f\u180e\u200b\u2060-\u2064\ufeff]|[\U000e0000-\U000e007f]+"
    "|(?<=[\u0000-\u024f])[\u200c\u200d]|[\u200c\u200d](?=[\u0000-\u024f]|$))"
)


class InvisibleCharacters(Rule):
    """Finds characters that take no room.

    ## What it does
    Looks for zero-width spaces and joiners, soft hyphens, byte-order marks and tag characters. Joiners inside emoji
    and inside scripts that need them are left alone.

    ## Why it is bad
    A word with such a character inside is no longer that word: neither the checkpoint nor fluxgram's vocabulary
    recognises it, and nothing on the screen tells you.

    ## Example
    `Rembrandt light` with U+200B between two of its letters.

    ## Use instead
    The same words without them; `--fix` takes them out.

    ## Evidence
    Byte-level tokenizers (Qwen3, T5) split a word at such a character into other tokens.
    """

    code = "FX004"
    name = "invisible-characters"
    severity = Severity.WARNING

    def check(self, draft: Draft) -> Iterator[Finding]:
        """One finding for all of them, at the first."""
        if draft.text.isascii():
            return
        runs = [Span(*match.span()) for match in _INVISIBLE.finditer(draft.text) if match[1]]
        if runs:
            yield self.finding(
                f"An invisible character (U+{ord(draft.text[runs[0].start]):04X}) stands here; the word around it "
                "will not be recognised. Take it out.",
                runs[0],
                Fix("Take the invisible characters out", tuple(Edit(run, "") for run in runs), safe=True),
            )
