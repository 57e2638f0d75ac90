"""The eyeball: sclera, iris and pupil painted by the angle from the optical axis, under a clear coat.

The mesh carries `ecc` (sine of that angle over that of the iris's edge), `eang` (a position that turns with the
angle around the axis) and `lid` (shadow of the upper lid).
"""

from __future__ import annotations

import numpy as np

from recipes.mini.heads.palettes import SKIN_TONES
from recipes.mini.heads.shaders.graph import Graph, Signal

IRISES = {
    "dark brown": ((0.028, 0.012, 0.006), (0.055, 0.026, 0.012)),
    "brown": ((0.065, 0.028, 0.012), (0.12, 0.056, 0.02)),
    "hazel": ((0.12, 0.075, 0.025), (0.2, 0.12, 0.035)),
    "blue": ((0.07, 0.15, 0.27), (0.22, 0.30, 0.37)),
    "green": ((0.06, 0.12, 0.06), (0.18, 0.20, 0.08)),
    "gray": ((0.15, 0.18, 0.20), (0.27, 0.29, 0.29)),
    "light blue": ((0.16, 0.28, 0.39), (0.34, 0.42, 0.46)),
}
"""Color between the fibres and on them."""

SCLERA = np.array([0.56, 0.535, 0.51])
SCLERA_BY_TONE = (1, 1, 1, 1, 0.95, 0.9, 0.8, 0.68, 0.6)


def eye_material(eye_color: str, skin: str, rng: np.random.Generator) -> Graph:
    """The material of both eyes."""
    graph = Graph("eye")
    eccentricity, around = graph.number("ecc"), graph.vector("eang")
    iris = _iris(graph, eye_color, eccentricity, around, pupil=float(rng.uniform(0.36, 0.44)))
    sclera = _sclera(graph, skin, eccentricity, around)
    on_iris = eccentricity.smoothstep(0.94, 1.10, 1.0, 0.0)
    color = graph.mix(on_iris, sclera, iris)
    color = graph.mix(graph.number("lid") * 0.72, color, (0.02, 0.012, 0.01))
    graph.surface(
        graph.principled(
            {
                "Base Color": color,
                "Roughness": 0.35,
                "Specular IOR Level": 0.1,
                "Coat Weight": 0.55,
                "Coat Roughness": 0.02,
                "Coat IOR": 1.38,
                "Subsurface Weight": 0.5 - on_iris * 0.5,
                "Subsurface Scale": 0.002,
            }
        )
    )
    return graph


def _iris(graph: Graph, eye_color: str, eccentricity: Signal, around: Signal, pupil: float) -> Signal:
    """Fibres, a brown ring inside, a dark ring outside, the pupil."""
    deep, light = (np.array(color) * 0.62 for color in IRISES[eye_color])
    fibres = graph.noise(around, 6.5, 3.0)
    color = graph.mix(graph.product(fibres - 0.3, 1.8), deep, light)
    inner = graph.map_range(eccentricity, 0.35, 0.62, 1.0, 0.0)
    color = graph.mix(inner * 0.4, color, (0.15, 0.08, 0.03))
    color = graph.mix(eccentricity.smoothstep(0.66, 0.98, 0.0, 0.92), color, (0.010, 0.009, 0.009))
    return graph.mix(eccentricity.smoothstep(pupil, 0.50, 1.0, 0.0), color, (0.003, 0.003, 0.003))


def _sclera(graph: Graph, skin: str, eccentricity: Signal, around: Signal) -> Signal:
    """The white, redder towards the corners, with veins."""
    white = SCLERA * SCLERA_BY_TONE[list(SKIN_TONES).index(skin)]
    veins = graph.noise(around, 2.2, 6.0)
    far = graph.map_range(eccentricity, 1.15, 2.0, 0.0, 1.0)
    color = graph.mix(far * 0.45, white, white * np.array([0.78, 0.52, 0.46]))
    return graph.mix(graph.product(veins - 0.48, 0.5), color, (0.52, 0.26, 0.22))
