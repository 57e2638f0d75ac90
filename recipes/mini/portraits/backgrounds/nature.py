"""Backgrounds outdoors without houses: gardens, forests, beaches, a field at sunset."""

import numpy as np

from recipes.mini.portraits.backgrounds.painting import (
    Setting,
    Spots,
    fractal_noise,
    linear,
    paint_spots,
    pick,
    sigmoid,
)
from recipes.mini.portraits.optics import coordinates

Rng = np.random.Generator

SUN_THROUGH_LEAVES = Spots(((1, 0.98, 0.75), (0.85, 1, 0.6), (1, 1, 0.95)), 0.3, 0.2, (1.5, 8), (0.6, 1.5))
FLOWERS = Spots(
    ((0.9, 0.25, 0.4), (0.95, 0.6, 0.2), (0.8, 0.75, 0.9), (0.95, 0.9, 0.3)),
    0.72,
    0.15,
    (0.5, 1.6),
    (1.5, 3.5),
)
LOW_SUN = Spots(((1, 0.7, 0.3), (1, 0.85, 0.5)), 0.5, 0.2, (2, 8), (0.6, 1.4))


def garden(rng: Rng, size: int, _setting: Setting) -> tuple[np.ndarray, str]:
    """Foliage with sky shining through, a lawn, perhaps flowers."""
    _, v = coordinates(size)
    masses = fractal_noise(rng, size, size / 5, 5)
    leaves = fractal_noise(rng, size, size / 16, 3)
    dark, light = linear(0.018, 0.045, 0.012), linear(0.20, 0.30, 0.07)
    lit = sigmoid(1.3 * masses + 0.7 * leaves - 0.1 + 0.5 * v)
    picture = dark + (light - dark) * lit[..., None]
    horizon = rng.uniform(0.2, 0.7)
    gaps = np.clip(fractal_noise(rng, size, size / 8, 4) - 0.9 - v * 1.2, 0, 1.4)[..., None]
    picture = picture * (1 - np.minimum(gaps, 1)) + gaps * linear(1.0, 1.12, 1.15) * 1.3
    lawn = sigmoid((v - horizon) * 18)[..., None]
    picture = picture * (1 - lawn) + lawn * linear(0.14, 0.22, 0.05) * (1 + 0.25 * leaves)[..., None]
    picture += paint_spots(rng, size, int(rng.integers(12, 38)), SUN_THROUGH_LEAVES)
    name = pick(rng, "garden", "leafy garden", "park", "green park")
    if rng.random() < 0.35:
        picture += paint_spots(rng, size, int(rng.integers(20, 50)), FLOWERS)
        name = "garden with flowers"
    return picture, name


def forest(rng: Rng, size: int, setting: Setting) -> tuple[np.ndarray, str]:
    """A darker garden behind tree trunks."""
    picture, _ = garden(rng, size, setting)
    u, v = coordinates(size)
    picture *= 0.6
    for _ in range(int(rng.integers(4, 9))):
        x = rng.uniform(-1.1, 1.1)
        width = rng.uniform(0.02, 0.075)
        trunk = np.abs(u - x - 0.04 * np.sin(2 * v + x * 9)) < width
        picture[trunk] = np.array([0.035, 0.026, 0.018])
    return picture, "forest"


def beach(rng: Rng, size: int, _setting: Setting) -> tuple[np.ndarray, str]:
    """Sand, sea and a blue sky."""
    _, v = coordinates(size)
    horizon = rng.uniform(-0.05, 0.4)
    haze = np.clip((v + 1) / (horizon + 1), 0, 1)[..., None] ** 2
    sky = linear(0.28, 0.47, 0.85) + haze * linear(0.42, 0.33, 0.12)
    picture = _shore(rng, sky, np.array([1.0, 1.0, 1.0]), linear(0.045, 0.16, 0.24), horizon, 1)
    glitter = Spots(((1, 1, 1),), (horizon + 1) / 2 + 0.06, 0.03, (1, 4), (0.5, 1.0))
    picture += paint_spots(rng, size, 30, glitter)
    return picture, pick(rng, "beach", "seaside with blue sky", "beach under a blue sky")


def beach_at_sunset(rng: Rng, size: int, setting: Setting) -> tuple[np.ndarray, str]:
    """The same with a low sun on the side of the light."""
    u, v = coordinates(size)
    horizon = rng.uniform(-0.05, 0.4)
    haze = np.clip((v + 1) / (horizon + 1), 0, 1)[..., None] ** 2
    sky = linear(0.30, 0.30, 0.48) + haze * linear(1.0, 0.32, -0.22)
    picture = _shore(rng, sky, np.array([1.3, 0.7, 0.45]), linear(0.16, 0.13, 0.18), horizon, 0.7)
    x = -0.6 if setting.side == "left" else 0.6
    sun = np.exp(-((u - x) ** 2 + (v - horizon + 0.25) ** 2) / 0.16)
    picture += sun[..., None] * linear(2.2, 1.1, 0.4)
    return picture, "beach at sunset"


def _shore(
    rng: Rng, sky: np.ndarray, cloud: np.ndarray, water: np.ndarray, horizon: float, sand_light: float
) -> np.ndarray:
    """Put clouds into a sky, and sea and sand below it."""
    size = sky.shape[0]
    _, v = coordinates(size)
    clouds = np.clip(fractal_noise(rng, size, size / 3, 4, 0.45) * 0.5 - 0.1, 0, 0.7)[..., None]
    sky = sky * (1 - clouds) + clouds * cloud
    sea = water * (1 + 0.3 * fractal_noise(rng, size, size / 8, 4, 0.2))[..., None]
    ripples = 1 + 0.06 * fractal_noise(rng, size, size / 10, 3)
    sand = linear(0.50, 0.40, 0.27) * ripples[..., None] * sand_light
    waterline = horizon + rng.uniform(0.15, 0.4)
    below = np.where((v < waterline)[..., None], sea, sand)
    return np.where((v < horizon)[..., None], sky, below).astype(np.float32)


def field_at_sunset(rng: Rng, size: int, setting: Setting) -> tuple[np.ndarray, str]:
    """A meadow against a glowing sky."""
    u, v = coordinates(size)
    x = -0.7 if setting.side == "left" else 0.7
    warmth = np.clip(v * 0.5 + 0.6, 0, 1.2)[..., None]
    picture = linear(0.40, 0.34, 0.40) + warmth * linear(0.9, 0.34, -0.10)
    sun = np.exp(-((u - x) ** 2 + (v - 0.25) ** 2) / 0.22)
    picture += sun[..., None] * linear(2.6, 1.35, 0.5)
    horizon = rng.uniform(0.35, 0.6)
    grass = sigmoid((v - horizon + 0.06 * fractal_noise(rng, size, size / 4, 4)) * 25)[..., None]
    blades = (1 + 0.3 * fractal_noise(rng, size, size / 12, 3))[..., None]
    picture = picture * (1 - grass) + grass * linear(0.16, 0.11, 0.04) * blades
    picture += paint_spots(rng, size, int(rng.integers(8, 30)), LOW_SUN)
    return picture, pick(rng, "field at sunset", "meadow in golden light", "countryside at golden hour")
