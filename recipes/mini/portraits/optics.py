"""What a lens does to light before it is developed: defocus, bloom, flare, vignetting.

Defocus follows the thin lens: an object at `depth` is spread over a disc that grows with the aperture and
with its distance from the plane in focus. Blurs work in linear light, as in a camera.
"""

from functools import lru_cache
from typing import TypeVar

import cv2
import numpy as np

Distance = TypeVar("Distance", float, np.ndarray)

SENSOR_WIDTH = 0.024
"""Width of the (square) sensor, metres."""


def blur_circle(
    depth: Distance,
    focus: float,
    focal_length: float,
    fstop: float,
    pixels_per_metre: float,
    share: float = 0.5,
) -> Distance:
    """Radius of the circle of confusion in pixels.

    Args:
        depth: Distance of the object, metres (number or array).
        focus: Distance in focus, metres.
        focal_length: Metres.
        fstop: Aperture number.
        pixels_per_metre: Pixels of the picture per metre of sensor.
        share: 0.5 gives the radius of the circle; less allows for its soft edge.
    """
    magnified_aperture = focal_length * focal_length / (fstop * max(focus - focal_length, 0.05))
    return share * pixels_per_metre * magnified_aperture * abs(depth - focus) / depth


SUBJECT_BLURS = (0, 1.1, 2.2, 4.2)
"""Radii in pixels between which the figure's own defocus is interpolated."""


def defocus_figure(figure: np.ndarray, radius: np.ndarray, in_front: np.ndarray) -> np.ndarray:
    """Blur a figure by a radius that differs from pixel to pixel.

    Args:
        figure: Premultiplied RGBA, float32 (size, size, 4).
        radius: Radius of the circle of confusion, pixels (size, size).
        in_front: Where the figure is nearer than the plane in focus; blurred less, since a nose should not
            melt.
    """
    radius = np.where(in_front, radius * 0.6, radius).astype(np.float32)
    radius = cv2.GaussianBlur(radius, (0, 0), 3)
    largest = float(radius.max())
    if largest <= 0.5:
        return figure
    stack = [figure]
    stack += [
        cv2.GaussianBlur(figure, (0, 0), blur * 0.62) for blur in SUBJECT_BLURS[1:] if blur < largest * 1.6
    ]
    result = figure.copy()
    for k in range(1, len(stack)):
        low, high = SUBJECT_BLURS[k - 1], SUBJECT_BLURS[k]
        share = np.clip((radius - low) / (high - low), 0, 1)[..., None]
        result = result * (1 - share) + stack[k] * share
    return result


@lru_cache(maxsize=128)
def _disc(radius: float) -> np.ndarray:
    """A normalised disc with a soft rim."""
    n = int(np.ceil(radius))
    y, x = np.mgrid[-n : n + 1, -n : n + 1]
    kernel = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1).astype(np.float32)
    return kernel / kernel.sum()


def _disc_filter(picture: np.ndarray, radius: float) -> np.ndarray:
    """Convolve with a disc whose radius is rounded to half a pixel."""
    kernel = _disc(round(radius * 2) / 2)
    return np.maximum(cv2.filter2D(picture, -1, kernel, borderType=cv2.BORDER_REFLECT), 0)


def lens_blur(picture: np.ndarray, radius: float) -> np.ndarray:
    """Blur a square linear picture with a disc of `radius` pixels."""
    if radius < 0.5:
        return picture
    if radius <= 7:
        return _disc_filter(picture, radius)
    factor = 2 if radius < 16 else 4  # a disc this wide hides the lower resolution
    size = picture.shape[0]
    small = cv2.resize(picture, (size // factor, size // factor), interpolation=cv2.INTER_AREA)
    return cv2.resize(_disc_filter(small, radius / factor), (size, size), interpolation=cv2.INTER_CUBIC)


def coordinates(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Two float32 (size, size) grids from -1 to 1: rightwards and downwards."""
    axis = np.linspace(-1, 1, size, dtype=np.float32)
    u, v = np.meshgrid(axis, axis)
    return u, v


def veiling_flare(picture: np.ndarray, side: str, strength: float) -> np.ndarray:
    """Add the warm veil of a sun just outside the frame, on the "left" or "right"."""
    u, v = coordinates(picture.shape[0])
    sun = (-1 if side == "left" else 1) * 1.05
    veil = np.exp(-((u - sun) ** 2 + (v + 0.25) ** 2) / 0.9) * strength
    return picture + veil[..., None] * np.array([1.0, 0.6, 0.25], np.float32)


def bloom(picture: np.ndarray) -> np.ndarray:
    """Let light brighter than white spill over its surroundings."""
    size = picture.shape[0]
    overflow = np.minimum(np.maximum(picture - 0.8, 0), 4)
    small = cv2.resize(overflow, (size // 4, size // 4), interpolation=cv2.INTER_AREA)
    glow = cv2.GaussianBlur(small, (0, 0), 2.2)
    return picture + 0.14 * cv2.resize(glow, (size, size), interpolation=cv2.INTER_LINEAR)


def vignette(picture: np.ndarray, strength: float) -> np.ndarray:
    """Darken towards the corners; `strength` is the loss half way along an edge."""
    u, v = coordinates(picture.shape[0])
    return picture * (1 - strength * (u * u + v * v))[..., None]
