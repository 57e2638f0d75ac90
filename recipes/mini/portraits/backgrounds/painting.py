"""Brushes that the painted backgrounds share: fractal noise, rectangles, points of light, rows of books.

Pictures are linear RGB, float32 (size, size, 3), and may be brighter than 1. Positions are given in the unit
square from -1 to 1, rightwards and downwards. A painter takes a random generator, the size and a `Setting`
and returns a picture and its name in words.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

Color = np.ndarray | Sequence[float]


@dataclass(frozen=True)
class Setting:
    """What a background should know about the light on the face.

    Attributes:
        side: Side of the key light ("left" or "right", the viewer's), or None.
        neon: The two neon colors of the key lights, where the lighting is neon.
    """

    side: str | None = None
    neon: tuple[str, str] | None = None

    @property
    def gradient(self) -> int:
        """-1 where the light comes from the left, 1 from the right, 0 from neither."""
        return {"left": -1, "right": 1, None: 0}[self.side]


Painter = Callable[[np.random.Generator, int, Setting], tuple[np.ndarray, str]]

PAPER = {
    "gray": (0.17, 0.17, 0.175),
    "light gray": (0.40, 0.40, 0.405),
    "charcoal": (0.035, 0.036, 0.039),
    "white": (0.78, 0.78, 0.78),
    "black": (0.006, 0.006, 0.007),
    "slate blue": (0.055, 0.085, 0.135),
    "navy": (0.010, 0.017, 0.042),
    "teal": (0.02, 0.085, 0.095),
    "beige": (0.40, 0.32, 0.235),
    "warm brown": (0.10, 0.06, 0.038),
    "burgundy": (0.075, 0.012, 0.02),
    "olive": (0.085, 0.085, 0.04),
    "sage green": (0.20, 0.25, 0.18),
    "dusty pink": (0.44, 0.26, 0.25),
    "mustard": (0.34, 0.20, 0.045),
    "terracotta": (0.28, 0.11, 0.06),
    "lavender": (0.30, 0.26, 0.40),
}
"""Reflectance of papers, walls and covers by name."""


def pick(rng: np.random.Generator, *options: str) -> str:
    """One of the options."""
    return str(rng.choice(list(options)))


def any_paper(rng: np.random.Generator) -> tuple[float, float, float]:
    """The reflectance of some paper."""
    return PAPER[str(rng.choice(list(PAPER)))]


def linear(*rgb: float) -> np.ndarray:
    """A color as float32 (3,)."""
    return np.array(rgb, np.float32)


def plane(size: int) -> np.ndarray:
    """A white picture, float32 (size, size, 3)."""
    return np.ones((size, size, 3), np.float32)


def sigmoid(x: np.ndarray) -> np.ndarray:
    """A soft step from 0 to 1."""
    return 1 / (1 + np.exp(-x))


def fractal_noise(
    rng: np.random.Generator, size: int, cell: float, octaves: int = 4, stretch: float = 1.0
) -> np.ndarray:
    """Smooth noise of about unit spread, float32 (size, size).

    Args:
        rng: Source of the noise.
        size: Pixels.
        cell: Size of the largest features, pixels.
        octaves: How many times finer noise is added, each half as large.
        stretch: Below 1 the features are wider than high.
    """
    total = np.zeros((size, size), np.float32)
    amplitude = 1.0
    for _ in range(octaves):
        rows = max(2, int(np.ceil(size / cell))) + 2
        grid = rng.standard_normal((rows, max(3, int(rows * stretch)))).astype(np.float32)
        total += amplitude * cv2.resize(grid, (size, size), interpolation=cv2.INTER_CUBIC)
        amplitude *= 0.55
        cell /= 2
        if cell < 1.5:
            break
    return total / 1.15


@dataclass(frozen=True)
class Spots:
    """Points of light scattered around a height.

    Attributes:
        colors: Colors to choose from.
        height: Mean height in the picture, 0 top to 1 bottom.
        spread: Standard deviation of the height.
        brightness: Range of the factor on the color.
        radius: Range of the radius, pixels.
    """

    colors: Sequence[Color]
    height: float
    spread: float
    brightness: tuple[float, float] = (2.0, 14.0)
    radius: tuple[float, float] = (0.8, 1.8)


def paint_spots(rng: np.random.Generator, size: int, count: int, spots: Spots) -> np.ndarray:
    """A black picture with `count` points of light; they become bokeh when blurred."""
    picture = np.zeros((size, size, 3), np.float32)
    eighths = 3  # fractional bits of OpenCV's coordinates
    for _ in range(count):
        color = np.asarray(spots.colors[int(rng.integers(len(spots.colors)))], np.float32)
        x = rng.uniform(0, size)
        y = size * (spots.height + spots.spread * rng.standard_normal())
        radius = int(rng.uniform(*spots.radius) * 8)
        light = [float(c) for c in color * rng.uniform(*spots.brightness)]
        cv2.circle(picture, (int(x * 8), int(y * 8)), radius, light, -1, cv2.LINE_AA, eighths)
    return picture


def paint_rectangle(picture: np.ndarray, x0: float, y0: float, x1: float, y1: float, color: Color) -> None:
    """Fill a rectangle in place; what lies outside is cut off."""
    size = picture.shape[0]

    def pixel(t: float) -> int:
        return max(int((t + 1) * 0.5 * size), 0)

    picture[pixel(y0) : pixel(y1), pixel(x0) : pixel(x1)] = color


def paint_books(
    rng: np.random.Generator, picture: np.ndarray, x0: float, x1: float, y0: float, y1: float
) -> None:
    """Fill a shelf with book spines in place."""
    x = x0
    while x < x1:
        width = rng.uniform(0.012, 0.045)
        height = rng.uniform(0.65, 0.97) * (y1 - y0)
        color = np.array(any_paper(rng)) * rng.uniform(0.25, 0.8)
        paint_rectangle(picture, x, y1 - height, min(x + width, x1), y1, color)
        x += width + rng.uniform(0, 0.006)


def to_pixel(t: float, size: int) -> int:
    """A coordinate of the unit square in pixels."""
    return int((t + 1) * size / 2)
