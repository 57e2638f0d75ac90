"""Which place suits which lighting, how far behind the sitter it lies, and how bright it is.

`choose_place` draws a place for a style of light; `Place.paint` paints it. The defocus that follows from its
distance is computed in `compose`.
"""

from dataclasses import dataclass

import numpy as np

from recipes.mini.portraits.backgrounds import city, nature, rooms, walls
from recipes.mini.portraits.backgrounds.painting import Painter


@dataclass(frozen=True)
class Place:
    """A background and where it is.

    Attributes:
        paint: Painter of the picture.
        level: Brightness relative to the lighting's backdrop level.
        behind: Range of its distance behind the sitter, metres.
        least_blur: Radius below which it is never blurred, pixels at 256 px (painted scenes look painted when
            sharp).
        shares_light: Whether the light on the face also colors it.
    """

    paint: Painter
    level: float
    behind: tuple[float, float] = (3, 9)
    least_blur: float = 6.0
    shares_light: bool = False


STUDIO = Place(walls.studio, 0.9, behind=(1.2, 2.2), least_blur=3.4, shares_light=True)
PLASTER = Place(walls.plaster, 0.6, behind=(0.5, 1.1), least_blur=1.1, shares_light=True)
BRICK = Place(walls.brick, 0.6, behind=(0.5, 1.1), least_blur=1.1, shares_light=True)
INTERIOR = Place(rooms.interior, 0.75, behind=(1.8, 4.0))
INTERIOR_AT_NIGHT = Place(rooms.interior_at_night, 0.75)
OFFICE = Place(rooms.office, 0.75, behind=(1.8, 4.0))
CAFE = Place(rooms.cafe, 0.9, behind=(1.8, 4.0))
GARDEN = Place(nature.garden, 1.0)
FOREST = Place(nature.forest, 1.0)
BEACH = Place(nature.beach, 0.85, least_blur=3.4)
BEACH_AT_SUNSET = Place(nature.beach_at_sunset, 0.85)
FIELD_AT_SUNSET = Place(nature.field_at_sunset, 0.95, least_blur=3.4)
STREET_BY_DAY = Place(city.street_by_day, 0.75)
STREET_AT_DUSK = Place(city.street_at_dusk, 1.0)
NEON_STREET = Place(city.neon_street, 1.0, least_blur=3.4)

PLACES_BY_STYLE: dict[str, tuple[tuple[Place, float], ...]] = {
    "soft studio": ((STUDIO, 0.62), (INTERIOR, 0.2), (PLASTER, 0.1), (OFFICE, 0.08)),
    "butterfly": ((STUDIO, 0.8), (PLASTER, 0.2)),
    "loop": ((STUDIO, 0.6), (OFFICE, 0.2), (PLASTER, 0.2)),
    "rembrandt": ((STUDIO, 0.6), (PLASTER, 0.15), (BRICK, 0.15), (CAFE, 0.1)),
    "split": ((STUDIO, 0.6), (PLASTER, 0.2), (BRICK, 0.2)),
    "golden hour": ((FIELD_AT_SUNSET, 0.35), (GARDEN, 0.3), (BEACH_AT_SUNSET, 0.2), (STREET_BY_DAY, 0.15)),
    "window": ((INTERIOR, 0.6), (CAFE, 0.15), (OFFICE, 0.1), (PLASTER, 0.15)),
    "noon sun": ((BEACH, 0.4), (STREET_BY_DAY, 0.3), (GARDEN, 0.2), (BRICK, 0.1)),
    "neon": ((NEON_STREET, 0.75), (STUDIO, 0.25)),
    "low-key": ((STUDIO, 1.0),),
    "high-key": ((STUDIO, 1.0),),
    "mixed warm cool": ((CAFE, 0.4), (INTERIOR_AT_NIGHT, 0.35), (STREET_AT_DUSK, 0.25)),
    "overcast": ((GARDEN, 0.25), (FOREST, 0.2), (STREET_BY_DAY, 0.3), (BRICK, 0.25)),
    "open shade sun": ((GARDEN, 0.35), (BEACH, 0.3), (STREET_BY_DAY, 0.2), (BRICK, 0.15)),
}
"""Style of light to places and how often each is drawn."""


def choose_place(style: str, rng: np.random.Generator) -> Place:
    """Draw a place that suits a style of light."""
    places, shares = zip(*PLACES_BY_STYLE[style], strict=True)
    return places[rng.choice(len(places), p=np.array(shares) / sum(shares))]
