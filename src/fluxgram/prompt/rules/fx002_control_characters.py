"""FX002: control characters and halves of characters."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fluxgram.prompt.findings import Edit, Finding, Fix, Severity, Span
from fluxgram.prompt.rules.draft import Draft
from fluxgram.prompt.rules.rule import Rule

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]+")


class ControlCharacters(Rule):
    r"""Finds characters that steer machines and are no text.

    ## What it does
    Looks for control characters (other than tabs and line ends), lone halves of UTF-16 pairs and codes that are no
    characters.

    ## Why it is bad
    They come from copying out of terminals and broken files. A text encoder turns them into tokens of their own that
    stand for nothing, and a terminal or a log may obey them.

    ## Example
    `portrait of a woman\x1b[31m, window light`

    ## Use instead
    The same prompt without them; `--fix` takes them out.

    ## Evidence
    Tokenizers of FLUX.2 (Qwen3) are byte-level: every byte becomes a token, so nothing is dropped on the way in.
    """

    code = "FX002"
    name = "control-characters"
    severity = Severity.WARNING

    def check(self, draft: Draft) -> Iterator[Finding]:
        """One finding for all of them, at the first."""
        if draft.text.isprintable():
            return
        runs = [Span(*match.span()) for match in _CONTROL.finditer(draft.text)]
        if runs:
            count = sum(run.end - run.start for run in runs)
            shown = draft.text[runs[0].start].encode("unicode_escape").decode()
            edits = tuple(Edit(run, "" if _touches_space(draft.text, run) else " ") for run in runs)
            yield self.finding(
                f"{count} control character{'s' * (count > 1)} ({shown}) cannot be read and still cost tokens. "
                "Take them out.",
                runs[0],
                Fix("Take the control characters out", edits, safe=True),
            )


def _touches_space(text: str, run: Span) -> bool:
    before, after = text[max(0, run.start - 1) : run.start], text[run.end : run.end + 1]
    return not before or not after or before.isspace() or after.isspace() or not before.isalnum()
