"""Reading a pack: one rendered head under sixteen single lights, with depth, normals and every known fact.

The format is written by `recipes.mini.heads.pack` and described in `recipes/mini/DATA.md`.
"""

import io
import json
import zipfile
from os import PathLike
from typing import Any

import cv2
import numpy as np
from PIL import Image

SHEET_COLUMNS = 4
"""The sixteen one-light pictures lie in a sheet of four by four tiles."""


class Head:
    """One pack, decoded.

    Attributes:
        meta: Attributes, landmarks, visibility and light definitions (`meta.json`).
        resolution: Width and height of a tile in pixels.
        olat: The 4x4 sheet of one-light-at-a-time pictures, uint8 (4 * resolution, 4 * resolution, 3), gamma
            coded.
        alpha: Coverage of the figure, uint8 (resolution, resolution).
        normal: Camera-space normal * 0.5 + 0.5, uint8 (resolution // 2, resolution // 2, 3).
        depth: Distance from the camera in metres, float32 (resolution, resolution).
        light_index: Name of a light to its place in the sheet.
        radiance: Optional linear float pictures (16, resolution, resolution, 3) straight from the renderer;
            where set, they are used instead of the sheet.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        """Read the pack at `path`; raises `zipfile.BadZipFile` or `KeyError` where it is not a pack."""
        with zipfile.ZipFile(path) as archive:
            self.meta: dict[str, Any] = json.loads(archive.read("meta.json"))
            self.olat = _picture(archive, "olat.webp", "RGB")
            self.alpha = _picture(archive, "alpha.webp", "L")
            auxiliary = _picture(archive, "aux.webp", "RGB")
        self.resolution: int = self.meta["res"]
        half = self.resolution // 2
        nearest, farthest = self.meta["z_range"]
        depth = auxiliary[:, half:, 0].astype(np.float32) / 255 * (farthest - nearest) + nearest
        size = (self.resolution, self.resolution)
        self.normal = auxiliary[:, :half]
        self.depth = cv2.resize(depth, size, interpolation=cv2.INTER_LINEAR)
        self.light_index: dict[str, int] = {name: i for i, name in enumerate(self.meta["lights"])}
        self.radiance: np.ndarray | None = None

    def tile(self, light: str, x: int, y: int, width: int) -> np.ndarray:
        """The square of `width` pixels at (x, y) of the picture under one light, uint8, gamma coded."""
        row, column = divmod(self.light_index[light], SHEET_COLUMNS)
        top, left = row * self.resolution + y, column * self.resolution + x
        return self.olat[top : top + width, left : left + width]


def _picture(archive: zipfile.ZipFile, name: str, mode: str) -> np.ndarray:
    """Decode one picture of the archive."""
    return np.asarray(Image.open(io.BytesIO(archive.read(name))).convert(mode))
