"""Packs the rendered head for the studio's light stage: under 100 KB for 51 lights at 640 by 800.

What the lights share is stored once at full size (the head under all of them, `head.webp`); of each light only how it
differs is stored, small (`lights.webp`, sheet of ratios). Light i is then head * ratio i. `matte.webp` is coverage,
`stage.json` the directions, scales and landmarks. Needs numpy and Pillow.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from recipes.mini.stage import directions, names

COLUMNS = 8
TILE = (160, 200)
"""Size of a ratio."""
HEAD_QUALITY, TILE_QUALITY, MATTE_QUALITY = 62, 44, 36
LIMIT_BYTES = 100_000
REFERENCE = ("e28a-25", "e28a0", "e28a25")
"""The lights that make a face 1 bright."""
LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)
HEAD_POWER, TILE_POWER = 2, 3
"""Light is the square of a byte of the head and the cube of one of a ratio (light_gl.js, light_2d.js)."""
BRIGHTEST = 14.0
SKIN_ALBEDO = 0.14
"""Lighter than this is skin: hair and cloth are darker, and their light is stored more coarsely."""
EYE_RADIUS_MM, PICTURE_MM = 12.0, 315.0


def pack(work: Path, folder: Path) -> None:
    """Write the four files of the pack, of all parts that were rendered into a folder.

    Raises:
        ValueError: They are larger than the studio allows.
    """
    facts, light, alpha, albedo = _rendered(work)
    height, width = alpha.shape
    face = _face(facts["eyes"], width, height)
    level = np.mean([_brightness(light[facts["lights"].index(name)], face) for name in REFERENCE])
    light = np.maximum(light / level, 0)
    for i in range(len(light)):
        light[i] = _without_catchlights(light[i], facts["eyes"], width)
    shared = light.mean(0)
    skin = _small((albedo @ LUMINANCE > SKIN_ALBEDO).astype(np.float32))
    ratios = _calmer(_ratios(light, shared), skin)
    sheet, scales = _sheet(ratios)
    most = float(np.percentile(shared.max(-1), 99.95))
    files = {
        "head.webp": _webp(_coded(shared / most, HEAD_POWER), HEAD_QUALITY),
        "lights.webp": _webp(sheet, TILE_QUALITY),
        "matte.webp": _webp((alpha * 255 + 0.5).astype(np.uint8), MATTE_QUALITY),
    }
    about = {
        "size": [width, height],
        "tile": list(TILE),
        "columns": COLUMNS,
        "most": round(most, 5),
        "scales": [round(scale, 4) for scale in scales],
        "lights": [[azimuth, elevation] for elevation, azimuth in directions()],
        "face": [round(float(_brightness(each, face)), 4) for each in light],
        "eyes": facts["eyes"],
        "eye_radius": round(EYE_RADIUS_MM / PICTURE_MM * width, 2),
    }
    files["stage.json"] = json.dumps(about, separators=(",", ":")).encode()
    size = sum(map(len, files.values()))
    print({name: len(data) for name, data in files.items()}, size)
    if size > LIMIT_BYTES:
        raise ValueError(f"The pack has {size} bytes; at most {LIMIT_BYTES} are allowed. Lower a quality.")
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)


def _rendered(work: Path) -> tuple[dict[str, Any], np.ndarray, np.ndarray, np.ndarray]:
    """Facts, lights in the order of the pack, coverage and albedo, from all parts that were rendered."""
    facts: dict[str, Any] = {}
    lights: dict[str, np.ndarray] = {}
    for path in sorted(work.glob("*.npz"), reverse=True):
        facts = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        with np.load(path) as part:
            lights |= dict(zip(facts["lights"], part["radiance"].astype(np.float32), strict=True))
            alpha, albedo = part["alpha"], part["albedo"].astype(np.float32)
    facts["lights"] = names()
    return facts, np.stack([lights[name] for name in names()]), alpha, albedo


def _face(eyes: list[list[float]], width: int, height: int) -> np.ndarray:
    """Where the face is: an ellipse about the eyes and what is under them."""
    (x0, y0), (x1, y1) = eyes
    apart = abs(x1 - x0)
    mask = Image.new("L", (width, height))
    middle, top = (x0 + x1) / 2, (y0 + y1) / 2
    ImageDraw.Draw(mask).ellipse(
        (middle - 0.95 * apart, top - 0.75 * apart, middle + 0.95 * apart, top + 1.6 * apart), fill=255
    )
    return np.asarray(mask) > 0


def _brightness(light: np.ndarray, mask: np.ndarray) -> float:
    return float((light[mask] @ LUMINANCE).mean())


def _without_catchlights(light: np.ndarray, eyes: list[list[float]], width: int) -> np.ndarray:
    """The light without its mirror image in the eyes, which the stage draws itself where the lamp really is."""
    radius = int(EYE_RADIUS_MM / PICTURE_MM * width * 1.25)
    for x, y in eyes:
        left, top = int(x) - radius, int(y) - radius
        window = light[top : top + 2 * radius, left : left + 2 * radius]
        code = Image.fromarray(
            (np.clip(window / max(window.max(), 1e-6), 0, 1) ** (1 / 2.2) * 255).astype(np.uint8)
        )
        size = max(3, int(width / 640 * 9) // 2 * 2 + 1)
        calm = np.asarray(code.filter(ImageFilter.MedianFilter(size)), np.float32) / 255
        calm = calm**2.2 * max(window.max(), 1e-6)
        bright = (window @ LUMINANCE) > 1.25 * (calm @ LUMINANCE) + 0.02
        window[bright] = calm[bright]
    return light


def _ratios(light: np.ndarray, shared: np.ndarray) -> np.ndarray:
    """Each light over what is shared, small: (lights, height, width, 3)."""
    floor = 2e-3
    below = np.stack([_small(shared[..., c]) for c in range(3)], -1)
    ratios = np.stack(
        [np.stack([_small(each[..., c]) for c in range(3)], -1) / (below + floor) for each in light]
    )
    known = (below.max(-1) > 4 * floor).astype(np.float32)
    return np.clip(np.stack([_spread(each, known) for each in ratios]), 0, BRIGHTEST)


def _calmer(ratios: np.ndarray, skin: np.ndarray) -> np.ndarray:
    """Ratios without the grain of single hairs, which is in what the lights share."""
    share = np.clip(_blurred(skin, 1) * 1.6 - 0.3, 0, 1)[..., None]
    calm = np.stack([np.stack([_blurred(each[..., c], 1) for c in range(3)], -1) for each in ratios])
    return ratios * share + calm * (1 - share)


def _small(plane: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(plane.astype(np.float32), "F").resize(TILE, Image.Resampling.BOX))


def _spread(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Values where they are known, elsewhere those of the neighbourhood, so that the head's edge does not darken."""
    total, weight = values * known[..., None], known.copy()
    out, have = total.copy(), known.copy()
    for reach in (2, 4, 8, 16, 32, 64):
        near = np.stack([_blurred(total[..., c], reach) for c in range(3)], -1)
        share = _blurred(weight, reach)
        fresh = (have < 0.5) & (share > 1e-3)
        out[fresh] = near[fresh] / share[fresh][:, None]
        have[fresh] = 1
    return out


def _blurred(plane: np.ndarray, reach: int) -> np.ndarray:
    """Mean over a square, two times."""
    for _ in range(2):
        for axis in (0, 1):
            padded = np.pad(plane, [(reach, reach) if a == axis else (0, 0) for a in (0, 1)], mode="edge")
            summed = np.cumsum(np.insert(padded, 0, 0, axis=axis), axis=axis)
            n = plane.shape[axis]
            upper = np.take(summed, range(2 * reach + 1, 2 * reach + 1 + n), axis=axis)
            plane = (upper - np.take(summed, range(n), axis=axis)) / (2 * reach + 1)
    return plane


def _sheet(ratios: np.ndarray) -> tuple[np.ndarray, list[float]]:
    """All ratios side by side, and what 255 stands for in each."""
    width, height = TILE
    rows = -(-len(ratios) // COLUMNS)
    sheet = np.zeros((rows * height, COLUMNS * width, 3), np.uint8)
    scales = []
    for i, ratio in enumerate(ratios):
        scale = max(float(np.percentile(ratio, 99.9)), 1e-3)
        row, column = divmod(i, COLUMNS)
        sheet[row * height : (row + 1) * height, column * width : (column + 1) * width] = _coded(
            ratio / scale, TILE_POWER
        )
        scales.append(scale)
    return sheet, scales


def _coded(linear: np.ndarray, power: int) -> np.ndarray:
    """Bytes whose power is the light: the dark parts of a light that is bright elsewhere need the steps."""
    return (np.clip(linear, 0, 1) ** (1 / power) * 255 + 0.5).astype(np.uint8)


def _webp(pixels: np.ndarray, quality: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "WEBP", quality=quality, method=6)
    return buffer.getvalue()
