"""FX406: writing inside the picture."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fluxgram.prompt.findings import Finding, Severity, Span
from fluxgram.prompt.rules.draft import Draft
from fluxgram.prompt.rules.rule import Rule

MOST_WORDS = 4
"""Words of one piece of writing that mostly come out right."""
MOST_LETTERS = 30
_QUOTED = re.compile(
    "(?<!\\w)\"([^\"\n]{1,400})\"|“([^”\n]{1,400})”|«([^»\n]{1,400})»|(?<![\\w])'([^'\n]{2,400})'(?!\\w)"
)


class LongText(Rule):
    """Finds more writing in the picture than can be spelt.

    ## What it does
    Looks at quoted words, which FLUX takes as writing: more than four words or thirty letters in one piece, or three
    pieces and more. A whole prompt in quotes is taken as a prompt.

    ## Why it is bad
    Short words are mostly spelt right, sentences and several pieces of writing are not.

    ## Example
    `a poster that says "Grand opening of our new bakery this Saturday at nine"`

    ## Use instead
    One short piece, in quotes: `a poster that says "GRAND OPENING"`; set longer text afterwards, in a layout program.

    ## Evidence
    Second article, known limits: short words work better than in many models, complex typography and several elements
    of text often come out wrong.
    """

    code = "FX406"
    name = "long-text"
    severity = Severity.WARNING

    def check(self, draft: Draft) -> Iterator[Finding]:
        """One finding: the first long piece, or the third piece."""
        text = draft.text
        if not any(mark in text for mark in "\"'“«"):
            return
        pieces = [
            match for match in _QUOTED.finditer(text) if match.end() - match.start() < len(text.strip()) - 2
        ]
        for match in pieces:
            words = next(group for group in match.groups() if group)
            if len(words.split()) > MOST_WORDS or len(words) > MOST_LETTERS:
                yield self.finding(
                    f"{len(words.split())} words of writing will hardly be spelt right; up to {MOST_WORDS} short ones "
                    "mostly are. Shorten it, or set the text afterwards.",
                    Span(*match.span()),
                )
                return
        if len(pieces) > 2:
            yield self.finding(
                f"{len(pieces)} pieces of writing in one picture get mixed up. Keep the most important one.",
                Span(*pieces[2].span()),
            )
