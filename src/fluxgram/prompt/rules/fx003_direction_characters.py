"""FX003: characters that turn the direction of writing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fluxgram.prompt.findings import Edit, Finding, Fix, Severity, Span
from fluxgram.prompt.rules.draft import Draft
from fluxgram.prompt.rules.rule import Rule

_DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+")


class DirectionCharacters(Rule):
    """Finds invisible characters that turn the direction of writing.

    ## What it does
    Looks for Unicode's bidirectional controls (marks, embeddings, overrides, isolates).

    ## Why it is bad
    What you see is then not the order in which the checkpoint reads: `left` and `right` may have changed places on
    the screen only. Right-to-left letters themselves need no such marks and are not reported.

    ## Example
    A prompt copied from a chat, with U+202E in it.

    ## Use instead
    The same words without the marks; `--fix` takes them out.

    ## Evidence
    Unicode Standard Annex 9; "Trojan Source" (Boucher and Anderson, 2021, arXiv 2111.00169) for what they can hide.
    """

    code = "FX003"
    name = "direction-characters"
    severity = Severity.WARNING

    def check(self, draft: Draft) -> Iterator[Finding]:
        """One finding for all of them, at the first."""
        if draft.text.isascii():
            return
        runs = [Span(*match.span()) for match in _DIRECTION.finditer(draft.text)]
        if runs:
            yield self.finding(
                f"An invisible mark (U+{ord(draft.text[runs[0].start]):04X}) turns the direction of writing, so the "
                "prompt may read otherwise than it looks. Take it out.",
                runs[0],
                Fix("Take the direction marks out", tuple(Edit(run, "") for run in runs), safe=True),
            )
