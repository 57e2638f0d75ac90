"""The sixteen rendered light sources, and the mixing desk that turns them into one lighting.

Every pack holds one picture per source. `SOURCES` says where each stands as seen by the viewer; a `Rig`
collects how strongly and in which color each one burns. The lightings themselves are in `rigs`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from recipes.mini.portraits.light_color import neon_light, seen_by_camera


@dataclass(frozen=True)
class Source:
    """A rendered source.

    Attributes:
        azimuth: Degrees around the head, positive to the viewer's right; None for the dome.
        elevation: Degrees above the eyes; None for the dome.
        softness: Angular size seen from the face, degrees.
        power: Factor that gives every source the same exposure on a frontal grey card.
    """

    azimuth: int | None
    elevation: int | None
    softness: float
    power: float


SOURCES = {
    "hL45": Source(-45, 40, 3.4, 1.0),
    "hR45": Source(45, 40, 3.4, 1.0),
    "bT": Source(0, 48, 15, 0.85),
    "hN": Source(16, 68, 2.9, 1.15),
    "hL90": Source(-86, 12, 4.3, 1.5),
    "hR90": Source(86, 12, 4.3, 1.5),
    "mL30": Source(-32, 30, 15, 0.85),
    "mR30": Source(32, 30, 15, 0.85),
    "sL45": Source(-42, 25, 37, 0.95),
    "sR45": Source(42, 25, 37, 0.95),
    "sL85": Source(-82, 10, 47, 1.5),
    "sR85": Source(82, 10, 47, 1.5),
    "rL": Source(-145, 28, 12, 1.0),
    "rR": Source(145, 28, 12, 1.0),
    "low": Source(0, -42, 50, 1.1),
    "env": Source(None, None, 180, 0.55),
}
"""Names: h hard, m medium, s soft, r rim; L/R the viewer's side; the azimuth in degrees, roughly. `bT` is the
beauty dish above the lens, `hN` the noon sun, `low` a reflector below, `env` the dome around everything."""

USUAL_ADAPTATION = 0.58
WARM_ADAPTATION = 0.78
"""How much of a source's cast the camera keeps: usually, and where warmth is the point (golden hour,
candle)."""


class Rig:
    """One lighting: which sources burn, how strongly, in which color.

    Attributes:
        weights: Source name to the linear RGB factor for its picture, float32 (3,).
        lights: A plain description of every source that burns, for the receipt of the picture.
    """

    def __init__(self, keep_warm: bool = False) -> None:
        """Start dark; `keep_warm` makes the camera adapt less to warm light."""
        self.weights: dict[str, np.ndarray] = {}
        self.lights: list[dict[str, Any]] = []
        self._adaptation = WARM_ADAPTATION if keep_warm else USUAL_ADAPTATION

    def add(self, name: str, intensity: float, color: float | str = 5600, role: str = "key") -> None:
        """Switch a source on.

        Args:
            name: A key of `SOURCES`.
            intensity: Exposure relative to the key; zero or less leaves the source off.
            color: Kelvin, or a name of `light_color.NEON`.
            role: What a photographer would call it (key, fill, rim, bounce ...).
        """
        if intensity <= 0:
            return
        source = SOURCES[name]
        rgb = neon_light(color) if isinstance(color, str) else seen_by_camera(color, self._adaptation)
        self.weights[name] = self.weights.get(name, 0) + rgb * np.float32(intensity * source.power)
        light: dict[str, Any] = {
            "role": role,
            "source": str(name),
            "azimuth": source.azimuth,
            "elevation": source.elevation,
            "softness": source.softness,
            "rel": round(float(intensity), 3),
        }
        if isinstance(color, str):
            light["color"] = color
        else:
            light["kelvin"] = int(color)
        self.lights.append(light)
