"""The relief of skin: pores for everyone, wrinkles by age.

Wrinkles are ridges of sine waves bent along the lines that faces fold in, masked to where they occur. Heights are
relative; the bump in `skin` scales them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import TYPE_CHECKING

import numpy as np

from recipes.mini.heads.shaders.graph import Graph, Signal

if TYPE_CHECKING:
    from recipes.mini.heads.shaders.skin import Person, Places

TURN = 6.283
CREASE_DEPTH = 2.3


@dataclass(frozen=True)
class Relief:
    """Relief of the skin.

    Attributes:
        height: Height for the bump.
        fine: Fine noise, reused for roughness.
        medium: Medium noise, reused for gloss.
        creases: Wrinkles, or None before thirty.
        ageing: Strength of ageing, 0 to 1.25.
    """

    height: Signal
    fine: Signal
    medium: Signal
    creases: Signal | None
    ageing: float


def skin_relief(
    graph: Graph, places: Places, texture_height: Signal, person: Person, rng: np.random.Generator
) -> Relief:
    """Pores, the texture's own relief, and wrinkles."""
    cells = graph.add("ShaderNodeTexVoronoi", {"Vector": places.rest, "Scale": 62.0}, output="Distance")
    fine = graph.noise(places.rest, 100.0, 2.0, 0.65)
    medium = graph.noise(places.rest, 38.0, 2.0, 0.5)
    pores = cells * 0.30 + (fine * 0.45 + medium * 0.30)
    height = pores * 1.05 + texture_height
    ageing = float(np.interp(person.age, [30, 45, 60, 80], [0, 0.35, 0.8, 1.25])) * (
        1 if person.man else 0.55
    )
    if ageing <= 0:
        return Relief(height, fine, medium, None, ageing)
    creases = _creases(graph, places, person, rng)
    sagging = graph.noise(places.rest, 9.0, 4.0, 0.6) * (0.9 * ageing)
    height = (height + sagging) - creases * (CREASE_DEPTH * ageing)
    return Relief(height, fine, medium, creases, ageing)


def _creases(graph: Graph, places: Places, person: Person, rng: np.random.Generator) -> Signal:
    """Sum of all wrinkles, each a little stronger or weaker than usual."""
    wobble = (graph.noise(places.rest, 4.0, 3.0) - 0.5) * 0.13
    spacing = float(rng.uniform(0.10, 0.13))
    wrinkles = (
        (_forehead(graph, places, wobble, spacing), 0.9 if person.man else 0.6),
        (_crows_feet(graph, places, wobble), 0.9),
        (_under_eyes(places, wobble), 0.6),
        (_nasolabial_fold(places, wobble), 1.0),
        (_between_brows(places, wobble), 0.55 if person.man else 0.25),
        (_neck(places, wobble), 0.7),
        (_upper_lip(places, wobble) * float(max(0, (person.age - 60) / 20)), 0.6),
    )
    return reduce(add, [wrinkle * float(strength * rng.uniform(0.75, 1.2)) for wrinkle, strength in wrinkles])


def _forehead(graph: Graph, places: Places, wobble: Signal, spacing: float) -> Signal:
    """Horizontal lines, arched, in patches."""
    fine_wobble = (graph.noise(places.rest, 13.0, 2.0) - 0.5) * 0.03
    height = (places.y + wobble) + (places.x.squared() * 0.10 + fine_wobble)
    lines = (height * (TURN / spacing)).ridges(5.0)
    area = places.y.gaussian(7.70, 0.17) * (
        places.z.smoothstep(0.95, 1.25) * places.aside.smoothstep(0.66, 0.40)
    )
    return lines * area * graph.noise(places.rest, 2.2, 2.0).smoothstep(0.30, 0.55)


def _crows_feet(graph: Graph, places: Places, wobble: Signal) -> Signal:
    """Rays from the outer corners of the eyes."""
    dx, dy = places.aside - 0.47, places.y - 7.27
    angle = graph.math("ARCTAN2", dy, dx + 0.02)
    radius = (dx.squared() + dy.squared()).square_root()
    rays = (angle * 8.5 + wobble * 14.0).ridges(4.0)
    outside = dx.smoothstep(0.0, 0.05) * dy.gaussian(-0.02, 0.17)
    return rays * (radius.smoothstep(0.05, 0.10) * (radius.smoothstep(0.34, 0.18) * outside))


def _under_eyes(places: Places, wobble: Signal) -> Signal:
    """Fine arcs below the lower lids."""
    arc = places.y + (places.aside - 0.31).squared() * -0.9
    lines = (arc * (TURN / 0.062) + wobble * 20.0).ridges(4.0)
    area = places.aside.gaussian(0.33, 0.17) * places.z.smoothstep(1.0, 1.2)
    return lines * (places.y.gaussian(7.07, 0.07) * area)


def _nasolabial_fold(places: Places, wobble: Signal) -> Signal:
    """The line from the wing of the nose past the corner of the mouth."""
    line = 0.20 + (6.93 - places.y) * 0.47
    fold = (places.aside + wobble * 0.4).gaussian(line, 0.022)
    fold = fold * (places.y.smoothstep(6.46, 6.60) * places.y.smoothstep(6.95, 6.86))
    return fold * places.z.smoothstep(0.9, 1.15)


def _between_brows(places: Places, wobble: Signal) -> Signal:
    """Two upright lines."""
    lines = (places.aside + wobble * 0.3).gaussian(0.075, 0.016) * places.y.gaussian(7.44, 0.09)
    return lines * places.z.smoothstep(1.2, 1.35)


def _neck(places: Places, wobble: Signal) -> Signal:
    """Rings around the neck."""
    return ((places.y + wobble * 1.2) * (TURN / 0.17)).ridges(6.0) * places.y.smoothstep(6.12, 5.98)


def _upper_lip(places: Places, wobble: Signal) -> Signal:
    """Upright lines above the lip."""
    lines = (places.x * (TURN / 0.055) + wobble * 16.0).ridges(4.0)
    area = places.aside.smoothstep(0.26, 0.18) * places.z.smoothstep(1.3, 1.4)
    return lines * (places.y.gaussian(6.73, 0.05) * area)
