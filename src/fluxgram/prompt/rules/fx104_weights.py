"""FX104: weights, brackets and switches of other tools."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fluxgram.prompt.findings import Edit, Finding, Fix, Severity, Span
from fluxgram.prompt.rules.draft import Draft
from fluxgram.prompt.rules.rule import Rule

_WEIGHT = re.compile(r"(?<!\()\({1,4}([^()\[\]:]{1,200}):\s?[+-]?\d{1,2}(?:\.\d{1,3})?\){1,4}")
_DOUBLE = re.compile(r"(?<!\()\({2,8}([^()]{1,200})\){2,8}")
_SQUARE = re.compile(r"(?<!\[)\[{1,4}([^\[\]]{1,200})\]{1,4}")
_BREAK = re.compile(r"(?<![\w'])(?:BREAK|AND|ADDCOMM|ADDROW)(?![\w'])(?=[\s,]|$)")
_SWITCH = re.compile(
    r"(?<!\S)--(?:ar|v|s|q|style|stylize|chaos|seed|no|iw|niji|c|weird|tile)\b(?:[ =]?[\w:.]{1,20})?"
)
_COLONS = re.compile(r"::-?\d{0,2}(?:\.\d{1,2})?(?![\w:])")
_CAPITALS = re.compile(r"[a-z]")


class Weights(Rule):
    """Finds spellings that mean something to other programs and nothing to FLUX.

    ## What it does
    Looks for `(word:1.2)`, `((word))`, `[word]`, `BREAK`, `AND`, `word::2` and switches such as `--ar 16:9`.

    ## Why it is bad
    FLUX has no weights: brackets, colons and numbers are read as text, cost tokens, and may end up as writing in the
    picture.

    ## Example
    `portrait of a woman, (freckles:1.3), [blurry], BREAK window light --ar 2:3`

    ## Use instead
    Plain words, the important ones first and in more detail: `portrait of a woman with many freckles across nose and
    cheeks, window light`; the size with `--size 2:3`.

    ## Evidence
    Syntax of AUTOMATIC1111's and ComfyUI's weighting and of Midjourney's parameters; the text encoders of FLUX (T5,
    Qwen3, Mistral) are given the raw string (diffusers pipelines). AUTOMATIC1111's own weighting acts on CLIP.
    """

    code = "FX104"
    name = "weights"
    severity = Severity.WARNING

    def check(self, draft: Draft) -> Iterator[Finding]:
        """One finding for each spelling, with a fix that keeps the words."""
        text, taken = draft.text, 0
        found: list[tuple[int, int, str, str]] = []
        if "(" in text:
            found += [(*m.span(), m[1].strip(), "a weight") for m in _WEIGHT.finditer(text)]
            found += [(*m.span(), m[1].strip(), "a double bracket") for m in _DOUBLE.finditer(text)]
        if "[" in text:
            found += [(*m.span(), m[1].strip(), "a square bracket") for m in _SQUARE.finditer(text)]
        if "::" in text:
            found += [(*m.span(), "", "a weight") for m in _COLONS.finditer(text)]
        if "--" in text:
            found += [(*m.span(), "", "a switch of another program") for m in _SWITCH.finditer(text)]
        if "BREAK" in text or "ADD" in text or "AND" in text:
            shouted = not _CAPITALS.search(text)
            found += [(*m.span(), "and" if m[0] == "AND" else "", "a keyword of another program")
                      for m in _BREAK.finditer(text) if not shouted]  # fmt: skip
        for start, end, words, what in sorted(found):
            if start < taken:
                continue
            taken = end
            spelled = text[start:end][:60]
            yield self.finding(
                f'"{spelled}" is {what}, which FLUX reads as plain text. Say important things first and in more '
                "detail instead.",
                Span(start, end),
                Fix("Keep only the words", (_edit(draft, start, end, words),), safe=bool(words)),
            )


def _edit(draft: Draft, start: int, end: int, words: str) -> Edit:
    """Replace by the words; where there are none, take the space before out, too."""
    if not words and start and draft.text[start - 1] == " ":
        start -= 1
    return Edit(Span(start, end), words)
