"""FX102: so many descriptors that they are averaged out. Says how descriptors are counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from fluxgram.photography.terms import Term
from fluxgram.prompt.findings import Finding, Fix, Severity, Span
from fluxgram.prompt.rules.draft import Draft, Phrase
from fluxgram.prompt.rules.rule import Rule

MOST_OF_A_SLOT = 6
"""Descriptors that one slot holds; the article's "more than 5-6" with the benefit of the doubt."""
MOST_IN_ALL = 16
"""Descriptors of all slots together."""
KEPT = 4
SLOTS = ("detail", "scene", "light", "camera", "quality")
_NAMES = {"detail": "of the person", "scene": "of the scene", "light": "of the light", "camera": "of the camera",
          "quality": "of quality"}  # fmt: skip


class Overloaded(Rule):
    """Finds more descriptors than the checkpoint can tell apart.

    ## What it does
    Counts descriptors by slot of the core formula: the person's features and skin, the scene (everything else that is
    there or happens), the light, the camera, the quality markers. **A descriptor is one phrase between commas,
    semicolons or full stops**; the first phrase is the
    subject and is not counted, a phrase said twice counts once, a character's anchor does not count. More than **6 in
    one slot**, or more than **16 in all**, is too many. The message ranks what to keep, at most four: phrases that the
    vocabulary knows physically (light, skin, materials) before other concrete ones, vague ones last, and of equals
    those said first.

    ## Why it is bad
    Descriptors of one slot compete for the same pixels. Past five or six they are averaged, and the picture becomes
    generic, while a full formula with a few in *each* slot works well.

    ## Example
    `woman, blue eyes, red lips, long lashes, high cheekbones, small nose, freckles, braided hair, gold earrings`

    ## Use instead
    The three or four that make this person: `woman, freckles, braided hair, high cheekbones, gold earrings`.

    ## Evidence
    First article, "What to Avoid", overloaded prompts: more than 5-6 distinct descriptors, keep the 3-4 that matter.
    Its own long example has eleven phrases in five slots, at most four of them in one, and passes.
    """

    code = "FX102"
    name = "overloaded"
    severity = Severity.WARNING

    def check(self, draft: Draft) -> Iterator[Finding]:
        """At most one finding, from the first descriptor too many to the last."""
        if len(draft.phrases) <= MOST_OF_A_SLOT + 1:
            return
        slots = _slots(draft)
        fullest = max(SLOTS, key=lambda slot: len(slots[slot]))
        if len(slots[fullest]) > MOST_OF_A_SLOT:
            crowd, whose = slots[fullest], _NAMES[fullest]
        elif sum(map(len, slots.values())) > MOST_IN_ALL:
            crowd, whose = sorted(phrase for slot in SLOTS for phrase in slots[slot]), "in all"
        else:
            return
        terms = _terms(draft)
        ranked = sorted(crowd, key=lambda phrase: (_weight(draft, phrase, terms), phrase.start))
        kept = sorted(ranked[:KEPT])
        left = set(crowd) - set(kept)
        words = ", ".join(f'"{draft.text[phrase.start : phrase.end][:60]}"' for phrase in kept)
        edits = draft.removals(Span(each.start, each.end) for each in crowd if each in left)
        yield self.finding(
            f"{len(crowd)} descriptors {whose} are more than can be told apart (about {MOST_OF_A_SLOT}): they are "
            f"averaged into something generic. Keep the three or four that matter, such as {words}.",
            Span(crowd[0].start, crowd[-1].end),
            Fix(f"Keep only {words}", edits),
        )


def _slots(draft: Draft) -> dict[str, list[Phrase]]:
    """Phrases by slot; the subject, repetitions and the anchor's phrases are left out."""
    at = draft.phrase_of_word
    lit = {at[spot.first] for spot in draft.light_words} | _phrases_of(draft, "light", "atmosphere")
    shot = {at[spot.first] for spot in draft.spots("camera")} | _phrases_of(
        draft, "camera", "lens", "aperture", "film"
    )
    marked = {at[spot.first] for spot in draft.spots("quality", "photograph", "vague")}
    shown = {at[spot.first] for spot in draft.spots("appearance")} | _phrases_of(draft, "skin")
    slots: dict[str, list[Phrase]] = {slot: [] for slot in SLOTS}
    said: set[str] = set()
    for key, phrase in enumerate(draft.phrases[1:], start=1):
        words = draft.says(phrase)
        if words in said or draft.in_anchor(phrase.start):
            continue
        said.add(words)
        quality = key in marked and not draft.is_concrete(phrase)
        named = (
            ("quality", quality),
            ("light", key in lit),
            ("camera", key in shot),
            ("detail", key in shown),
        )
        slots[next((slot for slot, yes in named if yes), "scene")].append(phrase)
    return slots


def _phrases_of(draft: Draft, *kinds: str) -> set[int]:
    last = draft.phrases[-1].end
    return {draft.phrase_index(m.start) for m in draft.terms(*kinds) if m.start < last}


def _terms(draft: Draft) -> dict[Phrase, list[Term]]:
    """The vocabulary's terms in each phrase that has any."""
    found: dict[Phrase, list[Term]] = {}
    last = draft.phrases[-1].end
    for match in draft.matches:
        if match.start < last:
            found.setdefault(draft.phrase_at(match.start), []).append(match.term)
    return found


def _weight(draft: Draft, phrase: Phrase, terms: Mapping[Phrase, Sequence[Term]]) -> int:
    """Rank of a phrase, the best first: known physically, light, concrete, vague."""
    inside = terms.get(phrase, ())
    if any(term.meaning is not None or term.kind in {"skin", "material", "surface"} for term in inside):
        return 0
    if any(term.kind == "light" for term in inside):
        return 1
    return 2 if draft.is_concrete(phrase) else 3
