"""Backgrounds between houses: a street by day and at dusk, a street under neon signs."""

from dataclasses import dataclass

import cv2
import numpy as np

from recipes.mini.portraits.backgrounds.painting import (
    Setting,
    Spots,
    linear,
    paint_rectangle,
    paint_spots,
    pick,
    plane,
)
from recipes.mini.portraits.light_color import NEON
from recipes.mini.portraits.optics import coordinates

Rng = np.random.Generator

STREET_LAMPS = ((1, 0.62, 0.24), (1, 0.75, 0.42), (1, 0.3, 0.12), (0.6, 0.75, 1), (1, 0.9, 0.7))


@dataclass(frozen=True)
class Hour:
    """Colors of a street at an hour of the day (linear RGB)."""

    facade: tuple[float, float, float]
    pavement: tuple[float, float, float]
    lamps: bool


DAY = Hour(facade=(0.26, 0.22, 0.18), pavement=(0.20, 0.195, 0.185), lamps=False)
DUSK = Hour(facade=(0.05, 0.05, 0.062), pavement=(0.035, 0.037, 0.047), lamps=True)


def street_by_day(rng: Rng, size: int, _setting: Setting) -> tuple[np.ndarray, str]:
    """A street in daylight."""
    vanishing, horizon = rng.uniform(-0.25, 0.25), rng.uniform(0.2, 0.45)
    _, v = coordinates(size)
    sky = linear(0.62, 0.74, 0.95) - np.clip(v + 1, 0, 2)[..., None] * linear(-0.08, -0.02, 0.05)
    picture = plane(size) * sky
    _build_street(rng, picture, vanishing, horizon, DAY)
    return picture, pick(rng, "city street", "quiet street in daylight", "urban street")


def street_at_dusk(rng: Rng, size: int, _setting: Setting) -> tuple[np.ndarray, str]:
    """A street with lit windows and lamps."""
    vanishing, horizon = rng.uniform(-0.25, 0.25), rng.uniform(0.2, 0.45)
    _, v = coordinates(size)
    sky = linear(0.10, 0.15, 0.30) + np.clip(v + 1, 0, 1.6)[..., None] * linear(0.26, 0.13, 0.08)
    picture = plane(size) * sky
    _build_street(rng, picture, vanishing, horizon, DUSK)
    lamps = Spots(STREET_LAMPS, 0.5 + 0.25 * horizon, 0.10, (6, 26), (0.7, 1.6))
    picture += paint_spots(rng, size, int(rng.integers(14, 34)), lamps)
    return picture, pick(rng, "city street at dusk", "street at dusk with city lights", "evening street")


def _build_street(rng: Rng, picture: np.ndarray, vanishing: float, horizon: float, hour: Hour) -> None:
    """Rows of houses on both sides, from far to near, and the pavement."""
    u, v = coordinates(picture.shape[0])
    for side in (-1, 1):
        outward = (u - vanishing) * side
        across = np.log(np.maximum(outward, 0.02)) * 9
        down = (v - horizon) / np.maximum(outward, 0.08) * 7
        panes = ((across % 1) > 0.4) & ((down % 1) > 0.45) & (v < horizon - 0.02)
        cells = np.floor(across) * 12.9 + np.floor(down) * 78.2
        distances = np.sort(rng.uniform(0.05, 1.3, int(rng.integers(4, 8))))[::-1]
        for edge in distances.tolist():
            color = _facade_color(rng, hour)
            roof = horizon - (edge * rng.uniform(0.9, 2.2) + 0.12)
            house = (outward > 0) & (outward > edge * 0.75 - 0.02)
            house &= v > roof - (outward - edge) * rng.uniform(0.2, 0.9)
            picture[house] = color
            if house.any():
                _put_windows(rng, picture, panes & house, cells + edge * 9, color, hour)
    ground = v > horizon
    picture[ground] = np.array(hour.pavement) * (1 + 0.4 * (v[ground] - horizon))[:, None]


def _facade_color(rng: Rng, hour: Hour) -> np.ndarray:
    """A variation of the hour's facade."""
    brightness = rng.uniform(0.55, 1.5)
    return np.array(hour.facade) * brightness * np.array([rng.uniform(0.9, 1.25), 1, rng.uniform(0.8, 1.1)])


def _put_windows(
    rng: Rng, picture: np.ndarray, windows: np.ndarray, cells: np.ndarray, color: np.ndarray, hour: Hour
) -> None:
    """Windows of one house; where lamps are on, the number of the cell decides which are lit."""
    if hour.lamps:
        lit = (np.sin(cells) * 43758.5 % 1) > 0.55
        picture[windows & lit] = np.array([1.1, 0.62, 0.24]) * rng.uniform(0.5, 1.3)
        picture[windows & ~lit] = color * 0.6
    else:
        picture[windows] = color * 0.45 + np.array([0.05, 0.07, 0.1])


def neon_street(rng: Rng, size: int, setting: Setting) -> tuple[np.ndarray, str]:
    """A wet street at night under signs in the two neon colors of the key lights."""
    u, v = coordinates(size)
    names = setting.neon or tuple(rng.choice(list(NEON), 2, replace=False))
    tubes = [linear(*NEON[name]) for name in names]
    signs = [*tubes, linear(1, 0.75, 0.5)]
    picture = plane(size) * linear(0.006, 0.007, 0.013) * (1 + 0.5 * (v + 1))[..., None]
    for middle, color in zip((-0.7, 0.7), tubes, strict=True):
        x = middle + rng.normal() * 0.2
        glow = np.exp(-((u - x) ** 2 / 0.35 + (v - rng.normal() * 0.3) ** 2 / 0.8))
        picture += glow[..., None] * color * 0.10
    for _ in range(int(rng.integers(2, 6))):
        color = signs[rng.integers(len(signs))] * rng.uniform(1.5, 4.5)
        x, y = rng.uniform(-1, 1), rng.uniform(-0.9, 0.35)
        if rng.random() < 0.5:
            width, height = rng.uniform(0.05, 0.35), rng.uniform(0.02, 0.04)
        else:
            width, height = rng.uniform(0.015, 0.03), rng.uniform(0.1, 0.4)
        paint_rectangle(picture, x - width, y - height, x + width, y + height, color)
    bulbs = Spots(signs, 0.52, 0.16, (3, 16), (0.7, 1.5))
    picture += paint_spots(rng, size, int(rng.integers(12, 32)), bulbs)
    _reflect_on_ground(picture, rng.uniform(0.45, 0.8))
    name = pick(
        rng, "neon-lit street at night", "city at night with neon signs", "night city with neon bokeh"
    )
    return picture, name


def _reflect_on_ground(picture: np.ndarray, horizon: float) -> None:
    """Mirror what is above the horizon, smeared downwards as on wet asphalt."""
    size = picture.shape[0]
    row = int((horizon + 1) * size / 2)
    mirrored = picture[max(0, 2 * row - size) : row][::-1]
    if not mirrored.shape[0]:
        return
    smeared = cv2.GaussianBlur(mirrored, (0, 0), sigmaX=1.5, sigmaY=7)
    end = row + smeared.shape[0]
    picture[row:end] = picture[row:end] * 0.3 + 0.35 * smeared[: size - row]
