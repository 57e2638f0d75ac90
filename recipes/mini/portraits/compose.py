"""A pack and a random generator in; a lit, captioned portrait and everything that is true about it out.

`compose` follows light through the scene: the rig lights the figure, the lens blurs what is out of focus, the
exposure is set for the face, a background is painted and blurred by its distance, the camera adds bloom,
grain and a grade, and `captions` puts the facts into words. `Composer` draws from a folder of packs. Left and
right in captions and facts are the viewer's, after mirroring.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from recipes.mini.portraits import optics, tone
from recipes.mini.portraits.backgrounds.painting import Setting
from recipes.mini.portraits.backgrounds.places import STUDIO, Place, choose_place
from recipes.mini.portraits.captions import caption
from recipes.mini.portraits.light_color import LUMINANCE
from recipes.mini.portraits.pack import Head
from recipes.mini.portraits.rigs import LIGHT_STYLES, STYLE_PROBABILITIES, STYLES, rig
from recipes.mini.portraits.sources import Rig

Info = dict[str, Any]

FSTOPS = (1.2, 1.4, 1.8, 2, 2.8, 4, 5.6, 8)
FSTOP_PROBABILITIES = (0.03, 0.22, 0.19, 0.12, 0.17, 0.11, 0.08, 0.08)
GRAINS = (0, 0.003, 0.006, 0.011)
GRAIN_PROBABILITIES = (0.5, 0.27, 0.16, 0.07)
REFERENCE_SIZE = 256
"""Blur radii of backgrounds are stated in pixels of a picture of this width, whatever its size."""

MOST_BLUR = 26
"""Largest radius of the background's blur, pixels at 256 px."""

NEVER_MONOCHROME = ("neon", "mixed warm cool", "golden hour")
BACKGROUND_CASTS = {
    "golden hour": np.array([1.22, 0.98, 0.66], np.float32),
    "overcast": np.array([0.95, 1.0, 1.04], np.float32) * 0.95,
}
CAPTIONED_ATTRIBUTES = (
    "gender",
    "age",
    "skin",
    "race",
    "hair_style",
    "hair_color",
    "eyes",
    "beard",
    "glasses",
    "top",
    "top_color",
    "pattern",
    "expression",
    "freckles",
    "lipstick",
    "framing",
)


@dataclass(frozen=True)
class Crop:
    """A square of the rendered picture: left, top and width in its pixels."""

    x: int
    y: int
    width: int

    def of(self, plane: np.ndarray) -> np.ndarray:
        """The part of an array (height, width, ...) inside the square."""
        return plane[self.y : self.y + self.width, self.x : self.x + self.width]


@dataclass(frozen=True)
class Lens:
    """The lens as set for one picture: focal length and focus in metres, aperture as an f-number."""

    focal_length: float
    fstop: float
    focus: float


def compose(
    head: Head,
    rng: np.random.Generator,
    style: str | None = None,
    flip: bool | None = None,
    fstop: float | None = None,
    size: int = 256,
) -> tuple[np.ndarray, str, Info]:
    """Make one picture of a head.

    Args:
        head: The pack.
        rng: Source of every decision that is not given.
        style: One of `rigs.STYLES`; drawn if None.
        flip: Whether to mirror the picture; drawn if None.
        fstop: Aperture; drawn if None.
        size: Width and height of the picture, pixels.

    Returns:
        The picture, uint8 (size, size, 3) RGB; its caption; and `info`, described in `recipes/mini/DATA.md`.

    Raises:
        ValueError: There is no such style.
    """
    style = style or STYLES[rng.choice(len(STYLES), p=STYLE_PROBABILITIES)]
    lighting, side, facts = rig(style, rng)
    flip = bool(rng.random() < 0.5) if flip is None else flip
    crop = _choose_crop(head, rng)
    fstop = fstop or float(rng.choice(FSTOPS, p=FSTOP_PROBABILITIES))
    lens = Lens(head.meta["lens"] * 1e-3, fstop, _focus_distance(head, crop))

    figure, alpha = _photograph_figure(head, lighting, crop, lens, size)
    exposure = _choose_exposure(head, rng, style, crop, figure, alpha)
    figure = figure * np.float32(exposure)
    place = choose_place(style, rng)
    background, name, blur = _photograph_place(
        head, rng, style, place, lighting, side, facts, crop, lens, size
    )
    scene = figure + background * (1 - alpha)
    display, monochrome = _develop(scene, rng, style, side)

    picture = (display * 255 + 0.5).astype(np.uint8)
    if flip:
        picture = np.ascontiguousarray(picture[:, ::-1])
    info = {
        "seed": head.meta["seed"],
        "style": style,
        **_oriented_light(lighting, side, flip),
        "facts": {k: list(v) if isinstance(v, tuple) else v for k, v in facts.items()},
        "fstop": fstop,
        "lens": head.meta["lens"],
        "flip": flip,
        "crop": [crop.x, crop.y, crop.width],
        "background": name,
        "bg_blur_px": round(blur, 1),
        "bw": monochrome,
        "exposure": exposure,
        **_landmarks(head, crop, size, flip),
        "zoom": round(head.resolution / crop.width, 3),
        "neon": facts.get("neon"),
    }
    words = caption(head.meta, info, rng)
    info["caption"] = words
    info["attrs"] = {key: head.meta[key] for key in CAPTIONED_ATTRIBUTES}
    info["yaw"] = head.meta["yaw"] * (-1 if flip else 1)
    return picture, words, info


def _choose_crop(head: Head, rng: np.random.Generator) -> Crop:
    """A square of at least 89 % of the render that keeps the face well inside."""
    full = head.resolution
    width = int(rng.integers(int(full * 0.89), full + 1))
    x0, _, x1, y1 = head.meta["face_box"]
    low, high = max(0, int(x1 + 6 - width)), min(full - width, int(x0 - 6))
    centered = int(np.clip((x0 + x1) / 2 - width / 2, 0, full - width))
    x = int(rng.integers(low, high + 1)) if high >= low else centered
    low, high = max(0, int(y1 + 4 - width)), full - width
    y = int(rng.integers(min(low, high), max(low, high) + 1))
    return Crop(int(np.clip(x, 0, full - width)), int(np.clip(y, 0, full - width)), width)


def _focus_distance(head: Head, crop: Crop) -> float:
    """Distance of the nearer eye, metres."""
    depth = crop.of(head.depth)
    distances = []
    for eye_x, eye_y in head.meta["eyes_px"]:
        x = int(np.clip(eye_x - crop.x, 0, crop.width - 1))
        y = int(np.clip(eye_y - crop.y, 0, crop.width - 1))
        distances.append(float(np.median(depth[max(y - 3, 0) : y + 4, max(x - 3, 0) : x + 4])))
    return min(distances)


def _photograph_figure(
    head: Head, lighting: Rig, crop: Crop, lens: Lens, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Light the figure and let the lens defocus it.

    Returns linear premultiplied RGB (size, size, 3) and coverage (size, size, 1), float32.
    """
    alpha = crop.of(head.alpha).astype(np.float32) / 255
    light = _relight(head, lighting, crop)
    light *= np.clip(alpha * 40, 0, 1)[..., None]
    depth = crop.of(head.depth)
    pixels_per_metre = crop.width / (optics.SENSOR_WIDTH * crop.width / head.resolution)
    radius = optics.blur_circle(
        depth, lens.focus, lens.focal_length, lens.fstop, pixels_per_metre, share=0.36
    )
    figure = np.concatenate([light, alpha[..., None]], -1)
    figure = optics.defocus_figure(figure, np.asarray(radius), depth < lens.focus)
    figure = cv2.resize(figure, (size, size), interpolation=cv2.INTER_AREA)
    return figure[..., :3], figure[..., 3:]


def _relight(head: Head, lighting: Rig, crop: Crop) -> np.ndarray:
    """Sum of the one-light pictures, weighted by the rig: linear light, float32 (width, width, 3)."""
    total = np.zeros((crop.width, crop.width, 3), np.float32)
    linear = ((np.arange(256) / 255.0) ** 2.2).astype(np.float32)
    for source, color in lighting.weights.items():
        index = head.light_index[source]
        if head.radiance is not None:
            total += crop.of(head.radiance[index]) * color
            continue
        table = linear * head.meta["scale"][index]
        tables = np.stack([table * channel for channel in color], -1).reshape(256, 1, 3).astype(np.float32)
        total += cv2.LUT(head.tile(source, crop.x, crop.y, crop.width), tables)
    return total


def _choose_exposure(
    head: Head,
    rng: np.random.Generator,
    style: str,
    crop: Crop,
    figure: np.ndarray,
    alpha: np.ndarray,
) -> float:
    """Expose for the face: darker skin stays a little darker, and no photographer is exact."""
    light = LIGHT_STYLES[style]
    size = figure.shape[0]
    scale = size / crop.width
    offsets = (crop.x, crop.y, crop.x, crop.y)
    edges = zip(head.meta["face_box"], offsets, strict=True)
    box = [int(np.clip((edge - offset) * scale, 0, size)) for edge, offset in edges]
    skin = float(np.clip((head.meta["face_albedo"] / 0.26) ** 0.38, 0.62, 1.2))
    level = light.face_level * skin * float(np.exp(rng.normal() * 0.09))
    return tone.face_exposure(figure, alpha, box, level, light.highlight_limit)


def _photograph_place(
    head: Head,
    rng: np.random.Generator,
    style: str,
    place: Place,
    lighting: Rig,
    side: str | None,
    facts: dict[str, Any],
    crop: Crop,
    lens: Lens,
    size: int,
) -> tuple[np.ndarray, str, float]:
    """Paint the background, blur it by its distance and light it.

    Returns the linear picture (size, size, 3), its name in words and the blur radius in pixels at 256 px.
    """
    painted, name = place.paint(rng, size, Setting(side, facts.get("neon")))
    painted, name = _adapt_backdrop(painted, name, rng, style, place)
    distance = head.meta["cam_dist"] + rng.uniform(*place.behind)
    pixels_per_metre = size / optics.SENSOR_WIDTH * (head.resolution / crop.width)
    radius = optics.blur_circle(distance, lens.focus, lens.focal_length, lens.fstop, pixels_per_metre)
    enlarged = size / REFERENCE_SIZE
    blur = float(np.clip(radius / enlarged, place.least_blur, MOST_BLUR))
    blurred = optics.lens_blur(np.ascontiguousarray(painted, np.float32), blur * enlarged)
    variation = float(np.exp(rng.normal() * 0.12))
    level = place.level * LIGHT_STYLES[style].backdrop_level * variation
    return blurred * _background_cast(style, place, lighting) * level, name, blur


def _adapt_backdrop(
    painted: np.ndarray, name: str, rng: np.random.Generator, style: str, place: Place
) -> tuple[np.ndarray, str]:
    """Lightings that decide what a studio backdrop looks like also decide its name."""
    if style == "neon" and place is STUDIO:
        name = str(rng.choice(["studio background", "plain studio backdrop"]))
    elif style == "high-key":
        structure = painted.mean(-1, keepdims=True) / max(float(painted.mean()), 0.01)
        painted = np.array([0.92, 0.92, 0.93], np.float32) * (0.9 + 0.25 * structure)
        name = str(rng.choice(["white background", "bright white studio background"]))
    elif style == "low-key":
        painted = painted / max(float(painted.mean()), 0.02) * 0.12
        name = str(rng.choice(["dark background", "black background"]))
    return painted, name


def _background_cast(style: str, place: Place, lighting: Rig) -> np.ndarray:
    """Color of the light on the background, float32 (3,)."""
    if place.shares_light:
        light = np.sum(list(lighting.weights.values()), axis=0)
        share = 0.9 if style == "neon" else 0.55
        return (1 - share) + share * (light / max(float(light @ LUMINANCE), 1e-5))
    return BACKGROUND_CASTS.get(style, np.ones(3, np.float32))


def _develop(
    scene: np.ndarray, rng: np.random.Generator, style: str, side: str | None
) -> tuple[np.ndarray, bool]:
    """From light to a graded picture (display values 0..1), and whether it is black and white."""
    if style == "golden hour" and side:
        scene = optics.veiling_flare(scene, side, rng.uniform(0.03, 0.16))
    scene = optics.bloom(scene)
    scene = optics.vignette(scene, rng.uniform(0.03, 0.16)) * 1.12
    saturation = float(rng.uniform(1.06, 1.28))
    contrast = float(rng.uniform(1.16, 1.36))
    monochrome = rng.random() < 0.04 and style not in NEVER_MONOCHROME
    display = tone.tone_map(scene.astype(np.float32), saturation, contrast)
    display = tone.sharpen(display, float(rng.uniform(0.25, 0.6)))
    if monochrome:
        display = tone.monochrome(display)
    grain = float(rng.choice(GRAINS, p=GRAIN_PROBABILITIES))
    if grain:
        display = tone.add_grain(display, grain, rng)
    return display, bool(monochrome)


def _oriented_light(lighting: Rig, side: str | None, flip: bool) -> Info:
    """Side of the key and description of the lights as the viewer sees them."""
    lights = [dict(light) for light in lighting.lights]
    if flip:
        side = {"left": "right", "right": "left", None: None}[side]
        for light in lights:
            light["azimuth"] = -light["azimuth"] if light["azimuth"] else light["azimuth"]
    return {"side": side, "light": lights}


def _landmarks(head: Head, crop: Crop, size: int, flip: bool) -> Info:
    """Eyes and face box in pixels of the finished picture."""
    scale = size / crop.width
    eyes = [[(x - crop.x) * scale, (y - crop.y) * scale] for x, y in head.meta["eyes_px"]]
    x0, y0, x1, y1 = head.meta["face_box"]
    box = [(x0 - crop.x) * scale, (y0 - crop.y) * scale, (x1 - crop.x) * scale, (y1 - crop.y) * scale]
    if flip:
        eyes = [[size - x, y] for x, y in eyes]
        box = [size - box[2], box[1], size - box[0], box[3]]
    return {
        "eyes": [[round(float(c), 1) for c in eye] for eye in eyes],
        "face_box": [round(float(c), 1) for c in box],
    }


class Composer:
    """Draws portraits from a folder (or a list) of packs; the same seed draws the same portraits.

    It works on one thread and tells OpenCV so for the whole process: run one composer in each of several
    processes.
    """

    def __init__(
        self, packs: str | PathLike[str] | Iterable[str | PathLike[str]], seed: int = 0, size: int = 256
    ) -> None:
        """Use the packs `*.pack` of a folder, or the given files.

        Raises:
            FileNotFoundError: There are no packs.
        """
        cv2.setNumThreads(1)
        self.files: list[str | PathLike[str]]
        if isinstance(packs, (str, PathLike)):
            self.files = [*sorted(Path(packs).glob("*.pack"))]
        else:
            self.files = list(packs)
        if not self.files:
            raise FileNotFoundError(f"No packs (*.pack) in {packs}; render some with recipes.mini.heads.")
        self.rng = np.random.default_rng(seed)
        self.size = size

    def sample(self, style: str | None = None) -> tuple[np.ndarray, str, Info]:
        """One picture of a head drawn at random; see `compose`."""
        head = Head(self.files[self.rng.integers(len(self.files))])
        return compose(head, self.rng, style, size=self.size)

    def stream(self, per_head: int = 4) -> Iterator[tuple[np.ndarray, str, Info]]:
        """Pictures without end: all heads in random order, `per_head` pictures of each, again and again."""
        while True:
            for index in self.rng.permutation(len(self.files)):
                head = Head(self.files[index])
                for _ in range(per_head):
                    yield compose(head, self.rng, size=self.size)
