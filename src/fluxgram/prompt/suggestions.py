"""What suits which kind of picture, and when: the ids that `enhance.py` chooses from, the best first.

Only choices are here; what a term says and does is in the vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fluxgram.prompt.clues import bag

PHOTOGRAPHIC_MODES = frozenset(("mode.photograph",))
EMPTY_LIGHT = bag("good nice great perfect beautiful amazing best light lighting lights professional pretty")
"""A light that says nothing: "nice lighting"."""

SMOOTH_WORDS = bag("smooth flawless retouched airbrushed poreless porcelain doll statue mannequin")
"""Words with which no skin texture is added, because the user asks for the opposite or for no skin."""

LETTERING = bag("text sign poster label lettering typography headline letters words logo caption title")
"""Words with which "text" is not put into the negative prompt."""

_NIGHT = bag("night midnight nighttime evening nocturnal")
_OUTDOORS = bag(
    "street city alley road rooftop park garden field forest beach mountain mountains hill hills lake "
    "river sea ocean coast outdoors outdoor outside desert meadow village market bridge pier jungle woods "
    "snow rain fog autumn island harbor harbour boat farm barn stadium"
)
_FIRES = bag("campfire bonfire fireplace hearth")
_INDOORS = bag(
    "room kitchen bedroom office cafe café coffee bar pub library workshop museum church restaurant "
    "indoors inside home house apartment living bathroom classroom shop store train gym bench hall "
    "studio"
)
_STUDIO = bag("studio headshot backdrop seamless background corporate linkedin profile")
_CLOSE = bag("close-up closeup macro")
_WIDE = bag("full-body full-length standing walking running dancing")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A term and when it is right.

    Attributes:
        id: Of the term.
        because: Why this one, the end of a sentence.
        aperture: Id of the aperture that belongs to a lens; empty for none.
    """

    id: str
    because: str
    aperture: str = ""


def lights(kind: str, words: frozenset[str]) -> Iterator[Suggestion]:
    """Lights for a kind of picture, the best first; the caller passes over those that contradict the prompt."""
    if words & _FIRES:
        yield Suggestion("light.firelight", "a fire lights those who are near it")
    if words & _NIGHT and kind not in ("product", "macro"):
        if words & _INDOORS and not words & _OUTDOORS:
            yield Suggestion("light.tungsten", "it is night and indoors")
        else:
            yield Suggestion("light.street-lamp", "it is night and out of doors")
    if kind == "product":
        yield Suggestion(
            "light.product-softbox", "it is a product, whose surface and edges want one directed soft light"
        )
    if kind == "macro":
        yield Suggestion("light.raking", "low light across it shows the surface of a small thing")
    if kind == "landscape":
        yield Suggestion("light.sunrise", "low sun gives a landscape its relief")
    if words & _STUDIO and kind in ("portrait", "environment"):
        yield Suggestion("light.soft-studio", "it is a studio picture")
    if kind in ("interior", "environment") or words & _INDOORS:
        yield Suggestion("light.window", "indoors a window is the light that people expect")
    if words & _OUTDOORS:
        yield Suggestion("light.overcast", "out of doors a cloudy sky is even and flatters everyone")
    yield Suggestion(
        "light.window", "window light is soft, has a direction and suits nearly every face and thing"
    )
    yield Suggestion("light.overcast", "a cloudy sky is even and fits nearly everything")


def lenses(kind: str, words: frozenset[str]) -> Iterator[Suggestion]:
    """Lenses for a kind of picture, the best first."""
    if kind == "portrait" and words & _CLOSE:
        yield Suggestion("lens.100mm-macro", "so close a picture needs a macro lens")
    if kind == "portrait" and not words & _WIDE:
        because = "a short telephoto keeps a face in proportion and parts it from what is behind"
        yield Suggestion("lens.85mm", because, "aperture.f1-8")
    if kind in ("environment", "portrait"):
        yield Suggestion("lens.35mm", "a moderate wide angle shows the person and the place", "aperture.f2-8")
    if kind in ("product", "macro"):
        yield Suggestion("lens.100mm-macro", "it focuses closely and keeps straight lines straight")
    if kind in ("landscape", "interior"):
        because = "it takes in the place and keeps it sharp from front to back"
        yield Suggestion("lens.24mm", because, "aperture.f8")
    yield Suggestion("lens.50mm", "it draws things much as the eye sees them", "aperture.f2-8")


SKIN = ("quality.skin-texture", "skin.pores", "skin.vellus")
"""Skin details in the order in which they are added."""

QUALITY = ("quality.photorealistic", "quality.raw-photo")
"""Markers of a photograph in the order in which they are added."""

_NEGATIVES = {
    "portrait": "negative.skin", "environment": "negative.environment", "product": "negative.product",
    "landscape": "negative.landscape", "interior": "negative.interior", "macro": "negative.macro",
}  # fmt: skip


def negatives(kind: str) -> tuple[str, ...]:
    """Negative sets for a kind of picture."""
    return ("negative.always", *((_NEGATIVES[kind],) if kind in _NEGATIVES else ()))


def framing(kind: str, words: frozenset[str]) -> str:
    """How close the picture is, as `optics.framing_px_per_mm` names it."""
    if words & _CLOSE:
        return "extreme close-up" if "extreme" in words else "close-up"
    if words & {"full-body", "full-length"} or {"full", "body"} <= words or {"full", "length"} <= words:
        return "full body"
    if kind == "environment" or words & _WIDE or words & {"half-body", "waist"}:
        return "half body"
    return "head-and-shoulders"
