"""What a panel of choices offers beside a prompt: groups of terms, the ones that most pictures want first.

Only the choice and the order are here; what a term says and does is in the vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fluxgram.photography.catalog import Catalog
from fluxgram.photography.terms import Term

LONGEST_LABEL = 26
"""Characters of words that are a label as they are."""


@dataclass(frozen=True, slots=True)
class Group:
    """Terms that are chosen from together.

    Attributes:
        name: What it is called.
        kinds: Kinds of terms in it.
        best: Names of the terms that come first, with their kind.
        more: Whether it is only wanted now and then.
        names: Whether a label is the term's name rather than its words.
    """

    name: str
    kinds: tuple[str, ...]
    best: tuple[str, ...]
    more: bool = False
    names: bool = False


GROUPS = (
    Group("details", ("skin",), (
        "skin.pores", "skin.freckles", "skin.no-retouching", "skin.smile-lines", "skin.wrinkles", "skin.stubble",
        "skin.hair-strands", "skin.catchlights", "skin.moles", "skin.sheen"), names=True),
    Group("light", ("light",), (
        "light.soft-studio", "light.window", "light.rembrandt", "light.butterfly", "light.loop", "light.split",
        "light.golden-hour", "light.overcast", "light.low-key", "light.high-key", "light.rim",
        "light.reflector-fill"), names=True),
    Group("lens", ("lens",), (
        "lens.24mm", "lens.35mm", "lens.50mm", "lens.85mm", "lens.105mm", "lens.135mm", "lens.focus-on-eyes",
        "lens.bokeh-creamy")),
    Group("aperture", ("aperture",), (
        "aperture.f1-4", "aperture.f1-8", "aperture.f2-8", "aperture.f4", "aperture.f5-6", "aperture.f8",
        "aperture.shallow", "aperture.deep")),
    Group("camera", ("camera", "film"), (
        "camera.full-frame", "camera.medium-format", "camera.leica-m", "camera.film-35mm", "camera.phone",
        "film.portra-400", "film.tri-x-400", "film.cinestill-800t", "film.grain")),
    Group("quality", ("quality",), (
        "quality.photorealistic", "quality.raw-photo", "quality.skin-texture", "quality.high-detail",
        "quality.sharp-focus", "quality.editorial", "quality.documentary", "quality.candid",
        "quality.natural-colour", "quality.dynamic-range")),
    Group("surroundings", ("environment", "street"), (
        "environment.studio-backdrop", "environment.workshop", "environment.cafe", "environment.office",
        "environment.library", "environment.greenhouse", "environment.street-walk", "environment.kitchen",
        "street.readable-crowd", "street.neon-alley"), more=True, names=True),
    Group("atmosphere", ("atmosphere",), (
        "atmosphere.morning-haze", "atmosphere.fog", "atmosphere.dust-beams", "atmosphere.smoke",
        "atmosphere.steam", "atmosphere.rain", "atmosphere.snowfall", "atmosphere.breath"), more=True, names=True),
    Group("materials", ("material", "surface"), (
        "material.linen", "material.wool", "material.denim", "material.leather", "material.silk", "material.velvet",
        "surface.wet-hair", "surface.raindrops-glass", "material.plaster", "material.brick"),
        more=True, names=True),
)  # fmt: skip
"""In the order in which a prompt is written; what is wanted now and then comes last."""


def offered(group: Group, catalog: Catalog) -> Iterator[tuple[Term, bool]]:
    """All terms of a group, and whether each is one of the best, which come first."""
    best = [catalog.terms[id_] for id_ in group.best if id_ in catalog.terms]
    yield from ((term, True) for term in best)
    for kind in group.kinds:
        yield from ((term, False) for term in catalog.of_kind(kind) if term.id not in group.best)


def label(term: Term, group: Group) -> str:
    """A few words that stand for a term where its own would be too many."""
    short = len(term.say) <= LONGEST_LABEL and not group.names
    words = term.say.removesuffix(" lens") if short else term.name.replace("-", " ")
    return f"{words[:1].upper()}{words[1:]}" if not words.startswith("f/") else words
