"""Writes the prompt of a brief, in the manner that a family reads best.

The order is always subject, physical details, light, camera and lens, quality markers. Which words an item stands
for is settled in `items.py`; what is read back is in `parse.py`, and reading back what is written here gives the
same terms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fluxgram.errors import RequestError
from fluxgram.photography.catalog import Catalog
from fluxgram.photography.catalog import catalog as built_in
from fluxgram.photography.terms import LightMeaning, OpticsMeaning, Term
from fluxgram.prompt.briefs import Brief, own_items
from fluxgram.prompt.clauses import says_fill
from fluxgram.prompt.items import Item, check_conflicts, resolve, resolve_negative

SENTENCE_FAMILIES = ("flux2", "flux3")
"""Families with a language model as text encoder; they follow sentences better than lists of phrases."""


@dataclass(frozen=True, slots=True)
class Composed:
    """A prompt, ready to be sent.

    Attributes:
        text: The prompt.
        negative: The negative prompt; empty where the brief names none.
        terms: The vocabulary terms that it says, in order, the negative set's last.
    """

    text: str
    negative: str
    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class _Parts:
    """The phrases of a prompt, group by group."""

    lead: tuple[str, ...]
    details: tuple[str, ...]
    places: tuple[str, ...]
    lights: tuple[str, ...]
    cameras: tuple[str, ...]
    qualities: tuple[str, ...]


def compose(brief: Brief, *, family: str = "", catalog: Catalog | None = None) -> Composed:
    """Write a brief out.

    Args:
        brief: What is wanted.
        family: `flux2` and `flux3` get sentences; `flux1`, portrait tunes and "" get comma phrases.
        catalog: The vocabulary; the built-in one if None.

    Raises:
        RequestError: Nothing to show, or two items that contradict each other.
        UnknownTerm: An item looks like an id but is not in the vocabulary.
    """
    catalog = built_in() if catalog is None else catalog
    if brief.side not in ("left", "right", ""):
        raise RequestError(
            f"A light cannot come from the side {brief.side!r}.", "Say left or right, of the picture."
        )
    if not brief.subject.strip() and not brief.anchor.strip():
        raise RequestError(
            "The brief has no subject.", 'Say who or what it is: "portrait of a woman in her 30s".'
        )
    details, light, camera, quality = (
        resolve(items, catalog) for items in (brief.details, brief.light, brief.camera, brief.quality)
    )
    own = resolve(own_items(brief), catalog)
    places = resolve((brief.setting,), catalog)
    negative, negative_terms = resolve_negative(brief.negative, catalog)
    said = [*details, *own, *places, *light, *camera, *quality]
    check_conflicts(said, catalog)
    parts = _Parts(
        lead=tuple(
            words for words in (_clean(brief.anchor), _clean(brief.subject), _clean(brief.action)) if words
        ),
        details=_words(details if _is_place(brief) else (*details, *own), family),
        places=_words((*places, *own) if _is_place(brief) else places, family),
        lights=_sided(light, brief.side, family),
        cameras=_with_apertures(camera, family),
        qualities=_words(quality, family),
    )
    write = _sentences if family in SENTENCE_FAMILIES else _phrases
    terms = {item.term.id: item.term for item in said if item.term} | {
        term.id: term for term in negative_terms
    }
    return Composed(write(parts), negative, tuple(terms.values()))


def _is_place(brief: Brief) -> bool:
    """Whether what only this kind of brief has belongs to the place rather than to the subject."""
    return brief.kind in ("environment", "landscape")


def _phrases(parts: _Parts) -> str:
    """Everything parted by commas."""
    return ", ".join(
        (*parts.lead, *parts.details, *parts.places, *parts.lights, *parts.cameras, *parts.qualities)
    )


def _sentences(parts: _Parts) -> str:
    """A sentence for what is seen, one for the light, one for the camera, one for the kind of picture."""
    seen = ", ".join(parts.lead)
    if parts.details:
        seen += f" with {_listed(parts.details)}"
    if parts.places:
        seen += f", {', '.join(parts.places)}"
    lines = [seen]
    if parts.lights:
        lines.append(f"Lit with {_listed(parts.lights)}")
    if parts.cameras:
        lines.append(f"Photographed with {_listed(parts.cameras)}")
    if parts.qualities:
        lines.append(", ".join(parts.qualities))
    return " ".join(
        f"{line[:1].upper()}{line[1:]}{'' if line.endswith(('.', '!', '?')) else '.'}" for line in lines
    )


def _listed(phrases: Sequence[str]) -> str:
    """Phrases as "a", "a and b", "a, b and c"; only commas where a phrase has a comma or an "and" itself."""
    plain = not any("," in phrase or " and " in phrase for phrase in phrases)
    if len(phrases) > 1 and plain:
        return f"{', '.join(phrases[:-1])} and {phrases[-1]}"
    return ", ".join(phrases)


def _words(items: Sequence[Item], family: str) -> tuple[str, ...]:
    return tuple(_clean(item.words(family)) for item in items)


def _sided(lights: Sequence[Item], side: str, family: str) -> tuple[str, ...]:
    """The lights in words, the side said with the first that can have one."""
    words = list(_words(lights, family))
    if not side:
        return tuple(words)
    for place, item in enumerate(lights):
        meaning = item.term.meaning if item.term else None
        if item.term is None or not isinstance(meaning, LightMeaning) or meaning.sided:
            key = ", key" if says_fill(words[place]) else ""
            words[place] = f"{words[place]}{key} from the {side}"
            return tuple(words)
    if lights:
        named = ", ".join(item.words(family) for item in lights)
        raise RequestError(
            f"No side can be said of {named}.", "Leave the side out, or take a light that has one."
        )
    return (f"key light from the {side}",)


def _with_apertures(cameras: Sequence[Item], family: str) -> tuple[str, ...]:
    """Lenses and the rest, an f-number said with the lens before it: "85mm lens at f/1.8"."""
    phrases: list[str] = []
    lens_before = False
    for item, words in zip(cameras, _words(cameras, family), strict=True):
        meaning = item.term.meaning if item.term else None
        is_stop = item.term is not None and item.term.kind == "aperture" and words.startswith("f/")
        if is_stop and lens_before:
            phrases[-1] = f"{phrases[-1]} at {words}"
        else:
            phrases.append(words)
        lens_before = (
            isinstance(meaning, OpticsMeaning) and meaning.focal_mm is not None and meaning.aperture is None
        )
    return tuple(phrases)


def _clean(words: str) -> str:
    """Words without the spaces and stops at their ends that would break a list."""
    return " ".join(words.split()).strip(" ,;.")
