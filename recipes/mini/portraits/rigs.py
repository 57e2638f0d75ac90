"""The fourteen lightings a portrait can have, from soft studio to neon, each drawn with its own variations.

`rig` is the door: a style's name and a random generator in, a `Rig` of physical sources, the side of the key
light and the facts a caption may state out. Sides are the viewer's, before any mirroring of the picture.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from recipes.mini.portraits.light_color import NEON
from recipes.mini.portraits.sources import Rig

Facts = dict[str, Any]


class Draw:
    """Random decisions for one lighting, with the sides named from the key light's point of view."""

    def __init__(self, rng: np.random.Generator) -> None:
        """Draw the side of the key light."""
        self.rng = rng
        self.key = str(rng.choice(["L", "R"]))
        self.far = "R" if self.key == "L" else "L"

    def between(self, low: float, high: float) -> float:
        """A uniform number."""
        return float(self.rng.uniform(low, high))

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return self.rng.random() < probability


def _maybe_rim(rig: Rig, draw: Draw, probability: float, low: float, high: float, kelvin: float) -> Facts:
    """Perhaps one rim light from the far side; states it as a fact where it burns."""
    if not draw.chance(probability):
        return {}
    rig.add("r" + draw.far, draw.between(low, high), kelvin, "rim")
    return {"rim": True}


def _soft_studio(rig: Rig, draw: Draw) -> Facts:
    """A large softbox with fill; half the time warm against cool."""
    warm_cool = draw.chance(0.55)
    key = draw.between(3300, 4400) if warm_cool else draw.between(5000, 5800)
    fill = draw.between(7000, 9500) if warm_cool else key
    ratio = draw.between(0.18, 0.45)
    rig.add(f"s{draw.key}45", 1, key)
    rig.add(f"m{draw.far}30" if draw.chance(0.5) else f"s{draw.far}85", ratio * 0.7, fill, "fill")
    rig.add("env", ratio * 0.45, fill, "fill")
    if draw.chance(0.35):
        rig.add("low", 0.15, key, "bounce")
    rim = _maybe_rim(rig, draw, 0.4, 0.15, 0.6, fill if warm_cool else 5600)
    return {"warmcool": warm_cool, "ratio": ratio, **rim}


def _butterfly(rig: Rig, draw: Draw) -> Facts:
    """A beauty dish above the lens and a reflector below (clamshell where the reflector is strong)."""
    key = draw.between(5000, 6000)
    rig.add("bT", 1, key)
    bounce = draw.between(0.15, 0.5)
    rig.add("low", bounce, key, "bounce")
    rig.add("env", draw.between(0.05, 0.16), key, "fill")
    facts: Facts = {"clamshell": bounce > 0.33}
    if draw.chance(0.35):
        rig.add("rL", draw.between(0.15, 0.5), key, "rim")
        rig.add("rR", draw.between(0.15, 0.5), key, "rim")
        facts["rim"] = True
    return facts


def _loop(rig: Rig, draw: Draw) -> Facts:
    """A medium key, 30 degrees to the side and above."""
    key = draw.between(4600, 5800)
    ratio = draw.between(0.12, 0.32)
    rig.add(f"m{draw.key}30", 1, key)
    rig.add(f"s{draw.far}45", ratio * 0.6, key, "fill")
    rig.add("env", ratio * 0.4, key + 800, "fill")
    return {"ratio": ratio, **_maybe_rim(rig, draw, 0.4, 0.2, 0.6, key)}


def _rembrandt(rig: Rig, draw: Draw) -> Facts:
    """One hard key at 45 degrees, hardly any fill."""
    key = draw.between(3800, 5600)
    rig.add(f"h{draw.key}45", 1, key)
    ratio = draw.between(0.03, 0.10)
    rig.add("env", ratio, key + 600, "fill")
    return {"ratio": ratio}


def _split(rig: Rig, draw: Draw) -> Facts:
    """A key from the side: half the face lies in shadow."""
    key = draw.between(4500, 6200)
    soft = draw.chance(0.35)
    rig.add(f"s{draw.key}85" if soft else f"h{draw.key}90", 1, key)
    rig.add("env", draw.between(0.015, 0.05), 6000, "fill")
    return _maybe_rim(rig, draw, 0.3, 0.2, 0.6, key)


def _golden_hour(rig: Rig, draw: Draw) -> Facts:
    """A low sun behind the head, the sky as fill."""
    sun = draw.between(2700, 3400)
    rig.add(f"r{draw.key}", draw.between(1.7, 3.0), sun, "backlight")
    rig.add("env", draw.between(0.28, 0.5), draw.between(5200, 7500), "sky fill")
    side = draw.rng.choice([draw.key, draw.far])
    rig.add(f"m{side}30", draw.between(0.10, 0.28), draw.between(3600, 4600), "fill")
    rig.add("low", draw.between(0.06, 0.16), 3400, "bounce")
    if draw.chance(0.35):
        rig.add(f"h{draw.key}90", draw.between(0.25, 0.6), sun, "sun")
    if draw.chance(0.3):
        rig.add(f"r{draw.far}", draw.between(0.4, 0.9), sun, "rim")
    return {"rim": True}


def _window(rig: Rig, draw: Draw) -> Facts:
    """A large window at the side, the room as fill."""
    key = draw.between(5800, 7500)
    rig.add(f"s{draw.key}85", 1, key)
    rig.add(f"s{draw.key}45", draw.between(0.1, 0.35), key, "key")
    rig.add("env", draw.between(0.06, 0.16), key - 600, "room")
    rig.add(f"s{draw.far}45", draw.between(0, 0.07), draw.between(4200, 6000), "fill")
    return {}


def _noon_sun(rig: Rig, draw: Draw) -> Facts:
    """A hard sun overhead, blue sky, light from the ground."""
    rig.add("hN", 1.2, draw.between(5000, 5700), "sun")
    rig.add("env", draw.between(0.2, 0.36), draw.between(8000, 11000), "sky")
    rig.add("low", draw.between(0.08, 0.22), 4800, "ground bounce")
    return {}


def _open_shade_sun(rig: Rig, draw: Draw) -> Facts:
    """A hard sun from the upper side, much sky."""
    rig.add(f"h{draw.key}45", 1, draw.between(4600, 5400), "sun")
    rig.add("env", draw.between(0.22, 0.42), draw.between(8000, 10500), "sky")
    rig.add("low", draw.between(0.08, 0.2), 4800, "ground bounce")
    return {}


TOO_SIMILAR = {
    frozenset(pair)
    for pair in (
        ("red", "orange"),
        ("magenta", "pink"),
        ("magenta", "red"),
        ("pink", "red"),
        ("cyan", "teal"),
        ("blue", "purple"),
        ("green", "teal"),
        ("cyan", "blue"),
        ("magenta", "purple"),
    )
}
"""Pairs of neon colors that a viewer would take for one."""


def _neon_pair(rng: np.random.Generator) -> tuple[str, str]:
    """Two neon colors that can be told apart."""
    palette = list(NEON)
    first, second = (palette[i] for i in rng.choice(len(palette), 2, replace=False))
    while frozenset((first, second)) in TOO_SIMILAR:
        second = palette[rng.integers(len(palette))]
        if first == second:
            first = palette[rng.integers(len(palette))]
    if first == second:
        second = "cyan" if first != "cyan" else "magenta"
    return first, second


def _neon(rig: Rig, draw: Draw) -> Facts:
    """Two soft tubes of different color, one on each side."""
    first, second = _neon_pair(draw.rng)
    rig.add(f"s{draw.key}85", 1, first)
    rig.add(f"s{draw.far}85", draw.between(0.55, 1.0), second, "second key")
    rig.add(f"m{draw.key}30", draw.between(0.05, 0.2), first, "fill")
    rig.add("env", draw.between(0.01, 0.035), 5600, "ambient")
    if draw.chance(0.6):
        rig.add(f"r{draw.far}", draw.between(0.4, 0.9), second, "rim")
    return {"neon": (first, second)}


def _low_key(rig: Rig, draw: Draw) -> Facts:
    """A rim and a weak side light; most of the face stays dark."""
    key = draw.between(4000, 6000)
    rig.add(f"r{draw.key}", draw.between(0.6, 1.2), key, "rim")
    rig.add(f"s{draw.key}85", draw.between(0.25, 0.5), key, "key")
    rig.add("env", draw.between(0.008, 0.02), 6000, "ambient")
    if draw.chance(0.5):
        rig.add(f"r{draw.far}", draw.between(0.4, 0.9), key, "rim")
    return {"rim": True}


def _high_key(rig: Rig, draw: Draw) -> Facts:
    """Bright and even from everywhere."""
    key = draw.between(5300, 6000)
    rig.add(f"s{draw.key}45", 1, key)
    rig.add(f"s{draw.far}45", draw.between(0.45, 0.8), key, "key")
    rig.add("low", draw.between(0.2, 0.4), key, "bounce")
    rig.add("env", draw.between(0.2, 0.4), key, "fill")
    rig.add("bT", 0.35, key, "key")
    return {}


def _mixed_warm_cool(rig: Rig, draw: Draw) -> Facts:
    """Candle or tungsten from one side, daylight from the other."""
    candle = draw.between(2300, 3100)
    rig.add(f"m{draw.key}30", 0.7, candle)
    rig.add("low", draw.between(0.2, 0.5), candle, "candle")
    rig.add(f"s{draw.far}85", draw.between(0.35, 0.75), draw.between(7000, 9500), "window")
    rig.add("env", draw.between(0.015, 0.05), 7500, "ambient")
    return _maybe_rim(rig, draw, 0.4, 0.4, 0.8, 8000)


def _overcast(rig: Rig, draw: Draw) -> Facts:
    """The whole sky as one soft source."""
    sky = draw.between(6300, 7600)
    rig.add("env", 0.75, sky, "sky")
    rig.add("bT", draw.between(0.3, 0.5), sky, "sky")
    rig.add("low", draw.between(0.05, 0.14), 5600, "ground bounce")
    rig.add(f"s{draw.key}45", draw.between(0.0, 0.25), sky, "sky")
    return {}


@dataclass(frozen=True)
class LightStyle:
    """A lighting and what the camera does about it.

    Attributes:
        build: Switches the sources of a rig on and returns the facts a caption may state.
        weight: How often the style is drawn, relative to the others.
        face_level: Linear luminance the exposure aims at on a face of albedo 0.26.
        backdrop_level: Brightness of the background relative to that exposure.
        sided: Whether the key light has a side worth naming.
        keep_warm: Whether the camera adapts less than usual to warm light.
        highlight_limit: Luminance that the brightest parts of the face may reach.
    """

    build: Callable[[Rig, Draw], Facts]
    weight: float
    face_level: float
    backdrop_level: float
    sided: bool = True
    keep_warm: bool = False
    highlight_limit: float = 1.05


LIGHT_STYLES = {
    "soft studio": LightStyle(_soft_studio, 0.17, 0.31, 0.85),
    "butterfly": LightStyle(_butterfly, 0.09, 0.30, 0.75, sided=False),
    "loop": LightStyle(_loop, 0.08, 0.28, 0.7),
    "rembrandt": LightStyle(_rembrandt, 0.10, 0.18, 0.38),
    "split": LightStyle(_split, 0.06, 0.14, 0.34),
    "golden hour": LightStyle(_golden_hour, 0.10, 0.22, 0.95, keep_warm=True),
    "window": LightStyle(_window, 0.10, 0.24, 0.62),
    "noon sun": LightStyle(_noon_sun, 0.05, 0.27, 1.05, sided=False),
    "neon": LightStyle(_neon, 0.08, 0.16, 0.85),
    "low-key": LightStyle(_low_key, 0.05, 0.06, 0.10, highlight_limit=0.9),
    "high-key": LightStyle(_high_key, 0.06, 0.40, 1.0, sided=False, highlight_limit=1.5),
    "mixed warm cool": LightStyle(_mixed_warm_cool, 0.06, 0.19, 0.7, keep_warm=True),
    "overcast": LightStyle(_overcast, 0.06, 0.28, 0.75, sided=False),
    "open shade sun": LightStyle(_open_shade_sun, 0.04, 0.26, 0.95),
}

STYLES = list(LIGHT_STYLES)
"""Names of the lightings."""

STYLE_PROBABILITIES = np.array([s.weight for s in LIGHT_STYLES.values()]) / sum(
    s.weight for s in LIGHT_STYLES.values()
)
"""Probability of each of `STYLES`, float64 (14,)."""


def rig(style: str, rng: np.random.Generator) -> tuple[Rig, str | None, Facts]:
    """Draw one lighting of a style.

    Args:
        style: One of `STYLES`.
        rng: Source of the variations.

    Returns:
        The rig, the side of the key light ("left", "right", the viewer's; None where it has none), and facts
        for the caption: `ratio` (fill to key), `warmcool`, `rim`, `clamshell`, `neon` (two color names).

    Raises:
        ValueError: There is no such style.
    """
    if style not in LIGHT_STYLES:
        raise ValueError(f"There is no lighting called {style!r}; there are {', '.join(STYLES)}.")
    light_style = LIGHT_STYLES[style]
    lighting = Rig(light_style.keep_warm)
    draw = Draw(rng)
    facts = light_style.build(lighting, draw)
    side = {"L": "left", "R": "right"}[draw.key] if light_style.sided else None
    return lighting, side, facts
