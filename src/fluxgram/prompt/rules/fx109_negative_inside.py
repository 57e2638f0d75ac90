"""FX109: what shall not be there, said where only what shall be there is read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from fluxgram.prompt.findings import Edit, Finding, Fix, Severity, Span
from fluxgram.prompt.rules.draft import Draft
from fluxgram.prompt.rules.rule import Phrases, Rule
from fluxgram.prompt.rules.spotting import Spot
from fluxgram.prompt.rules.wording import phrase_list, word_set

_FINE = word_set("""retouching retouch makeup make filter filters editing edit touch ups smoothing expression flash
one nonsense
    longer more less matter doubt other smile contrast straight bra sleeves sleeve""")
"""After these, "no" is a look that captions name ("no makeup", "no flash"), and it works."""
_OPPOSITE = {
    "glasses": "bare face, eyes uncovered", "beard": "clean-shaven", "hat": "bare head", "people": "empty, deserted",
    "background": "plain seamless backdrop", "shadows": "flat even light", "blur": "sharp from front to back",
    "jewelry": "bare ears and neck", "jewellery": "bare ears and neck", "text": "plain unmarked surfaces",
    "wrinkles": "smooth young skin", "freckles": "even skin tone", "clouds": "clear sky", "cars": "empty street",
}  # fmt: skip


class NegativeInside(Rule):
    """Finds "no glasses" and its like in the positive prompt.

    ## What it does
    Looks for "no", "without", "not", "don't" and "avoid" before a thing. Looks that are known by such a name
    ("no makeup", "no retouching", "no flash") are left alone.

    ## Why it is bad
    Naming a thing puts it into the picture; the small word before it counts for little.

    ## Example
    `portrait of a man, no glasses, no beard`

    ## Use instead
    The opposite (`clean-shaven`), or, where the checkpoint honours one, the negative prompt: `--negative "glasses"`.

    ## Evidence
    NegGenBench in VSF (arXiv 2508.10931): models with few steps leave a named thing out in 30 to 40 of 100 cases. Model
    cards of FLUX advise to describe what is there.
    """

    code = "FX109"
    name = "negative-inside"
    severity = Severity.WARNING
    phrases: ClassVar[Phrases] = {
        "denials": phrase_list(
            """no, without, without any, not, don't, do not, avoid, free of, with no, never, doesn't, isn't, exclude,
            remove"""
        ),
    }

    def check(self, draft: Draft) -> Iterator[Finding]:
        """One finding for each denial."""
        spots = draft.spots("denials")
        if not spots:
            return
        known = {
            place
            for match in draft.matches
            if match.term.kind != "negative"
            for place in range(match.start, match.end)
        }
        for spot in spots:
            thing = draft.after(spot, 3)
            if not thing or spot.start in known or any(word in _FINE for word in thing[:2]):
                continue
            phrase = draft.phrase_at(spot.start)
            last = min(phrase.last - 1, spot.last + len(thing))
            end = phrase.end if phrase.last - 1 - spot.last <= 4 else draft.words[last].end
            span = Span(spot.start, end)
            denied = draft.text[draft.words[spot.last + 1].start : end]
            yield self.finding(
                f'"{draft.text[span.start : span.end]}" names {denied}, and what is named tends to appear. '
                + _advice(draft, denied, thing),
                span,
                _fix(draft, spot, span, denied),
            )


def _advice(draft: Draft, denied: str, thing: tuple[str, ...]) -> str:
    opposite = next((_OPPOSITE[word] for word in thing if word in _OPPOSITE), "")
    positive = f'Say the opposite: "{opposite}"' if opposite else "Say what is there instead"
    if draft.facts is not None and draft.facts.negative == "unsupported":
        return f"{positive}; {draft.facts.name} takes no negative prompt."
    return f'{positive}, or put "{denied}" into the negative prompt.'


def _fix(draft: Draft, spot: Spot, span: Span, denied: str) -> Fix | None:
    """Move it to the negative prompt where that is honoured and something is left."""
    phrase = draft.phrase_at(spot.start)
    if phrase.first == 0 and phrase.start == span.start:
        return None
    honoured = draft.facts is not None and draft.facts.negative == "honoured"
    whole = phrase.start == span.start and phrase.end == span.end
    left = span.start
    while left and draft.text[left - 1] == " ":
        left -= 1
    edit = draft.removal(span) if whole else Edit(Span(left, span.end), "")
    return Fix(f'Move "{denied}" to the negative prompt', (edit,), denied, safe=honoured and whole)
