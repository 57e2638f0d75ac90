"""Lamps around a head, as a light stage has them: a key, a fill, a rim light, and how bright it is behind.

`lamps_of` sets the lamps as the terms of a prompt mean them (the middle of every range), `named_lamps` does so for each
term that lamps can show. The way back, from lamps to words, is `lamp_words.py`. Directions are those of `terms.py`:
azimuth 0 is the camera's side and positive to the right of the picture; elevation 0 is eye level. Nothing here knows
prompts or pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import cast

from fluxgram.errors import RequestError
from fluxgram.photography.catalog import Catalog
from fluxgram.photography.terms import LightMeaning, Range, Term

WHITE_KELVIN = 5400.0
"""What the camera is balanced for, and the colour of a lamp of which nothing is said."""
RIM_AZIMUTH = 135.0
BACKGROUND = 0.3
"""Of a studio: nearly a third of what a white wall beside the face would have."""

LIMITS: dict[str, Range] = {
    "azimuth": (-180, 180),
    "elevation": (-90, 90),
    "softness_degrees": (0.1, 180),
    "kelvin": (1000, 20000),
    "power": (0, 4),
    "stops": (0, 8),
    "background": (0, 1),
}
"""What the numbers of lamps may be."""


@dataclass(frozen=True, slots=True)
class Key:
    """The lamp that makes the shadows.

    Attributes:
        azimuth: Degrees around the head, positive to the right of the picture, 180 behind it.
        elevation: Degrees above the eyes.
        softness_degrees: Its size as the face sees it.
        kelvin: Colour temperature.
        power: 1 is what the exposure is set for.
    """

    azimuth: float = -40.0
    elevation: float = 35.0
    softness_degrees: float = 20.0
    kelvin: float = WHITE_KELVIN
    power: float = 1.0


@dataclass(frozen=True, slots=True)
class Fill:
    """Light from everywhere that opens the shadows: how many stops it is under the key, and its colour."""

    stops: float = 2.5
    kelvin: float = WHITE_KELVIN


@dataclass(frozen=True, slots=True)
class Rim:
    """A lamp behind the head that draws its edge."""

    on: bool = False
    azimuth: float = RIM_AZIMUTH
    kelvin: float = WHITE_KELVIN
    power: float = 1.0


@dataclass(frozen=True, slots=True)
class Lamps:
    """All lamps of a stage; `background` is the brightness behind the head, 0 black to 1 white."""

    key: Key = Key()
    fill: Fill = Fill()
    rim: Rim = Rim()
    background: float = BACKGROUND

    def __post_init__(self) -> None:
        """Check the numbers.

        Raises:
            RequestError: One is outside of what it may be.
        """
        for lamp in (self.key, self.fill, self.rim, self):
            for name in lamp.__slots__:
                value = getattr(lamp, name)
                if name not in LIMITS:
                    continue
                low, high = LIMITS[name]
                if not isfinite(value) or not low <= value <= high:
                    of = "" if lamp is self else f" of the {type(lamp).__name__.lower()}"
                    raise RequestError(
                        f"{name}{of} must be from {low:g} to {high:g}, not {value:g}.",
                        "Angles are in degrees, colour in kelvin.",
                    )

    def with_key(self, key: Key, rim_side: str = "") -> Lamps:
        """The same lamps with another key; a rim light stays across from it, unless its side is said."""
        return replace(self, key=key, rim=_rim(key, rim_side, self.rim.kelvin) if self.rim.on else self.rim)


@dataclass(frozen=True, slots=True)
class Told:
    """A light term as it was said.

    Attributes:
        term: What was said.
        side: `left`, `right` or empty.
    """

    term: Term
    side: str = ""


_BACKGROUNDS = (("dark", 0.04), ("bright", 0.95), ("night", 0.12), ("outdoor", 0.55), ("daylight", 0.42))
"""Brightness behind the head that tags stand for, the first that fits."""


def lamps_of(told: Sequence[Told], side: str = "") -> Lamps | None:
    """The lamps that light terms mean; None where none of them says where a key stands.

    Args:
        told: The terms, in the order in which they were said; the first that is a key counts.
        side: Side of the key where no term has one of its own.
    """
    key = next((each for each in told if is_key(each.term)), None)
    rim = next((each for each in told if each.term.id == "light.rim"), None)
    if key is None and rim is None:
        return None
    lamps = Lamps() if key is None else _meant(key.term, key.side or side)
    if rim is not None:
        lamps = replace(lamps, rim=_rim(lamps.key, rim.side))
    if any(each.term.id == "light.reflector-fill" for each in told):
        lamps = replace(lamps, fill=replace(lamps.fill, stops=min(lamps.fill.stops, 1.5)))
    if any(each.term.id == "light.negative-fill" for each in told):
        lamps = replace(lamps, fill=replace(lamps.fill, stops=max(lamps.fill.stops, 4.5)))
    return lamps


def is_key(term: Term) -> bool:
    """Whether a term says where the key stands."""
    return term.kind == "light" and "key" in term.tags and isinstance(term.meaning, LightMeaning)


def meaning_of(term: Term) -> LightMeaning:
    """What a key term means."""
    return cast("LightMeaning", term.meaning)


def middle(bounds: Range) -> float:
    """The middle of a range."""
    return (bounds[0] + bounds[1]) / 2


def _meant(term: Term, side: str) -> Lamps:
    """The middle of everything that a key term means."""
    meaning = meaning_of(term)
    sign = 1.0 if side == "right" else -1.0
    azimuth = middle(meaning.key_azimuth_degrees)
    if not meaning.sided:
        azimuth = 0.0 if meaning.key_azimuth_degrees[0] == 0 else meaning.key_azimuth_degrees[1]
    kelvin = WHITE_KELVIN
    if meaning.key_kelvin:
        kelvin = middle(meaning.key_kelvin)
    elif "warm" in term.tags or "cool" in term.tags:
        kelvin = 3000.0 if "warm" in term.tags else 8000.0
    key = Key(
        azimuth=sign * azimuth if azimuth else 0.0,
        elevation=middle(meaning.key_elevation_degrees),
        softness_degrees=middle(meaning.softness_degrees),
        kelvin=kelvin,
    )
    fill = Fill(
        middle(meaning.fill_stops), middle(meaning.fill_kelvin) if meaning.fill_kelvin else key.kelvin
    )
    background = next((level for tag, level in _BACKGROUNDS if tag in term.tags), BACKGROUND)
    if "dramatic" in term.tags:
        background = min(background, 0.12)
    if "backlight" in term.tags and "dark" in term.tags:
        background = 0.95  # a silhouette is dark before something bright
    rim = replace(_rim(key, "", key.kelvin), on=meaning.rim == "always")
    return Lamps(key, fill, rim, background)


def _rim(key: Key, side: str, kelvin: float = WHITE_KELVIN) -> Rim:
    """A rim light: on the side said, or else across from the key."""
    sign = {"left": -1.0, "right": 1.0}.get(side) or (-1.0 if key.azimuth > 0 else 1.0)
    return Rim(True, sign * RIM_AZIMUTH, kelvin, 1.0)


@dataclass(frozen=True, slots=True)
class NamedLamps:
    """A named light as the stage shows it.

    Attributes:
        term: The light.
        lamps: In the middle of its ranges, the key on the left.
        left_out: What of it lamps cannot show, one phrase each; empty where they show all.
    """

    term: Term
    lamps: Lamps
    left_out: tuple[str, ...] = ()


def named_lamps(catalog: Catalog) -> list[NamedLamps]:
    """Every light term that says where a key stands, but those for products, in the order of the vocabulary."""
    found = []
    for term in catalog.of_kind("light"):
        if not is_key(term) or "product" in term.tags:
            continue
        lamps = _meant(term, "left")
        found.append(NamedLamps(term, lamps, tuple(not_shown(term))))
    return found


def not_shown(term: Term) -> list[str]:
    """What a light means that lamps of white light cannot show."""
    left_out = []
    meaning = term.meaning
    if isinstance(meaning, LightMeaning) and meaning.colours:
        left_out.append(f"the colours {' and '.join(meaning.colours)}")
    if "pattern" in term.tags:
        left_out.append("the pattern of its shadows")
    return left_out
