"""Types of the vocabulary: a term, its physical meaning, and what a measurement should find.

Angles are in degrees seen from the camera: azimuth 0 is the camera's side, positive towards the right of the picture;
elevation 0 is eye level, positive upwards. They agree with the light parameters of the training pictures
(`recipes/mini/portraits/rigs.py`). Ranges are (low, high), both ends included.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

Range = tuple[float, float]

KINDS = (
    "light", "camera", "lens", "aperture", "film", "skin", "material", "surface", "atmosphere", "macro", "product",
    "interior", "landscape", "environment", "street", "quality", "mode", "negative",
)  # fmt: skip
"""Kinds of terms, each a file of `data/`. `surface` is wet and reflective surfaces, `mode` output modes (photograph,
illustration, ...), `negative` words and sets for negative prompts, `interior` architecture and interiors, `landscape`
travel and landscape, `environment` environmental portraits, `street` streets and busy backgrounds."""


@dataclass(frozen=True, slots=True)
class LightMeaning:
    """Where the light comes from and what it is like.

    Attributes:
        key_azimuth_degrees: Magnitude of the key's azimuth, (low, high); the side is said apart ("from the left").
        key_elevation_degrees: Elevation of the key.
        softness_degrees: Angular size of the key seen from the face: the sun 0.5, an overcast sky above 120.
        fill_stops: Key over fill on the face, in stops: 0 is flat, 5 hardly any fill.
        key_kelvin: Correlated colour temperature of the key; None where it is coloured or any.
        fill_kelvin: Of the fill.
        rim: `none`, `maybe` or `always`: an edge light from behind.
        sided: Whether a side (left or right) can be said of it.
        colours: Names of the colours of coloured lights, the key's first; empty for white light.
    """

    key_azimuth_degrees: Range
    key_elevation_degrees: Range
    softness_degrees: Range
    fill_stops: Range
    key_kelvin: Range | None = None
    fill_kelvin: Range | None = None
    rim: str = "none"
    sided: bool = True
    colours: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OpticsMeaning:
    """What a lens, an aperture or a camera stands for; None where the term does not say.

    Attributes:
        focal_mm: Focal length in millimetres on its own sensor.
        aperture: f-number.
        sensor_mm: Width and height of the sensor or film.
        isolation_stops: Expected blur of the background over the eyes, log2 of the ratio of blur widths.
        blades: Aperture blades, which shape the out-of-focus highlights.
    """

    focal_mm: float | None = None
    aperture: float | None = None
    sensor_mm: tuple[float, float] | None = None
    isolation_stops: Range | None = None
    blades: int | None = None


@dataclass(frozen=True, slots=True)
class DetailMeaning:
    """A detail of a known size.

    Attributes:
        size_mm: Size on the subject, (low, high).
        least_px_per_mm: Below this many pixels a millimetre it cannot show.
    """

    size_mm: Range
    least_px_per_mm: float


Meaning = LightMeaning | OpticsMeaning | DetailMeaning


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a measurement of the picture should find.

    Attributes:
        measure: Name of the measure with its unit, e.g. `key_azimuth_degrees`, `lighting_ratio_stops`.
        low: Least value expected.
        high: Greatest value expected.
    """

    measure: str
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Term:
    """One entry of the vocabulary.

    Attributes:
        id: Kind and name, `light.rembrandt`; stable, lower case, words joined by `-`.
        kind: One of `KINDS`.
        say: The words that go into a prompt.
        say_for: Other words for a family (`flux1`, `flux2`, `flux3`).
        aliases: How else people write it; read, never written.
        instead_of: Vague phrasings that this term replaces ("rainy street").
        effect: What it does to the picture, one sentence.
        best_for: Where to use it, one phrase.
        conflicts: Ids (or `kind.*`) that cannot be said together with it.
        tags: Free words for searching and grouping (`hard`, `outdoor`).
        source: Where the knowledge is from.
        meaning: Physical meaning, where it has one.
        expect: What should be measurable.
    """

    id: str
    kind: str
    say: str
    effect: str
    best_for: str
    source: str
    say_for: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    aliases: tuple[str, ...] = ()
    instead_of: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    meaning: Meaning | None = None
    expect: tuple[Expectation, ...] = ()

    @property
    def name(self) -> str:
        """The id without its kind."""
        return self.id.partition(".")[2]

    def words(self, family: str = "") -> str:
        """What to say to a family."""
        return self.say_for.get(family, self.say)


@dataclass(frozen=True, slots=True)
class Preset:
    """A whole look, named from the vocabulary.

    Attributes:
        id: Name, `preset.editorial-rembrandt`.
        title: For people.
        effect: What it looks like, one sentence.
        best_for: Where to use it.
        brief: Kind of brief it belongs to: `portrait`, `product`, `landscape`, `macro`, `environment`, `interior`.
        terms: Ids of the terms, in the order in which they are said.
        negative: Id of a negative set, or empty.
        source: Where the look is from.
    """

    id: str
    title: str
    effect: str
    best_for: str
    brief: str
    terms: tuple[str, ...]
    source: str
    negative: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """A term found in a text.

    Attributes:
        term: What was found.
        start: First character.
        end: One past the last character.
        vague: The words are one of the term's `instead_of`.
    """

    term: Term
    start: int
    end: int
    vague: bool = False
