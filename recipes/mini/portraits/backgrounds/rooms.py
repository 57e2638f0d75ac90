"""Backgrounds indoors: living rooms by day and by night, offices, cafés."""

import cv2
import numpy as np

from recipes.mini.portraits.backgrounds.painting import (
    PAPER,
    Setting,
    any_paper,
    fractal_noise,
    linear,
    paint_books,
    paint_rectangle,
    pick,
    plane,
    to_pixel,
)
from recipes.mini.portraits.optics import coordinates

Rng = np.random.Generator

WALL_PAINTS = ("beige", "light gray", "white", "sage green", "slate blue", "warm brown", "gray")
SOFA_COVERS = ("slate blue", "gray", "beige", "warm brown", "sage green", "teal", "dusty pink")


def interior(rng: Rng, size: int, setting: Setting) -> tuple[np.ndarray, str]:
    """A living room by day."""
    return _living_room(rng, size, setting, night=False)


def interior_at_night(rng: Rng, size: int, setting: Setting) -> tuple[np.ndarray, str]:
    """A living room lit by a lamp."""
    return _living_room(rng, size, setting, night=True)


def _living_room(rng: Rng, size: int, setting: Setting, night: bool) -> tuple[np.ndarray, str]:
    """A wall with any of: picture, shelves, window (on the side of the light), lamp, sofa, plant."""
    u, _ = coordinates(size)
    wall = linear(*PAPER[pick(rng, *WALL_PAINTS)]) * rng.uniform(0.45, 0.8)
    picture = plane(size) * wall
    light = setting.gradient or int(rng.choice([-1, 1]))
    picture *= (0.75 + 0.35 * u * light)[..., None]
    features = set()
    if rng.random() < 0.55:
        _hang_picture(rng, picture, -light)
    if rng.random() < 0.5:
        _put_shelves(rng, picture, -light)
        features.add("bookshelves")
    if rng.random() < 0.65 and not night:
        _open_window(rng, picture, light)
        features.add("window")
    if night or rng.random() < 0.4:
        _light_lamp(rng, picture, -light)
        features.add("lamp")
    if rng.random() < 0.5:
        top = rng.uniform(0.35, 0.8)
        cover = np.array(PAPER[pick(rng, *SOFA_COVERS)]) * rng.uniform(0.4, 0.9)
        paint_rectangle(picture, -1, top, 1, 1, cover)
    if rng.random() < 0.3:
        _put_plant(rng, picture, -light)
        features.add("house plant")
    return picture, _name_room(rng, features)


def _name_room(rng: Rng, features: set[str]) -> str:
    """Words for a living room, naming only what is there."""
    if "window" in features:
        return pick(rng, "interior with a window", "bright living room with a window", "room with a window")
    if not features:
        return "living room"
    return pick(rng, "living room", "cosy room") + (" with bookshelves" if "bookshelves" in features else "")


def _hang_picture(rng: Rng, picture: np.ndarray, side: int) -> None:
    """A framed picture on the wall."""
    x = side * rng.uniform(0.35, 0.75)
    y = rng.uniform(-0.75, -0.3)
    width = rng.uniform(0.18, 0.34)
    frame = np.array([0.05, 0.04, 0.03]) * rng.uniform(0.4, 3)
    paint_rectangle(picture, x - width, y, x + width, y + width * rng.uniform(1.0, 1.5), frame)
    canvas = np.array(any_paper(rng)) * rng.uniform(0.4, 1.0)
    paint_rectangle(picture, x - width + 0.03, y + 0.03, x + width - 0.03, y + width * 1.0, canvas)


def _put_shelves(rng: Rng, picture: np.ndarray, side: int) -> None:
    """Three or four shelves of books."""
    x = side * rng.uniform(0.25, 0.8)
    top = rng.uniform(-0.75, -0.45)
    width = rng.uniform(0.5, 0.8)
    shelves = int(rng.integers(3, 5))
    wood = np.array([0.085, 0.052, 0.03]) * rng.uniform(0.5, 1.6)
    left, right = x - width / 2, x + width / 2
    paint_rectangle(picture, left - 0.04, top - 0.06, right + 0.04, top + shelves * 0.36 + 0.02, wood * 0.45)
    for k in range(shelves):
        y = top + k * 0.36
        paint_books(rng, picture, left, right, y, y + 0.3)
        board = (0.09, 0.055, 0.03)
        paint_rectangle(picture, left - 0.02, y + 0.3, right + 0.02, y + 0.33, board)


def _open_window(rng: Rng, picture: np.ndarray, side: int) -> None:
    """A window onto a bright sky, perhaps with curtains."""
    u, v = coordinates(picture.shape[0])
    x = side * rng.uniform(0.45, 0.85)
    width = rng.uniform(0.25, 0.42)
    top, bottom = rng.uniform(-1.2, -0.7), rng.uniform(0.15, 0.6)
    sky = np.array([1.15, 1.3, 1.5]) * rng.uniform(1.3, 2.6)
    frame, bars = (0.5, 0.48, 0.45), (0.4, 0.39, 0.37)
    paint_rectangle(picture, x - width - 0.03, top - 0.03, x + width + 0.03, bottom + 0.03, frame)
    paint_rectangle(picture, x - width, top, x + width, bottom, sky)
    paint_rectangle(picture, x - 0.012, top, x + 0.012, bottom, bars)
    middle = (top + bottom) / 2
    paint_rectangle(picture, x - width, middle - 0.012, x + width, middle + 0.012, bars)
    if rng.random() >= 0.6:
        return
    for edge in (-1, 1):
        center = x + edge * (width + 0.05)
        curtain = (np.abs(u - center) < 0.13) & (v < bottom + 0.15)
        cloth = np.array([0.75, 0.72, 0.66]) * rng.uniform(0.5, 1.0)
        picture[curtain] = cloth * (0.8 + 0.25 * np.sin(u[curtain] * 90)[:, None])


def _light_lamp(rng: Rng, picture: np.ndarray, side: int) -> None:
    """A lamp shade with its glow."""
    size = picture.shape[0]
    u, v = coordinates(size)
    x, y = side * rng.uniform(0.2, 0.85), rng.uniform(-0.5, 0.2)
    glow = np.exp(-((u - x) ** 2 + (v - y) ** 2) / 0.05)
    picture += glow[..., None] * linear(1.0, 0.62, 0.28) * rng.uniform(0.8, 1.6)
    shade = (int(size * 0.05), int(size * 0.04))
    cv2.ellipse(picture, (to_pixel(x, size), to_pixel(y, size)), shade, 0, 0, 360, (3.2, 2.1, 1.1), -1)


def _put_plant(rng: Rng, picture: np.ndarray, side: int) -> None:
    """A house plant of many leaves."""
    size = picture.shape[0]
    x = side * rng.uniform(0.6, 0.95)
    for _ in range(34):
        center = (int((x + 1 + rng.normal() * 0.10) * size / 2), int((rng.uniform(-0.1, 0.6) + 1) * size / 2))
        axes = (int(size * rng.uniform(0.01, 0.035)), int(size * rng.uniform(0.03, 0.07)))
        angle = rng.uniform(-60, 60)
        green = [float(c) for c in np.array([0.03, 0.06, 0.026]) * rng.uniform(0.35, 1.5)]
        cv2.ellipse(picture, center, axes, angle, 0, 360, green, -1)


def office(rng: Rng, size: int, setting: Setting) -> tuple[np.ndarray, str]:
    """An open-plan office: ceiling lights, a row of windows, screens, desks."""
    _, v = coordinates(size)
    picture = plane(size) * linear(0.36, 0.37, 0.38) * (0.85 + 0.15 * v)[..., None]
    vanishing = rng.uniform(-0.3, 0.3)
    horizon = rng.uniform(-0.15, 0.1)
    picture[v < horizon - 0.35] = np.array([0.5, 0.5, 0.5])
    for k in range(5):
        y = horizon - 0.38 - 0.62 * (k / 4) ** 1.6
        width = 0.10 + 0.3 * (k / 4)
        for row in (-0.55, 0.55):
            x = vanishing + row * (0.4 + 1.2 * (k / 4))
            tube = (2.2, 2.25, 2.3)
            paint_rectangle(picture, x - width * 0.5, y - 0.03 - 0.03 * k / 4, x + width * 0.5, y, tube)
    side = -1 if setting.side == "left" else 1
    for k in range(4):
        x = side * (0.35 + 0.28 * k)
        edges = sorted((x, x + side * 0.25))
        sky = np.array([1.05, 1.2, 1.4]) * rng.uniform(0.9, 1.5)
        paint_rectangle(picture, edges[0], -0.6, edges[1], horizon + 0.45, sky)
    for _ in range(int(rng.integers(2, 5))):
        x = rng.uniform(-1, 1)
        y = horizon + rng.uniform(0.25, 0.55)
        paint_rectangle(picture, x - 0.16, y, x + 0.16, y + 0.2, (0.02, 0.022, 0.025))
        screen = np.array([0.25, 0.35, 0.5]) * rng.uniform(0.3, 1.2)
        paint_rectangle(picture, x - 0.145, y + 0.015, x + 0.145, y + 0.18, screen)
    desk = np.array([0.22, 0.17, 0.12]) * rng.uniform(0.5, 1.3)
    paint_rectangle(picture, -1, horizon + 0.72, 1, 1, desk)
    return picture, pick(rng, "modern office", "bright office", "open-plan office")


def cafe(rng: Rng, size: int, setting: Setting) -> tuple[np.ndarray, str]:
    """A café: shelves, a counter, warm bulbs, perhaps a window."""
    u, v = coordinates(size)
    stains = 1 + 0.2 * fractal_noise(rng, size, size / 2, 3)
    picture = plane(size) * linear(0.075, 0.05, 0.034) * stains[..., None]
    top = rng.uniform(-0.35, 0.0)
    for k in range(3):
        y = top + k * 0.3
        left, right = rng.uniform(-0.9, -0.4), rng.uniform(0.3, 0.95)
        paint_books(rng, picture, left, right, y, y + 0.22)
        paint_rectangle(picture, -1, y + 0.22, 1, y + 0.25, (0.14, 0.08, 0.045))
    counter = rng.uniform(0.55, 0.8)
    paint_rectangle(picture, -1, counter, 1, 1, np.array([0.16, 0.095, 0.05]) * rng.uniform(0.6, 1.2))
    if rng.random() < 0.5:
        side = -1 if setting.side == "left" else 1
        edges = sorted((side * 0.55, side * 1.1))
        sky = np.array([1.0, 1.1, 1.2]) * rng.uniform(0.6, 1.5)
        paint_rectangle(picture, edges[0], -0.8, edges[1], 0.5, sky)
    for _ in range(int(rng.integers(3, 8))):
        x, y = rng.uniform(-1, 1), rng.uniform(-0.9, -0.3)
        glow = np.exp(-((u - x) ** 2 + (v - y) ** 2) / 0.035)
        picture += glow[..., None] * linear(0.6, 0.34, 0.13) * 0.7
        bulb = (to_pixel(x, size), to_pixel(y, size))
        cv2.circle(picture, bulb, max(1, int(size * 0.012)), (16.0, 9.5, 4.0), -1)
    return picture, pick(rng, "café", "cosy café", "coffee shop")
