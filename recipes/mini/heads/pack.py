"""Writes a rendered head as a pack: a zip of three WebP pictures and one JSON file, about 70 KB.

The format is described in `recipes/mini/DATA.md` and read by `recipes.mini.portraits.pack`. Needs scipy, no `bpy`.
"""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image
from scipy.ndimage import binary_closing, distance_transform_edt, gaussian_filter, label

from recipes.mini.heads.lights import LIGHTS, describe_lights

if TYPE_CHECKING:
    from recipes.mini.heads.render import RenderedHead

GAMMA = 2.2
SHEET_COLUMNS = 4
LONG_STYLES = ("bob", "bob with bangs", "shoulder-length", "long straight", "long wavy", "long curly")
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])


def write_pack(head: RenderedHead, quality: int = 86) -> bytes:
    """The bytes of a pack; `quality` is WebP's for the lights."""
    sheet, scale = light_sheet(head.radiance)
    alpha = closed_alpha(head.alpha, head.meta)
    auxiliary, z_range = auxiliary_sheet(head)
    meta = {
        **head.meta,
        "face_albedo": _face_albedo(head),
        "lights": list(LIGHTS),
        "scale": scale,
        "gamma": GAMMA,
        "z_range": z_range,
        "light_defs": describe_lights(),
    }
    grey = np.repeat(_byte(alpha)[..., None], 3, -1)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("olat.webp", _webp(sheet, quality))
        archive.writestr("alpha.webp", _webp(grey, 90))
        archive.writestr("aux.webp", _webp(auxiliary, 80))
        archive.writestr("meta.json", json.dumps(meta, separators=(",", ":")))
    return buffer.getvalue()


def _webp(pixels: np.ndarray, quality: int) -> bytes:
    """A picture as lossy WebP."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "WEBP", quality=quality, method=6)
    return buffer.getvalue()


def _byte(values: np.ndarray) -> np.ndarray:
    """0..1 to 0..255."""
    return (np.clip(values, 0, 1) * 255 + 0.5).astype(np.uint8)


def light_sheet(radiance: np.ndarray) -> tuple[np.ndarray, list[float]]:
    """All lights in one sheet, uint8 (4n, 4n, 3), each scaled by its own brightness, and the scales."""
    n = radiance.shape[1]
    sheet = np.zeros((SHEET_COLUMNS * n, SHEET_COLUMNS * n, 3), np.uint8)
    scales = []
    for i, light in enumerate(radiance):
        scale = float(max(np.percentile(light.max(-1), 99.9), 1e-4))
        scales.append(round(scale, 5))
        y, x = i // SHEET_COLUMNS * n, i % SHEET_COLUMNS * n
        sheet[y : y + n, x : x + n] = (np.clip(light / scale, 0, 1) ** (1 / GAMMA) * 255 + 0.5).astype(
            np.uint8
        )
    return sheet, scales


def closed_alpha(alpha: np.ndarray, meta: dict[str, Any]) -> np.ndarray:
    """Coverage with pin-holes between neck and long hair closed; they would sparkle with the background's color.

    The outer silhouette stays untouched.
    """
    alpha = np.clip(alpha, 0, 1).astype(np.float32)
    if meta["hair_style"] not in LONG_STYLES:
        return alpha
    n = len(alpha)
    x0, y0, x1, y1 = meta["face_box"]
    beside_face = np.abs(np.arange(n)[None, :] - (x0 + x1) / 2) < 0.72 * (x1 - x0)
    below_eyes = np.arange(n)[:, None] > y0 * 0.5 + y1 * 0.5
    window = beside_face & below_eyes
    covered = alpha > 0.5
    closed = binary_closing(np.pad(covered, 8, mode="edge"), iterations=3)[8:-8, 8:-8]
    covered = covered | (closed & window)
    holes = (covered & (alpha <= 0.5) & window) | _small_holes(covered, 0.012 * n * n)
    soft = gaussian_filter(holes.astype(np.float32), 1.0)
    return np.maximum(alpha, np.clip(soft * 1.6, 0, 1) * np.clip(soft * 3, 0, 1))


def _small_holes(covered: np.ndarray, largest: float) -> np.ndarray:
    """Uncovered areas of at most `largest` pixels that touch neither the top nor the sides."""
    labels, count = label(~covered)
    open_areas = set(np.unique(np.concatenate([labels[0], labels[:, 0], labels[:, -1]])))
    small = [i for i in range(1, count + 1) if i not in open_areas and (labels == i).sum() < largest]
    return np.isin(labels, small)


def auxiliary_sheet(head: RenderedHead) -> tuple[np.ndarray, list[float]]:
    """Normals and depth at half resolution side by side, uint8 (n/2, n, 3), and the range of depth in metres."""
    depth = head.depth.astype(np.float32)
    valid = (head.alpha > 0.5) & (depth < 50) & (depth > 0.05)
    near, far = np.percentile(depth[valid], [0.2, 99.8])
    # what is not covered takes the depth of the nearest covered pixel
    nearest = distance_transform_edt(~valid, return_distances=False, return_indices=True)
    depth = depth[tuple(nearest)]
    coded_depth = (np.clip((depth - near) / (far - near), 0, 1) * 255).astype(np.uint8)
    coded_normal = (np.clip(head.normal * 0.5 + 0.5, 0, 1) * 255).astype(np.uint8)
    half = len(depth) // 2
    normal = np.asarray(Image.fromarray(coded_normal).resize((half, half), Image.Resampling.BOX))
    grey = np.asarray(Image.fromarray(coded_depth).resize((half, half), Image.Resampling.BOX))
    sheet = np.concatenate([normal, np.repeat(grey[..., None], 3, -1)], 1)
    return sheet, [round(float(near), 4), round(float(far), 4)]


def _face_albedo(head: RenderedHead) -> float:
    """Mean luminance of the albedo inside the face box."""
    n = len(head.alpha)
    x0, y0, x1, y1 = (int(np.clip(edge, 0, n - 1)) for edge in head.meta["face_box"])
    covered = head.alpha[y0:y1, x0:x1] > 0.9
    return round(float((head.albedo[y0:y1, x0:x1][covered] @ LUMINANCE).mean()), 4)
