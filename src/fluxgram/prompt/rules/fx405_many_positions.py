"""FX405: many subjects, each with its exact place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from fluxgram.prompt.findings import Finding, Severity, Span
from fluxgram.prompt.rules.draft import Draft
from fluxgram.prompt.rules.rule import Phrases, Rule
from fluxgram.prompt.rules.spotting import Spot
from fluxgram.prompt.rules.wording import phrase_list, word_set

_LEAST_SUBJECTS = 3
_LEAST_PLACES = 2
_AROUND = 12
"""Words before and behind a place that are looked at."""
_LIGHT = word_set("light lighting lit key fill window sun lamp source shadow")


class ManyPositions(Rule):
    """Finds three or more subjects with exact places to each other.

    ## What it does
    Counts people (and number words such as "four men") and relations between them ("to the left of", "behind him",
    "second from the right"). Three subjects with two relations are reported; a family or a crowd without places is not.

    ## Why it is bad
    Who stands where is the first thing that gets mixed up: places swap, and attributes wander from one person to
    another.

    ## Example
    `a nurse to the left of a doctor, a child between them, an old man behind the child`

    ## Use instead
    Two subjects and one relation a picture; or say the group as one ("a family of four on a sofa") and make several
    samples; or compose separate pictures.

    ## Evidence
    Second article, known limits: very complex scenes of several people with specific spatial relations produce
    errors of
    arrangement and need to be made again.
    """

    code = "FX405"
    name = "many-positions"
    severity = Severity.WARNING
    phrases: ClassVar[Phrases] = {
        "subjects": phrase_list(
            """woman, man, girl, boy, child, lady, person, nurse, doctor, father, mother, son, daughter, grandmother,
            grandfather, dog, cat, horse, soldier, chef, waiter, teacher, student, baby, bride, groom, king, queen,
            knight, old man, old woman, friend, brother, sister, police officer, farmer, businessman, businesswoman,
            player, guitarist, drummer, singer, pianist, violinist, actor, the first, the second, the third, the
            fourth"""
        ),
        "crowds": tuple(
            f"{n} {who}"
            for n in ("three", "four", "five", "six", "seven", "eight", "3", "4", "5", "6")
            for who in (
                "people",
                "women",
                "men",
                "children",
                "friends",
                "girls",
                "boys",
                "kids",
                "dogs",
                "cats",
                "persons",
                "soldiers",
                "students",
                "musicians",
                "figures",
                "players",
            )
        ),
        "places": phrase_list(
            """to the left of, to the right of, left of, right of, in front of, behind him, behind her, behind them,
            behind the, behind a, next to, beside, between them, between the, above the, on the far left, on the far
            right, on the left, on the right, in the middle, in the center, in the centre, from the left, from the
            right, facing the, at the back, in the back row, in the front row, on top of, below the, opposite the,
            second from, third from"""
        ),
    }

    def check(self, draft: Draft) -> Iterator[Finding]:
        """One finding, from the first place to the last."""
        spots = draft.spots("places")
        if len(spots) < _LEAST_PLACES:
            return
        subjects = draft.spots("subjects")
        places = [spot for spot in spots if _of_somebody(draft, spot)]
        many = len({spot.phrase for spot in subjects}) >= _LEAST_SUBJECTS or bool(draft.spots("crowds"))
        if many and len(places) >= _LEAST_PLACES:
            yield self.finding(
                "Several subjects, each with its exact place, get mixed up: places swap and attributes wander. Say the "
                "group as one, keep to two subjects and one relation, or make several samples.",
                Span(places[0].start, places[-1].end),
            )


def _of_somebody(draft: Draft, place: Spot) -> bool:
    """Whether the words around a place speak of a subject, and not of the light."""
    phrase = draft.phrase_at(place.start)
    first, last = max(phrase.first, place.first - _AROUND), min(phrase.last, place.last + _AROUND)
    return not any(word.text in _LIGHT for word in draft.words[first:last])
