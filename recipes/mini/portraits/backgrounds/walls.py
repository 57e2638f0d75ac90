"""Backgrounds just behind the sitter: paper and canvas, plaster, brick. The key light falls on them too."""

import numpy as np

from recipes.mini.portraits.backgrounds.painting import PAPER, Setting, fractal_noise, linear, pick
from recipes.mini.portraits.optics import coordinates


def studio(rng: np.random.Generator, size: int, setting: Setting) -> tuple[np.ndarray, str]:
    """Seamless paper or mottled canvas with a pool of light on the side away from the key."""
    color = pick(rng, *PAPER)
    u, v = coordinates(size)
    center = -0.35 * setting.gradient + rng.normal() * 0.15
    height = rng.normal() * 0.25
    pool = np.exp(-((u - center) ** 2 + (v - height) ** 2) / rng.uniform(0.9, 3.0))
    mottled = rng.random() < 0.35
    picture = linear(*PAPER[color]) * (0.40 + 0.85 * pool)[..., None]
    if mottled:
        picture *= (1 + 0.16 * fractal_noise(rng, size, size / 3, 4))[..., None]
        return picture, f"mottled {color} canvas backdrop"
    name = pick(
        rng, f"plain {color} background", f"{color} studio backdrop", f"seamless {color} paper background"
    )
    return picture, name


def plaster(rng: np.random.Generator, size: int, setting: Setting) -> tuple[np.ndarray, str]:
    """A plaster or concrete wall."""
    u, _ = coordinates(size)
    color = pick(rng, "light gray", "beige", "gray", "terracotta", "sage green", "white", "slate blue")
    patches = 0.10 * fractal_noise(rng, size, size / 3, 5)
    pores = 0.04 * fractal_noise(rng, size, 6, 2)
    picture = linear(*PAPER[color]) * (1 + patches + pores)[..., None] * 0.8
    falloff = 1 + 0.35 * u * setting.gradient
    name = (
        "concrete wall" if color == "gray" else pick(rng, f"{color} plaster wall", f"textured {color} wall")
    )
    return picture * falloff[..., None], name


BRICKS = (
    ("red brick wall", (0.22, 0.085, 0.05)),
    ("gray brick wall", (0.30, 0.27, 0.24)),
    ("white brick wall", (0.46, 0.44, 0.41)),
    ("dark brick wall", (0.16, 0.09, 0.06)),
)


def brick(rng: np.random.Generator, size: int, setting: Setting) -> tuple[np.ndarray, str]:
    """A brick wall in running bond."""
    u, v = coordinates(size)
    courses = rng.uniform(7, 11)
    y = v * courses
    row = np.floor(y)
    x = u * courses * 0.42 + (row % 2) * 0.5
    column = np.floor(x)
    across, down = x - column, y - row
    mortar = (across < 0.045) | (across > 0.955) | (down < 0.09) | (down > 0.91)
    shade = (np.sin(column * 12.9898 + row * 78.233) * 43758.5453) % 1  # the customary hash of a cell
    name, color = BRICKS[int(rng.integers(len(BRICKS)))]
    grain = 1 + 0.16 * fractal_noise(rng, size, size / 14, 3)
    picture = linear(*color) * (0.72 + 0.5 * shade)[..., None] * grain[..., None]
    picture[mortar] = np.array([0.30, 0.28, 0.25]) * (1.1 if name.startswith("white") else 0.6)
    picture = picture * (1 + 0.25 * fractal_noise(rng, size, size / 2, 2))[..., None]
    falloff = 1 + 0.4 * u * setting.gradient
    return picture * falloff[..., None], name
